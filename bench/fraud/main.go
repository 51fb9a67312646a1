// Command fraud measures how much money thieves get away with, and how many honest customers are hurt, over many simulated worlds: the
// guard against counters with fixed limits, in one run.
//
// The seeds by default are those of the test; -tune takes others, on which the model may be tuned.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"

	"tsujiban"
	"tsujiban/backtest"
	"tsujiban/simulate"
)

// The seeds of test and tuning are apart, for ever.
const (
	firstTest = 4_000_001
	firstTune = 1
	lastTune  = 1_000_000
)

type options struct {
	seeds, customers, curve, workers int
	tune, detail, alone              bool
	caution                          float64
	hints, markdown                  string
	first                            uint64
}

func main() {
	var o options
	flag.IntVar(&o.seeds, "seeds", 24, "how many worlds")
	flag.IntVar(&o.customers, "customers", 500, "customers in each")
	flag.IntVar(&o.curve, "curve", 4, "over how many of the worlds the curves are drawn")
	flag.IntVar(&o.workers, "workers", 2, "worlds at a time")
	flag.BoolVar(&o.tune, "tune", false, "take the seeds for tuning instead of those of the test")
	flag.Uint64Var(&o.first, "first", firstTune, "the first of the seeds for tuning: to confirm on others what was found on these")
	flag.BoolVar(&o.detail, "detail", false, "list what was hurt")
	flag.BoolVar(&o.alone, "alone", false, "measure the guard alone")
	flag.Float64Var(&o.caution, "caution", 0, "caution of the guard in decibans; 0 is the default")
	flag.StringVar(&o.hints, "hints", "packaging/hints.txt", "`file` of hints")
	flag.StringVar(&o.markdown, "markdown", "", "write the tables to this `file`, too")
	flag.Parse()
	if o.tune && o.first+uint64(max(o.seeds, 0)) > lastTune {
		fmt.Fprintln(os.Stderr, "bench/fraud: the seeds for tuning end at", lastTune)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, &o); err != nil {
		fmt.Fprintln(os.Stderr, "bench/fraud:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options) error {
	file, err := os.Open(o.hints)
	if err != nil {
		return err
	}
	hints, err := backtest.ReadHints(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	detectors := []detector{peer("counters", 1), evidence("tsujiban", tsujiban.Decibans(o.caution), true), evidence("without hints", tsujiban.Decibans(o.caution), false)}
	if o.alone {
		detectors = detectors[1:2]
	}
	figures := make([]*figures, len(detectors))
	for i := range detectors {
		figures[i] = newFigures(detectors[i].name)
	}
	curves := newCurves(o)
	if err := o.each(ctx, hints, func(n int, t *town, add func(func())) error {
		for i := range detectors {
			r, err := t.play(ctx, detectors[i])
			if err != nil {
				return err
			}
			add(func() { figures[i].add(r) })
		}
		if n >= o.curve {
			return nil
		}
		return curves.play(ctx, t, add)
	}); err != nil {
		return err
	}
	var b strings.Builder
	report(&b, o, figures, curves)
	fmt.Print(b.String())
	if o.detail {
		detail(os.Stdout, figures[min(1, len(figures)-1)])
	}
	if o.markdown != "" {
		return os.WriteFile(o.markdown, []byte(b.String()), 0o644)
	}
	return nil
}

// each makes the worlds, some at a time, and gives each to f. What f adds is done one after the other.
func (o *options) each(ctx context.Context, hints []string, f func(n int, t *town, add func(func())) error) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	next := make(chan int)
	first := uint64(firstTest)
	if o.tune {
		first = o.first
	}
	done := 0
	for range o.workers {
		wg.Go(func() {
			for n := range next {
				t, err := newTown(simulate.Options{Seed: first + uint64(n), Customers: o.customers}, hints)
				if err == nil {
					err = f(n, t, func(do func()) { mu.Lock(); defer mu.Unlock(); do() })
				}
				mu.Lock()
				failed = errors.Join(failed, err)
				done++
				fmt.Fprintf(os.Stderr, "\r%d of %d worlds ", done, o.seeds)
				mu.Unlock()
			}
		})
	}
	for n := range o.seeds {
		if ctx.Err() != nil {
			break
		}
		next <- n
	}
	close(next)
	wg.Wait()
	fmt.Fprintln(os.Stderr)
	return errors.Join(failed, ctx.Err())
}
