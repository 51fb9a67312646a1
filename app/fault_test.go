package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tsujiban/app/control"
	"tsujiban/journal"
)

// brokenDisk is the machine's file system, whose syncs fail while it is told to.
type brokenDisk struct {
	journal.FS
	broken atomic.Bool
}

func (b *brokenDisk) Create(name string) (journal.File, error) {
	if b.broken.Load() {
		return nil, errBroken
	}
	f, err := b.FS.Create(name)
	return brokenFile{f, b}, err
}

type brokenFile struct {
	journal.File
	disk *brokenDisk
}

var errBroken = errors.New("no space left on device")

func (f brokenFile) Sync() error {
	if f.disk.broken.Load() {
		return errBroken
	}
	return f.File.Sync()
}

// TestDiskFails: while no record can be kept an emergency call goes on, another does not, and
// the program says that it is not ready; when the disk works again all is well by itself.
func TestDiskFails(t *testing.T) {
	s := newSite(t)
	disk := &brokenDisk{FS: journal.OS}
	s.fs = disk
	r := s.start()
	if err := r.journal.Wait(t.Context(), 2); err != nil { // start and import: the first failure is the call's
		t.Fatal(err)
	}
	disk.broken.Store(true)
	r.pbx.invite(r.guard, "0312345678", "0925551234")
	if m := r.pbx.expect("SIP/2.0 503"); !strings.Contains(m.first, "Record Unavailable") {
		t.Errorf("got %q", m.first)
	}
	r.pbx.invite(r.guard, "110", "0925551234")
	r.carrier.answer(r.carrier.expect("INVITE sip:110@"), "486 Busy Here")
	r.pbx.expect("SIP/2.0 486")
	if got := get(t, r, "/readyz"); !strings.Contains(got, "no space left on device") {
		t.Errorf("readyz: %q", got)
	}
	if err := r.do("POST", "/v1/calls", map[string]string{"ground": "test"}, nil); err == nil {
		t.Error("a look into the records was allowed that cannot be recorded")
	}
	if err := r.do("PUT", "/v1/customers/hakata-shokai/restriction", control.Order{Level: "watch", Note: "test"}, nil); err != nil {
		t.Errorf("a restriction must not wait for the disk: %v", err)
	}
	disk.broken.Store(false)
	deadline := time.Now().Add(10 * time.Second)
	for get(t, r, "/readyz") != "ok\n" {
		if time.Now().After(deadline) {
			t.Fatal("it does not recover")
		}
	}
	r.pbx.invite(r.guard, "0312345678", "0925551234")
	r.carrier.answer(r.carrier.expect("INVITE "), "486 Busy Here")
	r.pbx.expect("SIP/2.0 486")
	// Nothing is lost: the refused call and the emergency call are there, too.
	if calls := r.records(); len(calls) != 3 {
		t.Errorf("got %d records: %+v", len(calls), calls)
	}
}

// TestAnotherJournal: a view that was made from another journal is made anew.
func TestAnotherJournal(t *testing.T) {
	s := newSite(t)
	r := s.start()
	for range 3 {
		r.pbx.invite(r.guard, "0312345678", "0925551234")
		r.carrier.answer(r.carrier.expect("INVITE "), "486 Busy Here")
		r.pbx.expect("SIP/2.0 486")
	}
	if calls := r.records(); len(calls) != 3 {
		t.Fatalf("got %d records", len(calls))
	}
	r.stop()
	if err := os.RemoveAll(filepath.Join(s.dir, "data", "journal")); err != nil {
		t.Fatal(err)
	}
	r = s.start()
	if calls := r.records(); len(calls) != 0 {
		t.Errorf("got %+v", calls)
	}
	if !strings.Contains(s.log.String(), "the calls view belongs to another journal") {
		t.Errorf("log:\n%s", s.log)
	}
}

// TestStartSaysWhatToDo: each stage that fails names itself and the way out, and leaves nothing running.
func TestStartSaysWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name, says string
		spoil      func(s *site)
	}{
		{"data", "start: data directory: ", func(s *site) { s.write("data", "a file") }},
		{"rates", "rates.csv: ", func(s *site) { s.write("rates.csv", "prefix\n81\n") }},
		{"secret", "remove it, a new one is made", func(s *site) {
			if err := os.Mkdir(filepath.Join(s.dir, "data"), 0o700); err != nil {
				t.Fatal(err)
			}
			s.write("data/secret", "short")
		}},
		{"port", "another program has the port", func(s *site) {
			s.listen = s.pbx.addr()
			s.configure("")
		}},
		{"users", "there is no user", func(s *site) {
			s.configure("[control]\nusers = [\"nobody-of-that-name\"]\n")
		}},
	} {
		s := newSite(t)
		c.spoil(s)
		_, err := s.try()
		if err == nil || !strings.Contains(err.Error(), "start: ") || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.says)
		}
	}
}
