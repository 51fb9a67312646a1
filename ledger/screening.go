package ledger

import (
	"slices"
	"strings"
	"time"

	"tsujiban"
)

// ScreenOutcome is what came of an onboarding screen; a closed set, the worse the larger.
type ScreenOutcome uint8

// The outcomes.
const (
	ScreenNone       ScreenOutcome = iota // not screened yet
	ScreenPassed                          // may get numbers
	ScreenReview                          // a person has to decide
	ScreenIncomplete                      // a question is not answered
	ScreenRefused
	numScreens
)

var screenRows = [numScreens]struct{ code, ja, en string }{
	ScreenNone:       {"none", "未審査", "not screened"},
	ScreenPassed:     {"passed", "承認", "passed"},
	ScreenReview:     {"review", "要判断", "a person has to decide"},
	ScreenIncomplete: {"incomplete", "回答不足", "incomplete"},
	ScreenRefused:    {"refused", "謝絶", "refused"},
}

// String is the outcome's stable code.
func (o ScreenOutcome) String() string {
	if o < numScreens {
		return screenRows[o].code
	}
	return "invalid"
}

// Text says the outcome to a person.
func (o ScreenOutcome) Text(l tsujiban.Lang) string {
	switch {
	case o >= numScreens:
		return "?"
	case l == tsujiban.English:
		return screenRows[o].en
	}
	return screenRows[o].ja
}

// MarshalText writes the code.
func (o ScreenOutcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the code.
func (o *ScreenOutcome) UnmarshalText(b []byte) error {
	for i := range screenRows {
		if screenRows[i].code == string(b) {
			*o = ScreenOutcome(i)
			return nil
		}
	}
	return invalid("outcome", "there is no %q", b)
}

// Hit is a rule that fitted.
type Hit struct {
	Rule string `json:"rule"`
	Ja   string `json:"ja"`
	En   string `json:"en"`
}

// Screening is one onboarding screen of a holder, as it is kept: answers, what fitted, what came of it and who decided.
type Screening struct {
	Holder  tsujiban.CustomerID `json:"holder"`
	Outcome ScreenOutcome       `json:"outcome"`
	Answers map[string]string   `json:"answers,omitempty"`
	Hits    []Hit               `json:"hits,omitempty"`
	Rules   string              `json:"rules,omitempty"`   // their version
	Decided bool                `json:"decided,omitempty"` // by a person, after a review; the entry says who and why
	Marks   map[string]string   `json:"-"`                 // field → value as it is compared, to find applications that belong together
	Until   time.Time           `json:"until,omitzero"`    // from then on no new numbers before another screen; zero: it has no term
	Checked []string            `json:"checked,omitempty"` // fields of which it holds only as long as they stay what they were
	Changed []string            `json:"changed,omitempty"` // those of Checked that are not; the ledger fills it when it lists
	Entry   int64               `json:"entry,omitempty"`
	At      time.Time           `json:"at,omitzero"`
	By      string              `json:"by,omitempty"`
	Ground  string              `json:"ground,omitempty"`
}

// Standing tells why a holder may get no numbers by its last screen; nil when it may.
func (s *Screening) Standing(now time.Time) error {
	id := s.Holder
	again := "screen it again with \"tsujiban holder screen\""
	switch {
	case s.Outcome != ScreenPassed:
		return tsujiban.Errorf(tsujiban.CodeForbidden, "holder %q: has not passed the onboarding screen (%s): see \"tsujiban holder show %s\"", id, s.Outcome, id)
	case !s.Until.IsZero() && !now.Before(s.Until):
		return tsujiban.Errorf(tsujiban.CodeForbidden, "holder %q: its onboarding screen of %s held until %s: %s", id, s.At.Format(time.DateOnly), s.Until.Format(time.DateOnly), again)
	case len(s.Changed) > 0:
		return tsujiban.Errorf(tsujiban.CodeForbidden, "holder %q: %s changed after the onboarding screen of %s: %s", id, strings.Join(s.Changed, ", "), s.At.Format(time.DateOnly), again)
	}
	return nil
}

// ApplicantFields are the fields of a holder by which applications are compared.
var ApplicantFields = []string{"corporate", "name", "representative", "address", "phone", "account", "contact", "mail"}

// ScreenedFields are what a screen can be about: the fields of an applicant, and whether it sells on.
var ScreenedFields = append(slices.Clone(ApplicantFields), "reseller")

// Field is what a holder has in one of ScreenedFields; empty also for a field that there is not.
func (h *Holder) Field(field string) string {
	switch field {
	case "corporate":
		return h.Corporate
	case "name":
		return h.Name
	case "representative":
		return h.Representative
	case "address":
		return h.Address
	case "phone":
		return h.Phone
	case "account":
		return h.Account
	case "contact":
		return h.Contact
	case "mail":
		return h.Mail
	case "reseller":
		if h.Reseller {
			return "yes"
		}
	}
	return ""
}

// NormalField is a value as it is compared: without spaces and dashes, wide and capital letters aside. Of a telephone the digits,
// with the country code taken for the trunk 0.
func NormalField(field, value string) string {
	value = strings.ToLower(Narrow(value))
	value = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || field == "phone" && (r < '0' || r > '9') {
			return -1
		}
		return r
	}, value)
	if rest, ok := strings.CutPrefix(value, "81"); ok && field == "phone" && len(rest) >= 9 {
		return "0" + rest
	}
	return value
}

// ChangedFields are those of the fields in which two states of a holder differ, spaces, dashes, wide and capital letters aside.
func ChangedFields(then, now *Holder, fields []string) (out []string) {
	for _, f := range fields {
		if NormalField(f, then.Field(f)) != NormalField(f, now.Field(f)) {
			out = append(out, f)
		}
	}
	return out
}
