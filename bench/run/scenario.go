package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"time"

	"tsujiban/bench/loadgen"
)

// sample is one measurement of one subject. Times are in microseconds.
type sample struct {
	CPU       float64       `json:"cpu_us"` // user and system, per call
	User      float64       `json:"user_us"`
	System    float64       `json:"system_us"`
	Busy      float64       `json:"busy"`       // of one core, 0 to 1
	PerSecond float64       `json:"per_second"` // calls
	Calls     int           `json:"calls"`
	Failed    int           `json:"failed"`
	Repeated  int           `json:"repeated"` // messages sent again, by anybody
	Disorder  int           `json:"disorder"` // of [loadgen.Order], and what else should not be on the wire
	Memory    float64       `json:"memory"`   // bytes at the end
	Setup     loadgen.Delay `json:"setup"`    // INVITE from PBX to carrier, through the subject
	Direct    loadgen.Delay `json:"direct"`   // and without it
	Others    float64       `json:"others"`   // share of the machine that other programs took
	Remarks   []string      `json:"remarks,omitempty"`
}

// scenario is one way to load a subject.
type scenario struct {
	key     string
	pairs   int
	cores   string // the subject's
	peer    bool   // whether the peer is measured too
	measure func(context.Context, *place, int) (sample, error)
}

// lengths are how long everything takes.
type lengths struct {
	pairs                    int
	warm, span               time.Duration // saturation
	refusedWarm, refusedSpan time.Duration
	sipp                     time.Duration
	order                    int // calls
	direct                   int // calls
	quiet                    time.Duration
	again                    int
	benchtime                string
}

// full: the warm-up is longer than the 32 s for which the RFC has a proxy keep
// finished transactions, so that what is counted is the steady state.
var full = lengths{pairs: 3, warm: 35 * time.Second, span: 10 * time.Second, refusedWarm: 2 * time.Second, refusedSpan: 6 * time.Second,
	sipp: 20 * time.Second, order: 50000, direct: 5000, quiet: 30 * time.Second, again: 2, benchtime: "1s"}

var quick = lengths{pairs: 1, warm: 5 * time.Second, span: 4 * time.Second, refusedWarm: time.Second, refusedSpan: 2 * time.Second,
	sipp: 3 * time.Second, order: 3000, direct: 1000, quiet: time.Second, again: 0, benchtime: "200ms"}

// bencher is a run of the benchmark.
type bencher struct {
	lengths
	dir       string // temporary, on a disk
	loadBin   string
	loadCore  string
	nice      int
	proxyCore string
	subjects  []*subject
	only      func(key string) bool
	progress  io.Writer
	samples   map[string]map[string][]sample // by scenario and subject
}

// scenarios are all of them, in the order in which they run.
func (b *bencher) scenarios() []scenario {
	one, two := b.proxyCore, b.proxyCore+","+b.loadCore
	viaSIPp := func(rate int) func(context.Context, *place, int) (sample, error) {
		return func(ctx context.Context, at *place, pid int) (sample, error) {
			return b.sipp(ctx, at, pid, rate, b.lengths.sipp)
		}
	}
	return []scenario{
		{"saturation", b.pairs, one, true, b.saturate},
		{"refused", b.pairs, one, true, b.refuse},
		{"sipp-1000", b.pairs, one, true, viaSIPp(1000)},
		{"sipp-3500", b.pairs, one, true, viaSIPp(3500)},
		{"sipp-4000", b.pairs, one, true, viaSIPp(4000)},
		{"order-1", 1, one, true, b.order},
		{"order-2", 1, two, false, b.order},
	}
}

// run measures everything: in each scenario the subjects take turns.
func (b *bencher) run(ctx context.Context) error {
	for _, sc := range b.scenarios() {
		if !b.only(sc.key) {
			continue
		}
		for pair := range sc.pairs {
			for i, sub := range b.subjects {
				if i > 0 && !sc.peer {
					continue
				}
				s, err := b.quietest(ctx, sc, sub)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", sc.key, sub.name, err)
				}
				b.keep(sc.key, sub.name, s)
				if err := b.tell(sc, pair, sub, s); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (b *bencher) keep(key, name string, s sample) {
	if b.samples[key] == nil {
		b.samples[key] = map[string][]sample{}
	}
	b.samples[key][name] = append(b.samples[key][name], s)
}

func (b *bencher) tell(sc scenario, pair int, sub *subject, s sample) error {
	_, err := fmt.Fprintf(b.progress, "%s %d/%d %s: %.1f µs of CPU per call (user %.1f), %.0f calls/s, %.0f %% of a core, failed %d, repeated %d, out of order %d, %.0f MB, others took %.0f %% %v\n",
		sc.key, pair+1, sc.pairs, sub.name, s.CPU, s.User, s.PerSecond, 100*s.Busy, s.Failed, s.Repeated, s.Disorder, s.Memory/1e6, 100*s.Others, s.Remarks)
	return err
}

// quietest measures; when other programs took more than a little of the machine
// it measures again, at most b.again times, and returns the quietest.
func (b *bencher) quietest(ctx context.Context, sc scenario, sub *subject) (best sample, err error) {
	const tolerable = 0.05
	for i := 0; i <= b.again; i++ {
		s, err := b.once(ctx, sc, sub)
		if err != nil {
			return sample{}, err
		}
		if i == 0 || s.Others < best.Others {
			best = s
		}
		if best.Others <= tolerable {
			break
		}
	}
	return best, nil
}

// once starts the subject, measures it and stops it.
func (b *bencher) once(ctx context.Context, sc scenario, sub *subject) (s sample, err error) {
	at, err := newPlace(b.dir, sc.cores, b.nice)
	if err != nil {
		return sample{}, err
	}
	if err := waitForQuiet(ctx, b.quiet); err != nil {
		return sample{}, err
	}
	p, err := sub.start(ctx, at)
	if err != nil {
		return sample{}, err
	}
	before, err := read()
	if err == nil {
		s, err = sc.measure(ctx, at, p.pid())
	}
	if err == nil {
		s.Others, err = before.others()
	}
	if p.wait(0) {
		return sample{}, errors.Join(p.died(), err)
	}
	stopped := p.stop()
	if errors.Is(stopped, errSlowStop) {
		s.Remarks = append(s.Remarks, stopped.Error())
		stopped = nil
	}
	if err := errors.Join(err, stopped); err != nil {
		return sample{}, err
	}
	return s, os.RemoveAll(at.dir)
}

// load runs the load generator on its core.
func (b *bencher) load(ctx context.Context, at *place, pid int, limit time.Duration, args ...string) (loadgen.Report, error) {
	argv := append([]string{b.loadBin, "-json", "-cpu", b.loadCore, "-pbx", at.pbx.String(), "-listen", at.carrier.String(), "-from", caller,
		"-limit", limit.String()}, args...)
	if pid != 0 {
		argv = append(argv, "-to", at.proxy.String(), "-pid", strconv.Itoa(pid))
	}
	var r loadgen.Report
	out, err := at.output(ctx, limit+patience, argv...)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(out, &r); err != nil {
		return r, fmt.Errorf("what the load generator printed: %w", err)
	}
	return r, nil
}

// sampleOf takes from a report what is compared.
func sampleOf(r loadgen.Report) sample {
	s := sample{PerSecond: r.PerSecond, Calls: r.Calls, Failed: r.Failed, Repeated: r.Repeated.Sum(), Disorder: r.Order.Sum(), Setup: r.Setup}
	if p := r.Proxy; p != nil {
		s.CPU, s.User, s.System, s.Busy, s.Memory = p.CPU, p.User, p.System, p.Busy, float64(p.Memory)
	}
	for _, counts := range []map[string]int{r.Failures, r.Faults} {
		for _, why := range slices.Sorted(maps.Keys(counts)) {
			s.Remarks = append(s.Remarks, fmt.Sprintf("%d × %s", counts[why], why))
		}
	}
	for _, n := range r.Faults {
		s.Disorder += n
	}
	return s
}

// saturate: a closed loop of 100 calls of no length.
func (b *bencher) saturate(ctx context.Context, at *place, pid int) (sample, error) {
	r, err := b.load(ctx, at, pid, b.warm+b.span+40*time.Second, "-outstanding", "100", "-warm-for", b.warm.String(), "-for", b.span.String())
	return sampleOf(r), err
}

// refuse: the same with calls that are refused.
func (b *bencher) refuse(ctx context.Context, at *place, pid int) (sample, error) {
	r, err := b.load(ctx, at, pid, b.refusedWarm+b.refusedSpan+40*time.Second, "-outstanding", "100", "-dial", barred, "-refused", "403,603",
		"-warm-for", b.refusedWarm.String(), "-for", b.refusedSpan.String())
	return sampleOf(r), err
}

// order: calls of no length, 1,000 a second, and before them some without the
// subject, for the delay that is not its own.
func (b *bencher) order(ctx context.Context, at *place, pid int) (sample, error) {
	const rate = 1000
	direct, err := b.load(ctx, at, 0, time.Minute, "-rate", strconv.Itoa(rate), "-calls", strconv.Itoa(b.direct))
	if err != nil {
		return sample{}, err
	}
	span := time.Duration(b.lengths.order/rate) * time.Second
	r, err := b.load(ctx, at, pid, span+40*time.Second, "-rate", strconv.Itoa(rate), "-calls", strconv.Itoa(b.lengths.order))
	s := sampleOf(r)
	s.Direct = direct.Setup
	return s, err
}
