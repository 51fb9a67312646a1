package ui

import (
	"encoding/json"
	"html/template"
	"math"
	"strconv"
	"strings"

	"tsujiban"
	"tsujiban/app/control"
)

// Bar is a bar of a share between 0 and 1. It says nothing by itself: the figure stands beside it. Kind is as of a badge.
func Bar(share float64, kind string) template.HTML {
	switch kind {
	case "ok", "warn", "bad", "info":
	default:
		kind = "plain"
	}
	if math.IsNaN(share) {
		share = 0
	}
	w := strconv.FormatFloat(100*min(max(share, 0), 1), 'f', 1, 64)
	return template.HTML(`<svg class="bar ` + kind + `" aria-hidden="true" focusable="false"><rect class="ground" width="100%" height="100%" rx="2"/><rect class="fill" width="` + w + `%" height="100%" rx="2"/></svg>`)
}

// Spark is a small line of values from 0 up, without axes; label says in words what it shows.
func Spark(label string, values []float64) template.HTML {
	const w, h = 120, 28
	top := 0.0
	for _, v := range values {
		top = max(top, v)
	}
	var b strings.Builder
	b.WriteString(`<svg class="spark" viewBox="0 0 120 28" preserveAspectRatio="none" role="img" aria-label="` + template.HTMLEscapeString(label) + `"><path d="`)
	for i, v := range values {
		x, y := 0.0, float64(h-2)
		if len(values) > 1 {
			x = float64(i) * w / float64(len(values)-1)
		}
		if top > 0 {
			y -= max(v, 0) / top * (h - 4)
		}
		b.WriteByte("ML"[min(i, 1)])
		b.WriteString(strconv.FormatFloat(x, 'f', 1, 64) + " " + strconv.FormatFloat(y, 'f', 1, 64))
	}
	b.WriteString(`"/></svg>`)
	return template.HTML(b.String())
}

// weights lists observations with bars: to the right what speaks for somebody else at the line, to the left what speaks against it.
func weights(l tsujiban.Lang, ws []control.Weight) template.HTML {
	top := 10.0
	for _, w := range ws {
		top = max(top, math.Abs(w.Value))
	}
	var b strings.Builder
	b.WriteString(`<ul class="weights">`)
	for _, w := range ws {
		name := w.Kind
		if e, ok := tsujiban.ParseEvidence(w.Kind); ok {
			name = e.Text(l)
		}
		size := 50 * min(math.Abs(w.Value)/top, 1)
		x, kind := 50.0, "for"
		if w.Value < 0 {
			x, kind = 50-size, "against"
		}
		b.WriteString(`<li><span>` + template.HTMLEscapeString(name) + `</span><svg aria-hidden="true" focusable="false"><rect class="` + kind + `" x="` +
			strconv.FormatFloat(x, 'f', 1, 64) + `%" width="` + strconv.FormatFloat(size, 'f', 1, 64) + `%" height="100%"/><rect class="middle" x="50%" width="1" height="100%"/></svg><span class="num">` +
			strconv.FormatFloat(w.Value, 'f', 1, 64) + `</span></li>`)
	}
	b.WriteString(`</ul>`)
	return template.HTML(b.String())
}

// Series is what a chart over time shows: {{json .Chart}} in the attribute data-chart of an element of class chart. Without script
// there is no chart: a page tells the same in a table or in words.
type Series struct {
	Times []int64 `json:"times"` // Unix seconds, rising
	Lines []Line  `json:"lines"`
	Unit  string  `json:"unit,omitempty"` // before the figures: "¥"
	Bars  bool    `json:"bars,omitempty"` // each value is of the time up to the next: bars, no line
	Zone  string  `json:"zone,omitempty"` // IANA name of the time zone that is shown; the page fills it in
}

// Line is one line of a chart. A nil value is a gap.
type Line struct {
	Name   string     `json:"name"`
	Kind   string     `json:"kind,omitempty"` // as of a badge
	Values []*float64 `json:"values"`
}

// chart writes a series into an attribute, with the zone in which the page shows times.
func (n *Node) chart(s *Series) (string, error) {
	out := *s
	if z := n.Zone.String(); z != "Local" {
		out.Zone = z
	}
	b, err := json.Marshal(&out)
	return string(b), err
}
