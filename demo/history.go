package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/guard"
	"tsujiban/guard/policy"
	"tsujiban/journal"
	"tsujiban/numbering"
	"tsujiban/rating"
)

const historyDays = 28

// moment is one thing that happens in the four weeks before the demo.
type moment struct {
	at   time.Time
	kind tsujiban.EventKind
	call int
}

type past struct {
	firm    *firm
	pbx     netip.Addr
	dialled string
	id      tsujiban.CallID
	denied  bool
}

// writeHistory lets a guard live through four weeks of the firms' usual calls and keeps them in
// the journal, as a program that had run since then would have. The firms' day is around the
// hour at which the demo is started.
func writeHistory(cfg *config.Config, seed *config.Seed, addrs map[tsujiban.CustomerID]netip.Addr, list []firm, now time.Time) (calls int, err error) {
	pol, err := demoPolicy(cfg, seed)
	if err != nil {
		return 0, err
	}
	j, err := journal.Open(journal.Options{Dir: cfg.JournalDir(), SegmentBytes: cfg.Journal.Segment, MaxPending: 256 << 20})
	if err != nil {
		return 0, err
	}
	g := guard.New(guard.Options{Policy: pol})
	r := rand.New(rand.NewPCG(2015, 3))
	all, script := drawHistory(r, addrs, list, now)
	var last tsujiban.CallID
	for _, m := range script {
		p := &all[m.call]
		ev := tsujiban.Event{Kind: m.kind, At: m.at}
		switch m.kind {
		case tsujiban.EventAttempt:
			last = tsujiban.NextCallID(last, m.at)
			p.id = last
			ev.Attempt = tsujiban.Attempt{
				Call: p.id, At: m.at, Customer: p.firm.id, Trunk: trunkOf(p.firm), Source: netip.AddrPortFrom(p.pbx, 5060),
				Dialled: []byte(p.dialled), Caller: []byte(p.firm.number), UserAgent: []byte(p.firm.agent),
			}
			g.Decide(&ev.Attempt, &ev.Verdict)
			p.denied = ev.Verdict.Action == tsujiban.Deny
		case tsujiban.EventAnswered:
			if p.denied {
				continue
			}
			g.Answered(p.id, m.at)
		case tsujiban.EventEnded:
			if p.denied {
				continue
			}
			ev.Outcome = tsujiban.Outcome{Customer: p.firm.id, Status: 200, By: tsujiban.PartyCaller, Carrier: carrierID}
			g.Ended(p.id, m.at, &ev.Outcome)
		}
		ev.Call = p.id
		if _, err := j.Append(&ev); err != nil {
			return 0, fmt.Errorf("history: %w", err)
		}
	}
	return len(all), j.Close()
}

// drawHistory draws the calls and puts what happens in order.
func drawHistory(r *rand.Rand, addrs map[tsujiban.CustomerID]netip.Addr, list []firm, now time.Time) ([]past, []moment) {
	var all []past
	var script []moment
	for day := historyDays; day >= 1; day-- {
		middle := now.AddDate(0, 0, -day)
		for i := range list {
			f := &list[i]
			for range int(f.perDay * (0.7 + 0.6*r.Float64())) {
				start := middle.Add(time.Duration((r.Float64() - 0.5) * float64(8*time.Hour)))
				answered := start.Add(time.Duration(2+r.IntN(10)) * time.Second)
				ended := answered.Add(time.Duration(5+r.ExpFloat64()*90) * time.Second)
				n := len(all)
				all = append(all, past{firm: f, pbx: addrs[f.id], dialled: f.dial(r)})
				script = append(script, moment{start, tsujiban.EventAttempt, n}, moment{answered, tsujiban.EventAnswered, n}, moment{ended, tsujiban.EventEnded, n})
			}
		}
	}
	slices.SortStableFunc(script, func(a, b moment) int { return a.at.Compare(b.at) })
	return all, script
}

// demoPolicy compiles the policy as the program will.
func demoPolicy(cfg *config.Config, seed *config.Seed) (*policy.Policy, error) {
	deck, err := readRates(cfg.Guard.Rates)
	if err != nil {
		return nil, err
	}
	plan, err := numbering.New(cfg.Node.Country)
	if err != nil {
		return nil, err
	}
	return policy.Compile(policy.Source{
		Customers: seed.Customers, Defaults: cfg.Guard.Defaults, Rates: deck, Plan: plan,
		Location: cfg.Node.TimeZone, Fraud: policy.FraudEnforce,
	})
}

func readRates(path string) (*rating.Deck, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	return rating.Parse(f)
}

func trunkOf(f *firm) tsujiban.TrunkID { return tsujiban.TrunkID(f.id + "-pbx") }

// waitFor is ctx-aware sleep.
func waitFor(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// countAttempts counts the attempts since an instant that stand in a journal.
func countAttempts(ctx context.Context, dir string, since time.Time) (n int, err error) {
	rd, err := journal.OpenReader(dir, 1)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rd.Close()) }()
	for {
		ev, err := rd.Next(ctx)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if ev.Kind == tsujiban.EventAttempt && !ev.At.Before(since) {
			n++
		}
	}
}
