package backtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/guard/fraud"
	"tsujiban/replay"
	"tsujiban/trace"
)

// Backtest replays the files under the setup and, when whatIf is set, under others, and makes the report. progress is told of each
// pass and how far it is.
func (f *Files) Backtest(ctx context.Context, s *Setup, truth map[string]string, rejects *trace.Rejects, whatIf bool, l tsujiban.Lang, progress func(pass string, read, size int64)) (*Report, error) {
	r := &Report{Lang: l, Zone: f.Zone, Rejects: rejects, Made: time.Now()}
	book, score := NewCasebook(s), NewScore(time.Time{})
	days := map[string]*Day{}
	sum, err := f.pass(ctx, s, truth, func(read, size int64) { progress(r.tr("現在の設定", "as set"), read, size) }, hooks{
		restrict: book.Restrict,
		reject:   rejects.Add,
		result: func(res *replay.Result, label string) {
			book.Add(res, label)
			score.Add(res, label)
			day := res.Call.Start.In(r.zone())
			key := day.Format(time.DateOnly)
			d := days[key]
			if d == nil {
				d = &Day{Date: day}
				days[key] = d
			}
			d.Full += res.Full
			d.Charged += res.Charge
		},
	})
	if err != nil {
		return nil, err
	}
	r.Summary, r.Cases, r.More = sum, book.Cases, book.More
	for _, d := range days {
		r.Days = append(r.Days, *d)
	}
	slices.SortFunc(r.Days, func(a, b Day) int { return a.Date.Compare(b.Date) })
	if truth != nil {
		for _, k := range score.Kinds() {
			r.Kinds = append(r.Kinds, k)
		}
		slices.SortFunc(r.Kinds, func(a, b *Kind) int { return strings.Compare(a.Name, b.Name) })
	}
	if whatIf {
		r.What = append(r.What, WhatIf{Label: r.tr("現在の設定", "as set"), Current: true, Summary: *sum})
		if err := f.variants(ctx, s, truth, r, progress); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Report) tr(ja, en string) string {
	if r.Lang == tsujiban.English {
		return en
	}
	return ja
}

// variants replays under other limits.
func (f *Files) variants(ctx context.Context, s *Setup, truth map[string]string, r *Report, progress func(string, int64, int64)) error {
	caution := s.Caution
	if caution == 0 {
		caution = fraud.DefaultCaution
	}
	for _, v := range []struct {
		label  string
		change func(*Setup)
	}{
		{r.tr("早めに止める（証拠 -8 デシバン）", "stop earlier (8 decibans less)"), func(s *Setup) { s.Caution = caution - 8 }},
		{r.tr("慎重に止める（証拠 +8 デシバン）", "stop later (8 decibans more)"), func(s *Setup) { s.Caution = caution + 8 }},
		{r.tr("1日の上限 5,000円を加える", "with a cap of ¥5,000 a day"), func(s *Setup) { s.Limits.CapDay = 5_000 * tsujiban.Unit }},
		{r.tr("1日の上限 20,000円を加える", "with a cap of ¥20,000 a day"), func(s *Setup) { s.Limits.CapDay = 20_000 * tsujiban.Unit }},
		{r.tr("1日の上限 20,000円だけ（証拠は見ない）", "a cap of ¥20,000 a day alone, no evidence"), func(s *Setup) { s.Limits.CapDay = 20_000 * tsujiban.Unit; s.NoEvidence = true }},
	} {
		other := *s
		v.change(&other)
		sum, err := f.pass(ctx, &other, truth, func(read, size int64) { progress(v.label, read, size) }, hooks{})
		if err != nil {
			return err
		}
		r.What = append(r.What, WhatIf{Label: v.label, Summary: *sum})
	}
	return nil
}

// hooks are told of what comes up in a pass; each may be nil.
type hooks struct {
	restrict func(*tsujiban.Restriction)
	reject   func(*trace.RowError)
	result   func(*replay.Result, string)
}

// pass replays the calls once.
func (f *Files) pass(ctx context.Context, s *Setup, truth map[string]string, progress func(read, size int64), h hooks) (_ *Summary, err error) {
	src, done, err := f.OpenCalls(progress)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	sum, score := &Summary{}, NewScore(time.Time{})
	o := replay.Options{
		OnRestriction: func(r *tsujiban.Restriction) {
			sum.Restrict(r)
			if h.restrict != nil {
				h.restrict(r)
			}
		},
		OnReject: func(e *trace.RowError) error {
			if h.reject != nil {
				h.reject(e)
			}
			return nil
		},
	}
	err = s.Play(ctx, src, o, func(r *replay.Result) error {
		label := ""
		if truth != nil {
			label = truth[r.Call.ID]
			score.Add(r, label)
		}
		sum.Add(r)
		if h.result != nil {
			h.result(r, label)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Calls, err)
	}
	if truth != nil {
		sum.Judge(score)
	}
	return sum, nil
}

// Judge puts what the truth says into the summary.
func (s *Summary) Judge(score *Score) {
	a, b := score.Groups()
	s.Truth = &TruthSummary{
		Exposed: Yen(a.Exposed + b.Exposed), Lost: Yen(a.Lost + b.Lost), HonestCalls: a.Calls + b.Calls, HonestHurt: a.Denied + b.Denied,
		Customers: a.Customers + b.Customers, CustomersHurt: a.Hurt + b.Hurt,
	}
}

// Count puts the rows that could not be used into the summary.
func (s *Summary) Count(r *trace.Rejects) {
	s.RefusedTotal, s.Refused = r.Total, map[string]int{}
	for f, n := range r.ByFault {
		if n > 0 {
			s.Refused[trace.Fault(f).String()] = n
		}
	}
}
