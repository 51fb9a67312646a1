package screen_test

import (
	"slices"
	"strings"
	"testing"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/ledger/screen"
)

func answers(change ...string) map[string]string {
	a := map[string]string{
		"purpose": "自社製品の購入者からの問い合わせを受ける窓口の番号として使います", "channels": "4", "messages_per_month": "0", "numbers": "2", "bought_list": "no",
		"hides_both_numbers": "no", "resells": "no", "abroad": "no", "forwarding": "yes", "met": "yes",
	}
	for i := 0; i < len(change); i += 2 {
		a[change[i]] = change[i+1]
	}
	return a
}

// TestDefaultRules has those who were turned away, and those who were not.
func TestDefaultRules(t *testing.T) {
	r := screen.Default()
	h := &ledger.Holder{ID: "a", Name: "A", Address: "福岡市博多区1-2-3"}
	for name, c := range map[string]struct {
		answers map[string]string
		applied map[string]screen.Applied
		barred  []string
		outcome ledger.ScreenOutcome
		rules   []string
	}{
		"a support line":              {answers(), nil, nil, ledger.ScreenPassed, nil},
		"SMS to a bought list":        {answers("bought_list", "yes", "messages_per_month", "300,000"), nil, nil, ledger.ScreenRefused, []string{"bought-list", "many-messages"}},
		"dating with hidden numbers":  {answers("purpose", "出会い系サイトの会員同士の通話をつなぐため", "hides_both_numbers", "yes"), nil, nil, ledger.ScreenRefused, []string{"hide-both", "adult"}},
		"500 channels resold abroad":  {answers("channels", "５００", "resells", "yes", "abroad", "yes"), nil, nil, ledger.ScreenRefused, []string{"many-channels", "resold-abroad", "abroad"}},
		"a purpose that says nothing": {answers("purpose", "業務用"), nil, nil, ledger.ScreenReview, []string{"vague-purpose"}},
		"not met":                     {answers("met", "no"), nil, nil, ledger.ScreenReview, []string{"not-met"}},
		"an answer is missing":        {answers("channels", ""), nil, nil, ledger.ScreenIncomplete, []string{"question channels"}},
		"an answer is no number":      {answers("channels", "many"), nil, nil, ledger.ScreenIncomplete, []string{"question channels"}},
		"two others from the address": {answers(), map[string]screen.Applied{"same-address": {Field: "address", Others: []tsujiban.CustomerID{"b", "c"}}}, nil, ledger.ScreenReview, []string{"same-address"}},
		"one other from the address":  {answers(), map[string]screen.Applied{"same-address": {Field: "address", Others: []tsujiban.CustomerID{"b"}}}, nil, ledger.ScreenPassed, nil},
		"barred":                      {answers(), nil, []string{"case 3"}, ledger.ScreenRefused, []string{"barred"}},
	} {
		outcome, hits := r.Judge(&screen.Facts{Holder: h, Answers: c.answers, Applied: c.applied, Barred: c.barred})
		var rules []string
		for _, h := range hits {
			rules = append(rules, h.Rule)
		}
		if outcome != c.outcome || !slices.Equal(rules, c.rules) {
			t.Errorf("%s: %s by %v, want %s by %v", name, outcome, rules, c.outcome, c.rules)
		}
	}
}

func TestRefusalList(t *testing.T) {
	r, err := screen.Parse("r.toml", []byte("version = \"1\"\n[[refused]]\nfield = \"phone\"\nvalue = \"092-555-1234\"\nwhy = \"list of 2026\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	for phone, want := range map[string]ledger.ScreenOutcome{"+81 92 555 1234": ledger.ScreenRefused, "０９２−５５５−１２３４": ledger.ScreenRefused, "0925551235": ledger.ScreenPassed, "": ledger.ScreenPassed} {
		if got, _ := r.Judge(&screen.Facts{Holder: &ledger.Holder{Phone: phone}}); got != want {
			t.Errorf("%q: %s", phone, got)
		}
	}
}

func TestRulesRefused(t *testing.T) {
	q := "[[question]]\nid = \"q\"\nkind = \"count\"\nja = \"x\"\nen = \"x\"\n"
	rule := func(s string) string {
		return q + "[[rule]]\nid = \"r\"\noutcome = \"review\"\nja = \"x\"\nen = \"x\"\n" + s
	}
	for words, text := range map[string]string{
		"r.toml:2: there is no such key": "version = \"1\"\ncolour = \"2\"\n",
		"r.toml:1: ":                     "version = \n",
		"it would always fit":            rule(""),
		"there is no question \"p\"":     rule("when = [{ question = \"p\", is = \"yes\" }]"),
		"want one of is":                 rule("when = [{ question = \"q\" }]"),
		"does not fit a count":           rule("when = [{ question = \"q\", contains = [\"a\"] }]"),
		"repeated: want a field":         rule("repeated = { field = \"shoe\", at_least = 1, within_days = 1 }"),
		"question \"q\" is there twice":  q + q,
		"neither refuse nor review":      q + "[[rule]]\nid = \"r\"\noutcome = \"maybe\"\nja = \"x\"\nen = \"x\"\n",
		"a value and why":                "[[refused]]\nfield = \"phone\"\nvalue = \"-\"\nwhy = \"x\"\n",
	} {
		_, err := screen.Parse("r.toml", []byte(text))
		if tsujiban.CodeOf(err) != tsujiban.CodeInvalid || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v", words, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("version = \"1\"\n[[rule]]\nid = \"a\"\n")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := screen.Parse("r.toml", []byte(s))
		if err != nil {
			if tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
				t.Error(err)
			}
			return
		}
		r.Judge(&screen.Facts{Holder: &ledger.Holder{}})
	})
}
