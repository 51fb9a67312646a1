package app

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/journal"
)

// TestKilledWhileErasing: kill -9 at any moment of an erasure, again and again. Each start brings what was stated to its end and goes on; in the end
// what is past its term is gone, what is not is there, and the whole disk proves.
func TestKilledWhileErasing(t *testing.T) {
	s := newSite(t)
	var days []int
	for d := 400; d > 360; d-- {
		days = append(days, d)
	}
	s.age(append(days, 20, 1), "81312345678")
	last := uint64(0)
	for round := range 6 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "TSUJIBAN_TEST_SERVE="+s.file)
		cmd.Stderr = s.log
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var port string
		if _, err := fmt.Fscan(out, &port); err != nil {
			t.Fatalf("round %d: the program does not start: %v\n%s", round, err, s.log)
		}
		c := control.NewClient(filepath.Join(s.dir, "data", "control.sock"), "")
		waitProven(t, c, s)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = c.Do(context.Background(), http.MethodPost, "/v1/retention", map[string]bool{}, nil) // it is killed meanwhile
		}()
		// Killed after some statements more: at any point of what comes then.
		want := len(statements(t, s)) + 1 + 2*round
		for stop := false; !stop && len(statements(t, s)) < want; {
			select {
			case <-done:
				stop = true
			default:
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		<-done
		c.Close()
		gone, err := journal.ErasedIn(filepath.Join(s.dir, "data", "journal"))
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		n := uint64(0)
		for _, r := range gone {
			n += r.Last - r.First + 1
		}
		if n < last {
			t.Fatalf("round %d: %d entries were erased, now %d", round, last, n)
		}
		last = n
	}
	r := s.start()
	r.taken(t)
	r.enforceNow(t, false)
	if got := r.journal.Erased(); len(got) != 1 || got[0].Last-got[0].First+1 != 40*4+1 {
		t.Errorf("erased %v", got)
	}
	if got := len(r.records()); got != 2 {
		t.Errorf("%d calls are left", got)
	}
	if u, ok := r.App.guard.Usage("kyoto-kikai"); !ok || u.Restriction == nil {
		t.Errorf("what stood against a customer is gone: %+v", u)
	}
	r.stop()
	if rep := s.checkEvidence(t); !rep.OK() || rep.Erased != 40*4+1 {
		t.Errorf("%s", rep.Text(tsujiban.English))
	}
}

func statements(t *testing.T, s *site) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, "data", "evidence", "erased", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// waitProven waits until the program has the aged journal under a checkpoint.
func waitProven(t *testing.T, c *control.Client, s *site) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		var st control.Status
		if err := c.Do(context.Background(), http.MethodGet, "/v1/status", nil, &st); err != nil {
			t.Fatalf("%v\n%s", err, s.log)
		}
		if st.Journal.Proven >= st.Journal.Committed {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the evidence does not follow\n%s", s.log)
		}
	}
}

// TestRetentionOnFullDisk: while the disk takes nothing, nothing goes and the program says so; when it does, the next run goes on.
func TestRetentionOnFullDisk(t *testing.T) {
	s := newSite(t)
	disk := &brokenDisk{FS: journal.OS}
	s.fs = disk
	s.age([]int{400, 1}, "81312345678")
	r := s.start()
	r.taken(t)
	disk.broken.Store(true)
	if err := r.do(http.MethodPost, "/v1/retention", map[string]bool{}, nil); tsujiban.CodeOf(err) != tsujiban.CodeUnavailable {
		t.Errorf("erased on a disk that takes no record: %v", err)
	}
	if len(r.journal.Erased()) != 0 || len(statements(t, s)) != 0 {
		t.Error("something was erased without a record")
	}
	if n, err := r.store.PastCalls(t.Context(), time.Now().AddDate(0, 0, -180), nil); err != nil || n.Count != 1 {
		t.Errorf("%+v, %v", n, err)
	}
	disk.broken.Store(false)
	r.until(t, "the journal is not written again", func() bool { return r.journal.Failing() == nil })
	r.taken(t)
	r.enforceNow(t, false)
	if len(r.journal.Erased()) != 1 {
		t.Errorf("%v", r.journal.Erased())
	}
	r.stop()
	if rep := s.checkEvidence(t); !rep.OK() {
		t.Errorf("%s", rep.Text(tsujiban.English))
	}
}

// TestErasureThatCannotBeStated: the disk of the evidence takes nothing, so no statement can be signed: the journal keeps its segments, the program
// says why, and the next run goes on where this one stopped. A statement that was cut off by a crash is not taken for one.
func TestErasureThatCannotBeStated(t *testing.T) {
	s := newSite(t)
	s.age([]int{400, 399, 1}, "81312345678")
	r := s.start()
	r.taken(t)
	full := filepath.Join(r.cfg.EvidenceDir(), "tmp")
	if err := os.Symlink("/dev/full", full); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := r.do(http.MethodPost, "/v1/retention", map[string]bool{}, nil)
		if tsujiban.CodeOf(err) != tsujiban.CodeUnavailable || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("a disk that takes no statement: %v", err)
		}
		if got := r.journal.Erased(); len(got) != 0 || len(statements(t, s)) != 0 {
			t.Errorf("erased %v without a statement, statements %v", got, statements(t, s))
		}
	}
	if m := get(t, r, "/metrics"); !strings.Contains(m, "tsujiban_retention_failing 1") {
		t.Error("the metric does not say so")
	}
	r.stop()
	// The start on the full disk, and what a kill in the middle of a statement leaves.
	r = s.start()
	if got := r.journal.Erased(); len(got) != 0 {
		t.Errorf("erased %v at a start", got)
	}
	if err := os.Remove(full); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte("tsujiban erasure@v1\nhalf"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.taken(t)
	r.enforceNow(t, false)
	if got := r.journal.Erased(); len(got) != 1 || got[0].Last-got[0].First+1 != 2*4+1 {
		t.Errorf("erased %v", got)
	}
	r.stop()
	if rep := s.checkEvidence(t); !rep.OK() || rep.Erased != 2*4+1 {
		t.Errorf("%s", rep.Text(tsujiban.English))
	}
}
