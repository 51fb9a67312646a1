package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/notify"
	"tsujiban/notify/outbox"
	"tsujiban/people"
	"tsujiban/store"
)

// event makes the notices of one entry of the journal.
func (t *teller) event(ev *tsujiban.Event) []outbox.Notice {
	f := &notify.Facts{At: ev.At, Entry: ev.Seq}
	key := fmt.Sprintf("entry %d of %s", ev.Seq, t.app.cfg.Node.Name)
	switch ev.Kind {
	case tsujiban.EventRestricted:
		r := &ev.Restriction
		kind := map[tsujiban.Level]outbox.Kind{tsujiban.LevelAsk: outbox.Question, tsujiban.LevelRestrict: outbox.Restriction, tsujiban.LevelClose: outbox.Closing}[r.Level]
		if kind == outbox.Test {
			return nil // watched: nobody needs to do anything
		}
		c := control.RestrictionOf(r)
		f.Customer, f.Level, f.Reach, f.Reason, f.By, f.Note, f.Weight, f.Why, f.Campaign = c.Customer, c.Level, c.Reach, c.Reason, c.By, c.Note, c.Weight, c.Why, c.Campaign
		return t.plan(key, kind, f, true)
	case tsujiban.EventReleased:
		f.Customer, f.By, f.Note = string(ev.Restriction.Customer), ev.Restriction.By, ev.Restriction.Note
		return t.plan(key, outbox.Release, f, true)
	case tsujiban.EventReplied:
		f.Customer, f.Theirs, f.By, f.Note = string(ev.Reply.Customer), &ev.Reply.Theirs, ev.Reply.By, ev.Reply.Note
		return t.plan(key, outbox.Reply, f, false)
	case tsujiban.EventSet:
		if what, ok := strings.CutPrefix(ev.Note, people.ProposedNote); ok {
			return t.proposed(key, ev.By, what, f)
		}
		note, ok := strings.CutPrefix(ev.Note, overdueNote)
		if !ok || ev.By != guardName {
			return nil
		}
		f.Note = note
		return t.plan(key, outbox.Overdue, f, false)
	case tsujiban.EventAttempt:
		return t.capped(ev.Attempt.Customer, ev.Verdict.Reason, ev.At)
	case tsujiban.EventEnded:
		return t.capped(ev.Outcome.Customer, ev.Outcome.Cut, ev.At)
	}
	return nil
}

// proposed tells who may approve it that something waits for a second person; not who proposed it.
func (t *teller) proposed(key, by, what string, f *notify.Facts) []outbox.Notice {
	f.Act, what, _ = strings.Cut(what, " ")
	f.Customer, f.Note, _ = strings.Cut(what, ": ")
	subject := f.Customer
	t.customer(f)
	if f.Name == "" { // it is about no customer
		f.Customer = ""
	}
	f.Subject, f.By = subject, by
	var own string
	err := t.app.store.ViewPeople(context.WithoutCancel(t.app.ctx), func(tx people.Tx) error {
		p, err := tx.Person(by)
		if err == nil {
			f.By, own = p.Name, p.Login
		}
		return err
	})
	if err != nil && tsujiban.CodeOf(err) != tsujiban.CodeNotFound {
		t.app.log.Error("who proposed something cannot be read", slog.Any("error", err))
	}
	if base := t.app.reachedAt.Load(); base != nil {
		f.Page = base.JoinPath("proposals").String()
	}
	f.Node = t.app.cfg.Node.Name
	to := slices.DeleteFunc(t.staff(), func(r notify.Recipient) bool { return own != "" && r.To == own })
	return t.notices(key, outbox.Proposal, f, to)
}

// plan fills in what is known of the customer, and makes the notices for staff and, when it is to be told, for the customer.
func (t *teller) plan(key string, k outbox.Kind, f *notify.Facts, tell bool) []outbox.Notice {
	a := t.app
	f.Node = a.cfg.Node.Name
	to := t.staff()
	if f.Customer != "" {
		c, ok := t.customer(f)
		if k.Case() {
			f.Case = t.theCase(f)
		}
		if tell && ok && t.mails() {
			r, ok := t.contact(&c)
			own := t.persons(c.ID)
			if to = append(to, own...); ok {
				to = once(append(to, r))
			} else if k.Urgent() && len(own) == 0 {
				return append(t.notices(key, k, f, to), t.unreachable(key, k, f)...)
			}
		}
	}
	return t.notices(key, k, f, to)
}

func (t *teller) notices(key string, k outbox.Kind, f *notify.Facts, to []notify.Recipient) []outbox.Notice {
	ns, err := notify.Plan(key, k, f, to, t.app.now(), t.ways.Load().cfg.Node.TimeZone)
	if err != nil {
		t.app.log.Error("a notice cannot be written", slog.String("kind", k.String()), slog.Any("error", err))
	}
	return ns
}

// unreachable tells staff that a customer has no address that mail could go to.
func (t *teller) unreachable(key string, k outbox.Kind, f *notify.Facts) []outbox.Notice {
	g := *f
	g.Failed = &notify.Failed{Kind: k.String(), Channel: outbox.Mail.String(), Reason: notify.NoContact}
	return t.notices(key+" unreachable", outbox.Undeliverable, &g, t.staff())
}

// caseWait is how long a notice waits for its case: nobody whose calls were stopped is told late for it.
const caseWait = time.Second

// theCase is the case of suspicion that something is about; nil when there is none, or the view does not have it yet.
func (t *teller) theCase(f *notify.Facts) *notify.Case {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.app.ctx), caseWait)
	defer cancel()
	t.app.fresh(ctx)
	page, err := t.app.store.Suspicions(ctx, store.SuspicionQuery{Customer: tsujiban.CustomerID(f.Customer), Limit: 1})
	if err != nil {
		t.app.log.Error("the case of a notice cannot be read; it is told without", slog.Any("error", err))
		return nil
	}
	if len(page.Cases) == 0 {
		return nil
	}
	c := &page.Cases[0]
	if !c.Closed.IsZero() && c.Closed.Before(f.At) { // an older one
		return nil
	}
	return &notify.Case{ID: c.ID, Calls: c.Calls.Calls, Refused: c.Calls.Refused, Lost: control.Amount(c.Calls.Lost), Avoided: control.Amount(c.Calls.Avoided)}
}

// customer fills in the customer's name and money.
func (t *teller) customer(f *notify.Facts) (c tsujiban.Customer, ok bool) {
	a := t.app
	id := tsujiban.CustomerID(f.Customer)
	a.admin.Lock()
	set := newSettings(a.customers, a.trunks)
	i, ok := set.customer(id)
	if ok {
		c = a.customers[i]
	}
	a.admin.Unlock()
	if u, known := a.guard.Usage(id); known {
		f.Today, f.Month, f.CapDay, f.CapMonth = control.Amount(u.Today), control.Amount(u.Month), control.Amount(u.CapDay), control.Amount(u.CapMonth)
		f.Left = control.Amount(notify.LeftOf(u.Today, u.Month, u.CapDay, u.CapMonth))
	}
	f.Name = c.Name
	return c, ok
}

// spentTold is what a customer was told of its caps.
type spentTold struct {
	day, month             string
	dayPercent, monthShare int
}

// capped tells that calls were refused or ended because a cap is reached.
func (t *teller) capped(id tsujiban.CustomerID, why tsujiban.Reason, at time.Time) []outbox.Notice {
	switch why {
	case tsujiban.ReasonCapDay:
		return t.spending(id, "day", 100, at)
	case tsujiban.ReasonCapMonth:
		return t.spending(id, "month", 100, at)
	}
	return nil
}

func (t *teller) spending(id tsujiban.CustomerID, which string, percent int, at time.Time) []outbox.Notice {
	period := at.In(t.ways.Load().cfg.Node.TimeZone).Format(map[string]string{"day": time.DateOnly, "month": "2006-01"}[which])
	key := fmt.Sprintf("cap %s %s %s %d", id, which, period, percent)
	return t.plan(key, outbox.Spending, &notify.Facts{At: at, Customer: string(id), Cap: which, Percent: percent}, true)
}

// percents are the shares of a cap that are told.
var percents = []int{100, 80, 50}

func share(used, limit tsujiban.Money) int {
	if limit <= 0 {
		return 0
	}
	for _, p := range percents {
		if used >= limit/100*tsujiban.Money(p) {
			return p
		}
	}
	return 0
}

// caps looks at what every customer has spent. The ids of notices keep them from being told twice after a restart.
func (t *teller) caps(ctx context.Context) {
	a := t.app
	now := a.now()
	local := now.In(t.ways.Load().cfg.Node.TimeZone)
	a.admin.Lock()
	list := slices.Clone(a.customers) // what they point to is replaced, not changed
	a.admin.Unlock()
	for i := range list {
		if ctx.Err() != nil {
			return
		}
		id := list[i].ID
		u, ok := a.guard.Usage(id)
		if !ok || u.Month == 0 {
			continue
		}
		told := t.spent[id]
		if d, m := local.Format(time.DateOnly), local.Format("2006-01"); told.day != d || told.month != m {
			if told.month != m {
				told.monthShare = 0
			}
			told.day, told.month, told.dayPercent = d, m, 0
		}
		var ns []outbox.Notice
		if p := share(u.Today, u.CapDay); p > told.dayPercent {
			told.dayPercent = p
			ns = t.spending(id, "day", p, now)
		}
		if p := share(u.Month, u.CapMonth); p > told.monthShare {
			told.monthShare = p
			ns = append(ns, t.spending(id, "month", p, now)...)
		}
		if len(ns) == 0 || t.put(ctx, 0, ns) {
			t.spent[id] = told
		}
	}
}

// trouble is a part of the system that fails.
type trouble struct {
	since time.Time // when it was first seen to
	told  bool
	good  time.Time // since when it works again; zero: it does not
	note  string
}

// steady is how long something must fail, or work again, before it is told: a probe that gets lost is no news.
const steady = 15 * time.Second

// health looks at journal and carriers.
func (t *teller) health(ctx context.Context) {
	a := t.app
	note := ""
	if err := a.journal.Failing(); err != nil {
		note = err.Error()
	}
	t.state(ctx, "journal", "", note != "", note)
	for _, c := range a.edge.Carriers() {
		t.state(ctx, "carrier", string(c.ID), !c.Up, string(c.ID))
	}
}

func (t *teller) state(ctx context.Context, part, what string, failing bool, note string) {
	now, key := t.app.now(), part+" "+what
	x := t.troubles[key]
	switch {
	case x == nil && !failing:
	case x == nil:
		t.troubles[key] = &trouble{since: now, note: note}
	case failing:
		x.good = time.Time{}
		if !x.told && now.Sub(x.since) >= steady {
			x.told = t.tellTrouble(ctx, key, part, x, false)
		}
	case !x.told:
		delete(t.troubles, key)
	case x.good.IsZero():
		x.good = now
	case now.Sub(x.good) >= steady && t.tellTrouble(ctx, key, part, x, true):
		delete(t.troubles, key)
	}
}

// tellTrouble tells of trouble also when notices cannot be kept: a disk that is full is what this is about. Then it is sent
// at once, and once.
func (t *teller) tellTrouble(ctx context.Context, key, part string, x *trouble, over bool) bool {
	f := &notify.Facts{At: t.app.now(), Part: part, Over: over, Note: x.note}
	ns := t.plan(fmt.Sprintf("trouble %s %s %d %t", t.app.cfg.Node.Name, key, x.since.Unix(), over), outbox.Trouble, f, false)
	for i := range ns {
		ns[i].Due = ns[i].Made // quiet hours are for people who can do nothing about it
	}
	if _, err := t.app.store.PutNotices(ctx, 0, ns); err == nil {
		t.post.Wake()
		return true
	}
	var errs []error
	for i := range ns {
		errs = append(errs, t.post.Direct(ctx, ns[i]))
	}
	if err := errors.Join(errs...); err != nil {
		t.app.log.Error("trouble could not be told to everybody", slog.Any("error", err))
	}
	return true
}

// lost tells staff of notices that are given up; not of those about notices, and never to whom they could not be sent.
func (t *teller) lost(ctx context.Context, ns []outbox.Notice, reason string) error {
	n := &ns[0]
	if n.Kind == outbox.Undeliverable || n.Kind == outbox.Test {
		return nil
	}
	var to []notify.Recipient
	for _, r := range t.staff() {
		if r.Channel != n.Channel || r.To != n.To {
			to = append(to, r)
		}
	}
	f := &notify.Facts{At: t.app.now(), Node: t.app.cfg.Node.Name, Customer: string(n.Customer), Failed: &notify.Failed{ID: n.ID, Kind: n.Kind.String(), Channel: n.Channel.String(), To: n.To, Reason: reason}}
	if f.Customer != "" {
		t.customer(f)
	}
	key := fmt.Sprintf("lost %s %s", n.ID, n.Made.Format(time.RFC3339Nano))
	if n.Kind == outbox.Digest {
		key = "lost digest " + n.To // once is enough
	}
	_, err := t.app.store.PutNotices(ctx, 0, t.notices(key, outbox.Undeliverable, f, to))
	t.post.Wake()
	return err
}
