package outbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"tsujiban"
)

// Limits of what is kept.
const (
	MaxFacts  = 256 << 10 // bytes of Notice.Facts
	MaxReason = 500       // characters of Notice.Reason
	MaxPage   = 1000      // notices in one answer
)

// Notice is one thing that one recipient is told over one channel.
type Notice struct {
	ID       string // see [ID]
	Kind     Kind
	Channel  Channel
	To       string // a mail address, or the id of a webhook
	Name     string // of the person, for the address line; may be empty
	Lang     tsujiban.Lang
	Staff    bool                // told to the operator's people, who see more
	Customer tsujiban.CustomerID // whom it is about; empty when nobody
	Facts    []byte              // what is told, as JSON: the words are found when it is sent
	Made     time.Time
	Due      time.Time // not to be sent before
	State    State
	Group    string    // notices of one group are sent as one message; empty: alone
	Tries    int       // since it was put or put again
	Tried    time.Time // the last time; zero: never
	Reason   string    // why the last try failed
}

// ID makes the id of a notice: the same for the same fact, channel and recipient, without telling them.
func ID(fact string, c Channel, to string) string {
	sum := sha256.Sum256([]byte(fact + "\x00" + c.String() + "\x00" + to))
	return hex.EncodeToString(sum[:16])
}

// GroupID is the id of the message that several notices are sent as.
func GroupID(ns []Notice) string {
	h := sha256.New()
	for i := range ns {
		h.Write([]byte(ns[i].ID)) // never fails
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Settled is what became of a try to send notices.
type Settled struct {
	IDs    []string
	State  State // Waiting: to be tried again at Due
	At     time.Time
	Due    time.Time
	Reason string // why it failed; empty when Sent
}

// Query selects notices, newest first. Zero fields do not restrict.
type Query struct {
	State    *State
	Kind     *Kind
	Customer tsujiban.CustomerID
	Limit    int // 1 to MaxPage; 0 means 100
}

// Count is how many notices are in which state.
type Count [numStates]int

// Box is where notices wait. When a method returns without error what it did is on disk.
// Its methods are safe for concurrent use.
type Box interface {
	// PutNotices keeps notices, and how far the journal was read to make them, in one
	// step. Those whose ids are there already are left as they are. upTo 0 leaves the
	// position alone. It returns how many were new.
	PutNotices(ctx context.Context, upTo uint64, ns []Notice) (added int, err error)
	// NoticesUpTo is how far the journal was read; ok is false when it never was.
	NoticesUpTo(ctx context.Context) (upTo uint64, ok bool, err error)
	// DueNotices are those of one channel that wait and are due, the urgent ones first, then the oldest.
	DueNotices(ctx context.Context, c Channel, at time.Time, limit int) ([]Notice, error)
	// NextNotice is when the next notice is due; ok is false when none waits.
	NextNotice(ctx context.Context) (at time.Time, ok bool, err error)
	// JoinNotices makes notices that wait one group. It stays one after a crash.
	JoinNotices(ctx context.Context, group string, ids []string) error
	// SettleNotices notes what became of a try.
	SettleNotices(ctx context.Context, s *Settled) error
	// SentNotices says how many messages one recipient was sent at since or later, and when the last was.
	SentNotices(ctx context.Context, c Channel, to string, since time.Time) (n int, last time.Time, err error)
	// Notice returns one, CodeNotFound when there is none.
	Notice(ctx context.Context, id string) (Notice, error)
	// Notices lists them.
	Notices(ctx context.Context, q Query) ([]Notice, error)
	// CountNotices counts those that wait and those that were given up.
	CountNotices(ctx context.Context) (Count, error)
	// NoticeAgain puts a dead notice up to be sent again at once, with those that were
	// given up in one group with it; CodeConflict when it is not dead.
	NoticeAgain(ctx context.Context, id string, at time.Time) (Notice, error)
	// DropNotices forgets those that were sent, or given up, before these instants.
	DropNotices(ctx context.Context, sent, dead time.Time) (int, error)
}
