package api

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tsujiban"
)

// Money is an amount of the node's currency as decimal text: "20000", "12.5", exact to a millionth.
type Money string

// Schema says so in the document.
func (Money) Schema(huma.Registry) *huma.Schema {
	most := 24
	return &huma.Schema{
		Type: huma.TypeString, Pattern: `^[0-9]{1,13}(\.[0-9]{1,6})?$`, PatternDescription: "a decimal amount such as 20000 or 12.5", MaxLength: &most,
		Description: "An amount of money as decimal text, in the currency of the node (GET /status; yen unless configured otherwise), exact to a millionth.",
		Examples:    []any{"20000"},
	}
}

// UnmarshalJSON reads text, and the numbers that the program writes.
func (m *Money) UnmarshalJSON(b []byte) error {
	v, err := tsujiban.ParseMoney(strings.Trim(string(b), `"`))
	*m = Money(v.Append(nil))
	return err
}

// IsZero tells whether it is nothing, so that json leaves it out.
func (m Money) IsZero() bool { return m == "" || m == "0" }

// Difference is an amount that may be below zero.
type Difference string

// Schema says so in the document.
func (Difference) Schema(r huma.Registry) *huma.Schema {
	s := Money("").Schema(r)
	s.Pattern, s.PatternDescription = `^-?[0-9]{1,13}(\.[0-9]{1,6})?$`, "a decimal amount such as -20000 or 12.5"
	s.Description += " It may be below zero."
	return s
}

// UnmarshalJSON reads text, and the numbers that the program writes.
func (d *Difference) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	rest, below := strings.CutPrefix(text, "-")
	v, err := tsujiban.ParseMoney(rest)
	if below {
		v = -v
	}
	*d = Difference(v.Append(nil))
	return err
}

// Length is a length of time: "2h0m0s". It is left out when it is none.
type Length string

// IsZero tells whether it is none, so that json leaves it out.
func (l Length) IsZero() bool { return l == "" || l == "0s" }

// Done says what a change came to.
type Done struct {
	By    string `json:"by" doc:"Under whose name it is recorded." example:"tanaka@example.jp (console)"`
	Note  string `json:"note" doc:"What is recorded." example:"customer hakata-shokai: restrict"`
	Entry uint64 `json:"entry,omitempty" doc:"The entry of the journal that says so." example:"4711"`
}

// done is how the program says it.
type done struct {
	By   string `json:"by"`
	Note string `json:"note"`
	Seq  uint64 `json:"seq"`
}

func (d *done) out() *body[Done] {
	return &body[Done]{Body: Done{By: d.By, Note: d.Note, Entry: d.Seq}}
}

// body is an answer that is nothing but its body.
type body[T any] struct{ Body T }

func answer[T any](v T) *body[T] { return &body[T]{Body: v} }

// Page is a part of a list.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Give this as cursor, with the same query, for the items that follow; absent when these are the last."`
}

// paging is what every list takes.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many items at most."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"The next of the page before, with the same query."`
}

// Reason is why somebody does something. It goes into the record of actions.
type Reason struct {
	Note string `json:"note" minLength:"1" maxLength:"2000" doc:"Why; goes into the record of actions." example:"confirmed by telephone with Mr Sato"`
}

// items is never null.
func items[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// The inputs that name one thing.
type (
	nothing      struct{}
	CustomerPath struct {
		Customer string `path:"customer" pattern:"^[a-z0-9-]{1,64}$" doc:"Id of the customer." example:"hakata-shokai"`
	}
	TrunkPath struct {
		Trunk string `path:"trunk" pattern:"^[a-z0-9-]{1,64}$" doc:"Id of the trunk." example:"hakata-pbx"`
	}
	HolderPath struct {
		Holder string `path:"holder" pattern:"^[a-z0-9-]{1,64}$" doc:"Id of the holder, the same as of the customer." example:"hakata-shokai"`
	}
	CasePath struct {
		Case int64 `path:"case" minimum:"1" doc:"Number of the case." example:"3"`
	}
)
