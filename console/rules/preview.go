package rules

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
)

// previewPage shows what rules would have done.
type previewPage struct{ office *control.Client }

// previewEvery is how often somebody who watches is told how far it is.
const previewEvery = 500 * time.Millisecond

// previewView is a preview as it is shown.
type previewView struct {
	*control.Preview
	Reasons []reasonLine
	Rows    []compared
	Most    int // calls stopped more or less, at the customer with the most
}

// compared is a figure under the rules in force and under those that were asked about.
type compared struct {
	Word                string // the word figure.WORD
	Now, Then           int
	NowMoney, ThenMoney control.Amount
	Money               bool
	Kind                string
	NowShare, ThenShare float64
}

type reasonLine struct {
	Reason    string
	Now, Then int
}

func viewOf(p *control.Preview) *previewView {
	v := &previewView{Preview: p, Most: 1}
	if p.State != "done" || p.Now == nil || p.Then == nil {
		return v
	}
	n, t := p.Now, p.Then
	v.Rows = []compared{
		{Word: "refused", Now: n.Refused, Then: t.Refused, Kind: "info"}, {Word: "cut", Now: n.Cut, Then: t.Cut, Kind: "info"},
		{Word: "saved", NowMoney: n.Saved, ThenMoney: t.Saved, Money: true, Kind: "ok"}, {Word: "hurt", Now: n.Hurt, Then: t.Hurt, Kind: "bad"},
		{Word: "charge", NowMoney: n.Charge, ThenMoney: t.Charge, Money: true},
	}
	for i := range v.Rows {
		c := &v.Rows[i]
		now, then := float64(c.Now), float64(c.Then)
		if c.Money {
			now, then = float64(c.NowMoney), float64(c.ThenMoney)
		}
		top := max(now, then, 1)
		c.NowShare, c.ThenShare = now/top, then/top
	}
	at := map[string]*reasonLine{}
	line := func(reason string) *reasonLine {
		if at[reason] == nil {
			at[reason] = &reasonLine{Reason: reason}
		}
		return at[reason]
	}
	for reason, count := range n.Reasons {
		line(reason).Now = count
	}
	for reason, count := range t.Reasons {
		line(reason).Then = count
	}
	for _, l := range at {
		v.Reasons = append(v.Reasons, *l)
	}
	slices.SortFunc(v.Reasons, func(x, y reasonLine) int {
		return cmp.Or(cmp.Compare(y.Then+y.Now, x.Then+x.Now), cmp.Compare(x.Reason, y.Reason))
	})
	for i := range p.Differ {
		v.Most = max(v.Most, p.Differ[i].Stopped, -p.Differ[i].Stopped)
	}
	return v
}

// Share is how much a customer is concerned, of the most.
func (v *previewView) Share(d control.PreviewDiffer) float64 {
	return float64(max(d.Stopped, -d.Stopped)) / float64(v.Most)
}

func readPreview(ctx context.Context, office *control.Client) (*previewView, error) {
	var p control.Preview
	if err := office.Do(ctx, http.MethodGet, "/v1/rules/preview", nil, &p); err != nil {
		return nil, err
	}
	return viewOf(&p), nil
}

func (p *previewPage) show(r *ui.Request) error {
	v, err := readPreview(r.Context(), r.Office)
	if err != nil {
		return err
	}
	return r.Page("preview", map[string]any{"Preview": v})
}

func (p *previewPage) watch(ctx context.Context, show func(...ui.Part)) error {
	tick := time.NewTicker(previewEvery)
	defer tick.Stop()
	for {
		v, err := readPreview(ctx, p.office)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		show(ui.Part{Name: "progress", Data: v}, ui.Part{Name: "result", Data: v})
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (p *previewPage) start(r *ui.Request) error {
	rules, f, wrong, err := decoded(r, false)
	if err != nil {
		return err
	}
	const most = 31
	if f.Days < 1 || f.Days > most {
		wrong["days"] = r.T("preview.no-days", most)
	}
	if len(wrong) > 0 {
		return page(r, rules, f, wrong)
	}
	made := r.WasMade().Version
	if made != rules.Version {
		return stale(r, f)
	}
	err = r.Office.Do(r.Context(), http.MethodPost, "/v1/rules/preview", control.PreviewOrder{RulesOrder: f.order(&rules.Set), Days: f.Days, Version: made}, nil)
	switch code := tsujiban.CodeOf(err); {
	case err == nil:
		return r.Redirect("/rules/preview")
	case code == tsujiban.CodeConflict:
		return r.Errorf(code, "preview.busy")
	case code == tsujiban.CodeInvalid:
		return page(r, rules, f, placed(r, err))
	}
	return err
}

func (p *previewPage) cancel(r *ui.Request) error {
	err := r.Office.Do(r.Context(), http.MethodDelete, "/v1/rules/preview", nil, nil)
	if tsujiban.CodeOf(err) == tsujiban.CodeConflict && err != nil {
		return r.Redirect("/rules/preview") // it has ended by itself
	}
	if err != nil {
		return err
	}
	return r.Done("/rules/preview", "preview.cancelled")
}

// previewed is the form of the rules that were looked at. What the order does not name is as now.
func previewed(o control.RulesOrder, set control.RuleSet) *form {
	if o.Closed != nil {
		set.Closed = *o.Closed
	}
	if o.Hints != nil {
		set.Hints = *o.Hints
	}
	if o.Defaults != nil {
		set.Defaults = *o.Defaults
	}
	f := formOf(&set)
	f.Note = o.Note
	return f
}

// apply sets the rules that were looked at.
func (p *previewPage) apply(r *ui.Request) error {
	var in struct {
		Note string `form:"note" max:"6000" need:"yes"`
	}
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	v, err := readPreview(r.Context(), r.Office)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return r.Again("preview", map[string]any{"Preview": v}, wrong)
	}
	if v.State != "done" || v.Order == nil {
		return r.Errorf(tsujiban.CodeConflict, "preview.none-done")
	}
	o := v.Order.RulesOrder
	o.Note = in.Note
	err = give(r, o, v.Order.Version)
	if tsujiban.CodeOf(err) == tsujiban.CodeChanged {
		rules, err := read(r)
		if err != nil {
			return err
		}
		return stale(r, previewed(o, rules.Set))
	}
	if err != nil {
		return err
	}
	return r.Done("/rules", "rules.done")
}
