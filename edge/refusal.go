package edge

import (
	"hash/maphash"
	"net/netip"

	"tsujiban"
	"tsujiban/sipwire"
)

// Limits for sources that are not known.
const (
	maxSources   = 4096    // sources counted at once; more are counted under the zero address
	askBurst     = 20      // messages that are read at once …
	askPerSecond = 2       // … and in every second that follows
	maxFailures  = 5       // wrong passwords until a source is met with silence
	silence      = 600_000 // milliseconds that the silence lasts
	reportEvery  = 60_000  // milliseconds between reports of one source
	maxNonces    = 8192
)

// refusals counts what was turned away, by source. It is bounded: who forges his source
// cannot fill it. Guarded by Edge.mu.
type refusals struct {
	sources map[netip.Addr]*asker
	swept   int64
	used    map[uint64]int64 // answers to challenges that were used, with the time
	seed    maphash.Seed
}

// asker is one source that is not known.
type asker struct {
	counts   [tsujiban.NumRefusals]int
	agent    string
	tokens   float64
	last     int64 // when it last sent something
	reported int64
	failures int
	silent   int64 // until when nothing of it is read
}

func (t *refusals) init() {
	t.sources, t.used, t.seed = map[netip.Addr]*asker{}, map[uint64]int64{}, maphash.MakeSeed()
}

func (t *refusals) of(a netip.Addr, ms int64) *asker {
	if a.Is6() { // one site has a whole network
		if p, err := a.Prefix(64); err == nil {
			a = p.Addr()
		}
	}
	s := t.sources[a]
	if s == nil {
		if len(t.sources) >= maxSources {
			if a = (netip.Addr{}); t.sources[a] != nil {
				return t.sources[a]
			}
		}
		s = &asker{tokens: askBurst, last: ms, reported: ms}
		t.sources[a] = s
	}
	return s
}

// mayAsk tells whether a message of a source that is not known is read at all.
func (t *refusals) mayAsk(a netip.Addr, ms int64) bool {
	s := t.of(a, ms)
	s.tokens = min(s.tokens+float64(ms-s.last)*askPerSecond/1000, askBurst)
	s.last = ms
	if ms < s.silent || s.tokens < 1 {
		return false
	}
	s.tokens--
	return true
}

func (t *refusals) add(ms int64, a netip.Addr, what tsujiban.RefusalKind, agent []byte) {
	s := t.of(a, ms)
	s.counts[what]++
	if len(agent) > 0 {
		s.agent = printable(agent)
	}
	if what == tsujiban.RefusedPassword {
		if s.failures++; s.failures >= maxFailures {
			s.silent = ms + silence
			s.failures = 0
		}
	}
}

// forgive forgets the failures of a source that has shown who it is.
func (t *refusals) forgive(a netip.Addr) {
	if s := t.sources[a]; s != nil {
		s.failures, s.tokens = 0, askBurst
	}
}

// firstUse remembers an answer to a challenge and tells whether it is new: who overhears
// one cannot use it again.
func (t *refusals) firstUse(c *sipwire.Credentials, ms int64) bool {
	h := maphash.Bytes(t.seed, c.Response)
	if _, seen := t.used[h]; seen {
		return false
	}
	if len(t.used) >= maxNonces {
		for k, at := range t.used {
			if ms-at > nonceLife || len(t.used) >= maxNonces {
				delete(t.used, k)
			}
			if len(t.used) < maxNonces*3/4 {
				break
			}
		}
	}
	t.used[h] = ms
	return true
}

// report tells what was refused over the last minute, source by source, and forgets sources
// that have gone quiet.
func (t *refusals) report(ms int64, tell func(*tsujiban.Refusal)) {
	if ms-t.swept < 5_000 {
		return
	}
	t.swept = ms
	for a, s := range t.sources {
		// The first report of a source comes soon, the next ones once a minute.
		if ms-s.reported >= reportEvery || s.reported == 0 || ms-s.last > 5_000 {
			for what, n := range s.counts {
				if n > 0 {
					tell(&tsujiban.Refusal{Source: a, What: tsujiban.RefusalKind(what), Count: n, UserAgent: s.agent})
				}
			}
			s.counts = [tsujiban.NumRefusals]int{}
			s.reported = ms
		}
		if ms-s.last > reportEvery && ms >= s.silent {
			delete(t.sources, a)
		}
	}
}

// printable cuts text of strangers to 64 printable ASCII characters.
func printable(b []byte) string {
	out := make([]byte, 0, 64)
	for _, c := range b {
		if c >= ' ' && c < 0x7f && len(out) < 64 {
			out = append(out, c)
		}
	}
	return string(out)
}

// refuse counts what is met with silence.
func (e *Edge) refuse(w *worker, fl *flow, what tsujiban.RefusalKind, m *sipwire.Message) {
	e.stats.silent[what].Add(1)
	var agent []byte
	if m != nil {
		agent = m.Get(sipwire.UserAgent)
	}
	e.refusals.add(w.ms, fl.addr.Addr(), what, agent)
}
