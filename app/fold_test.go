package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tsujiban/app/control"
)

// call makes one call abroad that is left running or ended.
func (r *running) oneCall(t *testing.T, end bool) {
	t.Helper()
	c, ok, _ := r.pbx.talkTo(r.guard, r.carrier, "01012125550100")
	if end {
		r.pbx.inside(r.guard, c, ok, "BYE", 2)
		r.carrier.answer(r.carrier.expect("BYE "), "200 OK")
		r.pbx.expect("SIP/2.0 200")
	}
}

// usage is what the guard knows of the customer that calls.
func usage(t *testing.T, a *App) control.Usage {
	t.Helper()
	u, ok := a.guard.Usage("hakata-shokai")
	if !ok {
		t.Fatal("the customer is not known")
	}
	return control.Usage{Today: control.Amount(u.Today), Month: control.Amount(u.Month), Reserved: control.Amount(u.Reserved), Channels: u.Running, Weight: float64(u.Weight)}
}

// TestSnapshot: a start from a snapshot and the entries since knows what one from the whole journal knows; a snapshot that is torn,
// is of another journal, or of another version is left aside, and the start comes to the same.
func TestSnapshot(t *testing.T) {
	s := newSite(t)
	s.onStop = "keep"
	s.configure("")
	r := s.start()
	r.oneCall(t, true)
	r.oneCall(t, false)
	r.settleJournal(t)
	end := r.journal.Committed()
	if err := r.snapshot(context.Background(), r.folder(), end); err != nil {
		t.Fatal(err)
	}
	r.oneCall(t, false)
	r.settleJournal(t)
	r.stop()

	dir := filepath.Join(s.dir, "data", "state")
	names, err := filepath.Glob(filepath.Join(dir, "*"+snapshotSuffix))
	if err != nil || len(names) != 1 {
		t.Fatalf("snapshots: %v, %v", names, err)
	}
	whole, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		spoil func([]byte) []byte
		from  uint64
		says  string
	}{
		{"whole", func(b []byte) []byte { return b }, end, ""},
		{"torn", func(b []byte) []byte { return b[:len(b)/2] }, 0, "check sum"},
		{"one bit", func(b []byte) []byte { b[len(b)/3] ^= 1; return b }, 0, "check sum"},
		{"nothing", func([]byte) []byte { return nil }, 0, "cut short"},
		{"of another journal", resummed(`"Leaf":"`, `"Leaf":"AAAA`), 0, "another journal"},
		{"of a later version", resummed(`"Version":1`, `"Version":2`), 0, "version 2"},
	} {
		if err := os.WriteFile(names[0], c.spoil([]byte(string(whole))), 0o600); err != nil {
			t.Fatal(err)
		}
		s.log.Reset()
		r := s.start()
		if r.snapshotted != c.from || !strings.Contains(s.log.String(), c.says) {
			t.Errorf("%s: started from entry %d, want %d: %s", c.name, r.snapshotted, c.from, s.log)
		}
		got := usage(t, r.App)
		if got.Channels != 2 || got.Today == 0 || got.Reserved == 0 {
			t.Errorf("%s: %+v", c.name, got)
		}
		if f := r.Frame(); len(f.Calls) != 2 {
			t.Errorf("%s: %d calls are on the books", c.name, len(f.Calls))
		}
		r.stop()
	}
}

// resummed changes a part of the snapshot's head, of the same length where it begins with the same, and puts the check sum right.
func resummed(old, changed string) func([]byte) []byte {
	return func(b []byte) []byte {
		at := bytes.Index(b, []byte(old))
		copy(b[at:], changed)
		sum := sha256.Sum256(b[:len(b)-sha256.Size])
		copy(b[len(b)-sha256.Size:], sum[:])
		return b
	}
}

// TestSnapshotsAreFew: each new one takes the place of the one before the last, and begins from the last.
func TestSnapshotsAreFew(t *testing.T) {
	s := newSite(t)
	r := s.start()
	var ends []uint64
	for range 4 {
		r.oneCall(t, true)
		r.settleJournal(t)
		ends = append(ends, r.journal.Committed())
		if err := r.snapshot(context.Background(), r.folder(), ends[len(ends)-1]); err != nil {
			t.Fatal(err)
		}
	}
	names, err := r.folder().list()
	if err != nil || len(names) != foldKeep {
		t.Fatalf("%v, %v", names, err)
	}
	_, rec, err := r.folder().upTo(context.Background(), ends[3], nil)
	if err != nil || rec.from != ends[3] {
		t.Errorf("from %d: %v", rec.from, err)
	}
	_, rec, err = r.folder().upTo(context.Background(), ends[2], nil)
	if err != nil || rec.from != ends[2] || rec.events != ends[2] {
		t.Errorf("an earlier state is had from %d, ends with %d: %v", rec.from, rec.events, err)
	}
	r.stop()
}

// settleJournal waits until everything that was appended is on disk.
func (r *running) settleJournal(t *testing.T) {
	t.Helper()
	if err := r.journal.Wait(t.Context(), r.journal.Stats().Appended); err != nil {
		t.Fatal(err)
	}
}
