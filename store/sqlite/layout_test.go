package sqlite

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"testing"
	"time"

	"tsujiban/store"
)

// older makes a store whose indexes of numbers are those of before, and returns questions about it with what is answered by those of now.
func older(t *testing.T, calls int) (path string, questions []store.CallQuery, answers [][]store.Call) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "store.db")
	s, err := Open(t.Context(), path)
	must(t, err)
	g := &traffic{calls: calls, overlap: calls / 5}
	must(t, s.ApplyEvents(t.Context(), g.events(calls*5/2))) // some are not over
	const mine = "+815012345678"
	for _, change := range []string{`caller = ?`, `callee = ?`, `caller = ?1, callee = ?1`} { // the last: to oneself
		_, err := s.view.write.ExecContext(t.Context(), `UPDATE calls SET `+change+` WHERE id IN (SELECT id FROM calls WHERE caller <> ?1 AND callee <> ?1 ORDER BY start % 997 LIMIT ?2)`, mine, calls/4)
		must(t, err)
	}
	n := number(t, mine)
	deny := store.CallQuery{Number: n, Customer: "customer-1"}
	for _, q := range []store.CallQuery{
		{Number: n}, {Number: n, OnlyOpen: true}, {Number: n, Limit: store.MaxPage, Brief: true}, {Number: n, Limit: 40, TalkFrom: time.Second}, {Number: n, Limit: store.MaxPage, To: at(calls / 2)},
		{Number: number(t, "+819099999999"), Brief: true}, deny,
	} {
		page, err := s.Calls(t.Context(), q)
		must(t, err)
		questions, answers = append(questions, q), append(answers, page.Calls)
	}
	if len(answers[0]) == 0 || len(answers[1]) == 0 || len(answers[2]) <= briefFrom {
		t.Fatalf("%d, %d, %d calls", len(answers[0]), len(answers[1]), len(answers[2]))
	}
	_, err = s.view.write.ExecContext(t.Context(), `DROP INDEX calls_caller; DROP INDEX calls_callee; DROP INDEX calls_running_caller; DROP INDEX calls_running_callee;
		CREATE INDEX calls_caller ON calls (caller, start, id, talk_ms) WHERE caller <> ''; CREATE INDEX calls_callee ON calls (callee, start, id, talk_ms) WHERE callee <> '';
		DELETE FROM goose_db_version WHERE version_id >= 7`)
	must(t, err)
	must(t, s.Close())
	return path, questions, answers
}

// asked asks again; what is asked in brief may have been read in full.
func asked(ctx context.Context, t *testing.T, s *Store, questions []store.CallQuery, answers [][]store.Call) {
	t.Helper()
	for i, q := range questions {
		page, err := s.Calls(ctx, q)
		must(t, err)
		if q.Brief {
			for j := range page.Calls {
				page.Calls[j] = store.BriefOf(&page.Calls[j])
			}
			answers[i] = append([]store.Call(nil), answers[i]...)
			for j := range answers[i] {
				answers[i][j] = store.BriefOf(&answers[i][j])
			}
		}
		if len(page.Calls)+len(answers[i]) > 0 {
			sameContents(t, page.Calls, answers[i])
		}
	}
}

// TestOlderStore opens a store of before: every question is answered before its indexes are made, while they are, and after, in the same way.
func TestOlderStore(t *testing.T) {
	path, questions, answers := older(t, 4000)
	s, err := Open(t.Context(), path)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	if s.view.layouts.is != (layout{}) {
		t.Fatalf("the layout is %+v", s.view.layouts.is)
	}
	asked(t.Context(), t, s, questions, answers)
	made := make(chan error, 1)
	begun := make(chan string)
	go func() { made <- s.MakeIndexes(t.Context(), func(part string) { begun <- part }) }()
	for _, part := range []string{"caller", "callee"} {
		if got := <-begun; got != part {
			t.Fatalf("%s is made, want %s", got, part)
		}
		asked(t.Context(), t, s, questions, answers)
	}
	for making := true; making; {
		select {
		case err := <-made:
			must(t, err)
			making = false
		default:
		}
		asked(t.Context(), t, s, questions, answers)
	}
	if s.view.layouts.is != layoutNow {
		t.Fatalf("the layout is %+v", s.view.layouts.is)
	}
	must(t, s.Check(t.Context()))
	must(t, s.MakeIndexes(t.Context(), func(part string) { t.Errorf("%s is made again", part) }))
	g := &traffic{calls: 4000, overlap: 800}
	g.events(10_000)
	must(t, s.ApplyEvents(t.Context(), g.events(500))) // the view follows on
	must(t, s.Check(t.Context()))
}

// TestOlderStoreStopped ends the making: what is half made is not there, and the next start makes it.
func TestOlderStoreStopped(t *testing.T) {
	path, questions, answers := older(t, 4000)
	s, err := Open(t.Context(), path)
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	if err := s.MakeIndexes(ctx, func(part string) {
		if part == "callee" {
			stop()
		}
	}); err == nil {
		t.Fatal("it was not stopped")
	}
	if want := (layout{caller: true}); s.view.layouts.is != want {
		t.Fatalf("the layout is %+v, want %+v", s.view.layouts.is, want)
	}
	asked(t.Context(), t, s, questions, answers)
	must(t, s.Close())
}

// childIndexes makes the indexes, and waits to be killed.
func childIndexes(ctx context.Context, s *Store) error {
	err := s.MakeIndexes(ctx, func(part string) { fmt.Println(part, 1) })
	if err != nil {
		return err
	}
	fmt.Println("made", 1)
	fmt.Println("made", 2)
	never, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	<-never.Done()
	return never.Err()
}

// TestKilledWhileMakingIndexes kills the program (kill -9) while each part is made: questions are answered all the same, and the next start makes what is left.
func TestKilledWhileMakingIndexes(t *testing.T) {
	path, questions, answers := older(t, 20_000)
	for part := range len(sides) {
		killed(t, "indexes", path, part) // while this part is made; later, if the machine is slow
		s, err := Open(t.Context(), path)
		must(t, err)
		asked(t.Context(), t, s, questions, answers)
		must(t, s.Check(t.Context()))
		must(t, s.Close())
	}
	s, err := Open(t.Context(), path)
	must(t, err)
	must(t, s.MakeIndexes(t.Context(), nil))
	if s.view.layouts.is != layoutNow {
		t.Errorf("the layout is %+v", s.view.layouts.is)
	}
	asked(t.Context(), t, s, questions, answers)
	must(t, s.Check(t.Context()))
	must(t, s.Close())
}
