package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"tsujiban/bench/loadgen"
)

// table prints the report for people.
func table(out io.Writer, r loadgen.Report) error {
	var text strings.Builder
	row := func(name, format string, values ...any) {
		fmt.Fprintf(&text, "%s\t"+format+"\n", append([]any{name}, values...)...)
	}
	row("calls", "%d in %.2f s, %.0f/s", r.Calls, r.Seconds, r.PerSecond)
	row("failed", "%d", r.Failed)
	counts(row, "failed", r.Failures)
	if p := r.Proxy; p != nil {
		row("proxy's CPU", "%.1f µs per call (user %.1f, system %.1f), %.0f %% of a core", p.CPU, p.User, p.System, 100*p.Busy)
		row("proxy's memory", "%.1f MB in %d processes", float64(p.Memory)/1e6, p.Processes)
	}
	row("order", "BYE before ACK %d, 180 after 200 %d, 180 lost %d", r.Order.ByeBeforeAck, r.Order.RingAfterAnswer, r.Order.RingLost)
	row("repeated", "sent again %d, received again %d", r.Repeated.Sent, r.Repeated.Received)
	counts(row, "fault", r.Faults)
	delay(row, "INVITE to the carrier", r.Setup)
	delay(row, "INVITE to final answer", r.Answer)
	row("under way at most", "%d", r.MaxOutstanding)
	if r.NoTrying > 0 {
		row("answered without a 100", "%d", r.NoTrying)
	}
	if r.Late > 0 {
		row("started late", "%d times", r.Late)
	}
	row("generator's CPU", "%.1f µs per call, enough for %.0f calls/s on one core", r.OwnCPU, 1e6/max(r.OwnCPU, 0.001))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(w, text.String()); err != nil {
		return err
	}
	return w.Flush()
}

func counts(row func(string, string, ...any), kind string, of map[string]int) {
	for _, why := range slices.Sorted(maps.Keys(of)) {
		row("  "+kind, "%d × %s", of[why], why)
	}
}

func delay(row func(string, string, ...any), name string, d loadgen.Delay) {
	if d.Count > 0 {
		row(name, "median %.0f µs, p90 %.0f, p99 %.0f, max %.0f", d.Median, d.P90, d.P99, d.Max)
	}
}
