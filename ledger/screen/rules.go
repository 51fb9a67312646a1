// Package screen judges whether somebody may become a customer: questions, rules and lists of refusals are data, in a TOML
// file; the judging is here, and is pure. A person decides where the rules say "review".
package screen

import (
	"bytes"
	_ "embed" // the rules that hold when no file is given
	"errors"
	"fmt"
	"slices"

	"github.com/pelletier/go-toml/v2"

	"tsujiban"
	"tsujiban/ledger"
)

//go:embed default.toml
var defaultRules []byte

// Rules are what is asked and what the answers mean.
type Rules struct {
	Version   string     `toml:"version"`
	ValidDays int        `toml:"valid_days"` // how long a passed screen holds; 365 when it is left out
	Checked   []string   `toml:"checked"`    // what must not change meanwhile; all of [ledger.ScreenedFields] when it is left out
	Questions []Question `toml:"question"`
	Rules     []Rule     `toml:"rule"`
	Refused   []Refused  `toml:"refused"`
}

// Question is one that has to be answered.
type Question struct {
	ID   string `toml:"id" json:"id"`
	Kind string `toml:"kind" json:"kind"` // "text", "count", "yesno"
	Ja   string `toml:"ja" json:"ja"`
	En   string `toml:"en" json:"en"`
}

// Text is the question for a person.
func (q *Question) Text(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return q.En
	}
	return q.Ja
}

// Rule says what answers mean; all of its conditions have to fit.
type Rule struct {
	ID       string      `toml:"id"`
	Outcome  string      `toml:"outcome"` // "refuse", "review"
	Ja       string      `toml:"ja"`
	En       string      `toml:"en"`
	When     []Condition `toml:"when"`
	Repeated *Repeated   `toml:"repeated"`
}

// Condition is about one answer. One of its tests is set.
type Condition struct {
	Question    string   `toml:"question"`
	Is          string   `toml:"is"`
	AtLeast     int64    `toml:"at_least"`
	Contains    []string `toml:"contains"`     // any of them, wide and capital letters aside
	ShorterThan int      `toml:"shorter_than"` // characters
}

// Repeated is met when so many other holders applied with the same, lately.
type Repeated struct {
	Field      string `toml:"field"`
	AtLeast    int    `toml:"at_least"`
	WithinDays int    `toml:"within_days"`
}

// Refused is an entry of a refusal list.
type Refused struct {
	Field string `toml:"field"`
	Value string `toml:"value"`
	Why   string `toml:"why"`
}

// Default are the rules that hold when no file is given.
func Default() *Rules {
	r, err := Parse("default.toml", defaultRules)
	if err != nil {
		panic(err) // a test reads them
	}
	return r
}

// Parse reads rules. The error is CodeInvalid and names line or rule.
func Parse(name string, data []byte) (*Rules, error) {
	var r Rules
	d := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	r.ValidDays, r.Checked = 365, ledger.ScreenedFields
	if err := d.Decode(&r); err != nil {
		return nil, tomlError(name, err)
	}
	if err := r.valid(); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%s: %w", name, err)
	}
	return &r, nil
}

func tomlError(name string, err error) error {
	line := 0
	var de *toml.DecodeError
	var se *toml.StrictMissingError
	if errors.As(err, &se) && len(se.Errors) > 0 {
		line, _ = se.Errors[0].Position()
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s:%d: there is no such key", name, line)
	}
	if errors.As(err, &de) {
		line, _ = de.Position()
	}
	return tsujiban.Errorf(tsujiban.CodeInvalid, "%s:%d: %w", name, line, err)
}

func (r *Rules) valid() error {
	if r.ValidDays < 1 || r.ValidDays > 3660 {
		return fmt.Errorf("valid_days: %d is no term; write 1 to 3660 days, such as 365", r.ValidDays)
	}
	for _, f := range r.Checked {
		if !slices.Contains(ledger.ScreenedFields, f) {
			return fmt.Errorf("checked: there is no field %q; there are %v", f, ledger.ScreenedFields)
		}
	}
	kinds := map[string]string{}
	for _, q := range r.Questions {
		switch {
		case q.ID == "" || q.Ja == "" || q.En == "":
			return fmt.Errorf("question %q: id, ja and en are needed", q.ID)
		case !slices.Contains([]string{"text", "count", "yesno"}, q.Kind):
			return fmt.Errorf("question %q: kind %q is none of text, count, yesno", q.ID, q.Kind)
		case kinds[q.ID] != "":
			return fmt.Errorf("question %q is there twice", q.ID)
		}
		kinds[q.ID] = q.Kind
	}
	seen := map[string]bool{}
	for _, u := range r.Rules {
		switch {
		case u.ID == "" || u.Ja == "" || u.En == "":
			return fmt.Errorf("rule %q: id, ja and en are needed", u.ID)
		case u.Outcome != "refuse" && u.Outcome != "review":
			return fmt.Errorf("rule %q: outcome %q is neither refuse nor review", u.ID, u.Outcome)
		case seen[u.ID]:
			return fmt.Errorf("rule %q is there twice", u.ID)
		case len(u.When) == 0 && u.Repeated == nil:
			return fmt.Errorf("rule %q: says neither when nor repeated: it would always fit", u.ID)
		}
		seen[u.ID] = true
		for _, c := range u.When {
			if err := c.valid(kinds); err != nil {
				return fmt.Errorf("rule %q: %w", u.ID, err)
			}
		}
		if p := u.Repeated; p != nil && (!slices.Contains(ledger.ApplicantFields, p.Field) || p.AtLeast < 1 || p.WithinDays < 1 || p.WithinDays > 3660) {
			return fmt.Errorf("rule %q: repeated: want a field of %v, at_least and within_days", u.ID, ledger.ApplicantFields)
		}
	}
	for _, f := range r.Refused {
		if !slices.Contains(ledger.ApplicantFields, f.Field) || ledger.NormalField(f.Field, f.Value) == "" || f.Why == "" {
			return fmt.Errorf("refused %q: want a field of %v, a value and why", f.Value, ledger.ApplicantFields)
		}
	}
	return nil
}

func (c *Condition) valid(kinds map[string]string) error {
	tests := 0
	for _, set := range []bool{c.Is != "", c.AtLeast != 0, len(c.Contains) > 0, c.ShorterThan != 0} {
		if set {
			tests++
		}
	}
	kind := kinds[c.Question]
	switch {
	case kind == "":
		return fmt.Errorf("there is no question %q", c.Question)
	case tests != 1:
		return fmt.Errorf("about %q: want one of is, at_least, contains, shorter_than", c.Question)
	case c.AtLeast != 0 && kind != "count", (len(c.Contains) > 0 || c.ShorterThan != 0) && kind != "text", c.Is != "" && kind == "text":
		return fmt.Errorf("about %q: that test does not fit a %s", c.Question, kind)
	}
	return nil
}
