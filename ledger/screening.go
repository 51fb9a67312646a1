package ledger

import (
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
	Entry   int64               `json:"entry,omitempty"`
	At      time.Time           `json:"at,omitzero"`
	By      string              `json:"by,omitempty"`
	Ground  string              `json:"ground,omitempty"`
}
