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
	healthEvery = 2 * time.Second
	shownCalls  = 50
	shownNotes  = 30
)

// picture is what the page shows.
type picture struct {
	*control.Frame
	PerHour control.Amount // what the running calls cost in an hour
	Abroad  int
	Places  []place
	More    int // running calls that are not listed
}

// place is a destination of running calls.
type place struct {
	Country string // ISO code; empty: no country's
	Calls   int
	AtRisk  control.Amount
	PerHour control.Amount
	Watched bool    // a customer under suspicion calls there
	Share   float64 // of what is at risk
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
	return r.Page("now", map[string]any{"Now": pictureOf(frame), "Health": &status})
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
	var one sync.Mutex // show is for one goroutine at a time
	healthDone := make(chan error, 1)
	go func() {
		healthDone <- n.health(ctx, func(p ui.Part) {
			one.Lock()
			defer one.Unlock()
			show(p)
		})
		cancel()
	}()
	last := time.Time{}
	err := n.office.Stream(ctx, "/v1/live?every="+frameEvery.String(), func(raw control.Raw) error {
		var f control.Frame
		if err := json.Unmarshal(raw, &f); err != nil {
			return err
		}
		p := pictureOf(&f)
		one.Lock()
		defer one.Unlock()
		// What people read as it falls comes at once; what they compare, each second.
		if show(ui.Part{Name: "notes", Data: p}); f.At.Sub(last) >= time.Second {
			last = f.At
			show(ui.Part{Name: "totals", Data: p}, ui.Part{Name: "places", Data: p}, ui.Part{Name: "calls", Data: p})
		}
		return nil
	})
	cancel()
	return errors.Join(err, <-healthDone)
}

// health asks how the program is until ctx is done.
func (n *nowPage) health(ctx context.Context, show func(ui.Part)) error {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		var status control.Status
		if err := n.office.Do(ctx, http.MethodGet, "/v1/status", nil, &status); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		show(ui.Part{Name: "health", Data: &status})
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// pictureOf adds up a frame for the page.
func pictureOf(f *control.Frame) *picture {
	p := &picture{Frame: f, More: f.Hidden}
	at := map[string]*place{}
	for i := range f.Calls {
		c := &f.Calls[i]
		if c.Direction != "out" {
			continue
		}
		w := at[c.Country]
		if w == nil {
			w = &place{Country: c.Country}
			at[c.Country] = w
		}
		hour := control.Amount(tsujiban.Money(c.PerMinute).Times(60))
		w.Calls++
		w.AtRisk += c.Reserved
		w.PerHour += hour
		w.Watched = w.Watched || c.Action == "watch"
		p.PerHour += hour
		if c.Country != "JP" {
			p.Abroad++
		}
	}
	top := control.Amount(1)
	for _, w := range at {
		top = max(top, w.AtRisk)
	}
	for _, w := range at {
		w.Share = float64(w.AtRisk) / float64(top)
		p.Places = append(p.Places, *w)
	}
	slices.SortFunc(p.Places, func(x, y place) int {
		return cmp.Or(cmp.Compare(y.AtRisk, x.AtRisk), cmp.Compare(y.Calls, x.Calls), cmp.Compare(x.Country, y.Country))
	})
	if len(f.Calls) > shownCalls {
		p.More += len(f.Calls) - shownCalls
		f.Calls = f.Calls[:shownCalls]
	}
	f.Notes = f.Notes[:min(len(f.Notes), shownNotes)]
	return p
}
