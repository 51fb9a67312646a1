package firms

import (
	"net/http"
	"time"

	"tsujiban/app/control"
	"tsujiban/console/ui"
)

// cell is an hour of the week on the heat map.
type cell struct {
	X, Y, Calls int
	Ink         float64 // 0 to 1
}

// span is calls of a kind of length.
type span struct {
	Under  time.Duration // 0: longer than all
	Over   time.Duration
	Abroad float64 // shares of the most
	Home   float64
	NumA   int
	NumH   int
}

// profilePage is what the page shows.
type profilePage struct {
	Head    *head
	Profile *control.Profile
	Cells   []cell
	Busiest int // calls in the busiest hour
	Spans   []span
	Work    int // percent of calls on weekdays from 8 to 19
	Night   int // percent of calls from 22 to 6
}

func profile(r *ui.Request) error {
	h, err := headOf(r, "profile")
	if err != nil {
		return err
	}
	var p control.Profile
	if err := r.Office.Do(r.Context(), http.MethodGet, order(h.Customer.ID, "/profile"), nil, &p); err != nil {
		return err
	}
	page := &profilePage{Head: h, Profile: &p}
	page.heat()
	page.lengths()
	return r.Page("profile", page)
}

func (p *profilePage) heat() {
	all, work, night := 0, 0, 0
	for d := range p.Profile.Hours {
		for hour, n := range p.Profile.Hours[d] {
			p.Busiest = max(p.Busiest, n)
			all += n
			if d < 5 && hour >= 8 && hour < 19 {
				work += n
			}
			if hour >= 22 || hour < 6 {
				night += n
			}
		}
	}
	if all > 0 {
		p.Work, p.Night = 100*work/all, 100*night/all
	}
	for d := range p.Profile.Hours {
		for hour, n := range p.Profile.Hours[d] {
			c := cell{X: hour, Y: d, Calls: n}
			if n > 0 {
				c.Ink = 0.12 + 0.88*float64(n)/float64(p.Busiest)
			}
			p.Cells = append(p.Cells, c)
		}
	}
}

func (p *profilePage) lengths() {
	a, h := &p.Profile.LengthAbroad, &p.Profile.LengthHome
	most := 1
	for _, n := range a.Calls {
		most = max(most, n)
	}
	for _, n := range h.Calls {
		most = max(most, n)
	}
	over := 0
	for i := range min(len(a.Calls), len(h.Calls)) {
		s := span{Over: seconds(over), NumA: a.Calls[i], NumH: h.Calls[i], Abroad: float64(a.Calls[i]) / float64(most), Home: float64(h.Calls[i]) / float64(most)}
		if i < len(a.BoundsS) {
			s.Under, over = seconds(a.BoundsS[i]), a.BoundsS[i]
		}
		p.Spans = append(p.Spans, s)
	}
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// Days are the rows of the heat map, Marks the hours that are written above it.
func (p *profilePage) Days() []int { return []int{0, 1, 2, 3, 4, 5, 6} }

// Marks are every six hours.
func (p *profilePage) Marks() []int { return []int{0, 6, 12, 18} }

// Baseline is where the name of a row stands, Left where a column begins: units of the drawing.
func (p *profilePage) Baseline(row int) int { return 10*row + 8 }

// Left is where a column begins.
func (p *profilePage) Left(hour int) int { return 10 * hour }

// Hundred makes percent of a share.
func (p *profilePage) Hundred(share float64) float64 { return 100 * share }
