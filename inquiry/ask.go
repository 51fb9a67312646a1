package inquiry

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/numbering"
	"tsujiban/store"
)

// Records is what the desk looks into.
type Records interface {
	ledger.Book
	// Calls is a page of calls, newest first.
	Calls(ctx context.Context, q store.CallQuery) (store.CallPage, error)
}

// Desk answers questions. It is safe for concurrent use if Records is.
type Desk struct {
	Plan    *numbering.Plan
	Records Records
}

// The bounds of an answer.
const (
	longest   = 24 * time.Hour // a call may have begun so long before the time that is asked about
	maxCalls  = 10_000         // that fit: more are told as "more"
	maxOthers = 300            // that do not fit, and are there for the picture
	maxNear   = 50             // of a number beside it: that there are some is what matters

	pageFitting = 1000 // calls of the right length that are read at a time: the more, the more of the disk's waits lie side by side
	nearReaders = 4    // how many of those are looked up at a time
)

// Ask answers a question under a case. What the case's ground does not allow is not looked up; the answer says why. Errors: CodeInvalid for
// a question that cannot be understood, CodeForbidden when the case is closed or names other numbers.
func (d *Desk) Ask(ctx context.Context, c *Case, q *Question) (*Answer, error) {
	if err := d.Check(c, q); err != nil {
		return nil, err
	}
	a := &Answer{Case: *c, Question: *q}
	var err error
	if a.Subject, err = d.subject(ctx, c, q, q.Number); err != nil {
		return nil, err
	}
	if !a.Subject.number.IsZero() && c.Kind.Allows(LookCalls) {
		if err := d.calls(ctx, a); err != nil {
			return nil, err
		}
	}
	if a.Near, err = d.near(ctx, a, q.Number, func(n tsujiban.Number) (int, error) { return d.count(ctx, n, q) }); err != nil {
		return nil, err
	}
	if q.Other != "" {
		if err := d.other(ctx, a); err != nil {
			return nil, err
		}
	}
	a.Finding = a.find()
	return a, nil
}

// Check says what cannot be asked, before anything is looked up.
func (d *Desk) Check(c *Case, q *Question) error {
	if !c.Closed.IsZero() {
		return tsujiban.Errorf(tsujiban.CodeForbidden, "case %d is closed: open another one with \"tsujiban inquiry open\"", c.ID)
	}
	for _, f := range []struct{ field, text string }{{"number", q.Number}, {"other", q.Other}} {
		if f.text != "" && (len(homeDigits(f.text)) < 3 || len(homeDigits(f.text)) > tsujiban.MaxDigits+2) {
			return invalid(f.field, "%.40q is no telephone number: write it as it stands in the document, such as 050-1234-5678", f.text)
		}
	}
	switch {
	case q.Number == "":
		return invalid("number", "write the number that is asked about")
	case !q.From.Before(q.To):
		return invalid("to", "is not after from")
	case q.Way != "" && q.Way != "in" && q.Way != "out":
		return invalid("way", "is %.20q; write in (calls to the number) or out (calls from it)", q.Way)
	case q.Within != 0 && q.Talked == 0:
		return invalid("within", "says how far a length may be off that is not given: add -talked")
	}
	if n, _ := d.parse(q.Number); !n.IsZero() && !c.Names(n) {
		return tsujiban.Errorf(tsujiban.CodeForbidden, "the document of case %d names other numbers: if it names this one, too, write kind, agency and document instead of the case, and it is added", c.ID)
	}
	return nil
}

// parse reads a number as it was given; why is empty when it is one.
func (d *Desk) parse(given string) (n tsujiban.Number, why string) {
	r, err := d.Plan.Parse([]byte(homeDigits(given)))
	switch {
	case err != nil:
		return n, err.Error()
	case r.Number.IsLocal():
		return n, "it means something at home only: nobody holds it"
	}
	return r.Number, ""
}

// subject says whose a number is.
func (d *Desk) subject(ctx context.Context, c *Case, q *Question, given string) (s Subject, err error) {
	s.Given = given
	if s.number, s.Problem = d.parse(given); s.number.IsZero() {
		return s, nil
	}
	s.Number, s.Digits = s.number.String(), HomeDigits(s.number)
	if s.Designated, err = d.Records.Carrier(ctx, s.number, q.From, q.At); err != nil {
		return s, err
	}
	life, err := d.Records.Life(ctx, s.number, q.At)
	if err != nil {
		return s, err
	}
	for i := range life {
		p := &life[i]
		if !p.From.Before(q.To) || !p.To.IsZero() && !p.To.After(q.From) {
			continue
		}
		s.Ours = s.Ours || p.State.Ours()
		if !c.Kind.Allows(LookHolder) {
			p.Holder, p.Chain, p.Entered = "", nil, ledger.Entry{}
		}
		s.Held = append(s.Held, *p)
	}
	return s, nil
}

// calls looks up the calls of the number.
func (d *Desk) calls(ctx context.Context, a *Answer) error {
	a.Looked, a.with = true, map[string]int{}
	q := &a.Question
	otherNumber, _ := d.parse(q.Other)
	seen := map[tsujiban.CallID]bool{}
	fits, others, first := 0, 0, true
	take := func(c *store.Call) bool {
		if seen[c.ID] {
			return true
		}
		seen[c.ID] = true
		f := d.found(q, a.Subject.number, otherNumber, c)
		if f.Length {
			a.with[f.other()]++
		}
		switch {
		case f.Fits && fits == maxCalls:
			a.More = true
			return false
		case f.Fits:
			fits++
		case others == maxOthers:
			a.More = true
			return first || q.Talked == 0 // one that fits may still come
		default:
			others++
		}
		f.Foreign = a.Subject.Ours && f.Way == "out" && c.Direction == tsujiban.In
		a.Calls = append(a.Calls, f)
		return true
	}
	// First those of the right length: a busy number has very many others.
	var err error
	if q.Talked > 0 {
		err = d.each(ctx, a.Subject.number, q, true, pageFitting, take)
	}
	if first = false; err == nil {
		err = d.each(ctx, a.Subject.number, q, false, maxOthers, take)
	}
	slices.SortStableFunc(a.Calls, func(x, y Call) int { return cmp.Or(y.order()-x.order(), x.At.Compare(y.At)) })
	return err
}

// each calls f with every call of a number that touches the time of a question, newest first, until f says no: all of them, or those of the length that
// is alleged; so many are read at a time.
func (d *Desk) each(ctx context.Context, n tsujiban.Number, q *Question, length bool, limit int, f func(*store.Call) bool) error {
	query := store.CallQuery{Number: n, From: q.From.Add(-longest), To: q.To, Brief: true, Limit: limit}
	if length {
		talked := time.Duration(q.Talked)
		query.TalkFrom, query.TalkTo = max(talked-q.tolerance(), time.Millisecond), talked+q.tolerance()
	}
	for {
		page, err := d.Records.Calls(ctx, query)
		if err != nil {
			return err
		}
		for i := range page.Calls {
			c := &page.Calls[i]
			if c.At.Before(q.From) && !c.Ended.IsZero() && !c.Ended.After(q.From) {
				continue // it was over before
			}
			if !f(c) {
				return nil
			}
		}
		if page.Next == "" {
			return nil
		}
		query.Cursor = page.Next
	}
}

// count is how many calls of a number fit.
func (d *Desk) count(ctx context.Context, n tsujiban.Number, q *Question) (k int, err error) {
	other, _ := d.parse(q.Other)
	err = d.each(ctx, n, q, q.Talked > 0, maxNear, func(c *store.Call) bool {
		if f := d.found(q, n, other, c); f.Fits {
			k++
		}
		return k < maxNear
	})
	return k, err
}

// near lists the numbers beside one, with what is known of each.
func (d *Desk) near(ctx context.Context, a *Answer, given string, count func(tsujiban.Number) (int, error)) ([]Beside, error) {
	q := &a.Question
	ns := NearNumbers(d.Plan, given)
	numbers := make([]tsujiban.Number, len(ns))
	for i := range ns {
		numbers[i] = ns[i].Number
	}
	at := q.From.Add(q.To.Sub(q.From) / 2)
	held, err := d.Records.AtEach(ctx, numbers, at, q.At)
	if err != nil {
		return nil, err
	}
	out := make([]Beside, len(ns))
	for i := range ns {
		b := &out[i]
		b.Near, b.State, b.Ours = ns[i], held[i].State, held[i].State.Ours()
		if a.Case.Kind.Allows(LookHolder) {
			b.Chain = held[i].Chain
		}
		if b.Designated, err = d.Records.Carrier(ctx, b.Number, at, q.At); err != nil {
			return nil, err
		}
		b.Looked = b.Ours && count != nil && a.Case.Kind.Allows(LookNear)
	}
	// Each lies elsewhere on the disk: some are looked up at a time.
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, nearReaders)
	for w := range errs {
		wg.Go(func() {
			for errs[w] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(out) {
					return
				}
				if b := &out[i]; b.Looked {
					b.Matching, errs[w] = count(b.Number)
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(x, y Beside) int { return x.rank() - y.rank() })
	return out, nil
}

// other looks at the other party's number, and at the numbers beside that one: whether the number has a call with one of them is seen in
// its own calls, which were looked up.
func (d *Desk) other(ctx context.Context, a *Answer) error {
	s, err := d.subject(ctx, &a.Case, &a.Question, a.Question.Other)
	if err != nil {
		return err
	}
	a.Other = &s
	if a.OtherNear, err = d.near(ctx, a, a.Question.Other, nil); err != nil {
		return err
	}
	for i := range a.OtherNear {
		b := &a.OtherNear[i]
		if b.Looked = a.Looked; b.Looked {
			b.Matching = a.with[b.Number.String()]
		}
	}
	slices.SortStableFunc(a.OtherNear, func(x, y Beside) int { return x.rank() - y.rank() })
	return nil
}

// found compares a call with what is alleged.
func (d *Desk) found(q *Question, n, other tsujiban.Number, c *store.Call) Call {
	f := Call{
		ID: c.ID, At: c.At, Answered: c.Answered, Ended: c.Ended, Direction: c.Direction.String(), Customer: c.Customer, Withheld: c.Withheld,
		Caller: show(c.Caller, c.Presented), Callee: show(c.Callee, c.Dialled), Talk: Length(c.Talk), Status: c.Status, Entries: c.Entries, Result: resultOf(c),
	}
	if c.Reason != tsujiban.ReasonNone {
		f.Reason = c.Reason.String()
	}
	way := "in"
	if c.Caller == n {
		way = "out"
	}
	f.Way = way
	f.Length = q.Talked == 0 || f.Result == Connected && absolute(c.Talk-time.Duration(q.Talked)) <= q.tolerance()
	party := c.Caller
	if way == "out" {
		party = c.Callee
	}
	switch {
	case q.Other == "" || party == other && !other.IsZero():
		f.Party = true
	case party.IsZero():
		f.Party, f.Unknown = true, true // a caller that cannot be told apart may be the one
	}
	f.Fits = f.Length && f.Party && (q.Way == "" || q.Way == way)
	return f
}

func show(n tsujiban.Number, raw string) string {
	if n.IsZero() {
		return strings.TrimSpace(raw)
	}
	return n.String()
}

func absolute(d time.Duration) time.Duration { return max(d, -d) }

// tolerance is how far a length may be off: people say "about 50 minutes".
func (q *Question) tolerance() time.Duration {
	if q.Within != 0 {
		return time.Duration(q.Within)
	}
	return max(time.Minute, time.Duration(q.Talked)/5)
}
