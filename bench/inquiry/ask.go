package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tsujiban/inquiry"
	"tsujiban/ledger"
	"tsujiban/numbering"
	"tsujiban/store"
	"tsujiban/store/sqlite"
)

// figures is what was measured.
type figures struct {
	Calls  int           `json:"calls"`
	Bytes  int64         `json:"bytes"` // of the store on disk
	Made   time.Duration `json:"made"`  // how long making it took
	Open   time.Duration `json:"open"`  // from the start of the process to the first question
	Kinds  []kind        `json:"kinds"`
	Memory int64         `json:"memory"` // the most that the process had in memory
}

// kind is one kind of question.
type kind struct {
	Name    string        `json:"name"`
	Rounds  int           `json:"rounds"`
	Found   int           `json:"found"` // calls per question, in the mean
	First   time.Duration `json:"first"`
	Median  time.Duration `json:"median"`
	Longest time.Duration `json:"longest"`
	Limit   time.Duration `json:"limit,omitempty"`
}

type records struct {
	*sqlite.Ledger
	*sqlite.Store
}

var started = time.Now()

// question is what one kind asks in one round: it returns how many calls it found.
type question struct {
	name  string
	limit time.Duration
	ask   func(ctx context.Context, round int) (int, error)
}

func ask(ctx context.Context, o options) (f figures, err error) {
	p, err := numbering.New("JP")
	if err != nil {
		return f, err
	}
	s, err := sqlite.Open(ctx, filepath.Join(o.dir, "store.db"))
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	f.Open = time.Since(started)
	d := &inquiry.Desk{Plan: p, Records: records{s.Ledger(), s}}
	for _, q := range questions(d, s, o.size) {
		k := kind{Name: q.name, Rounds: o.rounds, Limit: q.limit}
		var took []time.Duration
		for i := range o.rounds {
			start := time.Now()
			n, err := q.ask(ctx, i)
			if err != nil {
				return f, fmt.Errorf("%s: %w", q.name, err)
			}
			took = append(took, time.Since(start))
			k.Found += n
		}
		k.Found /= o.rounds
		k.First = took[0]
		slices.Sort(took)
		k.Median, k.Longest = took[len(took)/2], took[len(took)-1]
		f.Kinds = append(f.Kinds, k)
	}
	f.Memory, err = memory()
	return f, err
}

// questions are asked of other numbers and other days each round, so that each finds a cold place.
func questions(d *inquiry.Desk, s *sqlite.Store, size int) []question {
	warrant := &inquiry.Case{ID: 1, Kind: inquiry.KindWarrant}
	desk := func(salt int, number func(call) string, change func(call, *inquiry.Question)) func(context.Context, int) (int, error) {
		return func(ctx context.Context, round int) (int, error) {
			c := callAt(int(mix(uint64(1000*salt+round))%uint64(size)), size)
			from := c.at.Truncate(24 * time.Hour)
			q := inquiry.Question{Number: number(c), From: from, To: from.Add(24 * time.Hour), Talked: inquiry.Length(max(c.talk, time.Minute))}
			if change != nil {
				change(c, &q)
			}
			a, err := d.Ask(ctx, warrant, &q)
			if err != nil {
				return 0, err
			}
			return len(a.Calls), nil
		}
	}
	month := func(salt int, of func(call) int64) func(context.Context, int) (int, error) {
		return func(ctx context.Context, round int) (n int, err error) {
			c := callAt(int(mix(uint64(1000*salt+round))%uint64(size)), size)
			from := begin.AddDate(0, int(mix(uint64(round))%6), 0)
			q := store.CallQuery{Number: ledger.Number(of(c)), From: from, To: from.AddDate(0, 1, 0), Brief: true, Limit: store.MaxPage}
			for {
				page, err := s.Calls(ctx, q)
				if err != nil {
					return n, err
				}
				n += len(page.Calls)
				if q.Cursor = page.Next; q.Cursor == "" {
					return n, nil
				}
			}
		}
	}
	mine := func(c call) string { return "+" + strconv.FormatInt(c.mine, 10) }
	centre := func(c call) int64 {
		return firstNumber + int64(mix(uint64(c.mine))%uint64(busy))*int64(numbers/busy)
	}
	quiet := func(c call) int64 {
		if (c.mine-firstNumber)%int64(numbers/busy) == 0 {
			return c.mine + 1
		}
		return c.mine
	}
	return []question{
		{"a number of ours on a day", answerLimit, desk(1, mine, nil)},
		{"likewise, with the other party", answerLimit, desk(2, mine, func(c call, q *inquiry.Question) { q.Other = "+" + strconv.FormatInt(c.other, 10) })},
		{"likewise, over a month", answerLimit, desk(3, func(c call) string { return "+" + strconv.FormatInt(quiet(c), 10) }, func(c call, q *inquiry.Question) { q.To = q.From.AddDate(0, 1, 0) })},
		{"a call centre's number over a month", answerLimit, desk(8, func(c call) string {
			return "+" + strconv.FormatInt(centre(c), 10)
		}, func(_ call, q *inquiry.Question) { q.To = q.From.AddDate(0, 1, 0) })},
		{"a number that is not ours", answerLimit, desk(4, func(c call) string { return "+" + strconv.FormatInt(c.other, 10) }, nil)},
		{"a number with a digit missing", answerLimit, desk(5, func(c call) string { return mine(c)[:12] }, nil)},
		{"all calls of a number in a month", monthLimit, month(6, quiet)},
		{"likewise, of a call centre", monthLimit, month(7, func(c call) int64 { return centre(c) })},
	}
}

// memory is the most that this process had in memory (proc(5): VmHWM).
func memory() (int64, error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("/proc/self/status does not say VmHWM")
}

// print writes the figures as a table of Markdown. The error says what is over its limit.
func (f *figures) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d calls, %.1f GB on disk", f.Calls, float64(f.Bytes)/1e9)
	fmt.Fprintf(&b, ", made in %s", f.Made.Round(time.Second))
	fmt.Fprintf(&b, "; cold: ready after %s, at most %d MB in memory (limit %d)\n\n", ms(f.Open), f.Memory>>20, memoryLimit>>20)
	b.WriteString("| question | calls found | first | median | longest | limit |\n|---|---:|---:|---:|---:|---:|\n")
	over := []string{}
	for _, k := range f.Kinds {
		limit := "-"
		if k.Limit > 0 {
			limit = ms(k.Limit)
			if k.Longest > k.Limit {
				over = append(over, k.Name)
			}
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s | %s |\n", k.Name, k.Found, ms(k.First), ms(k.Median), ms(k.Longest), limit)
	}
	if f.Memory > memoryLimit {
		over = append(over, "memory")
	}
	_, err := io.WriteString(w, b.String())
	if len(over) > 0 {
		err = cmp.Or(err, fmt.Errorf("over the limit: %s", strings.Join(over, "; ")))
	}
	return err
}

func ms(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 1, 64) + " ms"
}
