package control

import (
	"time"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/ledger/annual"
	"tsujiban/ledger/scheme"
)

// When says of which instants a question or a change is about, as people write them ("2026-04-01", "2026-04-01 15:00"), in
// the zone of the node. Empty is now, or for ever.
type When struct {
	From  string `json:"from,omitempty"`
	Until string `json:"until,omitempty"`
}

// NumberChange asks for a change of numbers. Numbers are as people write them: whole, a prefix with '*', first..last.
type NumberChange struct {
	When
	Verb       string   `json:"verb"`
	Numbers    []string `json:"numbers"`
	Holder     string   `json:"holder,omitempty"`
	Source     string   `json:"source,omitempty"`
	Peer       string   `json:"peer,omitempty"`
	Forwarding bool     `json:"forwarding,omitempty"`
	AgeingDays int      `json:"ageing_days,omitempty"`
	Ground     string   `json:"ground"`
	DryRun     bool     `json:"dry_run,omitempty"`
}

// HolderChange sets some fields of a holder from an instant on; those that Fields does not name stay.
type HolderChange struct {
	When
	Fields map[string]any `json:"fields"`          // as of [ledger.Holder]
	Check  *ledger.Check  `json:"check,omitempty"` // one more identity check
	On     string         `json:"on,omitempty"`    // when that check was made; now when empty
	Add    bool           `json:"add,omitempty"`   // it must not exist
	Ground string         `json:"ground"`
}

// LedgerImport is a file that a ledger is to take in.
type LedgerImport struct {
	Name      string   `json:"name"`
	Data      []byte   `json:"data"`
	Published string   `json:"published,omitempty"` // of a designation table: the day of its publication
	Whole     []string `json:"whole,omitempty"`     // of a designation list: the numbers that it covers
	Ground    string   `json:"ground"`
	DryRun    bool     `json:"dry_run,omitempty"`
}

// LedgerDone says what a change of the ledger came to.
type LedgerDone struct {
	Done
	ledger.Outcome
	DryRun bool `json:"dry_run,omitempty"`
}

// NumberState is all that is to be said of one number.
type NumberState struct {
	Position   ledger.Position   `json:"position"`
	Designated ledger.Designated `json:"designated"`
	Life       []ledger.Position `json:"life"`
	At         time.Time         `json:"at"`
	Believed   time.Time         `json:"believed,omitzero"`
}

// HolderState is all that is to be said of one holder.
type HolderState struct {
	Chain []ledger.Link          `json:"chain"`
	Life  []ledger.HolderVersion `json:"life"`
	Below []tsujiban.CustomerID  `json:"below,omitempty"`
	// Screen is the last onboarding screen, and Barred why it lets the holder have no new numbers; empty: it may.
	Screen *ledger.Screening `json:"screen,omitempty"`
	Barred string            `json:"barred,omitempty"`
}

// Exported is one line of an export.
type Exported struct {
	Range ledger.Range `json:"numbers"`
	ledger.Value
	From  time.Time `json:"from"`
	To    time.Time `json:"to,omitzero"`
	Entry int64     `json:"entry"`
}

// ExportColumns stand over an export in a table.
var ExportColumns = []any{"number", "count", "state", "holder", "source", "peer", "forwarding", "from", "to", "entry"}

// Cells is the line in a table, with times in a zone.
func (e *Exported) Cells(zone *time.Location) []any {
	when := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(zone).Format(time.DateTime)
	}
	forwarding := "no"
	if e.Forwarding {
		forwarding = "yes"
	}
	return []any{e.Range.String(), e.Range.Count(), e.State.String(), string(e.Holder), e.Source, e.Peer, forwarding, when(e.From), when(e.To), e.Entry}
}

// ScreenOrder puts a holder through the onboarding screen: with its answers, or, after a review, with what a person
// decides ("pass", "refuse").
type ScreenOrder struct {
	Answers map[string]string `json:"answers,omitempty"`
	Decide  string            `json:"decide,omitempty"`
	Ground  string            `json:"ground"`
}

// ScreenDone is what came of a screen.
type ScreenDone struct {
	Done
	Screening ledger.Screening `json:"screening"`
}

// SuspensionRequest is what an agency asks: to suspend numbers.
type SuspensionRequest struct {
	Agency    string   `json:"agency"`
	Officer   string   `json:"officer,omitempty"`
	RequestNo string   `json:"request_no"`
	Date      string   `json:"date"` // on the document
	Numbers   []string `json:"numbers"`
	Ground    string   `json:"ground"`
}

// LetterText is a letter as a structure and as plain text.
type LetterText struct {
	scheme.Letter
	Plain string `json:"plain"`
}

// AnnualLine is one line of the stream of an annual report: first the report, then the numbers behind its figures, then the end.
type AnnualLine struct {
	Report *annual.Report `json:"report,omitempty"`
	Behind *annual.Behind `json:"behind,omitempty"`
	End    bool           `json:"end,omitempty"`
}
