package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// report is everything that a run showed.
type report struct {
	Machine machine                        `json:"machine"`
	Quick   bool                           `json:"quick"`
	Warm    time.Duration                  `json:"warm"` // at saturation, before counting
	Rows    []row                          `json:"rows"`
	Samples map[string]map[string][]sample `json:"samples"`
}

// number writes a value with as many digits as it deserves.
func number(v float64) string {
	switch {
	case v < 1000 && v == math.Trunc(v):
		return fmt.Sprintf("%.0f", v)
	case v >= 1000:
		text := fmt.Sprintf("%.0f", v)
		for i := len(text) - 3; i > 0; i -= 3 {
			text = text[:i] + "," + text[i:]
		}
		return text
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// cell is a value with its unit and, of several runs, its range.
func cell(v *value, unit string) string {
	if v == nil {
		return "–"
	}
	text := number(v.Value)
	if unit != "" {
		text += " " + unit
	}
	if v.Runs > 1 && v.Min != v.Max {
		text += fmt.Sprintf(" (%s–%s)", number(v.Min), number(v.Max))
	}
	return text
}

// cells are the columns of a row.
func (r row) cells() []string {
	ratio, met := "–", "–"
	if r.Ratio != nil {
		ratio = fmt.Sprintf("%.2f", *r.Ratio)
	}
	if r.Met != nil {
		met = map[bool]string{true: "yes", false: "NO"}[*r.Met]
	}
	return []string{r.Figure, cell(r.Own, r.Unit), cell(r.Peer, r.Unit), ratio, r.Requirement, met}
}

var columns = []string{"Figure", "Tsujiban", "Kamailio", "Ratio", "Required", "Met"}

// lines is the table with columns of equal width, framed or not.
func (r *report) lines(left, between, right string) []string {
	table := [][]string{columns}
	for _, row := range r.Rows {
		table = append(table, row.cells())
	}
	width := make([]int, len(columns))
	for _, cells := range table {
		for i, c := range cells {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	var out []string
	for _, cells := range table {
		padded := make([]string, len(cells))
		for i, c := range cells {
			padded[i] = c + strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
		}
		out = append(out, strings.TrimSpace(left+strings.Join(padded, between)+right))
		if len(out) == 1 {
			rule := make([]string, len(width))
			for i, w := range width {
				rule[i] = strings.Repeat("-", w)
			}
			out = append(out, strings.TrimSpace(left+strings.Join(rule, between)+right))
		}
	}
	return out
}

// where names the machine and the versions.
func (r *report) where() []string {
	m := r.Machine
	lines := []string{
		fmt.Sprintf("%s, %d cores, %.0f GiB; %s; %s", m.CPU, m.Cores, float64(m.Memory)/(1<<30), m.Kernel, m.Go),
		strings.Join(m.Subjects, "; ") + "; SIPp " + m.SIPp,
		fmt.Sprintf("journal on %s, fdatasync of 4 KiB: median %.2f ms, p99 %.2f ms", m.Disk, m.Sync50, m.Sync99),
		fmt.Sprintf("%s; other programs took at most %.0f %% of the machine during a measurement", m.At.Format("2006-01-02 15:04 UTC"), 100*m.Disturbed),
	}
	if m.Disturbed > tooLoud {
		lines = append(lines, "THE MACHINE WAS BUSY WITH OTHER THINGS: these figures say little; run it again when it is quiet")
	}
	return lines
}

// tooLoud is the share of the machine from which on other programs spoil the figures.
const tooLoud = 0.1

// text is the report for a terminal.
func (r *report) text() string {
	return strings.Join(append(append(r.where(), ""), r.lines("", "  ", "")...), "\n") + "\n"
}

// notes explain the table in the markdown.
const notes = `
How it is measured: the subjects take turns (A B A B …); a figure of several runs is their median, with the smallest and the
largest in brackets, counts are sums, and the ratio is the median of the ratios pair by pair. The subject runs on one core, the
load on another. CPU is user and system time of all the subject's processes (` + "`/proc/PID/stat`" + `), per call, over the counted calls
only; ` + "`bench/load`" + ` makes the calls (batched sockets, one thread), or SIPp where the table says so. At saturation the load runs for
{warm} before counting starts; RFC 3261 has finished transactions kept for 32 s.

A call is an INVITE of about 900 bytes with SDP, 100, 180, 200, ACK, BYE, 200. Tsujiban has everything on: each attempt is on
disk before its INVITE goes on, policy, spend and fraud decide. Kamailio has tm, rr, dialog, a counter per source and a barred
prefix (` + "`bench/kamailio.cfg`" + `), one worker, the tlsf allocator, and keeps no record. "Out of order or lost" counts a BYE that reached the
carrier before its ACK, a 180 that reached the PBX after the 200 or never, and every message that should not have been on the wire.
`

// markdown is the report for docs/benchmarks.md.
func (r *report) markdown() string {
	command := "make bench"
	if r.Quick {
		command = "make bench-quick"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmarks\n\n`%s` prints this table on your machine; the one below is from this one:\n\n", command)
	for _, line := range r.where() {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	lines := r.lines("| ", " | ", " |")
	b.WriteString("\n" + strings.Join(lines, "\n") + "\n" + strings.ReplaceAll(notes, "{warm}", r.Warm.String()))
	return b.String()
}

// write prints the report, and writes the markdown to a file when one is named.
func (r *report) write(out io.Writer, asJSON bool, markdown string) error {
	if markdown != "" {
		if err := os.WriteFile(markdown, []byte(r.markdown()), 0o644); err != nil {
			return err
		}
	}
	if !asJSON {
		_, err := io.WriteString(out, r.text())
		return err
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
