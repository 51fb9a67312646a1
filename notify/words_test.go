package notify

import (
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/notify/letter"
	"tsujiban/notify/outbox"
)

var update = flag.Bool("update", false, "write the golden files anew")

func yen(n int64) control.Amount { return control.Amount(tsujiban.Money(n) * tsujiban.Unit) }

var writer = &Writer{From: "例示電話株式会社", Contact: "noc@example.jp", Zone: tokyo, Currency: "JPY", Base: &url.URL{Scheme: "https", Host: "console.example.jp"}, Ask: func(*outbox.Notice, *Facts) (Answers, error) {
	return Answers{Yes: "https://console.example.jp/reply/yes?t=abc", No: "https://console.example.jp/reply/no?t=def"}, nil
}}

// samples are notices as people get them.
func samples(l tsujiban.Lang) map[string][]outbox.Notice {
	base := Facts{At: noon.UTC(), Node: "guard1", Entry: 7, Customer: "hakata-shokai", Name: "博多商会", Today: yen(1200), Month: yen(8400), CapDay: yen(20000), CapMonth: yen(100000), Left: yen(18800)}
	no := false
	one := func(k outbox.Kind, staff bool, change func(*Facts)) outbox.Notice {
		f := base
		change(&f)
		b, err := json.Marshal(f)
		if err != nil {
			panic(err)
		}
		return outbox.Notice{ID: "n1", Kind: k, To: "soumu@example.jp", Lang: l, Staff: staff, Facts: b, Made: noon}
	}
	stop := func(f *Facts) {
		f.Level, f.Reach, f.Reason, f.By, f.Weight = "restrict", "232", "fraud", "guard", 51.2
		f.Why = []control.Weight{{Kind: "destination", Value: 20}, {Kind: "equal-durations", Value: 18}, {Kind: "hour", Value: -2}}
		f.Campaign = &control.Campaign{Factor: "agent", Customers: 12}
		f.Case = &Case{ID: 412, Calls: 14, Refused: 9, Lost: yen(1225), Avoided: yen(2700)}
	}
	day := &control.Day{
		Customer: "hakata-shokai", Name: "博多商会", From: noon.Add(-36 * time.Hour), To: noon.Add(-12 * time.Hour), Attempts: 240, Answered: 120, Denied: 96, Cut: 3, Night: 41, TalkS: 4500, Charge: yen(12345), CapDay: yen(20000), Month: yen(45678), CapMonth: yen(100000),
		Refused: []control.ReasonCount{{Reason: "restricted", Count: 90}, {Reason: "cap-day", Count: 6}}, Abroad: []control.DayDestination{{Country: "SL", Code: 232, New: true, Attempts: 99, Answered: 60, Denied: 30, TalkS: 1800, Charge: yen(9900)}},
		Registrations: 12, Strangers: 4, Accesses: []control.Access{{What: "registered", Source: "203.0.113.9", Agent: "<script>alert(1)</script>=1+1", Count: 3, First: noon.Add(-33 * time.Hour), Last: noon.Add(-30 * time.Hour), New: true}, {What: "password", Source: "198.51.100.7", Agent: "=cmd|'/c calc'!A1 http://evil.example/", Count: 4, First: noon.Add(-20 * time.Hour), Last: noon.Add(-20 * time.Hour)}},
	}
	quiet := &control.Day{Customer: "hakata-shokai", Name: "博多商会", From: day.From, To: day.To, Attempts: 31, Answered: 22, Charge: yen(310), Registrations: 24}
	all := &control.Days{From: day.From, To: day.To, Customers: []control.Day{*day}, Quiet: 48, Attempts: 1840, Denied: 96, Cut: 3, Charge: yen(45678), Strangers: map[string]int{"unknown-source": 9000}, Sources: 42, Loudest: []control.Access{{What: "unknown-source", Source: "192.0.2.66", Agent: "friendly-scanner", Count: 8000, First: day.From, Last: day.To}}, Dead: 1}
	firms := &control.Days{From: day.From, To: day.To, Customers: []control.Day{*day}, More: 70, Quiet: 48, Attempts: 1840, Denied: 96, Cut: 3, Charge: yen(45678)}
	var storm []outbox.Notice
	for _, reach := range []string{"232", "abroad", "53"} {
		storm = append(storm, one(outbox.Restriction, true, func(f *Facts) { stop(f); f.Reach = reach }))
	}
	return map[string][]outbox.Notice{
		"question":    {one(outbox.Question, false, func(f *Facts) { stop(f); f.Level = "ask" })},
		"restriction": {one(outbox.Restriction, false, stop)},
		"staff":       {one(outbox.Restriction, true, stop)},
		"closing":     {one(outbox.Closing, false, func(f *Facts) { stop(f); f.Level = "close" })},
		"release": {one(outbox.Release, false, func(f *Facts) {
			f.By, f.Note = "sato", "確認済み"
			f.Case = &Case{ID: 412, Calls: 14, Refused: 9, Lost: yen(1225), Avoided: yen(2700)}
		})},
		"reply":    {one(outbox.Reply, true, func(f *Facts) { f.Theirs, f.By = &no, "link" })},
		"spending": {one(outbox.Spending, false, func(f *Facts) { f.Cap, f.Percent = "day", 80 })},
		"journal":  {one(outbox.Trouble, true, func(f *Facts) { f.Part, f.Note = "journal", "no space left on device" })},
		"carrier":  {one(outbox.Trouble, true, func(f *Facts) { f.Part, f.Note, f.Over = "carrier", "carrier-a", true })},
		"overdue": {one(outbox.Overdue, true, func(f *Facts) {
			f.Customer, f.Note = "", "suspension case 3, step 2: report: 福岡県警察本部; due 2026-11-25T01:00:00Z"
		})},
		"undeliverable": {one(outbox.Undeliverable, true, func(f *Facts) {
			f.Failed = &Failed{ID: "n0", Kind: "restriction", Channel: "mail", To: "old@example.jp", Reason: "550 no such user"}
		})},
		"digest":     {one(outbox.Digest, false, func(f *Facts) { f.Day = day })},
		"quiet":      {one(outbox.Digest, false, func(f *Facts) { f.Day = quiet })},
		"digest-all": {one(outbox.Digest, true, func(f *Facts) { f.All = all })},
		"firms":      {one(outbox.Digest, false, func(f *Facts) { f.Customer, f.Firms = "", firms })},
		"contact":    {one(outbox.Undeliverable, true, func(f *Facts) { f.Failed = &Failed{Kind: "closing", Channel: "mail", Reason: NoContact} })},
		"storm":      storm,
		"test":       {one(outbox.Test, true, func(f *Facts) { f.By = "sato" })},
	}
}

// TestLetters compares every letter, as text and as HTML, with the one that somebody has read.
func TestLetters(t *testing.T) {
	for lang, name := range map[tsujiban.Lang]string{tsujiban.Japanese: "ja", tsujiban.English: "en"} {
		for kind, ns := range samples(lang) {
			l, err := writer.Write(ns)
			if err != nil {
				t.Fatal(err)
			}
			html, err := l.HTML()
			if err != nil {
				t.Fatal(err)
			}
			for ext, got := range map[string]string{"txt": "Subject: " + l.Subject + "\n\n" + l.Text(), "html": html} {
				file := filepath.Join("testdata", kind+"."+name+"."+ext)
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(string(want), got); d != "" {
					t.Errorf("%s (-update writes it anew):\n%s", file, d)
				}
			}
			for _, bad := range []string{"<script>", "<img", "<link", "src=", "url(", "@import", "http://"} {
				if strings.Contains(html, bad) {
					t.Errorf("%s.%s: the page holds %s", kind, name, bad)
				}
			}
			if lang == tsujiban.English {
				for _, r := range strings.NewReplacer("博多商会", "", "例示電話株式会社", "", "確認済み", "", "福岡県警察本部", "").Replace(l.Text()) {
					if r >= 0x3040 && r < 0xa000 {
						t.Errorf("%s: %q is left in Japanese", kind, r)
						break
					}
				}
			}
		}
	}
}

// TestPagesOrCommands: where there is a console mail leads to its pages and names no command that a page does; where there is none it names the command. Nobody
// but the operator's people is led to the operator's pages.
func TestPagesOrCommands(t *testing.T) {
	none := *writer
	none.Base = nil
	for kind, ns := range samples(tsujiban.Japanese) {
		with, err := writer.Write(ns)
		if err != nil {
			t.Fatal(err)
		}
		without, err := none.Write(ns)
		if err != nil {
			t.Fatal(err)
		}
		page, command := with.Text(), without.Text()
		if strings.Contains(strings.NewReplacer("tsujiban notice again", "", "tsujiban notice list", "").Replace(page), "tsujiban ") || strings.Contains(command, "https://console.example.jp/") && !strings.Contains(command, "/reply/") {
			t.Errorf("%s:\n%s\n%s", kind, page, command)
		}
		if staff := ns[0].Staff; !staff && (strings.Contains(page, "/cases") || strings.Contains(page, "/customers/") || strings.Contains(command, "tsujiban ")) {
			t.Errorf("%s leads a customer to the operator:\n%s\n%s", kind, page, command)
		}
	}
}

// TestHostileText: what strangers write into SIP does nothing in a subject, a page, a text or a Slack message.
func TestHostileText(t *testing.T) {
	for _, s := range []string{"<script>alert(1)</script>", "x\r\nBcc: a@evil.example", "\u202egnp.exe\u2066", "\x1b[2J\x00", "=HYPERLINK(\"http://evil.example\")", "<!channel> <https://evil.example|ok>", "www.evil.example", strings.Repeat("あ", 5000), "\xff\xfe", "a\u200bb\ufeffc\U000e0041"} {
		f := Facts{At: noon, Customer: "c1", Name: s, Note: s, By: s, Level: "restrict", Reach: s, Reason: s, Part: "carrier", Failed: &Failed{Kind: s, To: s, Reason: s}}
		b, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range []outbox.Kind{outbox.Restriction, outbox.Release, outbox.Reply, outbox.Trouble, outbox.Overdue, outbox.Undeliverable, outbox.Test} {
			l, err := writer.Write([]outbox.Notice{{ID: "x", Kind: k, Staff: true, Facts: b}})
			if err != nil {
				t.Fatal(err)
			}
			html, err := l.HTML()
			if err != nil {
				t.Fatal(err)
			}
			for where, text := range map[string]string{"subject": letter.Clean(l.Subject), "text": l.Text(), "html": html, "slack": l.Slack()} {
				for _, bad := range []string{"\u202e", "\u2066", "\x1b", "\x00", "\r", "\u200b", "\ufeff", "\U000e0041", "\nBcc"} {
					if strings.Contains(text, bad) {
						t.Errorf("%s of %s holds %q", where, k, bad)
					}
				}
				if where != "text" && where != "subject" && (strings.Contains(text, "<script") || strings.Contains(text, "<!channel") || strings.Contains(text, "<https://evil")) {
					t.Errorf("%s of %s: %s", where, k, text)
				}
			}
			if strings.ContainsAny(letter.Clean(l.Subject), "\r\n") {
				t.Errorf("subject %q", l.Subject)
			}
		}
	}
	if got := letter.Foreign("=1+1"); got != "'=1+1" {
		t.Errorf("a formula became %q", got)
	}
	if got := letter.Foreign("http://www.evil.example a@b"); strings.Contains(got, "://") || strings.Contains(got, "www.") || strings.Contains(got, "@") {
		t.Errorf("an address became %q", got)
	}
}
