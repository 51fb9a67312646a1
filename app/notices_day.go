package app

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/notify"
	"tsujiban/notify/outbox"
	"tsujiban/store"
)

// How long what was told, and what could not be, is kept.
const (
	keepSent = 30 * 24 * time.Hour
	keepDead = 90 * 24 * time.Hour
)

// ticks looks at what is no event: money, health, the hour of the digest.
func (t *teller) ticks(ctx context.Context) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		t.health(ctx)
		if n%3 == 0 {
			t.caps(ctx)
		}
		t.daily(ctx)
	}
}

// daily makes the digests when their hour has come, also when the program was not there at that hour, and forgets what is old.
func (t *teller) daily(ctx context.Context) {
	a := t.app
	c, now := t.ways.Load().cfg, a.now()
	local := now.In(c.Node.TimeZone)
	y, m, d := local.Date()
	today := local.Format(time.DateOnly)
	hour := time.Date(y, m, d, int(c.Notify.Digest/time.Hour), int(c.Notify.Digest%time.Hour/time.Minute), 0, 0, c.Node.TimeZone)
	if t.digested == today || c.Notify.NoDigest || now.Before(hour) || !a.ready.Load() {
		return
	}
	to := time.Date(y, m, d, 0, 0, 0, 0, c.Node.TimeZone)
	if err := t.digest(ctx, time.Date(y, m, d-1, 0, 0, 0, 0, c.Node.TimeZone), to); err != nil {
		if ctx.Err() == nil {
			a.log.Error("the daily digest cannot be made; trying again", slog.Any("error", err))
		}
		return
	}
	t.digested = today
	if now.Sub(t.dropped) > 12*time.Hour {
		if _, err := a.store.DropNotices(ctx, now.Add(-keepSent), now.Add(-keepDead)); err != nil && ctx.Err() == nil {
			a.log.Error("old notices cannot be forgotten; trying again tomorrow", slog.Any("error", err))
		}
		t.dropped = now
	}
}

// digest tells everybody of a day.
func (t *teller) digest(ctx context.Context, from, to time.Time) error {
	if len(t.staff()) == 0 && !t.mails() {
		return nil
	}
	all, err := t.app.days(ctx, from, to, "")
	if err != nil {
		return err
	}
	sum, days := sumDays(all)
	n, err := t.app.store.CountNotices(ctx)
	if err != nil {
		return err
	}
	sum.Dead, sum.Waiting = n[outbox.Dead], n[outbox.Waiting]
	at := t.app.now()
	key := "digest " + from.Format(time.DateOnly)
	ns := t.notices(key, outbox.Digest, &notify.Facts{At: at, Node: t.app.cfg.Node.Name, All: trimmed(sum)}, t.staff())
	flush := func() bool {
		ok := t.put(ctx, 0, ns)
		ns = nil
		return ok
	}
	if !t.mails() {
		flush()
		return ctx.Err()
	}
	t.app.admin.Lock()
	list := slices.Clone(t.app.customers)
	t.app.admin.Unlock()
	persons, several := t.customersPersons()
	for i := range several {
		p := &several[i]
		if firms := firmsOf(&p.Person, all); firms != nil {
			ns = append(ns, t.notices(key+" of "+p.ID, outbox.Digest, &notify.Facts{At: at, Node: t.app.cfg.Node.Name, Firms: firms}, []notify.Recipient{p.to})...)
		}
		if len(ns) >= 200 && !flush() {
			return ctx.Err()
		}
	}
	for i := range list {
		to := persons[list[i].ID]
		if r, ok := t.contact(&list[i]); ok {
			to = once(append(slices.Clip(to), r))
		}
		day := days[list[i].ID]
		if len(to) == 0 || day == nil {
			continue
		}
		day.Accesses, day.More = day.Accesses[:min(len(day.Accesses), 100)], max(len(day.Accesses)-100, 0)
		day.Abroad = day.Abroad[:min(len(day.Abroad), 100)]
		ns = append(ns, t.notices(key+" "+string(list[i].ID), outbox.Digest, &notify.Facts{At: at, Node: t.app.cfg.Node.Name, Customer: day.Customer, Name: day.Name, Day: day}, to)...)
		if len(ns) >= 200 && !flush() {
			return ctx.Err()
		}
	}
	flush()
	return ctx.Err()
}

// trimmed is what fits into a mail.
func trimmed(d *control.Days) *control.Days {
	out := *d
	out.Customers = slices.Clone(d.Customers[:min(len(d.Customers), 60)])
	out.More = len(d.Customers) - len(out.Customers)
	for i := range out.Customers {
		c := &out.Customers[i]
		c.Accesses, c.Abroad = c.Accesses[:min(len(c.Accesses), 10)], c.Abroad[:min(len(c.Abroad), 10)]
	}
	return &out
}

// before is how long back something is looked for, to call it new.
const before = 30 * 24 * time.Hour

// days is what customers' lines were used for over a span of time; of all customers when only is empty.
func (a *App) days(ctx context.Context, from, to time.Time, only tsujiban.CustomerID) (*control.Days, error) {
	calls, err := a.store.CustomerDays(ctx, from, to, from.Add(-before))
	if err != nil {
		return nil, err
	}
	accesses, err := a.store.Accesses(ctx, from, to, from.Add(-before))
	if err != nil {
		return nil, err
	}
	out := &control.Days{From: from, To: to, Strangers: map[string]int{}}
	at := map[tsujiban.CustomerID]*control.Day{}
	a.admin.Lock()
	for i := range a.customers {
		c := &a.customers[i]
		if only != "" && c.ID != only {
			continue
		}
		d := &control.Day{Customer: string(c.ID), Name: c.Name, From: from, To: to}
		if u, ok := a.guard.Usage(c.ID); ok {
			d.Month, d.CapDay, d.CapMonth = control.Amount(u.Month), control.Amount(u.CapDay), control.Amount(u.CapMonth)
			if u.Restriction != nil && u.Restriction.Level >= tsujiban.LevelAsk {
				d.Restriction = control.RestrictionOf(u.Restriction)
			}
		}
		at[c.ID] = d
	}
	trunks := slices.Clone(a.trunks)
	a.admin.Unlock()
	for i := range calls {
		out.Attempts += calls[i].Attempts
		out.Cut += calls[i].Cut
		out.Charge = control.Amount(tsujiban.Money(out.Charge).Add(calls[i].Charge))
		if calls[i].Reason != tsujiban.ReasonNone {
			out.Denied += calls[i].Attempts
		}
		if d := at[calls[i].Customer]; d != nil {
			addCalls(d, &calls[i])
		}
	}
	addAccesses(out, at, accesses, trunks)
	for _, d := range at {
		slices.SortFunc(d.Refused, func(x, y control.ReasonCount) int {
			return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Reason, y.Reason))
		})
		slices.SortStableFunc(d.Abroad, func(x, y control.DayDestination) int {
			return cmp.Or(cmp.Compare(y.Charge, x.Charge), cmp.Compare(y.Attempts, x.Attempts))
		})
		slices.SortStableFunc(d.Accesses, func(x, y control.Access) int { return boolLast(x.New, y.New) })
		out.Customers = append(out.Customers, *d)
	}
	slices.SortFunc(out.Customers, func(x, y control.Day) int {
		return cmp.Or(cmp.Compare(y.Charge, x.Charge), cmp.Compare(x.Customer, y.Customer))
	})
	return out, nil
}

func boolLast(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return -1
	}
	return 1
}

func addCalls(d *control.Day, c *store.CustomerDay) {
	denied := c.Reason != tsujiban.ReasonNone
	d.Attempts, d.Answered, d.Cut, d.Night = d.Attempts+c.Attempts, d.Answered+c.Answered, d.Cut+c.Cut, d.Night+c.Night
	d.TalkS += c.Talk.Seconds()
	d.Charge = control.Amount(tsujiban.Money(d.Charge).Add(c.Charge))
	if denied {
		d.Denied += c.Attempts
		name := c.Reason.String()
		if i := slices.IndexFunc(d.Refused, func(r control.ReasonCount) bool { return r.Reason == name }); i >= 0 {
			d.Refused[i].Count += c.Attempts
		} else {
			d.Refused = append(d.Refused, control.ReasonCount{Reason: name, Count: c.Attempts})
		}
	}
	if c.Destination.Key() == 0 {
		return // ordinary numbers at home
	}
	country, code, class := c.Destination.Country(), int(c.Destination.Code), c.Destination.Class.String()
	i := slices.IndexFunc(d.Abroad, func(x control.DayDestination) bool { return x.Country == country && x.Code == code && x.Class == class })
	if i < 0 {
		i = len(d.Abroad)
		d.Abroad = append(d.Abroad, control.DayDestination{Country: country, Code: code, Class: class, New: c.New})
	}
	x := &d.Abroad[i]
	x.Attempts, x.Answered = x.Attempts+c.Attempts, x.Answered+c.Answered
	x.TalkS += c.Talk.Seconds()
	x.Charge = control.Amount(tsujiban.Money(x.Charge).Add(c.Charge))
	if denied {
		x.Denied += c.Attempts
	}
}

// maxLoudest is how many of those that tried most are told.
const maxLoudest = 10

// addAccesses gives registrations to their customers, and what was turned away to those whose network it came from.
func addAccesses(out *control.Days, at map[tsujiban.CustomerID]*control.Day, list []store.Access, trunks []tsujiban.Trunk) {
	sources := map[netip.Addr]bool{}
	for i := range list {
		a := &list[i]
		v := control.Access{What: a.What, Customer: string(a.Customer), Agent: a.Agent, Count: a.Count, First: a.First, Last: a.Last, New: a.New}
		if a.Source.IsValid() {
			v.Source = a.Source.String()
		}
		if a.What == "registered" {
			if d := at[a.Customer]; d != nil {
				d.Registrations += a.Count
				d.Accesses = append(d.Accesses, v)
			}
			continue
		}
		out.Strangers[a.What] += a.Count
		sources[a.Source] = true
		if len(out.Loudest) < maxLoudest {
			out.Loudest = append(out.Loudest, v)
		}
		for k := range trunks {
			d := at[trunks[k].Customer]
			if d != nil && a.Source.IsValid() && slices.ContainsFunc(trunks[k].Sources, func(p netip.Prefix) bool { return p.Contains(a.Source) }) {
				d.Strangers += a.Count
				d.Accesses = append(d.Accesses, v)
				break
			}
		}
	}
	out.Sources = len(sources)
}

// sumDays parts the customers with something to look at from the others.
func sumDays(all *control.Days) (*control.Days, map[tsujiban.CustomerID]*control.Day) {
	sum := *all
	sum.Customers = nil
	days := map[tsujiban.CustomerID]*control.Day{}
	for i := range all.Customers {
		d := &all.Customers[i]
		days[tsujiban.CustomerID(d.Customer)] = d
		if d.Quiet() {
			sum.Quiet++
		} else {
			sum.Customers = append(sum.Customers, *d)
		}
	}
	return &sum, days
}

// daySpan reads a day of the node's zone; empty is the day before today.
func (a *App) daySpan(text string) (from, to time.Time, err error) {
	zone := a.o.Config.Node.TimeZone
	day := a.now().In(zone).AddDate(0, 0, -1)
	if text != "" {
		if day, err = time.ParseInLocation(time.DateOnly, text, zone); err != nil {
			return from, to, tsujiban.Errorf(tsujiban.CodeInvalid, "day: %.40q is not a day; write it as 2026-11-25", text)
		}
	}
	y, m, d := day.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone), time.Date(y, m, d+1, 0, 0, 0, 0, zone), nil
}
