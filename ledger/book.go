package ledger

import (
	"context"
	"time"

	"tsujiban"
)

// Book answers what stands in the ledger. Every question may be asked as of a belief: the
// instant at which the answer would have been given; the zero time is now. An answer about one
// number takes well under a millisecond among ten million. Errors carry a code.
type Book interface {
	// At says what is true of a number at an instant, with the holder's chain; a Position
	// whose State is StateNone when the number is not in the ledger.
	At(ctx context.Context, n tsujiban.Number, at, believed time.Time) (Position, error)
	// AtEach asks At for many numbers at once, as for all that are one slip of the finger away.
	AtEach(ctx context.Context, ns []tsujiban.Number, at, believed time.Time) ([]Position, error)
	// Life is everything that is true of a number, in order.
	Life(ctx context.Context, n tsujiban.Number, believed time.Time) ([]Position, error)
	// Carrier says which carrier holds the block of a number by the designation tables that were
	// published on that day or before. Ported numbers are not in them.
	Carrier(ctx context.Context, n tsujiban.Number, at, believed time.Time) (Designated, error)
	// HeldBy is everything that a holder ever held.
	HeldBy(ctx context.Context, q HeldQuery) (HeldPage, error)
	// Chain is a holder and the resellers above it, the nearest first.
	Chain(ctx context.Context, id tsujiban.CustomerID, at, believed time.Time) ([]Link, error)
}

// Position is what is true of a number for a while.
type Position struct {
	Value
	Number  string    `json:"number"` // E.164 with +
	Block   Range     `json:"block"`  // the numbers that share this row
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"` // zero: for ever
	Entry   int64     `json:"entry,omitempty"`
	Entered Entry     `json:"entered,omitzero"` // who wrote it, when, on what ground; only of Life
	Chain   []Link    `json:"chain,omitempty"`  // the holder, its reseller, and so on; empty when nobody holds it
}

// Link is one holder of a chain, as it was then.
type Link struct {
	ID             tsujiban.CustomerID `json:"id"`
	Name           string              `json:"name"`
	Corporate      string              `json:"corporate,omitempty"`
	Representative string              `json:"representative,omitempty"`
	Address        string              `json:"address,omitempty"`
	Phone          string              `json:"phone,omitempty"`
	Reseller       bool                `json:"reseller,omitempty"`
	Forwarding     bool                `json:"forwarding,omitempty"`
}

// LinkOf is what a chain tells of a holder.
func LinkOf(h *Holder) Link {
	return Link{h.ID, h.Name, h.Corporate, h.Representative, h.Address, h.Phone, h.Reseller, h.Forwarding}
}

// Designated is who holds the block of a number by the ministry's tables.
type Designated struct {
	Carrier   string    `json:"carrier,omitempty"` // empty: the tables name nobody
	Block     Range     `json:"block,omitzero"`    // of the table's row
	Published time.Time `json:"published,omitzero"`
	Known     bool      `json:"known"` // whether a table that covers the number has been imported at all
}

// HeldQuery asks for what a holder held.
type HeldQuery struct {
	Holder   tsujiban.CustomerID
	At       time.Time // only what it held at that instant; zero: ever
	Believed time.Time
	Limit    int    // 1 to 10,000; 1,000 when zero
	Cursor   string // HeldPage.Next
}

// Held is numbers that a holder held alike.
type Held struct {
	Range Range     `json:"numbers"`
	Value           // Holder is the one asked for
	From  time.Time `json:"from"`
	To    time.Time `json:"to,omitzero"`
	Entry int64     `json:"entry"`
}

// HeldPage is a page of what a holder held, by number.
type HeldPage struct {
	Held []Held `json:"held"`
	Next string `json:"next,omitempty"`
}
