package backtest

import (
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/replay"
)

// Charts are drawn as SVG into the page, so that the report is one file that asks no other host for anything. Their colours are CSS
// variables of the page.

type svg struct{ strings.Builder }

func (s *svg) printf(format string, args ...any) { fmt.Fprintf(&s.Builder, format, args...) }

func (s *svg) html() template.HTML { return template.HTML(s.String()) } //nolint:gosec // numbers and escaped text only

// Day is what one day cost.
type Day struct {
	Date          time.Time
	Full, Charged tsujiban.Money
}

// dayChart shows for each day what the calls cost as judged, and on top what was stopped.
func dayChart(days []Day) template.HTML {
	const width, height, base = 720.0, 150.0, 128.0
	var top tsujiban.Money = 1
	for _, d := range days {
		top = max(top, d.Full)
	}
	var s svg
	s.printf(`<svg viewBox="0 0 %g %g" role="img" class="chart">`, width, height)
	step := width / float64(max(len(days), 1))
	for i, d := range days {
		x := float64(i)*step + step*0.1
		full, charged := base*float64(d.Full)/float64(top), base*float64(d.Charged)/float64(top)
		s.printf(`<rect class="stopped" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s ¥%s</title></rect>`, x, base-full, step*0.8, full-charged, d.Date.Format(time.DateOnly), (d.Full - d.Charged).Grouped())
		s.printf(`<rect class="paid" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s ¥%s</title></rect>`, x, base-charged, step*0.8, charged, d.Date.Format(time.DateOnly), d.Charged.Grouped())
		if len(days) <= 16 || i%7 == 0 {
			s.printf(`<text x="%.1f" y="%g" class="tick">%d/%d</text>`, x, height-4, int(d.Date.Month()), d.Date.Day())
		}
	}
	s.printf(`<line class="axis" x1="0" x2="%g" y1="%g" y2="%g"/>`, width, base, base)
	s.printf(`<text x="2" y="10" class="tick">¥%s</text></svg>`, top.Grouped())
	return s.html()
}

// caseChart shows the calls of a case by time: what went out, what was cut, what was refused. The height is what the call costs
// in full.
func caseChart(c *Case) template.HTML {
	if len(c.Points) == 0 {
		return ""
	}
	const width, height, base = 720.0, 110.0, 92.0
	first, last := c.Points[0].At, c.Points[len(c.Points)-1].At
	span := max(last.Sub(first).Seconds(), 1)
	var top tsujiban.Money = 1
	for i := range c.Points {
		top = max(top, c.Points[i].Full)
	}
	var s svg
	s.printf(`<svg viewBox="0 0 %g %g" role="img" class="chart">`, width, height)
	at := func(t time.Time) float64 { return 8 + (width-16)*t.Sub(first).Seconds()/span }
	if x := at(c.At); x >= 0 && x <= width {
		s.printf(`<line class="stop" x1="%.1f" x2="%.1f" y1="0" y2="%g"/>`, x, x, base)
	}
	for i := range c.Points {
		p := &c.Points[i]
		x, h := at(p.At), max(4, (base-10)*math.Sqrt(float64(p.Full)/float64(top)))
		class := [...]string{replay.Allow: "through", replay.Deny: "denied", replay.Cut: "cut"}[p.Verdict]
		s.printf(`<line class="%s" x1="%.1f" x2="%.1f" y1="%g" y2="%.1f"><title>%s %s ¥%s</title></line>`,
			class, x, x, base, base-h, p.At.Format("01-02 15:04:05"), template.HTMLEscapeString(p.Callee), p.Full.Grouped())
	}
	s.printf(`<line class="axis" x1="0" x2="%g" y1="%g" y2="%g"/>`, width, base, base)
	s.printf(`<text x="2" y="%g" class="tick">%s</text><text x="%g" y="%g" class="tick end">%s</text></svg>`,
		height-4, first.Format("01-02 15:04"), width-2, height-4, last.Format("01-02 15:04"))
	return s.html()
}

// weightBar is a bar for one weight of evidence: to the right what speaks for a theft, to the left what speaks against it.
func weightBar(w tsujiban.Decibans) template.HTML {
	const width, zero, scale = 220.0, 60.0, 2.6
	x, length, class := zero, float64(w)*scale, "for"
	if w < 0 {
		x, length, class = zero+float64(w)*scale, -float64(w)*scale, "against"
	}
	length = min(length, width-zero)
	var s svg
	s.printf(`<svg viewBox="0 0 %g 12" class="bar" aria-hidden="true"><rect class="%s" x="%.1f" y="2" width="%.1f" height="8"/><line class="axis" x1="%g" x2="%g" y1="0" y2="12"/></svg>`,
		width, class, max(x, 0), length, zero, zero)
	return s.html()
}

// CurvePoint is a detector at one setting: what is lost against who is hurt.
type CurvePoint struct {
	Lost, Hurt float64 // shares, 0 to 1
	Label      string
}

// Curve is a detector over its settings.
type Curve struct {
	Name   string
	Points []CurvePoint
}

// curveChart draws the share of money lost against the share of honest customers hurt, both on scales of powers of ten.
func curveChart(curves []Curve) template.HTML {
	const width, height, left, base, least = 720.0, 360.0, 56.0, 320.0, 0.0005
	x := func(v float64) float64 {
		return left + (width-left-16)*(math.Log10(max(v, least))-math.Log10(least))/-math.Log10(least)
	}
	y := func(v float64) float64 {
		return base - (base-12)*(math.Log10(max(v, least))-math.Log10(least))/-math.Log10(least)
	}
	var s svg
	s.printf(`<svg viewBox="0 0 %g %g" role="img" class="chart">`, width, height)
	for _, v := range []float64{0.001, 0.01, 0.1, 1} {
		s.printf(`<line class="grid" x1="%.1f" x2="%.1f" y1="12" y2="%g"/><text x="%.1f" y="%g" class="tick">%g %%</text>`, x(v), x(v), base, x(v)-12, base+16, v*100)
		s.printf(`<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text x="4" y="%.1f" class="tick">%g %%</text>`, left, width-16, y(v), y(v), y(v)+4, v*100)
	}
	for i, c := range curves {
		var path strings.Builder
		for j, p := range c.Points {
			cmd := "L"
			if j == 0 {
				cmd = "M"
			}
			fmt.Fprintf(&path, "%s%.1f %.1f", cmd, x(p.Lost), y(p.Hurt))
		}
		s.printf(`<path class="curve c%d" d="%s"/>`, i, path.String())
		for _, p := range c.Points {
			s.printf(`<circle class="c%d" cx="%.1f" cy="%.1f" r="4"><title>%s %s: %.2f %% / %.2f %%</title></circle>`, i, x(p.Lost), y(p.Hurt),
				template.HTMLEscapeString(c.Name), template.HTMLEscapeString(p.Label), 100*p.Lost, 100*p.Hurt)
		}
		s.printf(`<text class="legend c%d" x="%g" y="%g">%s</text>`, i, left+10, 28+18*float64(i), template.HTMLEscapeString(c.Name))
	}
	s.printf(`</svg>`)
	return s.html()
}
