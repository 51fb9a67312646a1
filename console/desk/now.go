package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
)

// nowPage shows what is going on.
type nowPage struct{ office *control.Client }

// How often the picture is renewed while somebody watches. The frame is what verdicts wait for at most.
const (
	frameEvery  = 100 * time.Millisecond
	callsEvery  = time.Second
	healthEvery = 2 * time.Second
	shownCalls  = 50
	shownNotes  = 30
	shownPlaces = 15
)

// picture is what the page shows of a frame.
type picture struct {
	*control.Frame
	*money
	More int // running calls that are not listed
}

// money is where it goes: of all calls, not of those only that a frame lists.
type money struct {
	PerHour control.Amount // what the running calls cost in an hour
	Abroad  int            // of them
	Places  []place
	Hours   []control.OverviewHour // newest first
}

// place is a destination of running calls.
type place struct {
	Country string // ISO code; empty: no country's
	Calls   int
	AtRisk  control.Amount
	PerHour control.Amount
	Day     control.Amount // charged in the last 24 hours
	Share   float64        // of what is at risk, of the largest
}

// Chart is the money of the last two days by the hour, under a name.
func (m *money) Chart(name string) *ui.Series {
	s, line := &ui.Series{Unit: "¥", Bars: true}, ui.Line{Name: name}
	for i := len(m.Hours) - 1; i >= 0; i-- {
		yen := float64(m.Hours[i].Charge) / float64(tsujiban.Unit)
		s.Times, line.Values = append(s.Times, m.Hours[i].At.Unix()), append(line.Values, &yen)
	}
	s.Lines = []ui.Line{line}
	return s
}

func (n *nowPage) show(r *ui.Request) error {
	frame, err := n.frame(r.Context(), r.Office)
	if err != nil {
		return err
	}
	var status control.Status
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/status", nil, &status); err != nil {
		return err
	}
	m, err := readMoney(r.Context(), r.Office)
	if err != nil {
		return err
	}
	return r.Page("now", map[string]any{"Now": pictureOf(frame, m), "Health": &status})
}

var errOne = errors.New("one frame is enough")

// frame takes one picture.
func (n *nowPage) frame(ctx context.Context, office *control.Client) (*control.Frame, error) {
	var f control.Frame
	err := office.Stream(ctx, "/v1/live", func(raw control.Raw) error {
		if err := json.Unmarshal(raw, &f); err != nil {
			return err
		}
		return errOne
	})
	if err == nil {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "the program gave no picture of itself; it may be stopping")
	}
	if !errors.Is(err, errOne) {
		return nil, err
	}
	return &f, nil
}

// watch follows the program for everybody who has the page open. Health is asked for more seldom than calls.
func (n *nowPage) watch(ctx context.Context, show func(...ui.Part)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var one sync.Mutex // show is for one goroutine at a time; guards m
	m := &money{}
	healthDone := make(chan error, 1)
	go func() {
		healthDone <- n.health(ctx, func(fresh *money, status *control.Status) {
			one.Lock()
			defer one.Unlock()
			m = fresh
			show(ui.Part{Name: "health", Data: status}, ui.Part{Name: "places", Data: m}, ui.Part{Name: "hours", Data: m})
		})
		cancel()
	}()
	err := n.office.Stream(ctx, "/v1/live?every="+frameEvery.String()+"&calls="+callsEvery.String(), func(raw control.Raw) error {
		var f control.Frame
		if err := json.Unmarshal(raw, &f); err != nil {
			return err
		}
		one.Lock()
		defer one.Unlock()
		p := pictureOf(&f, m)
		// What people read as it falls comes at once; what they compare, each second.
		parts := []ui.Part{{Name: "notes", Data: p}}
		if !f.NoCalls {
			parts = append(parts, ui.Part{Name: "totals", Data: p}, ui.Part{Name: "calls", Data: p})
		}
		show(parts...)
		return nil
	})
	cancel()
	return errors.Join(err, <-healthDone)
}

// health asks how the program is, and where the money goes, until ctx is done.
func (n *nowPage) health(ctx context.Context, show func(*money, *control.Status)) error {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		var status control.Status
		err := n.office.Do(ctx, http.MethodGet, "/v1/status", nil, &status)
		var m *money
		if err == nil {
			m, err = readMoney(ctx, n.office)
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		show(m, &status)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// pictureOf shortens a frame for the page.
func pictureOf(f *control.Frame, m *money) *picture {
	p := &picture{Frame: f, money: m, More: f.Hidden}
	if len(f.Calls) > shownCalls {
		p.More += len(f.Calls) - shownCalls
		f.Calls = f.Calls[:shownCalls]
	}
	// Who looked at what is for the record of actions: its notes name whom the police ask about, and whoever watches the desk
	// need not know.
	f.Notes = slices.DeleteFunc(f.Notes, func(n control.Notable) bool { return n.Kind == "set" })
	f.Notes = f.Notes[:min(len(f.Notes), shownNotes)]
	return p
}

// readMoney adds up the overview.
func readMoney(ctx context.Context, office *control.Client) (*money, error) {
	var o control.Overview
	if err := office.Do(ctx, http.MethodGet, "/v1/overview", nil, &o); err != nil {
		return nil, err
	}
	m, top := &money{Hours: o.Hours}, control.Amount(1)
	slices.Reverse(m.Hours)
	at := map[string]*place{}
	for i := range o.Places {
		x := &o.Places[i]
		hour := control.Amount(tsujiban.Money(x.PerMinute).Times(60))
		m.PerHour += hour
		if x.Country != "JP" {
			m.Abroad += x.Running
		}
		w := at[x.Country]
		if w == nil {
			w = &place{Country: x.Country}
			at[x.Country] = w
		}
		w.Calls, w.AtRisk, w.PerHour, w.Day = w.Calls+x.Running, w.AtRisk+x.AtRisk, w.PerHour+hour, w.Day+x.Charge
		top = max(top, w.AtRisk)
	}
	for _, w := range at {
		if w.Calls > 0 || w.Day > 0 {
			w.Share = float64(w.AtRisk) / float64(top)
			m.Places = append(m.Places, *w)
		}
	}
	slices.SortFunc(m.Places, func(x, y place) int {
		return cmp.Or(cmp.Compare(y.AtRisk, x.AtRisk), cmp.Compare(y.Day, x.Day), cmp.Compare(y.Calls, x.Calls), cmp.Compare(x.Country, y.Country))
	})
	m.Places = m.Places[:min(len(m.Places), shownPlaces)]
	return m, nil
}
