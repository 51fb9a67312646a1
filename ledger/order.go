package ledger

import (
	"errors"
	"fmt"
	"strings"

	"tsujiban"
)

// Order is what is to be done under one entry: all of it, or nothing.
type Order struct {
	Entry   Entry // By, Verb, Ground, Note, File, SHA256; the ledger sets the rest
	Changes []Change
	Holders []HolderChange // before Changes
	Screens []Screening    // after Holders, before Changes
	DryRun  bool           // find out what would be refused, and change nothing
	// Confirm is asked when all has gone well, before it is made to last; its error takes all
	// back. It must not use the ledger.
	Confirm func(*Outcome) error
}

// HolderChange sets what is true of a holder from an instant on.
type HolderChange struct {
	Holder Holder
	Window
	Line int
}

// Outcome is what an order came to.
type Outcome struct {
	Entry   Entry     `json:"entry"`
	Numbers int64     `json:"numbers"` // how many numbers it touched
	Ranges  []Range   `json:"ranges,omitempty"`
	Holders []string  `json:"holders,omitempty"` // ids of holders that are new or changed
	Refused []Refused `json:"refused,omitempty"` // of a dry run: what stands against it
}

// Refused is a line that cannot be done, and why.
type Refused struct {
	Line   int    `json:"line,omitempty"`
	Reason string `json:"reason"`
}

// MaxRefused is how many lines are told at most; the rest is counted.
const MaxRefused = 1000

// Refusals is why a whole order was refused. Its code is that of the first reason.
type Refusals struct {
	File  string
	Lines []Refused
	More  int // beyond MaxRefused
	code  tsujiban.Code
}

// Add notes a reason.
func (r *Refusals) Add(line int, err error) {
	if len(r.Lines) == 0 {
		r.code = tsujiban.CodeOf(err)
	}
	if len(r.Lines) == MaxRefused {
		r.More++
		return
	}
	r.Lines = append(r.Lines, Refused{line, err.Error()})
}

// Err is nil when nothing stands against the order.
func (r *Refusals) Err() error {
	if len(r.Lines) == 0 {
		return nil
	}
	return &tsujiban.Error{Code: r.code, Err: r}
}

// shownLines is how many lines the text of an error has.
const shownLines = 20

func (r *Refusals) Error() string {
	var b strings.Builder
	if len(r.Lines)+r.More > 1 || r.Lines[0].Line > 0 {
		b.WriteString("refused whole, nothing was changed:")
	}
	for i, l := range r.Lines {
		if i == shownLines {
			fmt.Fprintf(&b, "\nand %d more: a dry run lists them", len(r.Lines)+r.More-i)
			break
		}
		switch {
		case l.Line > 0 && r.File != "":
			fmt.Fprintf(&b, "\n%s:%d: %s", r.File, l.Line, l.Reason)
		case l.Line > 0:
			fmt.Fprintf(&b, "\nline %d: %s", l.Line, l.Reason)
		case b.Len() > 0:
			b.WriteString("\n" + l.Reason)
		default:
			b.WriteString(l.Reason)
		}
	}
	return b.String()
}

// RefusalsOf are the lines of an error, nil when it has none.
func RefusalsOf(err error) *Refusals {
	var r *Refusals
	errors.As(err, &r)
	return r
}
