package scheme_test

import (
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/ledger/scheme"
)

func TestRules(t *testing.T) {
	if r := scheme.Default(); len(r.Thresholds) != 2 || r.ReportWithin != 24*time.Hour || !r.Thresholds[1].Reseller {
		t.Errorf("%+v", r)
	}
	const head = "report_within = \"1h\"\nnotify_within = \"1h\"\n"
	for words, text := range map[string]string{
		"report_within: \"\" is no length": "",
		"r.toml:3: there is no such key":   head + "colour = 1\n",
		"neither holder nor reseller":      head + "[[threshold]]\napplies = \"all\"\n",
		"want count and within_days":       head + "[[threshold]]\napplies = \"holder\"\ncount = 0\n",
		"nothing would follow":             head + "[[threshold]]\napplies = \"holder\"\ncount = 1\nwithin_days = 1\n",
		"r.toml:1: ":                       "report_within = \n",
	} {
		if _, err := scheme.Parse("r.toml", []byte(text)); tsujiban.CodeOf(err) != tsujiban.CodeInvalid || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v", words, err)
		}
	}
}

// TestNoticeDoesNotSayWhoAsked: that the police ask is no business of the one they ask about.
func TestNoticeDoesNotSayWhoAsked(t *testing.T) {
	at := time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
	c := ledger.Case{
		ID: 1, At: at, Request: ledger.Request{Agency: "福岡県警察本部", Number: "捜二-88", Officer: "山田", Date: at}, Numbers: []ledger.Range{{First: 815012345678, Last: 815012345678}},
		Chains: [][]ledger.Link{{{ID: "end", Name: "博多商会"}, {ID: "top", Name: "卸電話", Reseller: true}}},
		Steps:  []ledger.Step{{N: 1, Kind: ledger.StepReport}, {N: 2, Kind: ledger.StepNotify, Holder: "end"}, {N: 3, Kind: ledger.StepNotify, Holder: "top"}, {N: 4, Kind: ledger.StepBarred, Holder: "end", Until: at}},
	}
	for _, lang := range []tsujiban.Lang{tsujiban.Japanese, tsujiban.English} {
		w := scheme.Writer{From: "当社", Zone: time.FixedZone("JST", 9*3600), Lang: lang}
		for step := 2; step <= 3; step++ {
			l, err := w.Letter(&c, step, at)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"福岡", "捜二", "山田"} {
				if strings.Contains(l.String(), secret) {
					t.Errorf("step %d says %s:\n%s", step, secret, l.String())
				}
			}
		}
		l, err := w.Letter(&c, 1, at)
		if err != nil || !strings.Contains(l.String(), "捜二-88") || !strings.Contains(l.String(), "卸電話") || !strings.Contains(l.String(), "+815012345678") {
			t.Errorf("%v\n%s", err, l.String())
		}
		if _, err := w.Letter(&c, 4, at); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("a letter of a step that needs none: %v", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("report_within = \"1h\"\nnotify_within = \"1h\"\n[[threshold]]\napplies = \"holder\"\ncount = 1\nwithin_days = 1\nrefuse_days = 3\n")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := scheme.Parse("r.toml", []byte(s))
		if err != nil && tsujiban.CodeOf(err) != tsujiban.CodeInvalid || err == nil && r.ReportWithin <= 0 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}
