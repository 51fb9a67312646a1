package app

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/evidence"
	"tsujiban/journal"
)

// proven waits until the evidence has all that is in the journal.
func (r *running) proven(t *testing.T) {
	t.Helper()
	r.until(t, "the evidence does not follow", func() bool { return uint64(r.prover.proven.Load()) >= r.journal.Committed() })
}

func (r *running) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s\n%s", what, r.site.log)
		}
		<-tick.C
	}
}

func (r *running) status(t *testing.T) control.Status {
	t.Helper()
	var s control.Status
	if err := r.do(http.MethodGet, "/v1/status", nil, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// overHTTP is a client of the tiles that knows nothing of our disk.
type overHTTP struct {
	t *testing.T
	r *running
}

func (o overHTTP) Height() int { return 8 }

func (o overHTTP) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range tiles {
		data = append(data, []byte(get(o.t, o.r, "/"+strings.Replace(tile.Path(), "tile/8/", "tile/", 1))))
	}
	return data, nil
}

func (o overHTTP) SaveTiles([]tlog.Tile, [][]byte) {}

// TestEvidence: the tree follows the calls, and who has the public key proves a record over HTTP.
func TestEvidence(t *testing.T) {
	s := newSite(t)
	r := s.start()
	r.oneCall(t, true)
	r.proven(t)
	dir, journalDir := r.cfg.EvidenceDir(), r.cfg.JournalDir()
	tree, err := evidence.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	first, err := evidence.OpenCheckpoint([]byte(get(t, r, "/checkpoint")), tree.Keys()...)
	if err != nil {
		t.Fatal(err)
	}
	rd := r.journal.Reader(2)
	line, err := rd.Line(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	head := tlog.Tree{N: first.Size, Hash: first.Root}
	proof, err := tlog.ProveRecord(head.N, 1, tlog.TileHashReader(head, overHTTP{t, r}))
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckRecord(proof, head.N, head.Hash, 1, tlog.RecordHash(line)); err != nil {
		t.Error(err)
	}
	if err := rd.Close(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/tile/entries/000": "records are not served", "/tile/0/999": "not there", "/tile/../secret": "", "/tile/0/../../keys/0001.key": ""} {
		if body := get(t, r, path); want != "" && !strings.Contains(body, want) || strings.Contains(body, "PRIVATE") {
			t.Errorf("%s: %q", path, body)
		}
	}
	var key control.NewKey
	if err := r.do(http.MethodPost, "/v1/evidence/key", nil, &key); err != nil {
		t.Fatal(err)
	}
	r.oneCall(t, true)
	r.stop() // the stop takes in the rest
	tree, err = evidence.OpenTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	if ks := tree.Keys(); len(ks) != 2 || ks[1].String() != key.Key {
		t.Errorf("the keys are %v, the new one is %s", ks, key.Key)
	}
	c, err := tree.Consistency(first.Size)
	if err != nil {
		t.Fatal(err)
	}
	if _, after, err := c.Verify(first.Note, tree.Keys()...); err != nil || after.Size != int64(r.journal.Committed()) {
		t.Errorf("%+v, %v: the journal has %d entries", after, err, r.journal.Committed())
	}
	rep, err := evidence.Check(dir, func(each func(uint64, string, int64, []byte)) error {
		_, err := journal.CheckLines(journalDir, nil, each)
		return err
	}, nil)
	if err != nil || !rep.OK() || rep.Behind != 0 {
		t.Errorf("%v, %s", err, rep.Text(tsujiban.English))
	}
}

// TestEvidenceFailing: while the disk takes no tiles, and when tree and journal do not belong together, calls and their records go on, and the
// program says what is the matter.
func TestEvidenceFailing(t *testing.T) {
	s := newSite(t)
	r := s.start()
	if err := r.journal.Wait(t.Context(), 2); err != nil { // start and import: then the tree is quiet
		t.Fatal(err)
	}
	r.proven(t)
	full := filepath.Join(r.cfg.EvidenceDir(), "tmp")
	if err := os.Symlink("/dev/full", full); err != nil {
		t.Fatal(err)
	}
	r.oneCall(t, true)
	r.until(t, "nobody says that the evidence fails", func() bool { return strings.Contains(r.status(t).Journal.Unproven, "no space left") })
	if m := get(t, r, "/metrics"); !strings.Contains(m, "tsujiban_evidence_failing 1") {
		t.Error("the metric does not say so")
	}
	r.oneCall(t, true)
	if got := len(r.records()); got != 2 {
		t.Errorf("%d calls are recorded", got)
	}
	if err := os.Remove(full); err != nil {
		t.Fatal(err)
	}
	r.proven(t)
	if st := r.status(t); st.Journal.Unproven != "" || st.Journal.Proven == 0 {
		t.Errorf("%+v", st.Journal)
	}
	r.stop()

	// The journal is gone, the tree is not: the program works, the tree is left as it is.
	if err := os.RemoveAll(r.cfg.JournalDir()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(r.cfg.EvidenceDir(), "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	r = s.start()
	r.oneCall(t, true)
	r.until(t, "nobody says that the journal is another one", func() bool { return strings.Contains(r.status(t).Journal.Unproven, "the journal") })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := r.client.Do(ctx, http.MethodPost, "/v1/evidence/key", nil, nil); tsujiban.CodeOf(err) != tsujiban.CodeCorrupt {
		t.Errorf("a new key for a tree that is not kept: %v", err)
	}
	r.stop()
	if after, err := os.ReadFile(filepath.Join(r.cfg.EvidenceDir(), "checkpoint")); err != nil || string(after) != string(before) {
		t.Errorf("the checkpoint was touched: %v", err)
	}
}
