package inquiry_test

import (
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/inquiry"
)

var now = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

// TestAllowed is the table of the law.
func TestAllowed(t *testing.T) {
	for kind, want := range map[inquiry.Kind]string{
		inquiry.KindInquiry: "block holder", inquiry.KindWarrant: "block holder calls near", inquiry.KindConsent: "block holder calls",
		inquiry.KindEmergency: "block holder calls near", inquiry.KindPreservation: "block",
	} {
		var got []string
		for w, name := range []string{"block", "holder", "calls", "near"} {
			what := inquiry.What(w)
			if kind.Allows(what) {
				got = append(got, name)
			}
			for _, l := range []tsujiban.Lang{tsujiban.Japanese, tsujiban.English} {
				if (kind.Refusal(what, l) == "") != kind.Allows(what) {
					t.Errorf("%s: a refusal of %s must say why: %q", kind, name, kind.Refusal(what, l))
				}
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s sees %s, want %s", kind, s, want)
		}
	}
}

func TestCaseOpen(t *testing.T) {
	good := inquiry.Case{Kind: inquiry.KindWarrant, Agency: "福岡県警察本部", Document: "令状 123", Date: "2026-11-20"}
	for words, change := range map[string]func(*inquiry.Case){
		"":                     func(*inquiry.Case) {},
		"there is no legal":    func(c *inquiry.Case) { c.Kind = "curiosity" },
		"agency":               func(c *inquiry.Case) { c.Agency = "" },
		"document":             func(c *inquiry.Case) { c.Document = "" },
		"has not come yet":     func(c *inquiry.Case) { c.Date = "2026-12-20" },
		"more than five years": func(c *inquiry.Case) { c.Date = "2016-12-20" },
		"is no day":            func(c *inquiry.Case) { c.Date = "2026-11-31" },
		"only a preservation":  func(c *inquiry.Case) { c.Days = 30 },
		"name the numbers":     func(c *inquiry.Case) { c.Kind = inquiry.KindPreservation },
		"1 to 30 days, not 31": func(c *inquiry.Case) {
			c.Kind, c.Days, c.Numbers = inquiry.KindPreservation, 31, []string{"+815012345678"}
		},
		"officer":               func(c *inquiry.Case) { c.Kind, c.Note = inquiry.KindEmergency, "kidnapping" },
		"note":                  func(c *inquiry.Case) { c.Kind, c.Officer = inquiry.KindEmergency, "山田" },
		"cannot be printed":     func(c *inquiry.Case) { c.Agency = "a\nb" },
		"begins or ends with a": func(c *inquiry.Case) { c.Document = " x" },
	} {
		c := good
		change(&c)
		err := c.Open(now)
		if words == "" && err != nil || words != "" && (err == nil || !strings.Contains(err.Error(), words)) {
			t.Errorf("%q: %v", words, err)
		}
	}
}

func TestPreservation(t *testing.T) {
	c := inquiry.Case{Kind: inquiry.KindPreservation, Agency: "警視庁", Document: "保全 7", Numbers: []string{"+815012345678"}}
	if err := c.Open(now); err != nil || c.Days != 30 || !c.Until.Equal(now.AddDate(0, 0, 30)) {
		t.Fatalf("%+v, %v", c, err)
	}
	if !c.Holds(now.AddDate(0, 0, 29)) || c.Holds(now.AddDate(0, 0, 30)) {
		t.Error("it holds for thirty days")
	}
	if c.Closed = now; c.Holds(now) {
		t.Error("a closed one holds nothing")
	}
}

func TestParseGround(t *testing.T) {
	for s, want := range map[string]inquiry.Ground{
		"3": {Case: 3},
		"warrant, 福岡県警察本部, 令状 123":              {New: inquiry.Case{Kind: inquiry.KindWarrant, Agency: "福岡県警察本部", Document: "令状 123"}},
		"照会、警視庁、捜二-88、山田警部補":                    {New: inquiry.Case{Kind: inquiry.KindInquiry, Agency: "警視庁", Document: "捜二-88", Officer: "山田警部補"}},
		"同意，同意書 2026-11-20":                     {New: inquiry.Case{Kind: inquiry.KindConsent, Document: "同意書 2026-11-20"}},
		"emergency, 110番, 受理 5, 佐藤, 誘拐の通報 10 時": {New: inquiry.Case{Kind: inquiry.KindEmergency, Agency: "110番", Document: "受理 5", Officer: "佐藤", Note: "誘拐の通報 10 時"}},
	} {
		got, err := inquiry.ParseGround(s)
		if err != nil || got.Case != want.Case || got.New.Kind != want.New.Kind || got.New.Agency != want.New.Agency || got.New.Document != want.New.Document ||
			got.New.Officer != want.New.Officer || got.New.Note != want.New.Note {
			t.Errorf("%q: %+v, %v", s, got, err)
		}
	}
	for s, code := range map[string]tsujiban.Code{
		"": tsujiban.CodeForbidden, "because": tsujiban.CodeForbidden, "0": tsujiban.CodeForbidden, "nosiness, me, 1": tsujiban.CodeInvalid,
		"warrant,a,b,c,d,e": tsujiban.CodeInvalid,
	} {
		if _, err := inquiry.ParseGround(s); tsujiban.CodeOf(err) != code || err == nil {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func FuzzParseGround(f *testing.F) {
	for _, s := range []string{"3", "warrant, a, b", "照会、警視庁、捜二-88、山田", "同意,x", ",,,", "9999999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g, err := inquiry.ParseGround(s)
		if err == nil && g.Case == 0 {
			if _, err := inquiry.ParseKind(string(g.New.Kind)); err != nil {
				t.Fatal(err)
			}
			_ = g.New.Open(now) // it may be refused, and must not panic
		}
	})
}
