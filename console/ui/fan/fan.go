package fan

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Bounds of a viewer.
const (
	maxQueue  = 64                      // messages that it does not take
	maxStall  = 10 * time.Second        // how long it may take nothing of what waits for it
	retryTime = 50 * time.Millisecond   // how often what waits is tried again
	beatTime  = 7500 * time.Millisecond // a stream is never silent for twice this
)

// beat tells proxies that a stream is alive; browsers skip it.
var beat = frame([]byte(": still here\n\n"))

// Fan hands messages to viewers.
type Fan struct {
	standBack func()

	mu      sync.Mutex // guards what follows
	work    []job
	viewers int           // that were opened and have not gone
	running bool          // there is a goroutine
	idle    chan struct{} // closed when it has ended; nil before the first viewer
	wake    chan struct{} // has room for one
}

// job is a message for viewers, or what happens to one of them.
type job struct {
	what message
	to   []*Viewer
	kind jobKind
	do   func()
}

type jobKind uint8

const (
	jobSend jobKind = iota
	jobOpen         // of one viewer
	jobGone         // of one viewer
	jobDo
)

// message is what goes to a viewer, framed as a chunk (RFC 9112 §7.1) once for all; without the frame it is a part of that.
type message struct {
	chunk    []byte
	from, to int
}

func frame(body []byte) message {
	chunk := fmt.Appendf(make([]byte, 0, len(body)+12), "%x\r\n", len(body))
	m := message{from: len(chunk), to: len(chunk) + len(body)}
	m.chunk = append(append(chunk, body...), "\r\n"...)
	return m
}

func (m *message) body() []byte { return m.chunk[m.from:m.to] }

// New makes a fan. standBack, if it is not nil, is called on the goroutine that writes, before it does, to give it a thread that works behind others.
func New(standBack func()) *Fan {
	return &Fan{standBack: standBack, wake: make(chan struct{}, 1)}
}

// Viewer is one open stream.
type Viewer struct {
	fan  *Fan
	line line
	gone chan struct{} // closed when nothing is written to it any more

	// Owned by the fan's goroutine.
	fed  bool // since the last beat
	over bool // it was cut off
	late bool // it stands in the list of those for whom something waits
}

// line is how a viewer is reached. All methods but watch are for the fan's goroutine.
type line interface {
	// send writes a message or keeps it. more tells whether something waits; ok is false when the viewer is to be cut off.
	send(m *message, now time.Time) (more, ok bool)
	// retry writes what waits.
	retry(now time.Time) (more, ok bool)
	// end ends the stream as its protocol has it where that does not take waiting, and closes it.
	end()
	// watch returns when the viewer has left or ctx is done.
	watch(ctx context.Context)
}

// Open begins a stream as the answer to a request, with the headers of w. On an error w is untouched. Who opened it calls Watch.
func (f *Fan) Open(w http.ResponseWriter, r *http.Request) (*Viewer, error) {
	l, err := takeOver(w, r)
	if err != nil {
		return nil, err
	}
	if l == nil {
		l = newQueue(w)
	}
	v := &Viewer{fan: f, line: l, gone: make(chan struct{})}
	f.mu.Lock()
	f.viewers++
	f.put(job{kind: jobOpen, to: []*Viewer{v}})
	f.mu.Unlock()
	return v, nil
}

// Send hands a message to viewers and returns at once. Each gets the messages in the order of the calls; the slice must not be changed afterwards.
func (f *Fan) Send(body []byte, to ...*Viewer) {
	if len(to) == 0 || len(body) == 0 {
		return
	}
	m := frame(body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.put(job{what: m, to: to})
}

// Do calls do on the fan's thread, behind what was sent before, and returns when it has. It is for making what is to be sent, and must not take long. A panic of do is the
// caller's.
func (f *Fan) Do(do func()) {
	done := make(chan any, 1)
	f.mu.Lock()
	f.put(job{kind: jobDo, do: func() {
		defer func() { done <- recover() }()
		do()
	}})
	f.mu.Unlock()
	if p := <-done; p != nil {
		panic(p)
	}
}

// put adds to what is to be done, and sees to it that somebody does. f.mu is held.
func (f *Fan) put(j job) {
	f.work = append(f.work, j)
	if !f.running {
		f.running, f.idle = true, make(chan struct{})
		go f.run(f.idle)
		return
	}
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Watch returns when the viewer has left, was cut off or ctx is done; the stream has ended then.
func (v *Viewer) Watch(ctx context.Context) {
	v.line.watch(ctx)
	v.fan.mu.Lock()
	v.fan.put(job{kind: jobGone, to: []*Viewer{v}})
	v.fan.mu.Unlock()
	<-v.gone
}

// Wait returns when no stream is open, or when ctx is done, with its error.
func (f *Fan) Wait(ctx context.Context) error {
	f.mu.Lock()
	idle := f.idle
	f.mu.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
	case <-ctx.Done():
		select {
		case <-idle: // both
		default:
			return ctx.Err()
		}
	}
	return nil
}

// writer is what the fan's goroutine works with.
type writer struct {
	*Fan
	open  map[*Viewer]struct{}
	late  []*Viewer // for whom something waits
	spare []job
}

// run works until the last viewer has gone.
func (f *Fan) run(idle chan struct{}) {
	defer close(idle)
	if f.standBack != nil {
		f.standBack()
	}
	w := &writer{Fan: f, open: map[*Viewer]struct{}{}}
	beats := time.NewTicker(beatTime)
	defer beats.Stop()
	again := time.NewTimer(retryTime)
	defer again.Stop()
	again.Stop()
	for w.turn() {
		if len(w.late) > 0 {
			again.Reset(retryTime)
		}
		select {
		case <-f.wake:
		case <-again.C:
			w.retry()
		case <-beats.C:
			w.beat()
		}
	}
}

// turn does all that is to be done; it is false when no viewer is left.
func (w *writer) turn() bool {
	for {
		w.mu.Lock()
		work := w.work
		if len(work) == 0 {
			w.running = w.viewers > 0
			defer w.mu.Unlock()
			return w.running
		}
		w.work = w.spare
		w.mu.Unlock()
		for i := range work {
			w.do(&work[i])
		}
		clear(work) // bodies and functions go
		w.spare = work[:0]
	}
}

func (w *writer) do(j *job) {
	switch j.kind {
	case jobOpen:
		v := j.to[0]
		w.open[v] = struct{}{}
		more, ok := v.line.retry(time.Now())
		w.follow(v, more, ok)
	case jobGone:
		v := j.to[0]
		delete(w.open, v)
		w.cut(v)
		close(v.gone)
		w.mu.Lock()
		w.viewers--
		w.mu.Unlock()
	case jobDo:
		j.do()
	case jobSend:
		now := time.Now()
		for _, v := range j.to {
			w.send(v, &j.what, now)
		}
	}
}

func (w *writer) send(v *Viewer, m *message, now time.Time) {
	if v.over {
		return
	}
	v.fed = true
	more, ok := v.line.send(m, now)
	w.follow(v, more, ok)
}

// follow cuts a viewer off, or has it tried again when something waits.
func (w *writer) follow(v *Viewer, more, ok bool) {
	if !ok {
		w.cut(v)
	} else if more && !v.late {
		v.late = true
		w.late = append(w.late, v)
	}
}

// cut ends a stream. Its Watch returns, which takes it off the books.
func (w *writer) cut(v *Viewer) {
	if !v.over {
		v.over = true
		v.line.end()
	}
}

// retry tries to write what waits.
func (w *writer) retry() {
	now := time.Now()
	still := w.late[:0]
	for _, v := range w.late {
		more, ok := false, true
		if !v.over {
			more, ok = v.line.retry(now)
		}
		if !ok {
			w.cut(v)
		} else if more {
			still = append(still, v)
			continue
		}
		v.late = false
	}
	clear(w.late[len(still):])
	w.late = still
}

// beat writes to those who have heard nothing for a while.
func (w *writer) beat() {
	now := time.Now()
	for v := range w.open {
		if !v.fed {
			w.send(v, &beat, now)
		}
		v.fed = false
	}
}
