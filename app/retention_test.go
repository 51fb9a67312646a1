package app

import (
	"context"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/app/control"
	"tsujiban/evidence"
	"tsujiban/inquiry"
	"tsujiban/journal"
	"tsujiban/store"
)

func digits(t *testing.T, s string) tsujiban.Number {
	t.Helper()
	n, err := tsujiban.NumberFromDigits(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// age writes a journal as the program would have written it on some days before now: per day a segment with a call of each callee,
// a look, and on the first day a restriction against another customer.
func (s *site) age(days []int, callees ...string) {
	s.t.Helper()
	j, err := journal.Open(journal.Options{Dir: filepath.Join(s.dir, "data", "journal"), CommitInterval: -1, QuietRate: 1 << 30})
	if err != nil {
		s.t.Fatal(err)
	}
	put := func(ev tsujiban.Event) {
		if _, err := j.Append(&ev); err != nil {
			s.t.Fatal(err)
		}
	}
	var last tsujiban.CallID
	for i, d := range days {
		at := time.Now().UTC().AddDate(0, 0, -d)
		j.Roll()
		if i == 0 {
			put(tsujiban.Event{Kind: tsujiban.EventRestricted, At: at, Restriction: tsujiban.Restriction{Customer: "kyoto-kikai", Level: tsujiban.LevelClose, Reason: tsujiban.ReasonStaff, At: at, By: "front desk", Note: "unpaid"}})
		}
		for _, callee := range callees {
			last = tsujiban.NextCallID(last, at)
			src := netip.MustParseAddrPort("192.0.2.10:5060")
			put(tsujiban.Event{
				Kind: tsujiban.EventAttempt, At: at, Call: last,
				Attempt: tsujiban.Attempt{Customer: "hakata-shokai", Trunk: "hakata-pbx", Source: src, Direction: tsujiban.Out, Caller: []byte("0925551234"), Dialled: []byte("0" + callee[2:])},
				Verdict: tsujiban.Verdict{Action: tsujiban.Allow, Caller: digits(s.t, "81925551234"), Callee: digits(s.t, callee)},
			})
			put(tsujiban.Event{Kind: tsujiban.EventAnswered, At: at, Call: last})
			put(tsujiban.Event{Kind: tsujiban.EventEnded, At: at.Add(time.Minute), Call: last, Outcome: tsujiban.Outcome{Customer: "hakata-shokai", Status: 200, Talk: time.Minute, Charge: 3 * tsujiban.Unit, By: tsujiban.PartyCaller}})
		}
		put(tsujiban.Event{Kind: tsujiban.EventSet, At: at, By: "front desk", Note: "looked into calls; ground: test"})
		if err := j.Wait(s.t.Context(), j.Stats().Appended); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		s.t.Fatal(err)
	}
}

// taken waits until view and evidence have what is in the journal.
func (r *running) taken(t *testing.T) {
	t.Helper()
	r.proven(t)
	r.until(t, "the view does not follow", func() bool { return r.viewed.position() >= r.journal.Committed() })
}

func (r *running) enforceNow(t *testing.T, dry bool) control.RetentionRun {
	t.Helper()
	var out control.RetentionRun
	if err := r.do(http.MethodPost, "/v1/retention", map[string]bool{"dry_run": dry}, &out); err != nil {
		t.Fatalf("%v\n%s", err, r.site.log)
	}
	return out
}

func kindOf(t *testing.T, kinds []control.RetentionKind, name string) control.RetentionKind {
	t.Helper()
	i := slices.IndexFunc(kinds, func(k control.RetentionKind) bool { return k.Kind == name })
	if i < 0 {
		t.Fatalf("no %s in %+v", name, kinds)
	}
	return kinds[i]
}

// checkEvidence proves the whole disk as "evidence check" does.
func (s *site) checkEvidence(t *testing.T) *evidence.CheckReport {
	t.Helper()
	rep, err := evidence.Check(filepath.Join(s.dir, "data", "evidence"), func(each func(uint64, string, int64, []byte)) error {
		_, err := journal.CheckLines(filepath.Join(s.dir, "data", "journal"), nil, each)
		return err
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// TestRetention: what is past its term goes, by whole segments, and says so; what is held or within its term stays; looks outlive the
// calls; the evidence proves the rest; a start from what is left knows what stands against whom, and what was spent this month.
func TestRetention(t *testing.T) {
	s := newSite(t)
	s.age([]int{400, 300, 200, 100, 1}, "81312345678", "81665550100")
	r := s.start()
	r.oneCall(t, true)
	r.ended()
	spent := usage(t, r.App)
	r.settleJournal(t)
	r.taken(t)
	first := r.journal.First()

	var done control.Done
	hold := control.Hold{Number: "06-6555-0100", From: time.Now().AddDate(0, 0, -301).Format(time.DateOnly), To: time.Now().AddDate(0, 0, -298).Format(time.DateOnly), Kind: "preservation", Ground: "県警 第12号"}
	if err := r.do(http.MethodPost, "/v1/retention/holds", hold, &done); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(done.Note, "65550100") {
		t.Errorf("the record has a whole number: %s", done.Note)
	}
	hold.Until = time.Now().AddDate(0, 0, 40).Format(time.DateOnly)
	if err := r.do(http.MethodPost, "/v1/retention/holds", hold, nil); tsujiban.CodeOf(err) != tsujiban.CodeForbidden {
		t.Errorf("a preservation request for 40 days: %v", err)
	}

	r.taken(t)
	dry := r.enforceNow(t, true)
	if c := kindOf(t, dry.Kinds, "calls"); c.Erased != 5 || c.Held != 1 {
		t.Errorf("dry: %+v", c)
	}
	if len(dry.Segments) != 3 || dry.Segments[1].Stays == "" || !slices.Equal(dry.Segments[1].Holds, []int64{1}) || dry.Segments[0].Stays != "" || dry.Segments[2].Stays != "" {
		t.Errorf("dry: %+v", dry.Segments)
	}
	if len(r.journal.Erased()) > 0 || len(r.records()) != 11 {
		t.Error("a dry run erased something")
	}
	r.taken(t)
	run := r.enforceNow(t, false)
	if c := kindOf(t, run.Kinds, "calls"); c.Erased != 5 {
		t.Errorf("%+v", c)
	}
	want := []journal.Range{{First: 1, Last: 8}, {First: 16, Last: 22}}
	if got := r.journal.Erased(); !slices.Equal(got, want) || first != 1 {
		t.Fatalf("erased %v, want %v; %+v", got, want, run.Segments)
	}
	calls := r.records()
	if len(calls) != 6 {
		t.Errorf("%d calls are left", len(calls))
	}
	if again := r.enforceNow(t, false); kindOf(t, again.Kinds, "calls").Erased != 0 || kindOf(t, again.Kinds, "journal").Erased != 0 {
		t.Errorf("once more: %+v", again.Kinds)
	}
	// The looks and what was imposed outlive their segments, provable as before.
	var kept []uint64
	tree, err := evidence.OpenTree(r.cfg.EvidenceDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.store.KeptEntries(t.Context(), func(e store.KeptEntry) error {
		kept = append(kept, e.Seq)
		return tree.Verify(e.Seq, e.Line)
	}); err != nil || !slices.Equal(kept, []uint64{1, 8, 22}) {
		t.Errorf("kept %v, %v", kept, err)
	}
	if m := get(t, r, "/metrics"); !strings.Contains(m, `tsujiban_retention_erased_total{kind="journal"} 15`) || !strings.Contains(m, `tsujiban_retention_erased_total{kind="calls"} 5`) {
		t.Errorf("metrics:\n%s", m)
	}
	r.stop()

	rep := s.checkEvidence(t)
	if !rep.OK() || rep.Erased != 15 || len(rep.Erasures) != 2 {
		t.Errorf("%s", rep.Text(tsujiban.English))
	}
	for _, l := range []tsujiban.Lang{tsujiban.English, tsujiban.Japanese} {
		if text := rep.Text(l); !strings.Contains(text, "#1-8: ") || !strings.Contains(text, "#16-22: ") {
			t.Errorf("%s", text)
		}
	}

	// A start: from the snapshot, and without any.
	for _, snapshots := range []bool{true, false} {
		if !snapshots {
			if err := os.RemoveAll(filepath.Join(s.dir, "data", "state")); err != nil {
				t.Fatal(err)
			}
			// And the view is made anew from what is left.
			for _, n := range []string{"tsujiban.calls.db"} {
				if err := os.Remove(filepath.Join(s.dir, "data", n)); err != nil {
					t.Fatal(err)
				}
			}
		}
		r = s.start()
		if got := usage(t, r.App); got.Month != spent.Month || got.Month == 0 {
			t.Errorf("snapshots %v: %+v was spent, it was %+v", snapshots, got, spent)
		}
		if u, ok := r.App.guard.Usage("kyoto-kikai"); !ok || u.Restriction == nil || u.Restriction.Level != tsujiban.LevelClose {
			t.Errorf("snapshots %v: what stood against a customer is gone: %+v", snapshots, u)
		}
		r.taken(t)
		if got := len(r.records()); snapshots && got != 6 || !snapshots && got != 7 {
			t.Errorf("snapshots %v: %d calls", snapshots, got)
		}
		// The view that was made anew has the other call of the segment that is held again, until the next time.
		r.taken(t)
		r.enforceNow(t, false)
		if got := len(r.records()); got != 6 {
			t.Errorf("snapshots %v: %d calls after the next time", snapshots, got)
		}
		r.stop()
	}

	// The hold is released: what it kept goes.
	r = s.start()
	if err := r.do(http.MethodDelete, "/v1/retention/holds/1", control.Order{Note: "handed over"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := r.do(http.MethodDelete, "/v1/retention/holds/1", control.Order{Note: "handed over"}, nil); tsujiban.CodeOf(err) != tsujiban.CodeConflict {
		t.Errorf("released twice: %v", err)
	}
	r.taken(t)
	r.enforceNow(t, false)
	if got := r.journal.Erased(); !slices.Equal(got, []journal.Range{{First: 1, Last: 22}}) {
		t.Errorf("erased %v", got)
	}
	r.stop()
	// A segment that went missing without a statement is found, beside those with one.
	names, err := filepath.Glob(filepath.Join(s.dir, "data", "journal", "00000000000000000023.journal*"))
	if err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
	if err := os.Remove(names[0]); err != nil {
		t.Fatal(err)
	}
	if rep := s.checkEvidence(t); rep.OK() || !strings.Contains(rep.Text(tsujiban.English), "journal #23-29: the journal does not have it") {
		t.Errorf("%s", rep.Text(tsujiban.English))
	}
	if _, err := s.try(); tsujiban.CodeOf(err) != tsujiban.CodeCorrupt || !strings.Contains(err.Error(), "no record says that it was erased") {
		t.Errorf("a start over a lost segment: %v", err)
	}
}

// TestRetentionInterrupted: stopped between the signed statement and the file, and with the record of the journal gone, the next start
// brings the erasure to its end; a statement that is torn erases nothing.
func TestRetentionInterrupted(t *testing.T) {
	s := newSite(t)
	s.age([]int{400, 300, 1}, "81312345678")
	r := s.start()
	r.taken(t)
	for i, seg := range r.journal.Segments()[:2] {
		if err := r.prover.order(context.Background(), func(l *evidence.Log) error {
			return l.Erase(evidence.Range{From: seg.First, To: seg.Last}, "term is over")
		}); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	r.stop()
	statements, err := filepath.Glob(filepath.Join(s.dir, "data", "evidence", "erased", "*"))
	if err != nil || len(statements) != 2 {
		t.Fatalf("%v, %v", statements, err)
	}
	whole, err := os.ReadFile(statements[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(statements[1], whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	r = s.start()
	if got := r.journal.Erased(); len(got) != 1 || got[0].First != 1 {
		t.Errorf("erased %v", got)
	}
	r.stop()
	if rep := s.checkEvidence(t); !strings.Contains(rep.Text(tsujiban.English), "the statement of an erasure is wrong") {
		t.Errorf("%s", rep.Text(tsujiban.English))
	}
	if err := os.WriteFile(statements[1], whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(s.dir, "data", "journal", "erased")); err != nil {
		t.Fatal(err)
	}
	r = s.start()
	if got := r.journal.Erased(); len(got) != 1 || got[0].Last < 8 {
		t.Errorf("erased %v", got)
	}
	r.stop()
	if rep := s.checkEvidence(t); !rep.OK() {
		t.Errorf("%s", rep.Text(tsujiban.English))
	}
}

// TestPreservationIsAHold: a preservation request that was entered as an inquiry holds by itself, until its term is over or its case is closed.
func TestPreservationIsAHold(t *testing.T) {
	s := newSite(t)
	s.age([]int{400, 1}, "81312345678")
	r := s.start()
	r.taken(t)
	c := inquiry.Case{At: r.App.now(), By: "sato", Kind: inquiry.KindPreservation, Agency: "県警", Document: "第12号", Date: r.App.now().Format(time.DateOnly), Numbers: []string{"+81312345678"}, Days: 30, Until: r.App.now().AddDate(0, 0, 30)}
	if err := r.store.OpenInquiry(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
	run := r.enforceNow(t, false)
	if k := kindOf(t, run.Kinds, "calls"); k.Erased != 0 || k.Held != 1 || len(r.journal.Erased()) != 0 || run.Segments[0].Stays != control.StaysHeld {
		t.Errorf("%+v, erased %v", run, r.journal.Erased())
	}
	if err := r.do(http.MethodDelete, "/v1/retention/holds/-1", control.Order{Note: "x"}, nil); tsujiban.CodeOf(err) != tsujiban.CodeConflict {
		t.Errorf("released as a hold: %v", err)
	}
	if _, err := r.store.CloseInquiry(t.Context(), c.ID, r.App.now(), "sato", "answered"); err != nil {
		t.Fatal(err)
	}
	r.taken(t)
	if run = r.enforceNow(t, false); kindOf(t, run.Kinds, "calls").Erased != 1 || len(r.journal.Erased()) != 1 {
		t.Errorf("%+v", run)
	}
}

// TestRetentionHour: it runs at the hour that is set, once, and at the next look when that was missed.
func TestRetentionHour(t *testing.T) {
	zone := time.FixedZone("JST", 9*3600)
	a := &App{cfg: &config.Config{Node: config.Node{TimeZone: zone}, Retention: config.Retention{At: 3*time.Hour + 30*time.Minute}}}
	for last, want := range map[string]string{
		"2026-11-24 03:29": "2026-11-24 03:30", "2026-11-24 03:30": "2026-11-25 03:30", "2026-11-24 23:00": "2026-11-25 03:30", "2026-11-20 12:00": "2026-11-21 03:30",
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", last, zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, ran := range []bool{true, false} {
			k := &keeper{app: a, since: at}
			if ran {
				k.since = time.Time{}
				k.ran.Store(at.Unix())
			}
			if got := k.next().In(zone).Format("2006-01-02 15:04"); got != want {
				t.Errorf("after %s (ran %v): %s, want %s", last, ran, got, want)
			}
		}
	}
}
