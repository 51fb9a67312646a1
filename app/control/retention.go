package control

import "time"

// RetentionRun says what was erased, or would be.
type RetentionRun struct {
	DryRun bool            `json:"dry_run,omitempty"`
	At     time.Time       `json:"at"`
	Kinds  []RetentionKind `json:"kinds"`
	// Segments of the journal that were looked at, those that stay past their term among them.
	Segments []RetentionSegment `json:"segments"`
}

// RetentionKind is one kind of record in a run. Counts are calls, entries, or identity checks.
type RetentionKind struct {
	Kind   string    `json:"kind"`
	Term   string    `json:"term"`
	Before time.Time `json:"before"` // what is older is past its term
	Erased int       `json:"erased"`
	Held   int       `json:"held"` // past their term and under a hold; of the journal: entries
	Oldest time.Time `json:"oldest,omitzero"`
	Newest time.Time `json:"newest,omitzero"`
}

// RetentionSegment is what becomes of a segment of the journal.
type RetentionSegment struct {
	First  uint64    `json:"first"`
	Last   uint64    `json:"last"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Kept   int       `json:"kept"`            // entries that outlive it
	Held   int       `json:"held,omitempty"`  // entries under a hold: then it stays
	Holds  []int64   `json:"holds,omitempty"` // by these; negative: the preservation request of that inquiry case
	Stays  string    `json:"stays,omitempty"` // why it is not erased: StaysHeld, StaysRunning, StaysBehind
	Erased bool      `json:"erased"`
}

// RetentionState is how retention stands.
type RetentionState struct {
	Kinds   []RetentionKind `json:"kinds"` // Erased is what is past its term now
	Ran     time.Time       `json:"ran,omitzero"`
	Next    time.Time       `json:"next"`
	Failing string          `json:"failing,omitempty"`
	Gone    []Gone          `json:"gone"` // entries that the journal no longer has
	Holds   []Hold          `json:"holds"`
}

// Why a segment past its term stays.
const (
	StaysHeld    = "held"
	StaysRunning = "running" // a call that began in it is running
	StaysBehind  = "behind"  // the calls view or the evidence has not taken it in yet
)

// Gone is a run of entries that were erased.
type Gone struct {
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
}

// Hold is a retention.Hold in JSON. To the program numbers and times are as people write them; from it numbers are masked.
type Hold struct {
	ID       int64  `json:"id,omitempty"`
	Number   string `json:"number,omitempty"`
	Customer string `json:"customer,omitempty"`
	From     string `json:"from,omitempty"`
	To       string `json:"to,omitempty"`
	Kind     string `json:"kind"`
	Ground   string `json:"ground"`
	Until    string `json:"until"`
	By       string `json:"by,omitempty"`
	At       string `json:"at,omitempty"`
	Stands   bool   `json:"stands,omitempty"`
	Released string `json:"released,omitempty"`
	Note     string `json:"note,omitempty"`
}
