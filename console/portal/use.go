package portal

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
)

const (
	shownDays = 30
	liveEvery = 2 * time.Second
)

// now is what a customer uses at this moment.
type now struct {
	Customer control.CustomerState
	At       string
	Day      ui.Meter
	Month    ui.Meter
	Asked    bool // the question "was this you?" waits for an answer
}

func nowOf(c *control.CustomerState) *now {
	n := &now{Customer: *c, At: at(c.ID)}
	// What is set aside for running calls may be spent in a moment.
	n.Day = ui.MeterOf(c.Usage.Today+c.Usage.Reserved, c.Effective.CapDay)
	n.Month = ui.MeterOf(c.Usage.Month+c.Usage.Reserved, c.Effective.CapMonth)
	n.Asked = asked(c)
	return n
}

// asked tells whether the guard, or staff, wants to know whether the use was theirs.
func asked(c *control.CustomerState) bool {
	r := c.Restriction
	return r != nil && (r.Level == tsujiban.LevelAsk.String() || r.Level != tsujiban.LevelWatch.String() && r.Reason == tsujiban.ReasonFraud.String())
}

// days are the last days as a chart.
type days struct {
	Days []day
	Most control.Amount
	Sum  control.Amount
}

type day struct {
	control.UseAt
	X      int
	Y      float64
	Height float64 // in hundredths of the highest
}

// daysOf fills the days without calls.
func daysOf(u *control.Use, from, to time.Time, zone *time.Location) days {
	by := map[string]control.UseAt{}
	d := days{Sum: u.Total.Charge}
	for _, a := range u.Days {
		by[a.At.In(zone).Format(time.DateOnly)] = a
		d.Most = max(d.Most, a.Charge)
	}
	for t := from; t.Before(to); t = t.AddDate(0, 0, 1) {
		a := by[t.Format(time.DateOnly)]
		a.At = t
		x := day{UseAt: a, X: len(d.Days)}
		if d.Most > 0 {
			x.Height = 100 * float64(a.Charge) / float64(d.Most)
		}
		x.Y = 100 - x.Height
		d.Days = append(d.Days, x)
	}
	return d
}

// First and Last are the ends of the chart.
func (d *days) First() time.Time { return d.Days[0].At }

// Last is today.
func (d *days) Last() time.Time { return d.Days[len(d.Days)-1].At }

// use shows what is used now and was in the last days.
func (m *room) use(r *ui.Request) error {
	h, err := m.head(r, "use")
	if err != nil {
		return err
	}
	t := r.Now().In(r.Zone)
	to := time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, r.Zone)
	from := to.AddDate(0, 0, -shownDays)
	q := url.Values{"by": {"day"}, "from": {from.Format(time.RFC3339)}, "to": {to.Format(time.RFC3339)}}
	var u control.Use
	if err := r.Office.Do(r.Context(), http.MethodGet, order(h.Customer.ID, "/use?"+q.Encode()), nil, &u); err != nil {
		return err
	}
	d := daysOf(&u, from, to, r.Zone)
	places := u.Places[:min(len(u.Places), 8)]
	return r.Page("use", map[string]any{"Head": h, "Now": nowOf(&h.Customer), "Days": &d, "Places": shares(places), "Behind": u.Behind})
}

// place is a destination with its share of the dearest.
type place struct {
	control.UsePlace
	Share float64
}

func shares(list []control.UsePlace) (out []place) {
	for _, p := range list {
		out = append(out, place{p, ui.Share(p.Charge, max(list[0].Charge, 1))})
	}
	return out
}

// topics are the live figures, one topic a customer. What they keep is as much as there are customers that somebody has looked at.
type topics struct {
	office *control.Client
	mu     sync.Mutex // guards of
	of     map[string]*ui.Topic
}

func (t *topics) serve(r *ui.Request) error {
	id := r.PathValue("customer")
	// Only a customer that there is gets a topic.
	if err := r.Office.Do(r.Context(), http.MethodGet, order(id, ""), nil, nil); err != nil {
		return err
	}
	return t.topic(id).Serve(r)
}

func (t *topics) topic(id string) *ui.Topic {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[string]*ui.Topic{}
	}
	if t.of[id] == nil {
		t.of[id] = &ui.Topic{Page: "use", Run: func(ctx context.Context, show func(...ui.Part)) error { return t.watch(ctx, id, show) }}
	}
	return t.of[id]
}

// watch asks for a customer's figures until ctx is done.
func (t *topics) watch(ctx context.Context, id string, show func(...ui.Part)) error {
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	for {
		var c control.CustomerState
		if err := t.office.Do(ctx, http.MethodGet, order(id, ""), nil, &c); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		n := nowOf(&c)
		show(ui.Part{Name: "stands", Data: n}, ui.Part{Name: "now", Data: n})
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
