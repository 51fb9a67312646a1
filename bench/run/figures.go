package main

import (
	"fmt"
	"slices"
	"strings"
)

// figure is one line of the table: what is compared, how it is summed up over
// the runs, and what is required of the guard.
type figure struct {
	scenario string
	name     string
	unit     string
	of       func(sample) float64
	sum      bool // over the runs: the sum (counts), not the median
	want     want
}

// want is a requirement.
type want struct {
	kind  wantKind
	limit float64
}

type wantKind uint8

const (
	nothing      wantKind = iota
	atMost                // the guard's own figure
	ratioAtMost           // the guard's figure over the peer's
	ratioAtLeast          // the same
)

// in writes the requirement of a figure that has the given unit.
func (w want) in(unit string) string {
	switch {
	case w == want{atMost, 0}:
		return "0"
	case w.kind == atMost:
		return strings.TrimSpace("≤ " + number(w.limit) + " " + unit)
	case w.kind == ratioAtMost:
		return fmt.Sprintf("≤ %g × peer", w.limit)
	case w.kind == ratioAtLeast:
		return fmt.Sprintf("≥ %g × peer", w.limit)
	}
	return ""
}

// met tells whether the requirement is met; nil: it cannot be told.
func (w want) met(own, ratio *float64) *bool {
	v := ratio
	if w.kind == atMost {
		v = own
	}
	if w.kind == nothing || v == nil {
		return nil
	}
	ok := *v <= w.limit
	if w.kind == ratioAtLeast {
		ok = *v >= w.limit
	}
	return &ok
}

func cpu(s sample) float64       { return s.CPU }
func perSecond(s sample) float64 { return s.PerSecond }
func failed(s sample) float64    { return float64(s.Failed) }
func repeated(s sample) float64  { return float64(s.Repeated) }
func disorder(s sample) float64  { return float64(s.Disorder) }
func memory(s sample) float64    { return s.Memory / 1e6 }
func setup50(s sample) float64   { return max(0, s.Setup.Median-s.Direct.Median) / 1000 }
func setup99(s sample) float64   { return max(0, s.Setup.P99-s.Direct.P99) / 1000 }

// figures are all lines of the table.
var figures = []figure{
	{"saturation", "Saturation (100 calls outstanding): CPU per call", "µs", cpu, false, want{ratioAtMost, 0.5}},
	{"saturation", "Saturation: calls per second, one core", "", perSecond, false, want{ratioAtLeast, 2}},
	{"saturation", "Saturation: failed calls", "", failed, true, want{atMost, 0}},
	{"refused", "Refused call (INVITE, 403 or 603, ACK): CPU", "µs", cpu, false, want{atMost, 10}},
	{"sipp-1000", "SIPp, 1,000 calls/s: CPU per call", "µs", cpu, false, want{ratioAtMost, 1}},
	{"sipp-3500", "SIPp, 3,500 calls/s: CPU per call", "µs", cpu, false, want{ratioAtMost, 0.75}},
	{"sipp-4000", "SIPp, 4,000 calls/s: failed calls", "", failed, true, want{atMost, 0}},
	{"sipp-4000", "SIPp, 4,000 calls/s: retransmissions", "", repeated, true, want{atMost, 0}},
	{"sipp-4000", "SIPp, 4,000 calls/s: CPU per call", "µs", cpu, false, want{}},
	{"order-1", "Calls of no length at 1,000/s, one core: out of order or lost", "", disorder, true, want{atMost, 0}},
	{"order-1", "The same: failed calls", "", failed, true, want{atMost, 0}},
	{"order-1", "The same: memory at the end", "MB", memory, false, want{atMost, 150}},
	{"order-1", "The same: setup delay added, median", "ms", setup50, false, want{atMost, 2}},
	{"order-1", "The same: setup delay added, p99", "ms", setup99, false, want{atMost, 8}},
	{"order-2", "Calls of no length at 1,000/s, two cores: out of order or lost", "", disorder, true, want{atMost, 0}},
	{"order-2", "The same: failed calls", "", failed, true, want{atMost, 0}},
}

// row is a figure with its values.
type row struct {
	Figure      string   `json:"figure"`
	Unit        string   `json:"unit,omitempty"`
	Own         *value   `json:"own,omitempty"`
	Peer        *value   `json:"peer,omitempty"`
	Ratio       *float64 `json:"ratio,omitempty"` // the median of the ratios of the pairs
	Requirement string   `json:"requirement,omitempty"`
	Met         *bool    `json:"met,omitempty"`
}

// value sums up the runs of one subject.
type value struct {
	Value float64 `json:"value"` // the median, or the sum of counts
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
	Runs  int     `json:"runs"`
}

// rows makes the table of the first subject against the second.
func rows(samples map[string]map[string][]sample, own, peer string) []row {
	var out []row
	for _, f := range figures {
		if samples[f.scenario] == nil {
			continue
		}
		a, b := f.values(samples[f.scenario][own]), f.values(samples[f.scenario][peer])
		r := row{Figure: f.name, Unit: f.unit, Own: f.total(a), Peer: f.total(b), Requirement: f.want.in(f.unit)}
		if !f.sum {
			r.Ratio = ratio(a, b)
		}
		var v *float64
		if r.Own != nil {
			v = &r.Own.Value
		}
		r.Met = f.want.met(v, r.Ratio)
		out = append(out, r)
	}
	return out
}

func (f *figure) values(runs []sample) []float64 {
	var v []float64
	for _, s := range runs {
		v = append(v, f.of(s))
	}
	return v
}

func (f *figure) total(v []float64) *value {
	if len(v) == 0 {
		return nil
	}
	t := &value{Value: median(v), Min: slices.Min(v), Max: slices.Max(v), Runs: len(v)}
	if f.sum {
		t.Value = 0
		for _, n := range v {
			t.Value += n
		}
		t.Min, t.Max = t.Value, t.Value
	}
	return t
}

// ratio is the median of the ratios pair by pair: what disturbs the machine for
// minutes disturbs both of a pair.
func ratio(a, b []float64) *float64 {
	var all []float64
	for i := range min(len(a), len(b)) {
		if b[i] > 0 {
			all = append(all, a[i]/b[i])
		}
	}
	if len(all) == 0 {
		return nil
	}
	m := median(all)
	return &m
}

// median of at least one value; of an even count, the mean of the middle two.
func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
