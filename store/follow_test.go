package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// journal is a tail that waits at its end, and reuses its one event, as a reader does.
type journal struct {
	in   chan int // how many events are there more; closed at the end
	left int
	seq  uint64
	ev   tsujiban.Event
	buf  []byte
}

func newJournal() *journal { return &journal{in: make(chan int, 1000)} }

func (j *journal) next(ctx context.Context) (*tsujiban.Event, error) {
	for j.left == 0 {
		select {
		case n, ok := <-j.in:
			if !ok {
				return nil, io.EOF
			}
			j.left = n
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	j.left--
	j.seq++
	for i := range j.buf {
		j.buf[i] = '!' // what was returned before is no longer valid
	}
	j.buf = fmt.Appendf(j.buf[:0], "0312345%04d", j.seq)
	j.ev = tsujiban.Event{Seq: j.seq, Kind: tsujiban.EventAttempt}
	j.ev.Attempt.Dialled = j.buf
	j.ev.Attempt.Caller = j.buf[:3]
	j.ev.Dialog = tsujiban.Dialog{SIPCallID: j.buf, Carrier: "c"}
	return &j.ev, nil
}

// view writes down what it is given and when.
type view struct {
	start time.Time
	log   []string // "150ms 1-10"
	fail  []error  // what the next writes return
	pos   uint64
	work  time.Duration // how long a write takes
}

func (v *view) ApplyEvents(_ context.Context, events []tsujiban.Event) error {
	first, last := events[0].Seq, events[len(events)-1].Seq
	v.log = append(v.log, fmt.Sprintf("%v %d-%d", time.Since(v.start), first, last))
	if len(v.fail) > 0 {
		err := v.fail[0]
		v.fail = v.fail[1:]
		if err != nil {
			return err
		}
	}
	for _, ev := range events {
		if want := fmt.Sprintf("0312345%04d", ev.Seq); string(ev.Attempt.Dialled) != want || string(ev.Attempt.Caller) != "031" {
			return fmt.Errorf("event %d came with %q and %q", ev.Seq, ev.Attempt.Dialled, ev.Attempt.Caller)
		}
		if ev.Seq != v.pos+1 || ev.Dialog.Carrier != "c" {
			return fmt.Errorf("event %d after %d", ev.Seq, v.pos)
		}
		v.pos = ev.Seq
	}
	if v.work > 0 {
		<-time.After(v.work)
	}
	return nil
}

// follow runs a follower on v until the script has run, closes the journal and returns
// what Run said.
func follow(t *testing.T, f store.Follower, v *view, script func(j *journal)) error {
	t.Helper()
	j := newJournal()
	v.start, f.View = time.Now(), v
	done := make(chan error)
	go func() { done <- f.Run(t.Context(), j.next) }()
	script(j)
	synctest.Wait()
	close(j.in)
	return <-done
}

func check(t *testing.T, v *view, err error, want ...string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(v.log); got != fmt.Sprint(want) {
		t.Errorf("writes were %v, want %v", got, want)
	}
}

func after(d time.Duration) { <-time.After(d) }

func TestFollowBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &view{}
		err := follow(t, store.Follower{}, v, func(j *journal) {
			j.in <- 3
			after(60 * time.Millisecond)
			j.in <- 2 // still within the delay of the first
			after(1940 * time.Millisecond)
			j.in <- 1200 // more than a batch: does not wait
			after(time.Second)
			j.in <- 1 // written at the end
		})
		check(t, v, err, "100ms 1-5", "2s 6-505", "2s 506-1005", "2.1s 1006-1205", "3s 1206-1206")
	})
}

func TestFollowOwnBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &view{}
		err := follow(t, store.Follower{Batch: 2, Delay: time.Minute}, v, func(j *journal) {
			j.in <- 3
			after(2 * time.Minute)
		})
		check(t, v, err, "0s 1-2", "1m0s 3-3")
	})
}

// TestFollowThroughFailure never loses its place: the same batch again, later and later.
func TestFollowThroughFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := tsujiban.Errorf(tsujiban.CodeUnavailable, "disk full")
		v := &view{fail: []error{full, full, full, full, full, full, full, full, full, full, nil, nil, full}}
		var states []string
		f := store.Follower{OnState: func(err error) { states = append(states, fmt.Sprint(err)) }}
		err := follow(t, f, v, func(j *journal) {
			j.in <- 2
			after(time.Hour)
			j.in <- 1
			after(time.Hour)
			j.in <- 1
			after(time.Hour)
		})
		check(t, v, err,
			"100ms 1-2", "150ms 1-2", "250ms 1-2", "450ms 1-2", "850ms 1-2", "1.65s 1-2", "3.25s 1-2", "6.45s 1-2", "12.85s 1-2", "22.85s 1-2", "32.85s 1-2",
			"1h0m0.1s 3-3", "2h0m0.1s 4-4", "2h0m0.15s 4-4")
		if got := fmt.Sprint(states); got != "[disk full <nil> disk full <nil>]" {
			t.Errorf("states were %v", got)
		}
	})
}

// TestFollowGivesWay rests after each write so that it gets no more than its share.
func TestFollowGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &view{work: 10 * time.Millisecond}
		err := follow(t, store.Follower{Share: 20, Batch: 10}, v, func(j *journal) {
			j.in <- 30
			after(time.Second)
		})
		check(t, v, err, "0s 1-10", "50ms 11-20", "100ms 21-30")
	})
}

func TestFollowStops(t *testing.T) {
	gap := tsujiban.Errorf(tsujiban.CodeConflict, "a gap")
	torn := errors.New("torn")
	synctest.Test(t, func(t *testing.T) {
		v := &view{fail: []error{gap}}
		if err := follow(t, store.Follower{}, v, func(j *journal) { j.in <- 1; after(time.Second) }); !errors.Is(err, gap) {
			t.Errorf("error is %v", err)
		}

		// A journal that cannot be read on: what came before is written.
		v = &view{}
		j, n := newJournal(), 0
		j.in <- 5
		f := store.Follower{View: v}
		err := f.Run(t.Context(), func(ctx context.Context) (*tsujiban.Event, error) {
			if n++; n > 3 {
				return nil, torn
			}
			return j.next(ctx)
		})
		if !errors.Is(err, torn) || v.pos != 3 {
			t.Errorf("error is %v at %d", err, v.pos)
		}

		// Stopped while it waits for events, gathers some, tries again, and rests.
		for name, f := range map[string]store.Follower{
			"waiting":   {View: &view{}},
			"gathering": {View: &view{}, Delay: time.Hour},
			"failing":   {View: &view{fail: []error{torn, torn, torn, torn, torn, torn, torn}}},
			"resting":   {View: &view{work: time.Millisecond}, Share: 1, Delay: time.Nanosecond},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
			j := newJournal()
			if name != "waiting" {
				j.in <- 1
			}
			if err := f.Run(ctx, j.next); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: error is %v", name, err)
			}
			cancel()
		}
	})
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "Asterisk PBX", "\x00", "\xff\xc3", "あいう", "\x1b[2J", string(bytes.Repeat([]byte("é"), 300))} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got := store.Clean(b)
		if len(got) > store.MaxText || store.Clean(got) != got || store.Clean(string(b)) != got {
			t.Errorf("%q became %q", b, got)
		}
		if err := store.ValidText("x", store.Note(string(b)), store.MaxNote, false); err != nil {
			t.Errorf("a note of %q: %v", b, err)
		}
	})
}
