package edge

import (
	"hash/maphash"
	"log/slog"
	"net/netip"

	"tsujiban"
	"tsujiban/sipwire"
)

// Limits for sources that are not known.
const (
	maxSources   = 4096    // sources counted at once; more are counted under the zero address
	askBurst     = 20      // messages that are read at once …
	askPerSecond = 2       // … and in every second that follows
	trustFor     = 600_000 // milliseconds that a source may ask more, since it showed who it is:
	trustFactor  = 100     // a PBX behind digest asks twice for each call
	maxFailures  = 5       // wrong passwords until a source is met with silence
	silence      = 600_000 // milliseconds that the silence lasts
	reportEvery  = 60_000  // milliseconds between reports of one source
	maxNonces    = 65_536
)

// refusals counts what was turned away, by source. It is bounded: who forges his source
// cannot fill it. Guarded by Edge.mu.
type refusals struct {
	sources map[netip.Addr]*asker
	swept   int64
	seed    maphash.Seed
	turned  int64

	used, usedBefore map[uint64]bool // answers to challenges that were used
}

// asker is one source that is not known.
type asker struct {
	counts   [tsujiban.NumRefusals]int
	agent    string
	tokens   float64
	last     int64 // when tokens were last counted
	seen     int64 // when it last sent something
	reported int64
	failures int
	silent   int64 // until when nothing of it is read
	trusted  int64 // until when it may ask more
}

func (t *refusals) init() {
	t.sources, t.used, t.seed = map[netip.Addr]*asker{}, map[uint64]bool{}, maphash.MakeSeed()
}

// site is what a source is counted under: an IPv6 site has a whole network.
func site(a netip.Addr) netip.Addr {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

func (t *refusals) of(a netip.Addr, ms int64) *asker {
	a = site(a)
	s := t.sources[a]
	if s == nil {
		if len(t.sources) >= maxSources {
			t.makeRoom(ms)
		}
		s = &asker{tokens: askBurst, last: ms}
		t.sources[a] = s
	}
	s.seen = ms
	return s
}

// makeRoom forgets one source, at random and rather none that is met with silence: who forges many cannot shut out
// one that is real. What it was refused is counted on under the zero address.
func (t *refusals) makeRoom(ms int64) {
	var victim netip.Addr
	looked := 0
	for a, s := range t.sources {
		if !a.IsValid() {
			continue
		}
		if victim = a; ms >= s.silent && ms >= s.trusted || looked == 32 {
			break
		}
		looked++
	}
	s := t.sources[victim]
	delete(t.sources, victim)
	rest := t.sources[netip.Addr{}]
	if rest == nil {
		rest = &asker{reported: ms}
		t.sources[netip.Addr{}] = rest
	}
	rest.seen = ms
	for what, n := range s.counts {
		rest.counts[what] += n
	}
}

// mayAsk tells whether a message of a source that is not known is read at all.
func (t *refusals) mayAsk(a netip.Addr, ms int64) bool {
	s := t.of(a, ms)
	rate, burst := float64(askPerSecond), float64(askBurst)
	if ms < s.trusted {
		rate, burst = rate*trustFactor, burst*trustFactor
	}
	s.tokens = min(s.tokens+float64(ms-s.last)*rate/1000, burst)
	s.last = ms
	if ms < s.silent || s.tokens < 1 {
		return false
	}
	s.tokens--
	return true
}

// add counts a refusal and tells whether the source is met with silence from now on.
func (t *refusals) add(ms int64, a netip.Addr, what tsujiban.RefusalKind, agent []byte) (silent bool) {
	s := t.of(a, ms)
	s.counts[what]++
	if len(agent) > 0 {
		s.agent = printable(s.agent, agent)
	}
	if what == tsujiban.RefusedPassword {
		if s.failures++; s.failures >= maxFailures {
			s.silent = ms + silence
			s.failures = 0
		}
	}
	return ms < s.silent
}

// trust notes that a source has shown who it is.
func (t *refusals) trust(a netip.Addr, ms int64) {
	s := t.of(a, ms)
	s.failures, s.silent = 0, 0
	s.tokens, s.trusted = askBurst*trustFactor, ms+trustFor
}

// firstUse remembers an answer to a challenge and tells whether it is new: who overhears
// one cannot use it again. Two generations hold what nonces that are still good may show again.
func (t *refusals) firstUse(c *sipwire.Credentials, ms int64) bool {
	h := maphash.Bytes(t.seed, c.Response)
	if t.used[h] || t.usedBefore[h] {
		return false
	}
	if ms-t.turned > nonceLife || len(t.used) >= maxNonces {
		t.used, t.usedBefore, t.turned = map[uint64]bool{}, t.used, ms
	}
	t.used[h] = true
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
		if ms-s.reported >= reportEvery || s.reported == 0 || ms-s.seen > 5_000 {
			for what, n := range s.counts {
				if n > 0 {
					tell(&tsujiban.Refusal{Source: a, What: tsujiban.RefusalKind(what), Count: n, UserAgent: s.agent})
				}
			}
			s.counts = [tsujiban.NumRefusals]int{}
			s.reported = ms
		}
		if ms-s.seen > reportEvery && ms >= s.silent && ms >= s.trusted {
			delete(t.sources, a)
		}
	}
}

// printable cuts text of strangers to 64 printable ASCII characters. The same text as before is not copied.
func printable(before string, b []byte) string {
	var buf [64]byte
	out := buf[:0]
	for _, c := range b {
		if c >= ' ' && c < 0x7f && len(out) < len(buf) {
			out = append(out, c)
		}
	}
	if string(out) == before {
		return before
	}
	return string(out)
}

// refuse counts what is met with silence. A connection on which somebody unknown sends too much is closed.
func (e *Edge) refuse(w *worker, fl *flow, what tsujiban.RefusalKind, m *sipwire.Message) {
	e.stats.silent[what].Add(1)
	if c := fl.conn; c != nil && what == tsujiban.RefusedFlood {
		w.later(func(*slog.Logger) { c.close() })
	}
	var agent []byte
	if m != nil {
		agent = m.Get(sipwire.UserAgent)
	}
	e.refusals.add(w.ms, fl.addr.Addr(), what, agent)
}
