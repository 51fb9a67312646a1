package journal

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tsujiban"
)

// Options of a journal. Dir is needed, the rest has defaults.
type Options struct {
	Dir string // made when missing
	// SegmentBytes is the size at which a new segment is begun; 64 MiB by default.
	SegmentBytes int64
	// MaxPending bounds the bytes of events that wait for the disk; 16 MiB by default. Beyond, Append returns ErrFull.
	MaxPending int
	// CommitInterval is the least time between the beginnings of two commits: entries that come in
	// between share one. An entry that comes later than that after the last commit does not wait. Default 2 ms; negative for none.
	CommitInterval time.Duration
	// LazyInterval is the same for entries that nobody is in a hurry for ([Journal.Hurry]); CommitInterval when it is less.
	LazyInterval time.Duration
	// KernelWait has the commit goroutine wait for the rest of a CommitInterval in the kernel, which costs less and keeps a
	// processor (GOMAXPROCS) from the rest of the program. Linux only.
	KernelWait bool
	// TailInterval is the least time between two looks of a reader that waits at the end: what comes in between is read
	// at once. Default 20 ms; negative for none.
	TailInterval time.Duration
	// QuietRate is the entries per second below which closed segments are compressed, so that it does not compete with
	// calls. With more than 32 waiting (2 GiB) they are compressed anyway. Default 3000; negative: at once.
	QuietRate int
	// VerifyBytes is how much of the newest closed segments Open reads in whole, in bytes of their files; of older ones it reads
	// the headers. Default 64 MiB; negative: everything.
	VerifyBytes int64
	// Erased are entries that signed statements say were taken out at the end of their term. The journal has a record of its own of
	// that ([Journal.Erase]), which may be gone, or not be there yet when a crash came between statement and record: what
	// is still there of them is removed.
	Erased []Range
	// OnCommit is called from the commit goroutine, in order: with a nil error when everything up to and
	// including upTo is durable; with an error when a commit has failed, upTo being what is durable. It must not block
	// and must not call Close.
	OnCommit func(upTo uint64, err error)
	Logger   *slog.Logger     // slog.Default() when nil
	Clock    func() time.Time // for the instants in Stats; time.Now when nil
	FS       FS               // OS when nil
}

func (o *Options) defaults() {
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = 64 << 20
	}
	if o.MaxPending <= 0 {
		o.MaxPending = 16 << 20
	}
	if o.CommitInterval == 0 {
		o.CommitInterval = 1500 * time.Microsecond
	}
	o.LazyInterval = max(o.LazyInterval, o.CommitInterval)
	if o.TailInterval == 0 {
		o.TailInterval = 20 * time.Millisecond
	}
	if o.QuietRate == 0 {
		o.QuietRate = 3000
	}
	if o.VerifyBytes == 0 {
		o.VerifyBytes = 64 << 20
	}
	if o.OnCommit == nil {
		o.OnCommit = func(uint64, error) {}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.FS == nil {
		o.FS = OS
	}
}

// Errors of Append and Wait. They are values, so that the path of a call allocates nothing.
var (
	// ErrFull says that the disk has not taken events for so long that the memory for them is full.
	ErrFull error = &tsujiban.Error{Code: tsujiban.CodeUnavailable, Err: errors.New("the journal's memory is full: the disk does not take the record")}
	// ErrClosed says that Close was called.
	ErrClosed error = &tsujiban.Error{Code: tsujiban.CodeConflict, Err: errors.New("the journal is closed")}
	// ErrKind says that an event has no kind.
	ErrKind error = &tsujiban.Error{Code: tsujiban.CodeInvalid, Err: errors.New("the event has no kind that the journal knows")}
)

// Journal is an open journal. All methods are safe for concurrent use.
type Journal struct {
	o    Options
	lock io.Closer

	mu      sync.Mutex
	enc     encoder
	open    batch  // gathers what is appended
	spare   []byte // the buffer that is not in use
	taken   int    // bytes of the batch that is being written
	next    uint64 // sequence number of the next event
	idle    bool   // the commit goroutine waits for wake
	closing bool

	quit  chan struct{} // closed when the journal is closing
	wake  chan struct{} // cap 1: there is something to commit, or closing
	done  chan struct{} // closed when the commit goroutine has ended
	hurry atomic.Bool   // Hurry was called since the last commit began
	bell  bell          // ends a wait of the commit goroutine for the rest of an interval

	durable  atomic.Uint64
	commits  atomic.Uint64
	failures atomic.Uint64
	failing  atomic.Bool // tail.failing is not nil
	tail     tail
	disk     disk        // of the commit goroutine alone
	timer    *time.Timer // likewise
	packer   packer
	closed   error // result of Close, set before done is closed
}

// batch is a run of framed lines.
type batch struct {
	b           []byte
	first, last uint64 // last < first when empty
}

// Append gives the event the next sequence number and puts it into the open batch. It does no
// I/O, waits for nobody and allocates nothing. Errors: ErrFull, ErrClosed, ErrKind.
func (j *Journal) Append(ev *tsujiban.Event) (uint64, error) {
	if ev.Kind == tsujiban.EventNone || int(ev.Kind) >= tsujiban.NumEvents {
		return 0, ErrKind
	}
	j.mu.Lock()
	if j.closing {
		j.mu.Unlock()
		return 0, ErrClosed
	}
	if len(j.open.b)+j.taken >= j.o.MaxPending {
		j.mu.Unlock()
		return 0, ErrFull
	}
	seq := j.put(ev)
	idle := j.idle
	j.idle = false
	j.mu.Unlock()
	if idle {
		j.wake <- struct{}{}
	}
	return seq, nil
}

// Hurry says that what was appended is to become durable soon and that nothing more comes for now: a busy journal
// then commits as soon as the interval allows, instead of when it looks next. It does not block.
func (j *Journal) Hurry() {
	j.hurry.Store(true)
	j.bell.ring()
}

// put encodes the event into the open batch. The caller holds mu.
func (j *Journal) put(ev *tsujiban.Event) uint64 {
	start := len(j.open.b)
	mark := byte(markNext)
	if start == 0 {
		mark = markBatch
		j.open.first = j.next
	}
	ev.Seq = j.next
	j.open.b = sealFrame(j.enc.event(append(j.open.b, blankHead...), ev), start, mark)
	j.open.last = j.next
	j.next++
	return ev.Seq
}

// Committed is the sequence number up to which everything is durable; 0 when nothing is.
func (j *Journal) Committed() uint64 { return j.durable.Load() }

// Failing tells why the last commit failed; nil when it did not.
func (j *Journal) Failing() error {
	j.tail.Lock()
	defer j.tail.Unlock()
	return j.tail.failing
}

// Stats are counts for metrics.
type Stats struct {
	Appended, Committed uint64    // sequence numbers
	Pending             int       // bytes that wait for the disk
	Commits, Failures   uint64    // since Open
	Segments, Packed    int       // files on disk, and how many of them are compressed
	FailingSince        time.Time // zero when commits work
}

// Stats counts what the journal has done.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	s := Stats{Appended: j.next - 1, Pending: len(j.open.b) + j.taken}
	j.mu.Unlock()
	s.Committed, s.Commits, s.Failures = j.durable.Load(), j.commits.Load(), j.failures.Load()
	j.tail.Lock()
	defer j.tail.Unlock()
	for _, g := range j.tail.segs {
		if g.gone != 0 {
			continue
		}
		s.Segments++
		if !g.plain {
			s.Packed++
		}
	}
	if j.tail.failing != nil {
		s.FailingSince = j.tail.since
	}
	return s
}

// Wait returns when the entry is durable. Errors: that of ctx, and ErrClosed when the journal was closed before.
func (j *Journal) Wait(ctx context.Context, seq uint64) error {
	for j.durable.Load() < seq {
		ready := j.tail.await(seq, &j.durable)
		select {
		case <-ready:
		case <-ctx.Done():
			j.tail.forget(ready)
			return ctx.Err()
		case <-j.done:
			j.tail.forget(ready)
			if j.durable.Load() < seq {
				return ErrClosed
			}
		}
	}
	return nil
}

// Close writes and syncs what is pending, once, and ends all goroutines of the journal. Its error says how much could not be
// kept. Readers return io.EOF when they have read everything.
func (j *Journal) Close() error {
	j.mu.Lock()
	first := !j.closing
	j.closing = true
	idle := j.idle
	j.idle = false
	j.mu.Unlock()
	if first {
		close(j.quit)
		j.bell.ring()
	}
	if idle {
		j.wake <- struct{}{}
	}
	<-j.done
	return j.closed
}
