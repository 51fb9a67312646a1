package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/ledger"
	"tsujiban/ledger/intake"
	"tsujiban/store"
)

// book changes the ledger: what is done is recorded before it is made to last, and in force for calls when the function
// returns: which numbers are suspended, and which the guard lets a customer show.
func (a *App) book(ctx context.Context, o *ledger.Order, f func(*ledger.Order) (ledger.Outcome, error)) (control.LedgerDone, error) {
	a.admin.Lock()
	defer a.admin.Unlock()
	return a.bookLocked(ctx, o, f)
}

// bookLocked is book with App.admin held.
func (a *App) bookLocked(ctx context.Context, o *ledger.Order, f func(*ledger.Order) (ledger.Outcome, error)) (control.LedgerDone, error) {
	done := control.LedgerDone{DryRun: o.DryRun}
	recorded := false
	o.Confirm = func(out *ledger.Outcome) (err error) {
		done.Done, err = a.record(ctx, o.Entry.By, ledgerNote(out))
		recorded = err == nil
		return err
	}
	out, err := f(o)
	done.Outcome = out
	if err != nil {
		if recorded {
			if _, rerr := a.record(context.WithoutCancel(ctx), o.Entry.By, fmt.Sprintf("not done, ledger entry %d: %v", out.Entry.ID, err)); rerr != nil {
				a.log.Error("a change of the ledger went wrong half way", slog.Any("error", rerr))
			}
		}
		return done, err
	}
	if o.DryRun {
		return done, nil
	}
	return done, a.enforce(context.WithoutCancel(ctx), &out.Entry, out.Ranges)
}

// ledgerNote is what the journal keeps of an entry. The ledger has the rest.
func ledgerNote(out *ledger.Outcome) string {
	e := &out.Entry
	note := fmt.Sprintf("ledger entry %d: %s", e.ID, e.Verb)
	if e.Undoes > 0 {
		note += fmt.Sprintf(" of entry %d", e.Undoes)
	}
	if out.Numbers > 0 {
		note += fmt.Sprintf(", %d numbers", out.Numbers)
		for i, r := range out.Ranges {
			if i == 5 {
				note += " …"
				break
			}
			note += " " + r.String()
		}
	}
	if len(out.Holders) > 0 {
		note += ", holders " + strings.Join(out.Holders[:min(len(out.Holders), 5)], " ")
		if len(out.Holders) > 5 {
			note += fmt.Sprintf(" and %d more", len(out.Holders)-5)
		}
	}
	if e.File != "" {
		note += fmt.Sprintf(", from %s (sha256 %.12s)", e.File, e.SHA256)
	}
	return note + "; ground: " + e.Ground
}

// enforce brings into force for calls what the ledger says of numbers now. App.admin is held.
func (a *App) enforce(ctx context.Context, e *ledger.Entry, touched []ledger.Range) error {
	by := e.By
	if len(touched) == 0 {
		return nil
	}
	customers, notes, save, err := a.heldNow(ctx, by, e, touched)
	if err != nil {
		return err
	}
	suspended, err := a.suspendedNow(ctx, customers)
	if err != nil {
		return err
	}
	if len(save) == 0 && slices.Equal(suspended, a.rules.source.Suspended) {
		return nil
	}
	r := *a.rules
	r.source.Suspended = suspended
	p, dir, err := a.compile(&r, customers, a.trunks)
	if err != nil {
		return err
	}
	if len(notes) > 0 {
		if _, err := a.record(ctx, by, summary(notes)); err != nil {
			return err
		}
	}
	for i, s := range save {
		if err := s(ctx); err != nil {
			return a.undone(ctx, by, i, len(save), err)
		}
	}
	a.rules = &r
	a.force(customers, a.trunks, p, dir)
	a.cutSuspended()
	return nil
}

// suspendedNow are the patterns of the numbers that nobody may use: those that are suspended, and those that have left their
// holder and still stand in the guard's lists.
func (a *App) suspendedNow(ctx context.Context, customers []tsujiban.Customer) ([]string, error) {
	var rs, left []ledger.Range
	err := a.store.Ledger().Unusable(ctx, a.now(), func(r ledger.Range, suspended bool) {
		if suspended {
			rs = append(rs, r)
		} else {
			left = append(left, r)
		}
	})
	left = ledger.Join(left)
	for i := range customers {
		for _, p := range customers[i].Numbers {
			if len(left) == 0 {
				break
			}
			r, ok := rangeOf(p)
			if !ok {
				continue
			}
			at, _ := slices.BinarySearchFunc(left, r.First, func(x ledger.Range, n int64) int { return cmp.Compare(x.Last, n) })
			for ; at < len(left) && left[at].First <= r.Last; at++ {
				rs = append(rs, ledger.Range{First: max(left[at].First, r.First), Last: min(left[at].Last, r.Last)})
			}
		}
	}
	var out []string
	for _, r := range ledger.Join(rs) {
		out = append(out, r.Patterns()...)
	}
	return out, err
}

// cutSuspended ends the running calls with numbers that nobody may use any more. Emergency calls go on.
func (a *App) cutSuspended() {
	p := a.policy.Load()
	for _, c := range a.edge.Live(nil) {
		mine := c.Callee
		if c.Direction == tsujiban.Out {
			mine = c.Caller
		}
		if c.Dest.Scope != tsujiban.ScopeEmergency && c.Direction != tsujiban.Inside && p.Suspended(mine) {
			a.edge.Cut(c.Call, tsujiban.ReasonSuspended)
		}
	}
}

// heldNow follows the ledger with the numbers that the guard lets its customers show: each gets what it holds now of the
// numbers that an entry touched, and loses what it held before, or what another holds. Customers without any number in the guard
// are not checked there, and stay so; one that would lose its last number keeps it there, where it is no longer of use.
func (a *App) heldNow(ctx context.Context, by string, e *ledger.Entry, touched []ledger.Range) ([]tsujiban.Customer, []string, []func(context.Context) error, error) {
	now, err := a.held(ctx, touched, time.Time{})
	if err != nil {
		return nil, nil, nil, err
	}
	before, err := a.held(ctx, touched, e.At.Add(-time.Microsecond))
	if err != nil {
		return nil, nil, nil, err
	}
	customers := slices.Clone(a.customers)
	var notes []string
	var save []func(context.Context) error
	for i := range customers {
		c := &customers[i]
		if len(c.Numbers) == 0 {
			continue
		}
		var lost []ledger.Range
		for _, r := range before[c.ID] {
			lost = append(lost, r.Without(now[c.ID])...)
		}
		for id, rs := range now {
			if id != c.ID {
				lost = append(lost, rs...)
			}
		}
		numbers := follow(c.Numbers, ledger.Join(lost), now[c.ID])
		if len(numbers) == 0 || slices.Equal(numbers, c.Numbers) {
			continue
		}
		old := *c
		c.Numbers = numbers
		if err := store.ValidCustomer(c); err != nil {
			return nil, nil, nil, fmt.Errorf("customer %s: %w", c.ID, err)
		}
		notes = append(notes, fmt.Sprintf("customer %s, by the ledger: %s", c.ID, store.DiffCustomer(&old, c)))
		next := *c
		save = append(save, func(ctx context.Context) error { return a.store.PutCustomer(ctx, by, next) })
	}
	return customers, notes, save, nil
}

// held is who holds which of some numbers now, as it was believed then.
func (a *App) held(ctx context.Context, of []ledger.Range, believed time.Time) (map[tsujiban.CustomerID][]ledger.Range, error) {
	out := map[tsujiban.CustomerID][]ledger.Range{}
	for _, r := range of {
		err := a.store.Ledger().Each(ctx, r, a.now(), believed, func(s *ledger.Span) error {
			if s.Value.State.Held() {
				b := s.Block.Range()
				out[s.Value.Holder] = append(out[s.Value.Holder], ledger.Range{First: max(b.First, r.First), Last: min(b.Last, r.Last)})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// follow is a list of patterns without some numbers and with others.
func follow(patterns []string, lost, held []ledger.Range) []string {
	var out []string
	left := slices.Clone(held)
	for _, p := range patterns {
		r, ok := rangeOf(p)
		if !ok {
			out = append(out, p)
			continue
		}
		rest := r.Without(lost)
		if len(rest) == 1 && rest[0] == r {
			out = append(out, p)
			left = without(left, r)
			continue
		}
		left = append(left, rest...)
	}
	for _, r := range ledger.Join(left) {
		out = append(out, r.Patterns()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func without(rs []ledger.Range, r ledger.Range) (out []ledger.Range) {
	for _, x := range rs {
		out = append(out, x.Without([]ledger.Range{r})...)
	}
	return out
}

// rangeOf is a pattern as a range. A prefix says nothing of how long the numbers are: those of Japan have the length that
// their kind has, others are left alone.
func rangeOf(pattern string) (ledger.Range, bool) {
	digits, prefix := strings.CutSuffix(strings.TrimPrefix(pattern, "+"), "*")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return ledger.Range{}, false
	}
	if !prefix {
		return ledger.Range{First: n, Last: n}, true
	}
	length := 11 // +81 and nine digits
	for _, long := range []string{"8150", "8160", "8170", "8180", "8190", "8120"} {
		if strings.HasPrefix(digits, long) {
			length = 12
		}
	}
	if !strings.HasPrefix(digits, "81") || len(digits) >= length {
		return ledger.Range{}, false
	}
	width := int64(1)
	for range length - len(digits) {
		width *= 10
	}
	return ledger.Range{First: n * width, Last: n*width + width - 1}, true
}

// mayShow refuses to let the guard give a customer numbers that the ledger says are not its own.
func (a *App) mayShow(ctx context.Context, c *tsujiban.Customer, added []string) error {
	for _, p := range added {
		r, ok := rangeOf(p)
		if !ok {
			continue
		}
		err := a.store.Ledger().Each(ctx, r, a.now(), time.Time{}, func(s *ledger.Span) error {
			if !s.Value.State.Ours() || s.Value.Holder == c.ID {
				return nil
			}
			what := s.Value.State.String()
			if s.Value.Holder != "" {
				what += fmt.Sprintf(" to %q", s.Value.Holder)
			}
			return tsujiban.Errorf(tsujiban.CodeConflict, "customer %s: by the ledger %s is %s: use \"tsujiban number assign\", which gives it to the customer here, too", c.ID, s.Block.Range(), what)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// instant reads what people write; empty is def.
func (a *App) instant(field, text string, def time.Time) (time.Time, error) {
	t, err := intake.ParseInstant(field, text, a.cfg.Node.TimeZone)
	return cmp.Or(t.UTC(), def), err
}
