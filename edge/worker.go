package edge

import (
	"errors"
	"log/slog"
	"time"

	"tsujiban"
	"tsujiban/sipwire"
)

// worker is the memory of one goroutine that works under Edge.mu: begin takes the lock, end gives
// it back and sends what came of the work.
type worker struct {
	e       *Edge
	out     outbox
	msg     sipwire.Message
	again   sipwire.Message // for a message of ours that is read again
	query   query           // the request being worked on
	patch   sipwire.Patch
	now     time.Time // wall clock
	ms      int64     // milliseconds since the edge was made; never goes back
	key     []byte
	dialled []byte
	caller  []byte
	shown   []byte
	text    []byte
	extra   []byte
	back    []byte
	attempt tsujiban.Attempt
	verdict tsujiban.Verdict
	dialog  tsujiban.Dialog
	outcome tsujiban.Outcome
	cutting []cutOrder
	notes   []func(*slog.Logger)
	fire    func(*timer)
	held    bool // a call waits for its record since begin
}

func newWorker(e *Edge) *worker {
	w := &worker{e: e}
	w.fire = w.fired
	return w
}

func (w *worker) begin() {
	e := w.e
	e.mu.Lock()
	now := e.opt.Clock()
	e.ms = max(e.ms, e.since(now))
	w.ms, w.now = e.ms, now.UTC()
}

func (w *worker) end() {
	w.settle()
	if w.held {
		w.held = false
		w.e.opt.Desk.Hurry()
	}
	w.out.flush(w.e)
	for i, note := range w.notes {
		note(w.e.opt.Log)
		w.notes[i] = nil
	}
	w.notes = w.notes[:0]
}

// settle does what is due beside the messages and gives the lock back.
func (w *worker) settle() {
	e := w.e
	w.takeCuts()
	if w.ms/tickMS > e.wheel.tick {
		e.wheel.advance(w.ms, w.fire)
		w.takeCuts()
	}
	if w.ms-e.lastHK >= 1000 {
		e.lastHK = w.ms
		w.housekeeping()
	}
	w.out.handOver(e)
	e.mu.Unlock()
}

// later has something done once the lock is given back: a log that is slow to write, or a
// connection that is slow to close, must stop no call.
func (w *worker) later(note func(*slog.Logger)) { w.notes = append(w.notes, note) }

func (w *worker) takeCuts() {
	e := w.e
	e.cutMu.Lock()
	w.cutting, e.cuts = append(w.cutting[:0], e.cuts...), e.cuts[:0]
	e.cutMu.Unlock()
	for _, o := range w.cutting {
		if c := e.calls.byID[o.call]; c != nil {
			w.cut(c, o.reason)
		}
	}
}

func (w *worker) fired(t *timer) {
	if t.relay != nil {
		w.relayTimer(t.relay)
	} else {
		w.callTimer(t.call)
	}
}

// take works through one message. p is valid until the worker's end.
func (w *worker) take(p []byte, fl *flow) {
	e := w.e
	if len(p) < 16 { // keep-alives of RFC 5626 and of old phones
		e.stats.keepAlive.Add(1)
		return
	}
	m := &w.msg
	err := m.Parse(p)
	if err == nil && !m.IsRequest() {
		e.stats.responses[m.Status/100].Add(1)
		w.response(m, fl)
		return
	}
	who := w.identify(fl)
	if err != nil {
		w.garbage(m, fl, who, err)
		return
	}
	e.stats.requests[m.Method].Add(1)
	w.request(m, fl, who)
}

// garbage turns away what is no SIP, or SIP that two programs could read differently. A
// neighbour that we know hears why, when the message says where to.
func (w *worker) garbage(m *sipwire.Message, fl *flow, who party, err error) {
	var fault sipwire.Error
	if errors.As(err, &fault) {
		w.e.stats.malformed[fault].Add(1)
	}
	if !who.known() {
		w.e.refuse(w, fl, tsujiban.RefusedGarbage, nil)
		return
	}
	if !m.IsRequest() || m.Method == sipwire.ACK || !m.Has(sipwire.Via) || !m.Has(sipwire.From) || !m.Has(sipwire.To) || !m.Has(sipwire.CallID) || !m.Has(sipwire.CSeq) {
		return
	}
	q := &w.query
	*q = query{m: m, fl: fl, who: who}
	var verr error
	if q.via, verr = sipwire.ParseVia(m.Get(sipwire.Via)); verr != nil {
		return
	}
	q.up = upstream(fl, &q.via)
	w.reply(q, 400, err.Error(), nil)
}
