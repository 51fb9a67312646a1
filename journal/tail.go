package journal

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// tail is what readers and Wait need of the journal: the segments, and word that more is durable.
type tail struct {
	sync.Mutex
	segs    []segment    // in order; the last may still grow
	failing error        // why the last commit failed; nil when it did not
	since   time.Time    // when commits began to fail
	waiting atomic.Int32 // count of waiters, so that a commit with nobody waiting takes no lock
	waiters []waiter
}

type waiter struct {
	seq   uint64
	ready chan struct{} // cap 1
}

// await returns a channel that gets a value when seq is durable.
func (t *tail) await(seq uint64, durable *atomic.Uint64) <-chan struct{} {
	ready := make(chan struct{}, 1)
	t.Lock()
	defer t.Unlock()
	t.waiting.Add(1)
	if durable.Load() >= seq {
		t.waiting.Add(-1)
		ready <- struct{}{}
		return ready
	}
	t.waiters = append(t.waiters, waiter{seq, ready})
	return ready
}

// forget takes back an await whose value nobody waits for any more.
func (t *tail) forget(ready <-chan struct{}) {
	t.Lock()
	defer t.Unlock()
	for i := range t.waiters {
		if t.waiters[i].ready == ready {
			t.drop(i)
			return
		}
	}
}

func (t *tail) drop(i int) {
	last := len(t.waiters) - 1
	t.waiters[i] = t.waiters[last]
	t.waiters[last] = waiter{}
	t.waiters = t.waiters[:last]
	t.waiting.Add(-1)
}

// tell wakes who waits for what is now durable.
func (t *tail) tell(durable uint64) {
	if t.waiting.Load() == 0 {
		return
	}
	t.Lock()
	defer t.Unlock()
	for i := 0; i < len(t.waiters); {
		if t.waiters[i].seq > durable {
			i++
			continue
		}
		t.waiters[i].ready <- struct{}{}
		t.drop(i)
	}
}

// at gives the segment that holds seq, where the next one begins (0 when it is the last), and how far the journal is
// durable, all of one moment.
func (t *tail) at(seq uint64, durable *atomic.Uint64) (s segment, end, upTo uint64, ok bool) {
	t.Lock()
	defer t.Unlock()
	upTo = durable.Load()
	s, end, ok = find(t.segs, seq)
	return s, end, upTo, ok
}

func find(segs []segment, seq uint64) (s segment, end uint64, ok bool) {
	for i := len(segs) - 1; i >= 0; i-- {
		if segs[i].first <= seq {
			return segs[i], end, true
		}
		end = segs[i].first
	}
	return segment{}, 0, false
}

// put enters a segment, in place of one that begins with the same entry.
func (t *tail) put(s segment) {
	t.Lock()
	defer t.Unlock()
	if k := len(t.segs) - 1; k >= 0 && t.segs[k].first == s.first {
		t.segs[k] = s
		return
	}
	t.segs = append(t.segs, s)
}

// set changes which files there are of a segment.
func (t *tail) set(s segment) {
	t.Lock()
	defer t.Unlock()
	for i := range t.segs {
		if t.segs[i].first == s.first {
			t.segs[i] = s
		}
	}
}

// without tells which segments go when a range is erased, and all that is erased then; with do it is done. It is not ok when
// the range does not begin and end where segments do, or reaches the last one.
func (t *tail) without(r Range, do bool) (left []segment, all []Range, ok bool) {
	t.Lock()
	defer t.Unlock()
	var files []segment
	for _, s := range t.segs {
		if s.gone != 0 {
			all = append(all, Range{s.first, s.gone})
		} else {
			files = append(files, s)
		}
	}
	if !slices.ContainsFunc(files, func(s segment) bool { return s.first == r.First }) || !fits(t.segs, r) {
		return nil, nil, false
	}
	all = union(append(all, r)...)
	segs, left, bad := weave(files, all)
	if len(bad) > 0 {
		return nil, nil, false
	}
	if do {
		t.segs = segs
	}
	return left, all, true
}
