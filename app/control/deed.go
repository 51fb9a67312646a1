package control

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"tsujiban"
	"tsujiban/inquiry"
	"tsujiban/people"
	"tsujiban/retention"
)

// Kinds of actions. Besides what was set, the record has what people did: who looked into which calls on what ground, what was erased, who was let in.
// The note of those is a [Deed].
const (
	KindSettings  = "settings" // and restrictions
	KindLooks     = "looks"
	KindInquiries = "inquiries"
	KindRetention = "retention"
	KindStaff     = "staff"
	KindNotices   = "notices"
	KindCases     = "cases"  // of suspicion; calls ended by hand
	KindLedger    = "ledger" // what is done with the ledger of numbers as a whole, and for the suspension scheme; its entries have a list of their own
	KindEvidence  = "evidence"
)

// Kinds are all of them.
var Kinds = []string{KindSettings, KindLooks, KindInquiries, KindRetention, KindStaff, KindNotices, KindCases, KindLedger, KindEvidence}

// deedVerbs are the verbs of each kind but the settings', which have all others.
var deedVerbs = map[string][]string{
	KindLooks:     {"calls-search", "calls-export", "calls-bill", "calls-journal"},
	KindInquiries: {"inquiry-open", "inquiry-number", "inquiry-ask", "inquiry-letter", "inquiry-bundle", "inquiry-close"},
	KindRetention: {"erase", "hold-add", "hold-release"},
	KindStaff: {
		"staff-invite", "staff-first", "staff-link", "staff-enter", "staff-oidc", "staff-set", "staff-signout", "staff-demo", "token-end", "account-set", "proposal-add", "proposal-approved", "proposal-declined", "proposal-withdrawn",
	},
	KindNotices:  {"notice-again", "notice-test"},
	KindCases:    {"case-noted", "case-assigned", "case-asked", "case-closed", "case-replied", "call-end"},
	KindLedger:   {"suspension-open", "suspension-letter", "suspension-done", "suspension-lift", "ledger-export", "annual-report"},
	KindEvidence: {"evidence-key"},
}

// DeedVerbs are the verbs of a kind; none for settings.
func DeedVerbs(kind string) []string { return slices.Clone(deedVerbs[kind]) }

// Kind is that of the action.
func (a *Action) Kind() string {
	for kind, verbs := range deedVerbs {
		if slices.Contains(verbs, a.Verb) {
			return kind
		}
	}
	return KindSettings
}

// Deed is what is kept of something that a person did, besides whom it concerns. Numbers in it are masked, times are in the node's zone.
type Deed struct {
	Number string `json:"number,omitempty"`
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	Action string `json:"action,omitempty"` // a verdict
	Whole  bool   `json:"whole,omitempty"`  // numbers were shown whole
	Count  int    `json:"count,omitempty"`
	Month  string `json:"month,omitempty"` // of a bill
	What   string `json:"what,omitempty"`  // a code: kind of inquiry, or of what was erased; a role; a purpose
	Whom   string `json:"whom,omitempty"`  // to whom a case is handed over
	Text   string `json:"text,omitempty"`  // as somebody typed it: a ground, a reason
}

// String is the note of the action.
func (d Deed) String() string {
	b, err := json.Marshal(d)
	if err != nil {
		panic(err) // text and numbers
	}
	return string(b)
}

// Deed is what the note of an action says; ok is false when it is that of a change of settings.
func (a *Action) Deed() (d Deed, ok bool) {
	return d, a.Kind() != KindSettings && json.Unmarshal([]byte(a.Note), &d) == nil
}

// Noted parts it into what the program says, in the reader's language, and what somebody typed.
func (d Deed) Noted(l tsujiban.Lang) Noted {
	var out []string
	say := func(ja, en string, args ...string) {
		text := ja
		if l == tsujiban.English {
			text = en
		}
		for i, a := range args {
			text = strings.ReplaceAll(text, "{"+strconv.Itoa(i)+"}", a)
		}
		out = append(out, text)
	}
	if d.What != "" {
		out = append(out, deedWhat(d.What, l))
	}
	if d.Whom != "" {
		say("{0} へ", "to {0}", d.Whom)
	}
	if d.Count > 0 {
		say("{0} 件", "{0} records", strconv.Itoa(d.Count))
	}
	if d.Month != "" {
		say("{0} の通話明細", "bill of {0}", d.Month)
	}
	if d.Number != "" {
		say("番号 {0}", "number {0}", d.Number)
	}
	switch {
	case d.From != "" && d.To != "":
		say("期間 {0} から {1}", "from {0} to {1}", d.From, d.To)
	case d.From != "":
		say("{0} 以降", "from {0}", d.From)
	case d.To != "":
		say("{0} まで", "until {0}", d.To)
	}
	if v, ok := map[string][2]string{"allow": {"許可", "allowed"}, "watch": {"要注意", "watched"}, "deny": {"拒否", "refused"}}[d.Action]; ok {
		say("判定 "+v[0], "verdict "+v[1])
	}
	if d.Whole {
		say("番号をすべて表示", "whole numbers")
	}
	sep := "、"
	if l == tsujiban.English {
		sep = ", "
	}
	return Noted{strings.Join(out, sep), d.Text}
}

// deedWhat says a code.
func deedWhat(code string, l tsujiban.Lang) string {
	if k, err := inquiry.ParseKind(code); err == nil {
		return k.Text(l)
	}
	for k := range retention.NumKinds {
		if k := retention.Kind(k); k.String() == code {
			return k.Text(l)
		}
	}
	switch a := people.Act(code); a {
	case people.ActReleaseClosed, people.ActHandOver, people.ActRetention:
		return a.Text(l)
	}
	for i := range deedCodes {
		if c := &deedCodes[i]; c[0] == code && l == tsujiban.English {
			return c[2]
		} else if c[0] == code {
			return c[1]
		}
	}
	e := people.SignIn{Note: code}
	return e.Text(l)
}

var deedCodes = [][3]string{
	{people.Viewer.String(), "閲覧", "viewer"}, {people.Analyst.String(), "分析", "analyst"}, {people.InquiryOfficer.String(), "照会担当", "inquiry officer"},
	{people.Administrator.String(), "管理者", "administrator"}, {people.Reseller.String(), "再販事業者", "reseller"}, {people.CustomerRole.String(), "契約者", "customer"},
	{"disabled", "停止", "disabled"}, {"enabled", "再開", "enabled"},
	{"theirs", "自社の通話との回答", "theirs"}, {"not-theirs", "自社の通話ではないとの回答", "not theirs"},
}
