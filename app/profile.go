package app

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/guard/fraud"
	"tsujiban/store"
)

// lengthBounds are those of the kinds of length in guard/fraud, in seconds.
var lengthBounds = []int{15, 60, 180, 600, 1800}

// profile tells what the guard knows of a customer's habits.
func (s *controlServer) profile(r *http.Request) (any, error) {
	a := s.app
	state, _, err := s.customerOf(r)
	if err != nil {
		return nil, err
	}
	id := tsujiban.CustomerID(state.ID)
	p, known := a.guard.Profile(id)
	out := control.Profile{
		Customer: state.ID, Known: known, Destinations: []control.ProfileDestination{}, Today: p.Today, FullestDay: p.FullestDay, Abroad: p.Abroad, New: p.New, Answered: p.Answered,
		Observed: p.Observed, History: p.History, Learning: !p.Suspected,
		LengthAbroad: control.ProfileLengths{BoundsS: lengthBounds, Calls: p.LengthAbroad[:]}, LengthHome: control.ProfileLengths{BoundsS: lengthBounds, Calls: p.LengthHome[:]},
		Weights: control.ProfileWeights{Abroad: float64(p.Weights[0]), Home: float64(p.Weights[1]), Source: float64(p.Weights[2])},
	}
	for i, n := range p.Hours {
		out.Hours[i/24][i%24] = n
	}
	for _, d := range p.Destinations {
		key := tsujiban.ReachKey(d.Key).String()
		out.Destinations = append(out.Destinations, control.ProfileDestination{
			Key: key, Country: a.countryOf(key), Share: d.Share, Calls: d.Calls, Days: d.Days, Trust: d.Trust, Last: d.Last, Heard: d.Heard, Weight: float64(d.Weight),
		})
	}
	if out.Since, err = a.store.FirstCall(r.Context(), id); err != nil {
		return nil, err
	}
	err = a.seen(r.Context(), id, &p, &out)
	return out, err
}

// countryOf is the country of a key of destinations, empty where several share the code.
func (a *App) countryOf(key string) string {
	code, _, _ := strings.Cut(key, "-")
	n, err := tsujiban.NumberFromDigits(code + "0000000")
	if err != nil {
		return ""
	}
	return a.policy.Load().Plan().Classify(n).Country()
}

// seenCalls is how many of the latest calls are looked at for where they came from.
const seenCalls = 500

// seen lists where the latest calls came from, and with what devices: the guard itself remembers hashes only.
func (a *App) seen(ctx context.Context, id tsujiban.CustomerID, p *fraud.Profile, out *control.Profile) error {
	direction := tsujiban.Out
	page, err := a.store.Calls(ctx, store.CallQuery{Customer: id, Direction: &direction, Limit: seenCalls})
	if err != nil {
		return err
	}
	sources, agents := map[string]*control.ProfileSeen{}, map[string]*control.ProfileSeen{}
	for i := range page.Calls {
		c := &page.Calls[i]
		if addr := c.Source.Addr(); addr.IsValid() {
			saw(sources, addr.Unmap().String(), c, p.KnowsSource(fraud.HashAddress(addr)))
		}
		if c.UserAgent != "" {
			saw(agents, c.UserAgent, c, p.KnowsAgent(fraud.HashText([]byte(c.UserAgent))))
		}
	}
	by := func(x, y *control.ProfileSeen) int {
		return cmp.Or(cmp.Compare(y.Calls, x.Calls), cmp.Compare(x.Value, y.Value))
	}
	out.Sources, out.Agents = sorted(sources, by), sorted(agents, by)
	out.Sources, out.Agents = slices.Clip(out.Sources[:min(len(out.Sources), 20)]), slices.Clip(out.Agents[:min(len(out.Agents), 20)])
	return nil
}

func saw(m map[string]*control.ProfileSeen, value string, c *store.Call, known bool) {
	s := m[value]
	if s == nil {
		s = &control.ProfileSeen{Value: value, Last: c.At, Known: known} // newest first
		m[value] = s
	}
	s.Calls++
}

// exportCalls writes call records as a table, newest first. It is a look, recorded as one before anything is shown.
func (s *controlServer) exportCalls(w http.ResponseWriter, r *http.Request) {
	a := s.app
	q, query, err := s.exportOrder(r)
	if err != nil {
		s.fail(w, err)
		return
	}
	a.admin.Lock()
	zone := a.cfg.Node.TimeZone
	a.admin.Unlock()
	t := newTable(w, "calls.csv", "call", "time", "direction", "customer", "trunk", "caller", "callee", "country", "verdict", "reason", "ended_by_guard", "status", "talk_s", "charge", "carrier", "source", "user_agent", "weight")
	left := q.Limit
	for {
		page, err := a.store.Calls(r.Context(), query)
		if err != nil {
			s.tableDone(t, err)
			return
		}
		for i := range page.Calls {
			c := callRecord(&page.Calls[i], q.Reveal)
			if err := t.row(c.Call, c.At.In(zone).Format("2006-01-02 15:04:05.000"), c.Direction, c.Customer, c.Trunk, c.Caller, c.Callee, c.Country, c.Action, c.Reason, c.Cut,
				strconv.Itoa(c.Status), strconv.FormatFloat(c.TalkS, 'f', 3, 64), tsujiban.Money(c.Charge).String(), c.Carrier, c.Source, c.UserAgent, strconv.FormatFloat(c.Weight, 'f', 1, 64)); err != nil {
				s.tableDone(t, err)
				return
			}
		}
		query.Cursor, left = page.Next, left-len(page.Calls)
		if query.Limit = min(left, exportPage); page.Next == "" || query.Limit <= 0 {
			s.tableDone(t, nil)
			return
		}
	}
}

// The sizes of an export.
const (
	maxExport  = 1_000_000
	exportPage = 2000
)

func (s *controlServer) exportOrder(r *http.Request) (q control.CallSearch, query store.CallQuery, err error) {
	a := s.app
	if err := read(r, &q); err != nil {
		return q, query, err
	}
	if err := store.ValidText("ground", q.Ground, 500, true); err != nil {
		return q, query, tsujiban.Errorf(tsujiban.CodeForbidden, "call records are secret by law: %w", err)
	}
	limit := q.Limit
	if query, err = a.callQuery(&q); err != nil {
		return q, query, err
	}
	q.Limit = maxExport
	if limit > 0 {
		q.Limit = min(limit, maxExport)
	}
	query.Limit = min(q.Limit, exportPage)
	done, err := a.deed(r.Context(), byOf(r), "export: "+lookNote(&q), "calls-export", tsujiban.CustomerID(q.Customer), "", a.searched(&q))
	if err != nil {
		return q, query, err
	}
	if behind := a.viewed.wait(r.Context(), done.Seq); behind > 0 {
		err = tsujiban.Errorf(tsujiban.CodeUnavailable, "the calls are %d entries behind the journal, so the export might miss some: try again later", behind)
	}
	return q, query, err
}
