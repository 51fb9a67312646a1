package ledger

import (
	"slices"
	"strconv"
	"time"

	"tsujiban"
)

// SchemeRules are what follows from a request to suspend a number.
type SchemeRules struct {
	Version      string
	ReportWithin time.Duration // to the agency
	NotifyWithin time.Duration // to the holder and those above it
	Thresholds   []Threshold
}

// Threshold says what follows when a holder is asked about so often.
type Threshold struct {
	Reseller   bool // counts requests about numbers below it; else about its own
	Count      int
	WithinDays int
	RefuseDays int  // no new numbers for so long; 0: none of that
	WholeStock bool // all of its numbers are suspended, and those of the holders below it
}

// Request is what an agency asks.
type Request struct {
	Agency  string    `json:"agency"`            // "福岡県警察本部"
	Officer string    `json:"officer,omitempty"` // who wrote it
	Number  string    `json:"request_no"`        // of the document
	Date    time.Time `json:"date"`              // on the document; midnight UTC of that day
}

// Valid checks a request; now is when it is entered.
func (r *Request) Valid(now time.Time) error {
	for _, f := range []struct {
		field, text string
		needed      bool
	}{{"agency", r.Agency, true}, {"officer", r.Officer, false}, {"request number", r.Number, true}} {
		if err := ValidText(f.field, f.text, MaxName, f.needed); err != nil {
			return err
		}
	}
	switch {
	case r.Date.IsZero():
		return invalid("date", "write the day that stands on the document")
	case r.Date.After(now):
		return invalid("date", "%s has not come yet", r.Date.Format(time.DateOnly))
	case r.Date.Before(now.AddDate(-5, 0, 0)):
		return invalid("date", "%s is more than five years ago: a slip of the finger?", r.Date.Format(time.DateOnly))
	}
	return nil
}

// StepKind says what was done, or has to be done, in a case; a closed set.
type StepKind string

// The kinds.
const (
	StepReceived  StepKind = "received"  // the request came
	StepSuspended StepKind = "suspended" // its numbers were suspended
	StepReport    StepKind = "report"    // the chain of holders has to be reported to the agency
	StepNotify    StepKind = "notify"    // a holder of the chain has to be told
	StepThreshold StepKind = "threshold" // a holder of the chain was asked about too often
	StepBarred    StepKind = "barred"    // it gets no new numbers for a time
	StepStock     StepKind = "stock"     // its whole stock was suspended
	StepLifted    StepKind = "lifted"    // the suspension was lifted
)

var stepRows = map[StepKind]struct{ ja, en string }{
	StepReceived:  {"要請を受付", "request received"},
	StepSuspended: {"番号を利用停止", "numbers suspended"},
	StepReport:    {"契約者と卸元の情報を要請元へ報告", "report the chain of holders to the agency"},
	StepNotify:    {"契約者・卸元へ通知", "tell the holder"},
	StepThreshold: {"基準に到達", "threshold reached"},
	StepBarred:    {"新規提供を停止", "no new numbers"},
	StepStock:     {"保有番号すべてを利用停止", "whole stock suspended"},
	StepLifted:    {"利用停止を解除", "suspension lifted"},
}

// Text says the kind to a person.
func (k StepKind) Text(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return stepRows[k].en
	}
	return stepRows[k].ja
}

// Step is one thing done, or to be done, in a case.
type Step struct {
	N      int                 `json:"step"`
	Kind   StepKind            `json:"kind"`
	Holder tsujiban.CustomerID `json:"holder,omitempty"` // whom it is about
	At     time.Time           `json:"at"`               // when it was entered
	By     string              `json:"by"`
	Note   string              `json:"note,omitempty"`
	Until  time.Time           `json:"until,omitzero"` // StepBarred
	Due    time.Time           `json:"due,omitzero"`   // StepReport, StepNotify: until when it has to be done
	Done   time.Time           `json:"done,omitzero"`
	DoneBy string              `json:"done_by,omitempty"`
}

// Overdue tells whether a step should have been done.
func (s *Step) Overdue(now time.Time) bool {
	return !s.Due.IsZero() && s.Done.IsZero() && s.Due.Before(now)
}

// Case is a request to suspend numbers and all that came of it.
type Case struct {
	ID      int64     `json:"case"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Ground  string    `json:"ground"`
	Request Request   `json:"request"`
	Numbers []Range   `json:"numbers"`         // that were asked for
	Stock   []Range   `json:"stock,omitempty"` // suspended beside them, as the stock of holders past a threshold
	Chains  [][]Link  `json:"chains"`          // who held the numbers when the request came, each with those above it
	Entry   int64     `json:"entry"`
	Lifted  time.Time `json:"lifted,omitzero"`
	Steps   []Step    `json:"steps"`
}

// About tells whether the case is about a number, or has a holder in one of its chains; a zero number and an empty holder are in none.
func (c *Case) About(n tsujiban.Number, holder tsujiban.CustomerID) bool {
	for _, chain := range c.Chains {
		for i := range chain {
			if holder != "" && chain[i].ID == holder {
				return true
			}
		}
	}
	if n.IsZero() || n.IsLocal() {
		return false
	}
	v, err := strconv.ParseInt(n.Digits(), 10, 64)
	for _, r := range append(slices.Clone(c.Numbers), c.Stock...) {
		if err == nil && r.First <= v && v <= r.Last {
			return true
		}
	}
	return false
}

// Bar is a holder that gets no new numbers.
type Bar struct {
	Holder tsujiban.CustomerID `json:"holder"`
	Until  time.Time           `json:"until"`
	Case   int64               `json:"case"`
}
