package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/backtest"
	"tsujiban/guard/fraud"
)

// figures are what one detector reached, seed by seed.
type figures struct {
	name                      string
	lost, calls, clean, hurt  ratio // customers with history: money; honest calls; those of customers who were not hijacked; honest customers
	newLost, newCalls, newOut ratio // newcomers
	kinds                     map[string]*backtest.Kind
	hurts                     []hurt
	stops                     []stop
	thefts                    []*theft
	played                    int
	took                      time.Duration
}

func newFigures(name string) *figures {
	return &figures{name: name, kinds: map[string]*backtest.Kind{}}
}

func (f *figures) add(o *outcome) {
	a, b := o.score.Groups()
	inYen := func(m tsujiban.Money) float64 { return float64(m) / float64(tsujiban.Unit) }
	f.lost.add(inYen(a.Lost), inYen(a.Exposed))
	f.calls.add(float64(a.Denied), float64(a.Calls))
	f.clean.add(float64(a.CleanHurt), float64(a.CleanCalls))
	f.hurt.add(float64(a.Hurt), float64(a.Customers))
	f.newLost.add(inYen(b.Lost), inYen(b.Exposed))
	f.newCalls.add(float64(b.Denied), float64(b.Calls))
	f.newOut.add(float64(b.Hurt), float64(b.Customers))
	for name, k := range o.score.Kinds() {
		sum := f.kinds[name]
		if sum == nil {
			sum = &backtest.Kind{Name: name}
			f.kinds[name] = sum
		}
		sum.Victims += k.Victims
		sum.Stopped += k.Stopped
		sum.Calls += k.Calls
		sum.Through += k.Through
		sum.Exposed += k.Exposed
		sum.Lost += k.Lost
		sum.CallsToStop = append(sum.CallsToStop, k.CallsToStop...)
		sum.YenToStop = append(sum.YenToStop, k.YenToStop...)
	}
	f.stops = append(f.stops, o.stops...)
	f.hurts = append(f.hurts, o.hurts...)
	f.thefts = slices.AppendSeq(f.thefts, maps.Values(o.thefts))
	f.took += o.took
	f.played += a.Calls + b.Calls
}

func (f *figures) never() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(f.kinds)) {
		if f.kinds[name].Stopped == 0 {
			names = append(names, name)
		}
	}
	return names
}

func percent(r ratio) string {
	lo, hi := r.interval()
	return fmt.Sprintf("%.2f %% (%.2f to %.2f)", 100*r.pooled(), 100*lo, 100*hi)
}

func million(r ratio) string {
	lo, hi := r.interval()
	return fmt.Sprintf("%.0f (%.0f to %.0f)", 1e6*r.pooled(), 1e6*lo, 1e6*hi)
}

// report writes the tables.
func report(w io.Writer, o *options, all []*figures, c *curves) {
	what := "test"
	if o.tune {
		what = "tuning"
	}
	fmt.Fprintf(w, "%d worlds (%s seeds), %d customers each, 14 days of history and 14 measured, every restriction lifted after 24 hours. In brackets: 95 %% confidence, bootstrap over worlds.\n\n", o.seeds, what, o.customers)
	header := []string{"figure"}
	for _, f := range all {
		header = append(header, f.name)
	}
	table(w, append(header, "required"), [][]string{
		row("share of the exposed money that is lost", all, func(f *figures) string { return percent(f.lost) }, "2 %"),
		row("honest calls denied or cut, per million", all, func(f *figures) string { return million(f.calls) }, "150"),
		row("… of customers who were not hijacked", all, func(f *figures) string { return million(f.clean) }, "-"),
		row("honest customers hurt in two weeks", all, func(f *figures) string { return percent(f.hurt) }, "1 %"),
		row("kinds of hijacking never stopped", all, func(f *figures) string {
			return fmt.Sprintf("%d of %d %s", len(f.never()), len(f.kinds), strings.Join(f.never(), ", "))
		}, "none"),
		row("victims never stopped", all, func(f *figures) string {
			n, all := 0, 0
			for _, k := range f.kinds {
				n, all = n+k.Victims-k.Stopped, all+k.Victims
			}
			return fmt.Sprintf("%d of %d", n, all)
		}, "-"),
		row("press's case, calls to the first stop: median, worst", all, func(f *figures) string { return press(f) }, "5, ¥1,500"),
		row("newcomers: money lost", all, func(f *figures) string { return percent(f.newLost) }, "3 %"),
		row("newcomers: honest ones hurt", all, func(f *figures) string { return percent(f.newOut) }, "2 %"),
	})
	fmt.Fprintf(w, "\nBy kind of hijacking, as stopped by the guard:\n\n")
	kindsTable(w, all[min(1, len(all)-1)])
	c.write(w)
}

func press(f *figures) string {
	k := f.kinds["press-pump"]
	if k == nil || len(k.CallsToStop) == 0 {
		return "never"
	}
	return fmt.Sprintf("%d, %d; ¥%s, ¥%s", median(k.CallsToStop), slices.Max(k.CallsToStop), yen(moneyMedian(k.YenToStop)), yen(slices.Max(k.YenToStop)))
}

func yen(m tsujiban.Money) string { return fmt.Sprintf("%.0f", float64(m)/float64(tsujiban.Unit)) }

func moneyMedian(v []tsujiban.Money) tsujiban.Money {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

func row(name string, all []*figures, cell func(*figures) string, required string) []string {
	out := []string{name}
	for _, f := range all {
		out = append(out, cell(f))
	}
	return append(out, required)
}

func kindsTable(w io.Writer, f *figures) {
	total := tsujiban.Money(0)
	for _, k := range f.kinds {
		total += k.Lost
	}
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(f.kinds)) {
		k := f.kinds[name]
		share := func(a, b tsujiban.Money) string { return fmt.Sprintf("%.2f %%", 100*float64(a)/float64(max(b, 1))) }
		rows = append(rows, []string{name, fmt.Sprint(k.Victims), fmt.Sprint(k.Stopped), fmt.Sprint(median(k.CallsToStop)),
			yen(moneyMedian(k.YenToStop)), share(k.Lost, k.Exposed), share(k.Lost, total), yen(k.Exposed)})
	}
	table(w, []string{"kind", "victims", "stopped", "calls to the first stop, median", "yen by then", "lost of exposed", "of all that is lost", "exposed, yen"}, rows)
}

func table(w io.Writer, header []string, rows [][]string) {
	width := make([]int, len(header))
	for _, r := range append([][]string{header}, rows...) {
		for i, c := range r {
			width[i] = max(width[i], len([]rune(c)))
		}
	}
	line := func(r []string) {
		for i, c := range r {
			fmt.Fprintf(w, "| %s%s ", c, strings.Repeat(" ", width[i]-len([]rune(c))))
		}
		fmt.Fprintln(w, "|")
	}
	line(header)
	for i := range header {
		fmt.Fprint(w, "|", strings.Repeat("-", width[i]+2))
	}
	fmt.Fprintln(w, "|")
	for _, r := range rows {
		line(r)
	}
}

// curves are money lost against honest customers hurt, over the threshold.
type curves struct {
	points    []detector
	reached   []*figures
	evaluated int
}

func newCurves(o *options) *curves {
	c := &curves{}
	if o.curve == 0 {
		return c
	}
	base := o.caution
	if base == 0 {
		base = float64(fraud.DefaultCaution)
	}
	for _, d := range []float64{-16, -8, -4, 0, 4, 8, 16, 24} {
		c.points = append(c.points, evidence(fmt.Sprintf("guard, caution %g dB", base+d), tsujiban.Decibans(base+d), true))
	}
	for _, f := range []float64{0.5, 1, 2, 4, 8} {
		c.points = append(c.points, peer(fmt.Sprintf("counters × %g", f), f))
	}
	for _, p := range c.points {
		c.reached = append(c.reached, newFigures(p.name))
	}
	return c
}

func (c *curves) play(ctx context.Context, t *town, add func(func())) error {
	for i, p := range c.points {
		r, err := t.play(ctx, p)
		if err != nil {
			return err
		}
		add(func() { c.reached[i].add(r) })
	}
	add(func() { c.evaluated++ })
	return nil
}

func (c *curves) write(w io.Writer) {
	if c.evaluated == 0 {
		return
	}
	fmt.Fprintf(w, "\nThe whole curve (first %d worlds):\n\n", c.evaluated)
	var rows [][]string
	for _, f := range c.reached {
		rows = append(rows, []string{f.name, fmt.Sprintf("%.2f %%", 100*f.lost.pooled()), fmt.Sprintf("%.2f %%", 100*f.hurt.pooled()), fmt.Sprintf("%.0f", 1e6*f.calls.pooled())})
	}
	table(w, []string{"threshold", "money lost", "honest customers hurt", "honest calls hurt per million"}, rows)
}

// detail lists what was hurt, by customer, for who tunes.
func detail(w io.Writer, f *figures) {
	type who struct {
		seed uint64
		id   tsujiban.CustomerID
	}
	by := map[who][]hurt{}
	for _, h := range f.hurts {
		k := who{h.seed, h.call.Customer}
		by[k] = append(by[k], h)
	}
	var lines []string
	for k, list := range by {
		h := list[0]
		surprises, reasons, abroad := map[string]int{}, map[string]int{}, 0
		for _, x := range list {
			surprises[x.surprise]++
			reasons[x.reason.String()]++
			if x.abroad {
				abroad++
			}
		}
		lines = append(lines, fmt.Sprintf("%-14s %-16s newcomer=%-5v seed %d %s %4d hurt, %d abroad, first %s %s cut=%v %v %v %.9s", h.victim, h.kind, h.newcomer, k.seed, k.id, len(list), abroad,
			h.call.Start.Format("01-02 15:04"), h.reason, h.cut, surprises, reasons, h.call.Callee))
	}
	slices.Sort(lines)
	for _, l := range lines {
		fmt.Fprintln(w, l)
	}
	for _, r := range f.stops {
		c, attack := r.customer, ""
		if c.Attack != nil {
			attack = c.Attack.Kind
		}
		fmt.Fprintf(w, "stop %-14s %-16s newcomer=%-5v seed %d %s %s %5.1f dB %v %s:", attack, c.Kind, c.Newcomer, r.seed, c.ID, r.by.At.In(jst).Format("Mon 01-02 15:04"), float64(r.by.Weight), r.by.Reach, r.by.Campaign.Factor)
		for _, y := range r.by.Why {
			if y.Value != 0 {
				fmt.Fprintf(w, " %s %.1f", y.Kind, float64(y.Value))
			}
		}
		fmt.Fprintln(w)
	}
	slices.SortFunc(f.thefts, func(a, b *theft) int { return cmp.Compare(b.lost, a.lost) })
	for _, t := range f.thefts[:min(40, len(f.thefts))] {
		c := t.customer
		fmt.Fprintf(w, "theft %-14s %-5s of %-16s newcomer=%-5v seed %d %s: lost %7s of %8s\n", c.Attack.Kind, c.Attack.Entry, c.Kind, c.Newcomer, t.seed, c.ID, yen(t.lost), yen(t.exposed))
	}
}
