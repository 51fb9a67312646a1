// Command run is the benchmark: the guard against Kamailio, on this machine.
//
//	go run ./bench/run                       everything, about 17 minutes
//	go run ./bench/run -quick                a short version, under two minutes
//	go run ./bench/run -only saturation,refused -pairs 5
//
// It builds the guard and the load generator, starts one subject at a time on
// one core and the load on another, alternates between the subjects, and prints
// one table. It ends what it started, and nothing else. It exits with 2 when a
// requirement is not met.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// errUnmet is returned when a requirement is not met.
var errUnmet = errors.New("a requirement is not met")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		if errors.Is(err, errUnmet) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

type options struct {
	quick, asJSON            bool
	markdown, dir, bin, only string
	subjects                 string
	pairs, nice              int
}

func flags(args []string, errs io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(errs)
	f.BoolVar(&o.quick, "quick", false, "a short version, under two minutes")
	f.BoolVar(&o.asJSON, "json", false, "print JSON, with every single measurement")
	f.StringVar(&o.markdown, "markdown", "", "write the table for docs/benchmarks.md to this `file` too")
	f.StringVar(&o.dir, "dir", "/var/tmp", "`folder` for the temporary files and the guard's journal: on a disk")
	f.StringVar(&o.bin, "tsujiban", "", "the guard's `program` (default: build it)")
	f.StringVar(&o.only, "only", "", "`scenarios` to run, comma-separated: saturation, refused, sipp-1000, sipp-3500, sipp-4000, order-1, order-2, inside")
	f.StringVar(&o.subjects, "subjects", "tsujiban,kamailio", "`who` is measured")
	f.IntVar(&o.pairs, "pairs", 0, "how often each subject is measured in a scenario (default 3, quick 1)")
	f.IntVar(&o.nice, "nice", 0, "priority of subject and load: -10 on a machine that is not quiet (needs root)")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.nice < -20 || o.nice > 19 {
		return nil, fmt.Errorf("-nice %d: want -20 to 19", o.nice)
	}
	if o.pairs < 0 || o.pairs > 20 {
		return nil, fmt.Errorf("-pairs %d: want 1 to 20", o.pairs)
	}
	return o, nil
}

func run(ctx context.Context, args []string, out, errs io.Writer) (err error) {
	o, err := flags(args, errs)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if runtime.NumCPU() < 2 {
		return errors.New("two cores are needed: one for the subject, one for the load")
	}
	began := time.Now()
	dir, err := os.MkdirTemp(o.dir, "tsujiban-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err := prepare(ctx, o, dir, errs)
	if err != nil {
		return err
	}
	r := &report{Quick: o.quick, Warm: b.warm, Samples: b.samples}
	if r.Machine, err = describe(ctx, dir, began); err != nil {
		return err
	}
	if err := b.run(ctx); err != nil {
		return err
	}
	r.Rows = rows(b.samples, guardName, kamailioName)
	if b.only("inside") && b.measures(guardName) {
		inside, err := b.inside(ctx)
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, inside...)
	}
	r.finish(b)
	if err := r.write(out, o.asJSON, o.markdown); err != nil {
		return err
	}
	return r.unmet()
}

// prepare builds what is run.
func prepare(ctx context.Context, o *options, dir string, progress io.Writer) (*bencher, error) {
	b := &bencher{lengths: full, dir: dir, proxyCore: "0", loadCore: "1", nice: o.nice, progress: progress, samples: map[string]map[string][]sample{}}
	if o.quick {
		b.lengths = quick
	}
	if o.pairs > 0 {
		b.pairs = o.pairs
	}
	chosen := strings.FieldsFunc(o.only, func(r rune) bool { return r == ',' })
	b.only = func(key string) bool { return len(chosen) == 0 || slices.Contains(chosen, key) }
	b.loadBin = filepath.Join(dir, "load")
	if _, err := output(ctx, 5*time.Minute, "go", "build", "-o", b.loadBin, "tsujiban/bench/load"); err != nil {
		return nil, err
	}
	for name := range strings.SplitSeq(o.subjects, ",") {
		s, err := b.subject(ctx, name, o.bin)
		if err != nil {
			return nil, err
		}
		b.subjects = append(b.subjects, s)
	}
	return b, nil
}

// subject makes a subject by its name.
func (b *bencher) subject(ctx context.Context, name, bin string) (*subject, error) {
	switch name {
	case "kamailio":
		return kamailio(ctx)
	case "tsujiban":
		if bin == "" {
			bin = filepath.Join(b.dir, "tsujiban")
			if _, err := output(ctx, 10*time.Minute, "go", "build", "-trimpath", "-o", bin, "tsujiban/cmd/tsujiban"); err != nil {
				return nil, err
			}
		}
		bin, err := filepath.Abs(bin)
		return guard(bin), err
	}
	return nil, fmt.Errorf("subject %q: want tsujiban or kamailio", name)
}

func (b *bencher) measures(name string) bool {
	return slices.ContainsFunc(b.subjects, func(s *subject) bool { return s.name == name })
}

// finish notes who was measured and how much others disturbed.
func (r *report) finish(b *bencher) {
	for _, s := range b.subjects {
		r.Machine.Subjects = append(r.Machine.Subjects, strings.TrimSpace(s.name+" "+s.version))
	}
	for _, by := range b.samples {
		for _, all := range by {
			for _, s := range all {
				r.Machine.Disturbed = max(r.Machine.Disturbed, s.Others)
			}
		}
	}
}

// unmet names the requirements that are not met.
func (r *report) unmet() error {
	var names []string
	for _, row := range r.Rows {
		if row.Met != nil && !*row.Met {
			names = append(names, row.Figure)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", errUnmet, strings.Join(names, "; "))
}
