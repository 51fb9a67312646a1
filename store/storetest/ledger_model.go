package storetest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tsujiban"
	"tsujiban/ledger"
)

// modelDays is how long the model's world lasts; the last day stands for all that come.
const modelDays = 16

// life is what is true of one number on each day.
type life [modelDays]ledger.Value

// model keeps every number by itself, day by day, and all that was ever believed. It is as plain as it can be.
type model struct {
	now     map[int64]life
	beliefs []belief // one per entry
}

type belief struct {
	entry int64
	at    time.Time
	lives map[int64]life
	undo  bool
}

// apply does a change to one number; false when it may not be done.
func (l life) apply(c *ledger.Change, from, until int) (life, bool) {
	end := until
	if until == 0 {
		end = modelDays
		for d := from + 1; d < modelDays; d++ {
			ended := l[d-1].State == ledger.StateAgeing && l[d].State == ledger.StateStock
			if l[d] != l[d-1] && !ended {
				return l, false
			}
		}
	}
	out := l
	for d := from; d < end; d++ {
		was := l[d]
		if until == 0 {
			was = l[from]
		}
		began := d
		for began > from && (until == 0 || l[began-1] == was) {
			began--
		}
		v, ok := stepped(c, was, d-began)
		if !ok {
			return l, false
		}
		out[d] = v
	}
	for d := 1; d < modelDays; d++ {
		if out[d].State == ledger.StateNone && out[d-1].State != ledger.StateNone {
			return l, false // a gap
		}
	}
	return out, true
}

// stepped is what a value becomes, so many days after the change began.
func stepped(c *ledger.Change, v ledger.Value, days int) (ledger.Value, bool) {
	type key struct {
		verb  ledger.Verb
		state ledger.State
	}
	next := ledger.Value{Source: v.Source, Peer: v.Peer}
	switch (key{c.Verb, v.State}) {
	case key{ledger.VerbAdd, ledger.StateNone}, key{ledger.VerbAdd, ledger.StateReturned}:
		return ledger.Value{State: ledger.StateStock, Source: c.Source}, true
	case key{ledger.VerbAssign, ledger.StateStock}, key{ledger.VerbTransfer, ledger.StateAssigned}:
		next.State, next.Holder, next.Forwarding = ledger.StateAssigned, c.Holder, c.Forwarding
		return next, true
	case key{ledger.VerbTest, ledger.StateStock}:
		next.State = ledger.StateTest
		return next, true
	case key{ledger.VerbStock, ledger.StateTest}, key{ledger.VerbStock, ledger.StateAgeing}:
		next.State = ledger.StateStock
		return next, true
	case key{ledger.VerbSuspend, ledger.StateAssigned}, key{ledger.VerbSuspend, ledger.StateTest}:
		v.State = ledger.StateSuspended
		return v, true
	case key{ledger.VerbResume, ledger.StateSuspended}:
		v.State = ledger.StateAssigned
		if v.Holder == "" {
			v.State = ledger.StateTest
		}
		return v, true
	case key{ledger.VerbRelease, ledger.StateAssigned}, key{ledger.VerbRelease, ledger.StateSuspended}:
		next.State = ledger.StateAgeing
		if days >= int(c.Ageing/(24*time.Hour)) {
			next.State = ledger.StateStock
		}
		return next, true
	case key{ledger.VerbGiveBack, ledger.StateStock}, key{ledger.VerbGiveBack, ledger.StateAgeing}, key{ledger.VerbGiveBack, ledger.StateTest}:
		next.State = ledger.StateReturned
		return next, true
	}
	return v, false
}

// do does all changes, or none.
func (m *model) do(cs []ledger.Change) bool {
	now := maps.Clone(m.now)
	for i := range cs {
		c := &cs[i]
		until := 0
		if !c.Until.IsZero() {
			until = dayOf(c.Until)
		}
		if c.Holder == "late" && dayOf(c.From) < lateDay {
			return false
		}
		for _, r := range c.Ranges {
			for n := r.First; n <= r.Last; n++ {
				l, ok := now[n].apply(c, dayOf(c.From), until)
				if !ok {
					return false
				}
				now[n] = l
			}
		}
	}
	m.now = now
	return true
}

// lateDay is from when on one of the holders is known.
const lateDay = 5

func dayOf(t time.Time) int { return int(t.Sub(day(0)) / (24 * time.Hour)) }

// The numbers of the model lie around the edges of blocks.
const (
	modelFirst = 985
	modelLast  = 1014
)

func drawChange(t *rapid.T) ledger.Change {
	verbs := []ledger.Verb{
		ledger.VerbAdd, ledger.VerbAdd, ledger.VerbAssign, ledger.VerbAssign, ledger.VerbTransfer, ledger.VerbTest, ledger.VerbStock,
		ledger.VerbSuspend, ledger.VerbResume, ledger.VerbRelease, ledger.VerbGiveBack,
	}
	c := ledger.Change{Verb: rapid.SampledFrom(verbs).Draw(t, "verb")}
	first := rapid.Int64Range(modelFirst, modelLast).Draw(t, "first")
	width := rapid.SampledFrom([]int64{0, 0, 1, 4, 9, 29}).Draw(t, "width")
	c.Ranges = []ledger.Range{rng(first, min(first+width, modelLast))}
	if second := first + width + rapid.Int64Range(1, 40).Draw(t, "second"); second <= modelLast {
		c.Ranges = append(c.Ranges, rng(second, second))
	}
	from := rapid.IntRange(0, modelDays-2).Draw(t, "from")
	c.From = day(from)
	if rapid.IntRange(0, 3).Draw(t, "bounded") == 0 {
		c.Until = day(rapid.IntRange(from+1, modelDays-1).Draw(t, "until"))
	}
	switch c.Verb {
	case ledger.VerbAdd:
		c.Source = rapid.SampledFrom([]string{"Carrier A", "Carrier B"}).Draw(t, "source")
	case ledger.VerbAssign, ledger.VerbTransfer:
		c.Holder = rapid.SampledFrom([]tsujiban.CustomerID{"hakata", "kyoto", "late"}).Draw(t, "holder")
		c.Forwarding = rapid.Bool().Draw(t, "forwarding")
	case ledger.VerbRelease:
		c.Ageing = time.Duration(rapid.IntRange(1, 6).Draw(t, "ageing")) * 24 * time.Hour
	}
	return c
}

// ledgerModel holds a ledger against the model.
func ledgerModel(t *testing.T, open OpenLedger) {
	rapid.Check(t, func(rt *rapid.T) {
		now := day(3)
		l := open(t, func() time.Time { return now })
		for _, h := range []struct {
			id  tsujiban.CustomerID
			day int
		}{{"hakata", 0}, {"kyoto", 0}, {"late", lateDay}} {
			o := &ledger.Order{Entry: by("holder"), Holders: []ledger.HolderChange{{Holder: ledger.Holder{ID: h.id, Name: string(h.id)}, Window: ledger.Window{From: day(h.day)}}}, Screens: []ledger.Screening{{Holder: h.id, Outcome: ledger.ScreenPassed}}}
			if _, err := l.Do(t.Context(), o); err != nil {
				rt.Fatal(err)
			}
		}
		m := &model{now: map[int64]life{}}
		for range rapid.IntRange(1, 12).Draw(rt, "orders") {
			now = now.Add(time.Minute)
			if len(m.beliefs) > 0 && rapid.IntRange(0, 5).Draw(rt, "undo") == 0 {
				m.undo(rt, l)
			} else {
				m.order(rt, l)
			}
			if len(m.beliefs) > 0 {
				m.compare(rt, l)
			}
		}
		m.heldBy(rt, l)
	})
}

func (m *model) order(t *rapid.T, l Ledger) {
	cs := []ledger.Change{drawChange(t)}
	for rapid.IntRange(0, 3).Draw(t, "more") == 0 {
		cs = append(cs, drawChange(t))
	}
	out, err := l.Do(t.Context(), &ledger.Order{Entry: by("order"), Changes: cs})
	if ok := m.do(cs); ok != (err == nil) {
		t.Fatalf("the model says %v of %+v, the ledger %v", ok, cs, err)
	}
	if err == nil {
		m.beliefs = append(m.beliefs, belief{entry: out.Entry.ID, at: out.Entry.At, lives: m.now})
	}
}

// undo takes back an entry. Which one may be depends on rows; that the last one may does not.
func (m *model) undo(t *rapid.T, l Ledger) {
	i := rapid.IntRange(0, len(m.beliefs)-1).Draw(t, "which")
	before := map[int64]life{}
	if i > 0 {
		before = m.beliefs[i-1].lives
	}
	out, err := l.Undo(t.Context(), m.beliefs[i].entry, &ledger.Order{Entry: by("undo")})
	if err != nil {
		if last := i == len(m.beliefs)-1; tsujiban.CodeOf(err) != tsujiban.CodeConflict || last && !m.beliefs[i].undo {
			t.Fatalf("undo of entry %d of %d: %v", i+1, len(m.beliefs), err)
		}
		return
	}
	now := maps.Clone(m.now)
	for n, l := range m.beliefs[i].lives {
		back := now[n]
		for d := range l {
			if l[d] != before[n][d] {
				back[d] = before[n][d]
			}
		}
		now[n] = back
	}
	m.now = now
	m.beliefs = append(m.beliefs, belief{entry: out.Entry.ID, at: out.Entry.At, lives: now, undo: true})
}

// compare asks both about every number on some days, as believed now and at an earlier entry.
func (m *model) compare(t *rapid.T, l Ledger) {
	b := m.beliefs[rapid.IntRange(0, len(m.beliefs)-1).Draw(t, "belief")]
	for _, q := range []struct {
		at    time.Time
		lives map[int64]life
	}{{time.Time{}, m.now}, {b.at, b.lives}} {
		d := rapid.IntRange(0, modelDays-1).Draw(t, "day")
		var ns []tsujiban.Number
		for n := int64(modelFirst); n <= modelLast; n++ {
			ns = append(ns, num(n))
		}
		got, err := l.AtEach(t.Context(), ns, day(d), q.at)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range got {
			if want := q.lives[first050+modelFirst+int64(i)][d]; p.Value != want {
				t.Fatalf("%s on day %d as believed at %s: %+v, want %+v", p.Number, d, ledger.Stamp(q.at), p.Value, want)
			}
		}
	}
}

// heldBy asks both for all that a holder ever held, and looks for overlaps and gaps in a life.
func (m *model) heldBy(t *rapid.T, l Ledger) {
	page, err := l.HeldBy(t.Context(), ledger.HeldQuery{Holder: "hakata"})
	if err != nil {
		t.Fatal(err)
	}
	held := map[int64][]int{}
	for _, h := range page.Held {
		last := modelDays
		if !h.To.IsZero() {
			last = dayOf(h.To)
		}
		for n := h.Range.First; n <= h.Range.Last; n++ {
			for d := dayOf(h.From); d < min(last, modelDays); d++ {
				held[n] = append(held[n], d)
			}
		}
	}
	for n := first050 + modelFirst; n <= first050+modelLast; n++ {
		var want []int
		for d, v := range m.now[n] {
			if v.Holder == "hakata" {
				want = append(want, d)
			}
		}
		slices.Sort(held[n])
		if !slices.Equal(held[n], want) {
			t.Fatalf("%d was held on the days %v, want %v", n, held[n], want)
		}
		steps, err := l.Life(t.Context(), ledger.Number(n), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range steps {
			if i > 0 && !steps[i].From.Equal(steps[i-1].To) || i == len(steps)-1 && !steps[i].To.IsZero() {
				t.Fatalf("the life of %d has a gap or an overlap: %+v", n, steps)
			}
		}
	}
}
