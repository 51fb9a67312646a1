package sqlite

import (
	"path/filepath"
	"testing"

	"tsujiban/journal"
	"tsujiban/store"
)

// TestFromTheJournal follows a real journal while it is written, and rebuilds from its
// files: both come to the same calls.
func TestFromTheJournal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j, err := journal.Open(journal.Options{Dir: dir, SegmentBytes: 64 << 10, CommitInterval: -1, TailInterval: -1})
	must(t, err)
	s := open(t)
	done := make(chan error)
	go func() {
		rd := j.Reader(1)
		err := (&store.Follower{View: s}).Run(t.Context(), rd.Next)
		if err == nil {
			err = rd.Close()
		}
		done <- err
	}()
	g := &traffic{calls: 1000, overlap: 50}
	var last uint64
	for batch := g.events(70); len(batch) > 0; batch = g.events(70) {
		for i := range batch {
			last, err = j.Append(&batch[i])
			must(t, err)
		}
		must(t, j.Wait(t.Context(), last))
	}
	must(t, j.Close())
	must(t, <-done)
	want, pos := contents(t, s)
	if len(want) != 1000 || pos != last {
		t.Fatalf("followed %d calls up to %d, want 1000 up to %d", len(want), pos, last)
	}
	rd, err := journal.OpenReader(dir, 1)
	must(t, err)
	rebuilt := open(t)
	must(t, rebuilt.Rebuild(t.Context(), 1, rd.Next, nil))
	must(t, rd.Close())
	got, pos := contents(t, rebuilt)
	if pos != last {
		t.Errorf("rebuilt up to %d, want %d", pos, last)
	}
	sameContents(t, got, want)
}
