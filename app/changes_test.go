package app

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/ledger"
	"tsujiban/store"
)

// TestChangesInJapanese: a change of every setting is told in Japanese, but for what stands there as a value; what people typed stays as it is.
func TestChangesInJapanese(t *testing.T) {
	limits := tsujiban.Limits{
		CapCall: 1, CapDay: 2, CapMonth: 3, Channels: 4, CallsPerSecond: 5, LongestCall: time.Hour, AllowCountries: []string{"US"}, BarCountries: []string{"SL"}, BarPrefixes: []string{"232"}, AllowClasses: []string{"PREMIUM"},
	}
	own := tsujiban.Own{Stopped: true, NoInternational: true, BarCountries: []string{"SL"}, CapCall: 1, CapDay: 2, CapMonth: 3, LongestCall: time.Hour}
	c := tsujiban.Customer{Name: "A, B", International: true, Opened: time.Unix(1e9, 0), Contact: "a@b.jp", Language: tsujiban.English, Numbers: []string{"+81312345678"}, Limits: limits, Own: own}
	trunk := tsujiban.Trunk{Customer: "X", Sources: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, CertificateName: "X", Username: "X", Realm: "X", HA1MD5: "1", Address: "192.0.2.1:5060", Transport: "UDP", Registrar: "192.0.2.1:5060", Domain: "X"}
	notes := []string{
		store.DiffCustomer(&tsujiban.Customer{}, &c), store.DiffCustomer(&c, &tsujiban.Customer{}), store.DiffCustomer(&c, &c),
		store.DiffTrunk(&tsujiban.Trunk{}, &trunk), store.DiffTrunk(&trunk, &tsujiban.Trunk{}),
		differRules(&store.Rules{Closed: []string{"232"}}, &store.Rules{Hints: strings.Fields(strings.Repeat("53 ", 25)), Defaults: limits}), differRules(&store.Rules{}, &store.Rules{}),
	}
	notes = append(notes, "customer hakata: "+notes[0]+"\ntrunk pbx: removed\nand 5 more", "rules for all: "+notes[5], "import: 3 customers, 4 trunks", "suspension case 7", "request R-1 of X", "customer hakata, by the ledger: "+notes[1], "reload", "holder hakata: "+ledger.ScreenReview.String(), "published 2026-11-20", "erase now", "hold 3", "7 letter", "7 bundle", "handed over 2026-11-20 13:00:00", "customer hakata: released", "retention: hold 3 is released: 済み", "done")
	for _, n := range notes {
		ja := control.ChangeText(n, tsujiban.Japanese)
		if found := regexp.MustCompile(`[a-z][a-z-]{2,}`).FindString(strings.NewReplacer("a@b.jp", "", "hakata", "", "pbx", "").Replace(ja)); found != "" || strings.Contains(ja, "  ") {
			t.Errorf("%q is told as %q: there is %q", n, ja, found)
		}
		if control.ChangeText(n, tsujiban.English) != n {
			t.Errorf("%q in English: %q", n, control.ChangeText(n, tsujiban.English))
		}
	}
	for _, o := range []string{"not done: case 3 is closed already", "customer hakata: released", "done"} {
		if say := control.OutcomeText(o, tsujiban.Japanese); regexp.MustCompile(`[a-z]{2,}`).MatchString(strings.ReplaceAll(say, "hakata", "")) {
			t.Errorf("the outcome %q is told as %q", o, say)
		}
	}
	for en, ja := range map[string]string{"own stop true": "発信の停止（お客様設定） はい", "international true → false": "国際発信 はい → いいえ", "name true north → false dawn": "名称 true north → false dawn"} {
		if got := control.ChangeText(en, tsujiban.Japanese); got != ja {
			t.Errorf("%q is told as %q, want %q", en, got, ja)
		}
	}
	for _, typed := range []string{"", "mended the PBX, called back", "name", "=1+1", "内線のパスワードを変更"} {
		if got := control.ChangeText(typed, tsujiban.Japanese); got != typed && typed != "name" {
			t.Errorf("%q became %q", typed, got)
		}
	}
}

// TestNoted: what somebody typed is told from what the program wrote, by what was done.
func TestNoted(t *testing.T) {
	rules := differRules(&store.Rules{Closed: []string{"53"}}, &store.Rules{Hints: []string{"232"}, Defaults: tsujiban.Limits{CapDay: 5_000_000}})
	for _, c := range []struct {
		verb, note, ours, typed string
	}{
		{"rules-set", store.Note(rules + "; because; hints: were wrong"), "閉鎖する宛先: 削除 53; 注意する宛先: 追加 232; 既定の上限: 1日の上限 5", "because; hints: were wrong"},
		{"rules-set", "why\uFFFDno change", "変更なし", "why"},
		{"restrict", control.NotTheirs + "we sleep", "契約者の申告: 利用に覚えがない。", "we sleep"},
		{"restrict", control.NotTheirs + control.AnsweredByLink, "契約者の申告: 利用に覚えがない。 メールのリンクから回答", ""},
		{"release", control.AnsweredInPortal, "契約者のページから回答", ""},
		{"restrict", "removed", "", "removed"},
		{"release", "numbers with a fault", "", "numbers with a fault"},
		{"customer-delete", "Acme and sons", "", "Acme and sons"},
		{"trunk-delete", "removed", "削除", ""},
	} {
		a := control.Action{Verb: c.verb, Note: c.note}
		if got := a.Noted(tsujiban.Japanese); got != (control.Noted{Ours: c.ours, Typed: c.typed}) {
			t.Errorf("%s %q: %q", c.verb, c.note, got)
		}
	}
}
