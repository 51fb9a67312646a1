// Command load makes calls through a SIP proxy, as PBX and carrier at once, and
// prints how many it carried, at what cost and in what order.
//
//	go run ./bench/load -to 127.0.0.1:5060 -listen 127.0.0.1:5070 -calls 200000 -pid "$(cat proxy.pid)"
//
// Without -to there is no proxy: PBX and carrier talk directly, which shows what
// the generator itself can do.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	"tsujiban/bench/loadgen"
	"tsujiban/bench/procstat"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	cfg             loadgen.Config
	to, listen, pbx string
	dial, from      string
	refused         string
	pid, cpu        int
	asJSON          bool
}

func flags(args []string) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("load", flag.ContinueOnError)
	f.StringVar(&o.to, "to", "", "the proxy's `address`; empty: none, PBX and carrier talk directly")
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "the carrier's `address`: where the proxy sends calls to")
	f.StringVar(&o.pbx, "pbx", "", "the PBX's `address`: where calls come from (default: the carrier's host, a free port)")
	f.IntVar(&o.cfg.Calls, "calls", 0, "calls to count (default 100000, or -for)")
	f.IntVar(&o.cfg.Warmup, "warmup", 0, "calls before those, not counted")
	f.DurationVar(&o.cfg.For, "for", 0, "count the calls of this span instead of -calls")
	f.DurationVar(&o.cfg.WarmFor, "warm-for", 0, "after this span, which is not counted")
	f.IntVar(&o.cfg.Outstanding, "outstanding", 0, "calls under way at once (default 100; with -rate: at most 20000)")
	f.Float64Var(&o.cfg.Rate, "rate", 0, "start so many `calls per second` (default: a new call when one ends)")
	f.DurationVar(&o.cfg.Talk, "talk", 0, "from ACK to BYE")
	f.DurationVar(&o.cfg.Limit, "limit", 0, "end after this, done or not (default 2m)")
	f.StringVar(&o.dial, "dial", "03-3xxx-xxxx", "`numbers` to dial, comma-separated; x is any digit")
	f.StringVar(&o.from, "from", "03-1234-5678", "`numbers` that call, comma-separated; x is any digit")
	f.StringVar(&o.refused, "refused", "", "final `statuses` (403,603) that every call is to be refused with")
	f.IntVar(&o.pid, "pid", 0, "the proxy's process: its CPU per call and memory are shown, its descendants' included")
	f.IntVar(&o.cpu, "cpu", -1, "run on this `core` (from 0) alone")
	f.BoolVar(&o.asJSON, "json", false, "print JSON")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	return o, o.fill()
}

// fill reads those flags that are more than a number.
func (o *options) fill() (err error) {
	for _, a := range []struct {
		name, text string
		to         *netip.AddrPort
	}{{"to", o.to, &o.cfg.Proxy}, {"listen", o.listen, &o.cfg.Carrier}, {"pbx", o.pbx, &o.cfg.PBX}} {
		if a.text == "" {
			continue
		}
		if *a.to, err = netip.ParseAddrPort(a.text); err != nil {
			return fmt.Errorf("-%s: %w", a.name, err)
		}
	}
	if o.cfg.Calls == 0 && o.cfg.For == 0 {
		o.cfg.Calls = 100000
	}
	if o.cfg.Dial, err = loadgen.ParsePatterns(o.dial); err != nil {
		return fmt.Errorf("-dial: %w", err)
	}
	if o.cfg.From, err = loadgen.ParsePatterns(o.from); err != nil {
		return fmt.Errorf("-from: %w", err)
	}
	for text := range strings.FieldsFuncSeq(o.refused, func(r rune) bool { return r == ',' }) {
		status, err := strconv.Atoi(text)
		if err != nil || status < 300 || status > 699 {
			return fmt.Errorf("-refused: %q is no status from 300 to 699", text)
		}
		o.cfg.Refused = append(o.cfg.Refused, status)
	}
	return nil
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := flags(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if o.cpu >= 0 {
		if err := procstat.Pin(o.cpu); err != nil {
			return err
		}
	}
	debug.SetGCPercent(800) // there is next to nothing to collect
	m := meter{pid: o.pid}
	o.cfg.Mark = m.mark
	g, err := loadgen.New(o.cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	if !o.asJSON {
		if _, err := fmt.Fprintf(out, "PBX %v, proxy %v, carrier %v\n", g.PBX(), g.Proxy(), g.Carrier()); err != nil {
			return err
		}
	}
	r, err := g.Run(ctx)
	if err != nil {
		return err
	}
	rep := loadgen.Report{Result: r}
	if rep.Proxy, err = m.usage(r); err != nil {
		return err
	}
	if o.asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(rep)
	}
	return table(out, rep)
}

// meter reads the proxy's CPU when counting begins and ends.
type meter struct {
	pid    int
	marks  [2]procstat.Usage
	memory int64
	err    error
}

func (m *meter) mark(ending bool) {
	if m.pid == 0 || m.err != nil {
		return
	}
	i := 0
	if ending {
		i = 1
	}
	m.marks[i], m.err = procstat.Read(m.pid)
	if ending && m.err == nil {
		m.memory, m.err = procstat.Memory(m.pid)
	}
}

func (m *meter) usage(r loadgen.Result) (*loadgen.Usage, error) {
	calls := r.Calls + r.Failed
	if m.err != nil || m.pid == 0 || calls == 0 || r.Seconds == 0 {
		return nil, m.err
	}
	used := m.marks[1].Sub(m.marks[0])
	per := func(us int64) float64 { return float64(us) / float64(calls) }
	return &loadgen.Usage{CPU: per(used.CPU().Microseconds()), User: per(used.User.Microseconds()), System: per(used.System.Microseconds()),
		Busy: used.CPU().Seconds() / r.Seconds, Memory: m.memory, Processes: used.Processes}, nil
}
