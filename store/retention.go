package store

import "time"

// KeptEntry is an entry of the journal that is kept longer than its segment: a look into records, something that was set. Its
// line is byte for byte what was written, so that the tree over the journal proves it as before.
type KeptEntry struct {
	Seq  uint64
	At   time.Time
	Line []byte

	Lasting bool // it has no term: it says what other records have to be
}

// Past says what of one kind is past its term.
type Past struct {
	Count  int       // that can be erased
	Held   int       // that are past their term and under a hold
	Oldest time.Time // of those that can be erased; zero when there are none
	Newest time.Time

	Applicants int // of screens: who was turned down and is forgotten with them
}

// Add counts one that can be erased; its term began at an instant.
func (p *Past) Add(at time.Time) {
	p.Count++
	if p.Oldest.IsZero() || at.Before(p.Oldest) {
		p.Oldest = at
	}
	if at.After(p.Newest) {
		p.Newest = at
	}
}
