package app

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/evidence"
	"tsujiban/store"
)

// order reads what staff say to a restriction, its release or the end of a call.
func order(r *http.Request) (control.Order, error) {
	var o control.Order
	if err := read(r, &o); err != nil {
		return o, err
	}
	return o, store.ValidText("note", o.Note, store.MaxNote, true)
}

func (s *controlServer) restrict(r *http.Request) (any, error) {
	a := s.app
	o, err := order(r)
	if err != nil {
		return nil, err
	}
	level, ok := tsujiban.ParseLevel(o.Level)
	if !ok {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "there is no level %q; write watch, ask, restrict or close", o.Level)
	}
	reach, err := reachOf(o.Reach)
	if err != nil {
		return nil, err
	}
	res := &tsujiban.Restriction{
		Customer: tsujiban.CustomerID(r.PathValue("id")), Level: level, Reach: reach, Reason: tsujiban.ReasonStaff, At: a.now(), By: byOf(r), Note: o.Note,
	}
	if err := store.ValidRestriction(res); err != nil {
		return nil, err
	}
	if !a.known(res.Customer) {
		return nil, noCustomer(string(res.Customer))
	}
	seq, err := a.desk.restrict(res)
	if err != nil {
		return nil, err
	}
	return a.stands(r.Context(), res.By, fmt.Sprintf("customer %s: %s", res.Customer, level), seq)
}

func (a *App) known(id tsujiban.CustomerID) bool { return a.policy.Load().Customer(id) != nil }

func (s *controlServer) release(r *http.Request) (any, error) {
	a := s.app
	o, err := order(r)
	if err != nil {
		return nil, err
	}
	reach, err := reachOf(o.Reach)
	if err != nil {
		return nil, err
	}
	res := &tsujiban.Restriction{Customer: tsujiban.CustomerID(r.PathValue("id")), Reach: reach, At: a.now(), By: byOf(r), Note: o.Note}
	seq, ok, err := a.desk.release(res)
	switch {
	case err != nil:
		return nil, err
	case !ok && !a.known(res.Customer):
		return nil, noCustomer(string(res.Customer))
	case !ok:
		return nil, tsujiban.Errorf(tsujiban.CodeConflict, "no restriction stands against customer %q", res.Customer)
	}
	return a.stands(r.Context(), res.By, fmt.Sprintf("customer %s: released", res.Customer), seq)
}

// reachOf reads what a restriction is to stand against; nothing is all international calls.
func reachOf(text string) (tsujiban.Reach, error) {
	if text == "" {
		return tsujiban.ReachAbroad(), nil
	}
	reach, err := tsujiban.ParseReach(text)
	if err != nil || reach.Empty() {
		return reach, tsujiban.Errorf(tsujiban.CodeInvalid, "%q is %w", text, tsujiban.ErrReach)
	}
	return reach, nil
}

// answer takes down what the customer said: was this you?
func (s *controlServer) answer(r *http.Request) (any, error) {
	a := s.app
	var in control.Answer
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := store.ValidText("note", in.Note, store.MaxNote, true); err != nil {
		return nil, err
	}
	reply := &tsujiban.Reply{Customer: tsujiban.CustomerID(r.PathValue("id")), Theirs: in.Theirs, By: byOf(r), Note: in.Note}
	if !a.known(reply.Customer) {
		return nil, noCustomer(string(reply.Customer))
	}
	stands, seq, err := a.desk.replied(reply, a.now())
	if err != nil {
		return nil, err
	}
	if !in.Theirs && (stands == nil || stands.Level < tsujiban.LevelRestrict) {
		if stands, seq, err = a.notTheirs(reply); err != nil {
			return nil, err
		}
	}
	said, left := "not theirs", "nothing stands"
	if in.Theirs {
		said = "theirs"
	}
	if stands != nil {
		left = fmt.Sprintf("%s stands, by %s", stands.Level, stands.By)
	}
	if err := a.keepDeed(r.Context(), reply.By, "case-replied", reply.Customer, "", control.Deed{What: strings.ReplaceAll(said, " ", "-"), Text: in.Note}); err != nil {
		return nil, err // what follows from the answer stands all the same
	}
	return a.stands(r.Context(), reply.By, fmt.Sprintf("customer %s says: %s; %s", reply.Customer, said, left), seq)
}

// notTheirs restricts the customer where the guard had only watched: who says "that was not us" wants it to end, whatever the evidence weighs.
func (a *App) notTheirs(r *tsujiban.Reply) (*tsujiban.Restriction, uint64, error) {
	stands := &tsujiban.Restriction{
		Customer: r.Customer, Level: tsujiban.LevelRestrict, Reach: tsujiban.ReachAbroad(), Reason: tsujiban.ReasonFraud, At: a.now(), By: r.By,
		Note: store.Note(control.NotTheirs + r.Note),
	}
	seq, err := a.desk.restrict(stands)
	return stands, seq, err
}

func (s *controlServer) restrictions(*http.Request) (any, error) {
	a := s.app
	a.admin.Lock()
	defer a.admin.Unlock()
	list := []*control.Restriction{}
	for i := range a.customers {
		if u, ok := a.guard.Usage(a.customers[i].ID); ok && u.Restriction != nil {
			list = append(list, control.RestrictionOf(u.Restriction))
		}
	}
	return list, nil
}

func (s *controlServer) hangUp(r *http.Request) (any, error) {
	a := s.app
	o, err := order(r)
	if err != nil {
		return nil, err
	}
	id, err := tsujiban.ParseCallID(r.PathValue("call"))
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%w", err)
	}
	for _, c := range a.edge.Live(nil) {
		if c.Call == id {
			done, err := a.record(r.Context(), byOf(r), fmt.Sprintf("call %s of customer %s: ended: %s", id, c.Customer, o.Note))
			if err != nil {
				return nil, err
			}
			a.edge.Cut(id, tsujiban.ReasonStaff) // before anything else: it may be a thief's
			return done, a.keepDeed(r.Context(), byOf(r), "call-end", c.Customer, id.String(), control.Deed{Text: o.Note})
		}
	}
	return nil, tsujiban.Errorf(tsujiban.CodeNotFound, "no call %s is running", id)
}

// calls searches the records. The look itself is a record, on disk before anything is shown.
func (s *controlServer) calls(r *http.Request) (any, error) {
	a := s.app
	var q control.CallSearch
	if err := read(r, &q); err != nil {
		return nil, err
	}
	if err := store.ValidText("ground", q.Ground, 500, true); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeForbidden, "call records are secret by law: %w", err)
	}
	query, err := a.callQuery(&q)
	if err != nil {
		return nil, err
	}
	done, err := a.deed(r.Context(), byOf(r), lookNote(&q), "calls-search", tsujiban.CustomerID(q.Customer), "", a.searched(&q))
	if err != nil {
		return nil, err
	}
	list := control.Calls{Behind: a.viewed.wait(r.Context(), done.Seq), Calls: []control.CallRecord{}}
	for {
		page, err := a.store.Calls(r.Context(), query)
		if err != nil {
			return nil, err
		}
		for i := range page.Calls {
			list.Calls = append(list.Calls, callRecord(&page.Calls[i], q.Reveal))
		}
		query.Cursor, list.Next = page.Next, page.Next
		if query.Limit = q.Limit - len(list.Calls); page.Next == "" || query.Limit <= 0 {
			return list, nil
		}
		query.Limit = min(query.Limit, store.MaxPage)
	}
}

// look records a look into call records that is not made through the program.
func (s *controlServer) look(r *http.Request) (any, error) {
	o, err := order(r)
	if err != nil {
		return nil, err
	}
	return s.app.deed(r.Context(), byOf(r), o.Note, "calls-journal", "", "", control.Deed{Text: o.Note})
}

func (s *controlServer) newKey(r *http.Request) (any, error) {
	key, seq, err := s.app.rotateKey(r.Context(), byOf(r))
	return control.NewKey{Key: key.String(), Fingerprint: key.Fingerprint(), Seq: seq}, err
}

// evidence tells how far the tree over the journal is, and with which key its head is signed.
func (s *controlServer) evidence(r *http.Request) (any, error) {
	a := s.app
	out := control.Evidence{Committed: a.journal.Committed()}
	if err := a.prover.failing.Load(); err != nil {
		out.Failing = (*err).Error()
		return out, nil // the tree stands still, its head is on disk
	}
	err := a.prover.order(r.Context(), func(l *evidence.Log) error {
		h := l.Published()
		out.Log, out.Entries, out.Root, out.Signed, out.Checkpoint = h.Origin, uint64(h.Size), h.Root.String(), h.Time, string(h.Note)
		for _, k := range h.By {
			out.Keys = append(out.Keys, control.EvidenceKey{Key: k.String(), Fingerprint: k.Fingerprint()})
		}
		return nil
	})
	return out, err
}

// maxFound is how many calls one search returns at most.
const maxFound = 100_000

func (a *App) callQuery(q *control.CallSearch) (store.CallQuery, error) {
	if q.Limit <= 0 {
		q.Limit = store.DefaultPage
	}
	q.Limit = min(q.Limit, maxFound)
	out := store.CallQuery{
		Customer: tsujiban.CustomerID(q.Customer), From: q.From, To: q.To, Limit: min(q.Limit, store.MaxPage), Cursor: q.Cursor,
	}
	if q.Action != "" {
		action, ok := tsujiban.ParseAction(q.Action)
		if !ok {
			return out, tsujiban.Errorf(tsujiban.CodeInvalid, "there is no verdict %q; write allow, watch or deny", q.Action)
		}
		out.Action = &action
	}
	if q.Number != "" {
		d, err := a.policy.Load().Plan().Parse([]byte(q.Number))
		if err != nil {
			return out, tsujiban.Errorf(tsujiban.CodeInvalid, "%q is no number: %w; write it as dialled or with +", q.Number, err)
		}
		out.Number = d.Number
	}
	return out, nil
}

// lookNote is what is kept of a look into call records.
func lookNote(q *control.CallSearch) string {
	note := "looked into calls; ground: " + q.Ground
	for _, p := range []struct{ name, value string }{
		{"customer", q.Customer}, {"number", q.Number}, {"verdict", q.Action}, {"from", stamp(q.From)}, {"to", stamp(q.To)},
	} {
		if p.value != "" {
			note += "; " + p.name + ": " + p.value
		}
	}
	if q.Reveal {
		note += "; whole numbers"
	}
	return note
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func callRecord(c *store.Call, reveal bool) control.CallRecord {
	show := func(n tsujiban.Number, raw string) string {
		switch {
		case reveal && !n.IsZero():
			return n.String()
		case reveal:
			return raw
		case n.IsZero() && raw != "":
			return "?" // unreadable digits may be a number all the same
		}
		return n.Masked()
	}
	r := control.CallRecord{
		Call: c.ID.String(), At: c.At, Direction: c.Direction.String(), Customer: string(c.Customer), Trunk: string(c.Trunk),
		Caller: show(c.Caller, c.Presented), Callee: show(c.Callee, c.Dialled), Country: c.Destination.Country(),
		Action: c.Action.String(), Status: c.Status, Answered: c.Answered, Ended: c.Ended, TalkS: c.Talk.Seconds(),
		Charge: control.Amount(c.Charge), Carrier: string(c.Carrier), Source: c.Source.String(), UserAgent: c.UserAgent, Weight: float64(c.Weight),
	}
	if c.Reason != tsujiban.ReasonNone {
		r.Reason = c.Reason.String()
	}
	if c.Cut != tsujiban.ReasonNone {
		r.Cut = c.Cut.String()
	}
	return r
}
