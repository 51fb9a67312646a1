package guard_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tsujiban"
	"tsujiban/guard"
)

// fold makes a guard of a journal.
func fold(w *world, journal []tsujiban.Event) *guard.Guard {
	g := guard.New(guard.Options{Policy: w.policy})
	for i := range journal {
		g.Apply(&journal[i])
	}
	return g
}

// resume makes a guard of a snapshot taken after so many entries, and of the rest.
func resume(t *rapid.T, w *world, at int) *guard.Guard {
	var file bytes.Buffer
	if err := fold(w, w.journal[:at]).Snapshot(&file); err != nil {
		t.Fatal(err)
	}
	g, err := guard.Restore(guard.Options{Policy: w.policy}, &file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range w.journal[at:] {
		g.Apply(&w.journal[at+i])
	}
	return g
}

// TestTornSnapshot: what is cut short, or was written by another version, is refused and never half believed.
func TestTornSnapshot(t *testing.T) {
	w := honest(t, 5, 3, firms())
	w.run()
	var file bytes.Buffer
	if err := fold(w, w.journal).Snapshot(&file); err != nil {
		t.Fatal(err)
	}
	whole := file.Bytes()
	for _, n := range []int{0, 7, 8, 100, len(whole) / 2, len(whole) - 1} {
		if _, err := guard.Restore(guard.Options{Policy: w.policy}, bytes.NewReader(whole[:n])); tsujiban.CodeOf(err) != tsujiban.CodeCorrupt {
			t.Errorf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
	whole[3] ^= 1
	if _, err := guard.Restore(guard.Options{Policy: w.policy}, bytes.NewReader(whole)); !errors.Is(err, guard.ErrLayout) {
		t.Errorf("of another version: %v", err)
	}
}

// TestJournalGivesTheState plays stolen and honest calls with small limits, stops at any
// moment and compares the fold of the journal with the guard that lived through it.
func TestJournalGivesTheState(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		src := source(t, customerOf(firm{id: "explorer"}), customerOf(firm{id: "call-centre"}))
		src.Defaults = tsujiban.Limits{CapDay: 3000 * tsujiban.Unit, CapMonth: 9000 * tsujiban.Unit, Channels: 4, CallsPerSecond: 2, LongestCall: 20 * time.Minute}
		w := newWorld(t, compile(t, src))
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 3))
		for _, f := range firms() {
			if f.id == "explorer" || f.id == "call-centre" {
				f.home /= 4
				traffic(w, r, f, 2)
			}
		}
		theft := rapid.SampledFrom(thefts()).Draw(rt, "theft")
		from := monday.Add(time.Duration(rapid.IntRange(0, 40).Draw(rt, "hours")) * time.Hour)
		steal(w, r, "explorer", theft, from, "192.0.2.1", "PBX/1.0")
		release := from.Add(time.Duration(rapid.IntRange(0, 600).Draw(rt, "release")) * time.Minute)
		w.later(release, func() {
			if w.g.Release("explorer", w.now) {
				w.record(tsujiban.Event{Kind: tsujiban.EventReleased, At: w.now, Restriction: tsujiban.Restriction{Customer: "explorer", At: w.now}})
			}
		})
		w.later(release.Add(time.Hour), func() {
			closed := tsujiban.Restriction{Customer: "call-centre", Level: tsujiban.LevelClose, Reason: tsujiban.ReasonSuspended, At: w.now, By: "staff"}
			w.g.Restrict(&closed)
			w.record(tsujiban.Event{Kind: tsujiban.EventRestricted, At: w.now, Restriction: closed})
		})
		steps := rapid.IntRange(1, 500).Draw(rt, "steps")
		for range steps {
			if !w.step() {
				break
			}
		}
		folded := fold(w, w.journal)
		if diff := cmp.Diff(strings.Fields(w.g.Dump()), strings.Fields(folded.Dump())); diff != "" {
			rt.Fatalf("the journal gives another state (- lived, + folded):\n%.2000s", diff)
		}
		at := rapid.IntRange(0, len(w.journal)).Draw(rt, "snapshot at")
		if resumed := resume(rt, w, at); resumed.Dump() != folded.Dump() {
			rt.Fatalf("snapshot after %d entries and the rest give another state (- journal, + snapshot):\n%.2000s", at, cmp.Diff(strings.Fields(folded.Dump()), strings.Fields(resumed.Dump())))
		} else if err := resumed.CheckLists(); err != nil {
			rt.Fatal(err)
		}
		if err := folded.CheckLists(); err != nil {
			rt.Fatal(err)
		}
		if err := w.g.CheckLists(); err != nil {
			rt.Fatal(err)
		}
		if e := folded.Effects(nil); len(e) != 0 {
			rt.Fatalf("folding brought about %v", e)
		}
	})
}

// TestSameEventsSameVerdicts: nothing depends on the order of maps or on the machine.
func TestSameEventsSameVerdicts(t *testing.T) {
	play := func() *world {
		w := honest(t, 5, 7, firms())
		steal(w, rand.New(rand.NewPCG(1, 1)), "designer", press, monday.Add(5*24*time.Hour), "192.0.2.1", "x")
		w.run()
		return w
	}
	a, b := play(), play()
	if len(a.done) != len(b.done) {
		t.Fatalf("%d calls, then %d", len(a.done), len(b.done))
	}
	for i := range a.done {
		if a.done[i].verdict != b.done[i].verdict {
			t.Fatalf("call %d: %+v, then %+v", i, a.done[i].verdict, b.done[i].verdict)
		}
	}
	if a.g.Dump() != b.g.Dump() {
		t.Error("the states differ")
	}
}
