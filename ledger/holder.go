package ledger

import (
	"encoding/hex"
	"net/mail"
	"strings"
	"time"

	"tsujiban"
)

// Holder is a firm, or a person, that can hold numbers.
type Holder struct {
	ID   tsujiban.CustomerID `json:"id"`
	Name string              `json:"name"`
	Kana string              `json:"kana,omitempty"`
	// Corporate is the 13-digit corporate number of the National Tax Agency; empty for a person
	// and for a firm abroad.
	Corporate      string `json:"corporate,omitempty"`
	Representative string `json:"representative,omitempty"`
	Address        string `json:"address,omitempty"`
	Phone          string `json:"phone,omitempty"` // where staff reach it, as written
	Mail           string `json:"mail,omitempty"`
	Account        string `json:"account,omitempty"` // what it pays from, as far as it is known
	Contact        string `json:"contact,omitempty"` // the person whom staff speak with
	// Reseller sells numbers on; Forwarding says that it, or whoever is below it, forwards calls.
	Reseller   bool                `json:"reseller,omitempty"`
	Forwarding bool                `json:"forwarding,omitempty"`
	Parent     tsujiban.CustomerID `json:"parent,omitempty"` // the reseller that it buys from; empty: from us
	// Approved is when it was last checked that a reseller's plan for the use of numbers is approved (annual report).
	Approved string  `json:"approved,omitempty"` // "2026-03-15"
	Ended    string  `json:"ended,omitempty"`    // last day of the contract; identity checks are kept seven years longer
	Checks   []Check `json:"checks,omitempty"`
}

// ErasedName stands in the place of an applicant's name after its term.
const ErasedName = "消去済み (erased)"

// Check is one identity check: what was looked at, how, by whom, when.
type Check struct {
	What     string    `json:"what"` // "登記事項証明書", "driving licence"
	How      string    `json:"how"`  // "in person", "mail to the address"
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	Evidence string    `json:"evidence,omitempty"` // SHA-256 of the copy that is kept, in hex
}

// The lengths of lists.
const maxChecks = 100

// Valid checks all fields. The error is CodeInvalid and names the field.
func (h *Holder) Valid() error {
	if err := ValidID("id", string(h.ID)); err != nil {
		return err
	}
	if h.Parent != "" {
		if err := ValidID("parent", string(h.Parent)); err != nil {
			return err
		}
		if h.Parent == h.ID {
			return invalid("parent", "%q would be its own reseller", h.ID)
		}
	}
	for _, f := range []struct {
		field, text string
		limit       int
	}{
		{"name", h.Name, MaxName}, {"kana", h.Kana, MaxName}, {"representative", h.Representative, MaxName}, {"address", h.Address, 500},
		{"phone", h.Phone, 40}, {"mail", h.Mail, 254}, {"account", h.Account, MaxName}, {"contact", h.Contact, MaxName},
	} {
		if err := ValidText(f.field, f.text, f.limit, f.field == "name"); err != nil {
			return err
		}
	}
	if h.Mail != "" {
		if a, err := mail.ParseAddress(h.Mail); err != nil || a.Address != h.Mail {
			return invalid("mail", "%q is not a mail address such as tel@example.jp", h.Mail)
		}
	}
	if err := ValidCorporate(h.Corporate); err != nil {
		return err
	}
	for _, d := range []struct{ field, text string }{{"approved", h.Approved}, {"ended", h.Ended}} {
		if d.text == "" {
			continue
		}
		if _, err := time.Parse(time.DateOnly, d.text); err != nil {
			return invalid(d.field, "%q is not a date; write it as 2026-03-31", d.text)
		}
	}
	if len(h.Checks) > maxChecks {
		return invalid("checks", "has %d, at most %d fit", len(h.Checks), maxChecks)
	}
	for i := range h.Checks {
		if err := h.Checks[i].Valid(); err != nil {
			return err
		}
	}
	return nil
}

// Valid checks that a check says what, how, by whom and when.
func (k *Check) Valid() error {
	for _, f := range []struct{ field, text string }{{"check: what", k.What}, {"check: how", k.How}, {"check: by", k.By}} {
		if err := ValidText(f.field, f.text, MaxName, true); err != nil {
			return err
		}
	}
	if k.At.IsZero() || k.At.Before(earliest) {
		return invalid("check: at", "must say when")
	}
	if b, err := hex.DecodeString(k.Evidence); k.Evidence != "" && (err != nil || len(b) != 32) {
		return invalid("check: evidence", "%.20q is not a SHA-256 in 64 hexadecimal digits", k.Evidence)
	}
	return nil
}

// ValidID checks the id of a holder: 1 to 64 of a-z, 0-9 and '-', as of a customer.
func ValidID(field, id string) error {
	if id == "" || len(id) > 64 {
		return invalid(field, "want 1 to 64 characters, got %d", len(id))
	}
	if i := strings.IndexFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}); i >= 0 {
		return invalid(field, "byte %d of %q is not one of a-z, 0-9 and '-'", i+1, id)
	}
	return nil
}

// ValidCorporate checks a corporate number: 13 digits of which the first is 9 − (Σ Pn·Qn mod 9), where Pn is
// the nth of the other twelve from the right and Qn is 1 for odd n, 2 for even n. Empty is valid.
//
// Source: the ordinance on the designation of corporate numbers (法人番号の指定等に関する省令), Article 2.
func ValidCorporate(s string) error {
	if s == "" {
		return nil
	}
	if len(s) != 13 || strings.Trim(s, "0123456789") != "" {
		return invalid("corporate", "%q is not a corporate number of 13 digits", s)
	}
	sum := 0
	for n := 1; n <= 12; n++ {
		sum += int(s[13-n]-'0') * (2 - n%2)
	}
	if want := 9 - sum%9; int(s[0]-'0') != want {
		return invalid("corporate", "%q has the wrong check digit: a digit is mistyped", s)
	}
	return nil
}

// HolderVersion is what was true of a holder from one instant to another.
type HolderVersion struct {
	Holder
	From  time.Time `json:"from"`
	To    time.Time `json:"to,omitzero"` // zero: for ever
	Entry int64     `json:"entry"`
}

// Window is a stretch of time; Until is zero for what goes on for ever.
type Window struct {
	From, Until time.Time
}

// HolderSpan is a version as it is kept.
type HolderSpan struct {
	From, To int64 // microseconds, as of Span
	Body     Holder
	Entry    int64 // the entry that said so; 0 before it is written
	Row      int64 // as of Span
}

// RewriteHolder works out what a change of a holder does to its versions that stand, as Rewrite does for numbers. A
// holder that there is goes on for ever from its first version.
func RewriteHolder(c *HolderChange, current []HolderSpan) (gone, added []HolderSpan, err error) {
	from, to := Micros(c.From), Micros(c.Until)
	id := c.Holder.ID
	if len(current) == 0 && to != Forever {
		return nil, nil, conflict("holder %q: is new, and cannot end: leave until out", id)
	}
	first := int64(Forever)
	for _, s := range current {
		first = min(first, s.From)
		switch {
		case s.To <= from || s.From >= to:
			continue
		case s.From > from && to == Forever:
			return nil, nil, conflict("holder %q: there is more from %s on: undo that first, or say with until how far this goes", id, Stamp(Time(s.From)))
		}
		gone = append(gone, s)
		if s.From < from {
			added = append(added, HolderSpan{From: s.From, To: from, Body: s.Body, Entry: s.Entry})
		}
		if s.To > to {
			added = append(added, HolderSpan{From: to, To: s.To, Body: s.Body, Entry: s.Entry})
		}
	}
	if len(current) > 0 && from < first && to < first {
		return nil, nil, conflict("holder %q: is known from %s on: there would be a gap", id, Stamp(Time(first)))
	}
	return gone, append(added, HolderSpan{From: from, To: to, Body: c.Holder}), nil
}
