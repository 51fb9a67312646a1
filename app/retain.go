package app

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/evidence"
	"tsujiban/journal"
	"tsujiban/retention"
	"tsujiban/store"
)

// retainRun is one time that retention is enforced.
type retainRun struct {
	*keeper
	by    string
	terms retention.Terms
	zone  *time.Location
	back  [retention.NumKinds]int // days that the rules look back at a kind
	holds []retention.Hold
	out   control.RetentionRun
}

// before is the instant before which records of a kind are past their term, and past what the rules still look back at.
func (r *retainRun) before(kind retention.Kind) time.Time {
	before := r.terms.Of(kind).Before(r.out.At)
	if back := r.out.At.AddDate(0, 0, -r.back[kind]); back.Before(before) {
		return back
	}
	return before
}

// heldCustomers are those that a hold names.
func heldCustomers(holds []retention.Hold) []tsujiban.CustomerID {
	ids := []tsujiban.CustomerID{}
	for i := range holds {
		if id := holds[i].Customer; id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

func (r *retainRun) all(ctx context.Context) (err error) {
	if r.holds, err = r.keeper.holds(ctx); err != nil {
		return err
	}
	st, led := r.app.store, r.app.store.Ledger()
	if err := r.kind(ctx, retention.Calls,
		func(before time.Time) (store.Past, error) { return st.PastCalls(ctx, before, r.holds) },
		func(before time.Time) (int, error) {
			return st.EraseCalls(ctx, before, r.holds, func() (err error) {
				if err := r.yield(ctx); err != nil {
					return err
				}
				return r.sameHolds(ctx)
			})
		}); err != nil {
		return err
	}
	if _, err := st.EraseSuspicions(ctx, r.before(retention.Calls), heldCustomers(r.holds)); err != nil {
		return err
	}
	if at, err := st.OldestCall(ctx); err != nil {
		return err
	} else if !at.IsZero() {
		r.oldest[retention.Calls].Store(at.Unix())
	}
	if err := r.journal(ctx); err != nil {
		return err
	}
	if err := r.kind(ctx, retention.Looks,
		func(before time.Time) (store.Past, error) { return st.PastLooks(ctx, before) },
		func(before time.Time) (int, error) { return st.EraseLooks(ctx, before) }); err != nil {
		return err
	}
	held := heldCustomers(r.holds)
	if err := r.kind(ctx, retention.Checks,
		func(before time.Time) (store.Past, error) { return led.PastChecks(ctx, before.In(r.zone), held) },
		func(before time.Time) (int, error) { return led.EraseChecks(ctx, before.In(r.zone), held) }); err != nil {
		return err
	}
	if err := r.kind(ctx, retention.Inquiries,
		func(before time.Time) (store.Past, error) { return st.PastInquiries(ctx, before) },
		func(before time.Time) (int, error) { return st.EraseInquiries(ctx, before) }); err != nil {
		return err
	}
	if err := r.kind(ctx, retention.Screens,
		func(before time.Time) (store.Past, error) { return led.PastScreens(ctx, before.In(r.zone), held) },
		func(before time.Time) (int, error) { return led.EraseScreens(ctx, before.In(r.zone), held) }); err != nil {
		return err
	}
	return r.kind(ctx, retention.Suspensions,
		func(before time.Time) (store.Past, error) { return led.PastCases(ctx, before, r.holds) },
		func(before time.Time) (int, error) { return led.EraseCases(ctx, before, r.holds) })
}

// sameHolds ends a run when the holds changed while calls were being erased; the next one goes by the new ones.
func (r *retainRun) sameHolds(ctx context.Context) error {
	now, err := r.keeper.holds(ctx)
	if err == nil && !reflect.DeepEqual(now, r.holds) {
		err = tsujiban.Errorf(tsujiban.CodeConflict, "the holds changed meanwhile: run it again, it goes on by the new ones")
	}
	return err
}

// kind erases one kind of record that the store keeps. That it is erased is recorded before.
func (r *retainRun) kind(ctx context.Context, kind retention.Kind, past func(time.Time) (store.Past, error), erase func(time.Time) (int, error)) error {
	if err := r.yield(ctx); err != nil {
		return err
	}
	before := r.before(kind)
	p, err := past(before)
	if err != nil {
		return err
	}
	row := control.RetentionKind{Kind: kind.String(), Term: r.terms.Of(kind).String(), Before: before, Erased: p.Count, Held: p.Held, Oldest: p.Oldest, Newest: p.Newest}
	if p.Count > 0 && !r.out.DryRun {
		note := fmt.Sprintf("retention: %s from before %s are erased, term %s: %d, from %s to %s; under a hold: %d", kind, stamp(before), row.Term, p.Count, stamp(p.Oldest), stamp(p.Newest), p.Held)
		if p.Applicants > 0 {
			note += fmt.Sprintf("; with what the ledger knows of applicants who were turned down: %d", p.Applicants)
		}
		if _, err := r.app.deed(ctx, r.by, note, "erase", "", "", control.Deed{What: kind.String(), Count: p.Count, From: r.app.local(p.Oldest), To: r.app.local(p.Newest)}); err != nil {
			return err
		}
		n, err := erase(before)
		r.erased[kind].Add(uint64(n))
		if row.Erased = n; err != nil {
			return err
		}
	}
	r.out.Kinds = append(r.out.Kinds, row)
	return nil
}

// journalBefore is before when a segment's entries must be: past the term, and of no month whose money is still counted.
func (r *retainRun) journalBefore() time.Time {
	y, m, _ := r.out.At.In(r.zone).Date()
	month := time.Date(y, m, 1, 0, 0, 0, 0, r.zone).UTC()
	if before := r.before(retention.Journal); before.Before(month) {
		return before
	}
	return month
}

// journal erases the segments in which nothing is within its term, held, or needed.
func (r *retainRun) journal(ctx context.Context) error {
	row := control.RetentionKind{Kind: retention.Journal.String(), Term: r.terms.Journal.String(), Before: r.journalBefore()}
	var gone []control.RetentionSegment
	w := retention.NewWeigher(r.holds, r.out.At)
	running := map[tsujiban.CallID]bool{}
	for _, c := range r.app.guard.Running(nil) {
		running[c.Call] = true
	}
	// What a view has not taken in yet is not erased under it.
	limit := min(r.app.viewed.position(), uint64(r.app.prover.proven.Load()))
	for _, s := range r.app.journal.Segments() {
		if err := r.yield(ctx); err != nil {
			return err
		}
		seg, _, err := r.weigh(ctx, s, w, running)
		if err != nil {
			return err
		}
		if row.Oldest.IsZero() {
			r.oldest[retention.Journal].Store(seg.From.Unix())
		}
		if !seg.From.Before(row.Before) || !seg.To.Before(row.Before) {
			break // this one and all after it are within their term
		}
		if seg.Stays == "" && s.Last > limit {
			seg.Stays = control.StaysBehind
		}
		row.Held += seg.Held
		if seg.Stays == "" {
			row.Erased += int(s.Last - s.First + 1)
			if row.Oldest.IsZero() {
				row.Oldest = seg.From
			}
			row.Newest = seg.To
			gone = append(gone, seg)
		}
		r.out.Segments = append(r.out.Segments, seg)
	}
	if len(gone) > 0 && !r.out.DryRun {
		row.Erased = 0
		if err := r.eraseSegments(ctx, &row, gone); err != nil {
			return err
		}
	}
	r.out.Kinds = append(r.out.Kinds, row)
	return nil
}

// weigh reads a segment and says what becomes of it, and which of its entries outlive it.
func (r *retainRun) weigh(ctx context.Context, s journal.Range, w *retention.Weigher, running map[tsujiban.CallID]bool) (seg control.RetentionSegment, kept []store.KeptEntry, err error) {
	seg = control.RetentionSegment{First: s.First, Last: s.Last}
	rd := r.app.journal.Reader(s.First)
	defer func() { _ = rd.Close() }() // read only
	var ev tsujiban.Event
	looks, before := r.before(retention.Looks), r.journalBefore()
	began := time.Now()
	for seq := s.First; seq <= s.Last; seq++ {
		line, err := rd.Line(ctx)
		if err != nil {
			return seg, nil, err
		}
		if err := journal.ParseEvent(line, &ev); err != nil {
			return seg, nil, err
		}
		if seg.From.IsZero() {
			seg.From = ev.At
		}
		if ev.At.After(seg.To) {
			seg.To = ev.At
		}
		if !ev.At.Before(before) {
			return seg, nil, nil // within its term, and so is what follows
		}
		if id := w.Held(&ev); id != 0 {
			seg.Held++
			if !slices.Contains(seg.Holds, id) {
				seg.Holds = append(seg.Holds, id)
			}
		}
		switch ev.Kind {
		case tsujiban.EventAttempt:
			if running[ev.Call] {
				seg.Stays = control.StaysRunning
			}
		case tsujiban.EventSet, tsujiban.EventRestricted, tsujiban.EventReleased, tsujiban.EventReplied, tsujiban.EventCase:
			if !ev.At.Before(looks) {
				kept = append(kept, store.KeptEntry{Seq: seq, At: ev.At, Line: slices.Clone(line)})
			}
		case tsujiban.EventStored: // what it says of stands longer than any entry
			kept = append(kept, store.KeptEntry{Seq: seq, At: ev.At, Line: slices.Clone(line), Lasting: true})
		}
		if seq%proveChunk == 0 { // calls come first
			pause(ctx, 3*time.Since(began))
			if began = time.Now(); ctx.Err() != nil {
				return seg, nil, ctx.Err()
			}
		}
	}
	seg.Kept = len(kept)
	if seg.Held > 0 {
		seg.Stays = control.StaysHeld
	}
	return seg, kept, nil
}

// eraseSegments takes segments out of the journal. For each: what outlives it is kept, its hashes are made durable and a statement is signed, then
// its file goes. Wherever that is interrupted, the next start or the next run brings it to its end.
func (r *retainRun) eraseSegments(ctx context.Context, row *control.RetentionKind, gone []control.RetentionSegment) error {
	note := fmt.Sprintf("retention: journal from before %s is erased, term %s: %d segments, entries", stamp(row.Before), row.Term, len(gone))
	for _, s := range gone {
		note += fmt.Sprintf(" %d-%d", s.First, s.Last)
	}
	entries := uint64(0)
	for _, s := range gone {
		entries += s.Last - s.First + 1
	}
	done, err := r.app.deed(ctx, r.by, note, "erase", "", "", control.Deed{What: retention.Journal.String(), Count: int(entries), To: r.app.local(row.Before)})
	if err != nil {
		return err
	}
	// A start must not need what goes: it begins from this snapshot.
	if err := r.app.snapshot(ctx, r.app.keeperFolder(), r.app.journal.Committed()); err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "no snapshot of the guard's state can be written, so the journal stays as it is: %w", err)
	}
	for i := range gone {
		if err := r.yield(ctx); err != nil {
			return err
		}
		now, err := r.keeper.holds(ctx)
		if err != nil {
			return err
		}
		s := journal.Range{First: gone[i].First, Last: gone[i].Last}
		seg, kept, err := r.weigh(ctx, s, retention.NewWeigher(now, r.app.now()), nil)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(now, r.holds) && seg.Stays != "" {
			row.Held += seg.Held
			continue // a hold came meanwhile
		}
		if err := r.app.store.KeepEntries(ctx, kept); err != nil {
			return err
		}
		why := fmt.Sprintf("retention term %s: entries from %s to %s; entry %d of the journal says so", row.Term, stamp(seg.From), stamp(seg.To), done.Seq)
		octx, cancel := context.WithTimeout(ctx, recordTime)
		err = r.app.prover.order(octx, func(l *evidence.Log) error { return l.Erase(evidence.Range{From: s.First, To: s.Last}, why) })
		cancel()
		if err != nil {
			return fmt.Errorf("entries %d to %d: %w", s.First, s.Last, err)
		}
		if err := r.app.journal.Erase(ctx, s); err != nil {
			return fmt.Errorf("entries %d to %d: %w", s.First, s.Last, err)
		}
		row.Erased += int(s.Last - s.First + 1)
		r.erased[retention.Journal].Add(s.Last - s.First + 1)
		for j := range r.out.Segments {
			if r.out.Segments[j].First == s.First {
				r.out.Segments[j].Erased = true
			}
		}
	}
	return nil
}

// keeperFolder is the folder of snapshots under the configuration in force.
func (a *App) keeperFolder() *folder {
	a.admin.Lock()
	defer a.admin.Unlock()
	return a.folder()
}
