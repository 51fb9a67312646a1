package desk

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/people"
	"tsujiban/suspicion"
)

// caseView is what the page of one case shows.
type caseView struct {
	*control.SuspicionCase
	Path   string
	Open   bool
	Newest []suspicion.Step // newest first
	Oldest []suspicion.Step // likewise, beyond those that were left out
	Why    []control.Weight
	points []point // the weights of calls over time
	Most   control.Amount
	Up     int  // running calls
	Lifts  bool // whether something stands that can be lifted
}

// chartFrom is how many points make a chart.
const chartFrom = 3

func caseAddress(id uint64) string { return "/v1/cases/" + strconv.FormatUint(id, 10) }

func caseID(r *ui.Request) (uint64, error) {
	id, err := strconv.ParseUint(r.PathValue("case"), 10, 63)
	if err != nil || id == 0 {
		return 0, r.Errorf(tsujiban.CodeNotFound, "case.nowhere")
	}
	return id, nil
}

// find reads the case of the address.
func (p *casesPage) find(r *ui.Request) (*caseView, error) {
	id, err := caseID(r)
	if err != nil {
		return nil, err
	}
	v, err := readCase(r.Context(), r.Office, id)
	if tsujiban.CodeOf(err) == tsujiban.CodeNotFound && err != nil {
		return nil, r.Errorf(tsujiban.CodeNotFound, "case.nowhere")
	}
	return v, err
}

func readCase(ctx context.Context, office *control.Client, id uint64) (*caseView, error) {
	var c control.SuspicionCase
	if err := office.Do(ctx, http.MethodGet, caseAddress(id), nil, &c); err != nil {
		return nil, err
	}
	return caseViewOf(&c), nil
}

// caseViewOf adds up a case for its page.
func caseViewOf(c *control.SuspicionCase) *caseView {
	v := &caseView{SuspicionCase: c, Path: "/cases/" + strconv.FormatUint(c.ID, 10), Open: c.Closed.IsZero(), Up: len(c.Running), Most: 1}
	v.Newest = slices.Clone(c.Steps)
	if c.Omitted > 0 {
		half := len(c.Steps) / 2
		v.Newest, v.Oldest = slices.Clone(c.Steps[half:]), slices.Clone(c.Steps[:half])
	}
	slices.Reverse(v.Newest)
	slices.Reverse(v.Oldest)
	if c.Heaviest != nil {
		for _, w := range c.Heaviest.Why {
			v.Why = append(v.Why, w.Weight)
		}
	}
	for i := range c.Groups {
		v.Most = max(v.Most, c.Groups[i].Lost+c.Groups[i].Avoided)
	}
	v.Lifts = c.Stands != nil
	v.points = weightPoints(c)
	return v
}

type point struct {
	at     int64 // Unix seconds
	weight float64
}

// weightPoints are the weights of the calls that a case keeps, over time.
func weightPoints(c *control.SuspicionCase) (all []point) {
	for _, calls := range [][]control.SuspicionCall{c.First, c.Latest, c.Dearest} {
		for i := range calls {
			if calls[i].Weight != 0 { // a call that was let through before the suspicion was not weighed
				all = append(all, point{calls[i].At.Unix(), calls[i].Weight})
			}
		}
	}
	for i := range c.Steps {
		if c.Steps[i].Weight != 0 {
			all = append(all, point{c.Steps[i].At.Unix(), c.Steps[i].Weight})
		}
	}
	slices.SortFunc(all, func(x, y point) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(y.weight, x.weight)) })
	return slices.CompactFunc(all, func(x, y point) bool { return x.at == y.at }) // of a second the largest
}

// Chart is the weights over time under a name; nil when there are too few.
func (v *caseView) Chart(name string) *ui.Series {
	if len(v.points) < chartFrom {
		return nil
	}
	s, line := &ui.Series{}, ui.Line{Name: name, Kind: "bad"}
	for i := range v.points {
		s.Times = append(s.Times, v.points[i].at)
		line.Values = append(line.Values, &v.points[i].weight)
	}
	s.Lines = []ui.Line{line}
	return s
}

// Share is what is at stake at one destination, as a share of the dearest.
func (v *caseView) Share(g control.SuspicionGroup) float64 {
	return float64(g.Lost+g.Avoided) / float64(v.Most)
}

func (p *casesPage) show(r *ui.Request) error {
	v, err := p.find(r)
	if err != nil {
		return err
	}
	colleagues, err := handOver(r)
	if err != nil {
		return err
	}
	return r.Page("case", map[string]any{"Case": v, "Acts": acts, "People": colleagues, "Form": v.form(r)})
}

// handOver lists to whom a case can be handed over, the person itself first; nobody for who may not.
func handOver(r *ui.Request) ([]any, error) {
	if !r.Person.May(people.ActOnCase) {
		return nil, nil
	}
	var list []control.Staff
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/staff", nil, &list); err != nil {
		return nil, err
	}
	me := assignee(r.Person.Login)
	options := []any{map[string]any{"value": me, "text": r.T("case.myself", r.Person.Name)}}
	for i := range list {
		s := &list[i]
		if to := assignee(s.Login); to != me && s.Disabled.IsZero() && mayAct(s.Role) {
			options = append(options, map[string]any{"value": to, "text": fmt.Sprintf("%s (%s)", s.Name, s.Login)})
		}
	}
	return options, nil
}

func mayAct(name string) bool {
	role, ok := people.ParseRole(name)
	return ok && role.May(people.ActOnCase)
}

// liveCases are the topics of the cases that somebody has open.
type liveCases struct {
	mu     sync.Mutex // guards what follows
	topics map[uint64]*liveCase
}

type liveCase struct {
	ui.Topic
	viewers int
}

// stream follows one case for everybody who has it open.
func (p *casesPage) stream(r *ui.Request) error {
	v, err := p.find(r) // so that there is no topic of a case that is not
	if err != nil {
		return err
	}
	id := v.ID
	p.live.mu.Lock()
	t := p.live.topics[id]
	if t == nil {
		t = &liveCase{Topic: ui.Topic{Page: "case", Run: func(ctx context.Context, show func(...ui.Part)) error { return p.watchCase(ctx, id, show) }}}
		if p.live.topics == nil {
			p.live.topics = map[uint64]*liveCase{}
		}
		p.live.topics[id] = t
	}
	t.viewers++
	p.live.mu.Unlock()
	defer func() {
		p.live.mu.Lock()
		defer p.live.mu.Unlock()
		if t.viewers--; t.viewers == 0 {
			delete(p.live.topics, id)
		}
	}()
	return t.Serve(r)
}

func (p *casesPage) watchCase(ctx context.Context, id uint64, show func(...ui.Part)) error {
	return p.follow(ctx, func(ev *control.Event) bool { return ev.Case != nil && ev.Case.ID == id }, func() error {
		v, err := readCase(ctx, p.office, id)
		if err != nil {
			return err
		}
		show(ui.Part{Name: "state", Data: v}, ui.Part{Name: "buttons", Data: v}, ui.Part{Name: "facts", Data: v}, ui.Part{Name: "calls", Data: v}, ui.Part{Name: "steps", Data: v}, ui.Part{Name: "links", Data: v})
		return nil
	})
}
