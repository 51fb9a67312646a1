package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/ledger"
	"tsujiban/ledger/intake"
	"tsujiban/ledger/sheet"
)

// ledgerRoutes are the orders about numbers and their holders.
func (s *controlServer) ledgerRoutes(m *http.ServeMux) {
	for pattern, f := range map[string]func(*http.Request) (any, error){
		"POST /v1/ledger/numbers":                          s.changeNumbers,
		"GET /v1/ledger/numbers/{number}":                  s.showNumber,
		"GET /v1/ledger/held/{id}":                         s.heldBy,
		"GET /v1/ledger/holders":                           s.listHolders,
		"GET /v1/ledger/holders/{id}":                      s.showHolder,
		"POST /v1/ledger/holders/{id}":                     s.changeHolder,
		"POST /v1/ledger/import":                           s.importLedger,
		"POST /v1/ledger/undo/{entry}":                     s.undoEntry,
		"GET /v1/ledger/entries":                           s.listEntries,
		"GET /v1/ledger/questions":                         s.questions,
		"POST /v1/ledger/cases":                            s.openCase,
		"GET /v1/ledger/cases":                             s.listCases,
		"GET /v1/ledger/cases/{case}":                      s.showCase,
		"DELETE /v1/ledger/cases/{case}":                   s.liftCase,
		"POST /v1/ledger/cases/{case}/steps/{step}":        s.doneStep,
		"POST /v1/ledger/cases/{case}/steps/{step}/letter": s.letter,
		"POST /v1/ledger/holders/{id}/screen":              s.screenHolder,
		"GET /v1/ledger/holders/{id}/screens":              s.listScreens,
	} {
		m.HandleFunc(pattern, s.handle(f))
	}
	m.HandleFunc("GET /v1/ledger/export", s.exportLedger)
	m.HandleFunc("GET /v1/ledger/annual", s.annualReport)
}

func (s *controlServer) changeNumbers(r *http.Request) (any, error) {
	a := s.app
	var in control.NumberChange
	if err := read(r, &in); err != nil {
		return nil, err
	}
	verb, ok := ledger.ParseVerb(in.Verb)
	if !ok {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "there is no change %q of numbers", in.Verb)
	}
	c := ledger.Change{
		Verb: verb, Holder: tsujiban.CustomerID(in.Holder), Source: in.Source, Peer: in.Peer, Forwarding: in.Forwarding,
		Ageing: time.Duration(in.AgeingDays) * 24 * time.Hour,
	}
	var err error
	if c.From, err = a.instant("from", in.From, a.now()); err != nil {
		return nil, err
	}
	if c.Until, err = a.instant("until", in.Until, time.Time{}); err != nil {
		return nil, err
	}
	for _, n := range in.Numbers {
		rng, err := ledger.ParseRange(a.policy.Load().Plan(), n)
		if err != nil {
			return nil, err
		}
		c.Ranges = append(c.Ranges, rng)
	}
	o := &ledger.Order{Entry: ledger.Entry{By: byOf(r), Verb: in.Verb, Ground: in.Ground}, Changes: []ledger.Change{c}, DryRun: in.DryRun}
	return a.book(r.Context(), o, func(o *ledger.Order) (ledger.Outcome, error) { return a.store.Ledger().Do(r.Context(), o) })
}

// asked reads the instants of a question: ?at= and ?believed=.
func (s *controlServer) asked(r *http.Request) (at, believed time.Time, err error) {
	q := r.URL.Query()
	if at, err = s.app.instant("at", q.Get("at"), s.app.now()); err != nil {
		return at, believed, err
	}
	believed, err = s.app.instant("believed", q.Get("believed"), time.Time{})
	return at, believed, err
}

func (s *controlServer) showNumber(r *http.Request) (any, error) {
	a := s.app
	d, err := a.policy.Load().Plan().Parse([]byte(r.PathValue("number")))
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%q is no number: %w; write it as dialled or with +", r.PathValue("number"), err)
	}
	at, believed, err := s.asked(r)
	if err != nil {
		return nil, err
	}
	l := a.store.Ledger()
	out := control.NumberState{At: at, Believed: believed}
	if out.Position, err = l.At(r.Context(), d.Number, at, believed); err != nil {
		return nil, err
	}
	if out.Designated, err = l.Carrier(r.Context(), d.Number, at, believed); err != nil {
		return nil, err
	}
	out.Life, err = l.Life(r.Context(), d.Number, believed)
	return out, err
}

func (s *controlServer) heldBy(r *http.Request) (any, error) {
	_, believed, err := s.asked(r)
	if err != nil {
		return nil, err
	}
	q := ledger.HeldQuery{Holder: tsujiban.CustomerID(r.PathValue("id")), Believed: believed, Cursor: r.URL.Query().Get("cursor")}
	if q.At, err = s.app.instant("at", r.URL.Query().Get("at"), time.Time{}); err != nil {
		return nil, err
	}
	l := s.app.store.Ledger()
	if _, err := l.HolderLife(r.Context(), q.Holder, time.Time{}); err != nil {
		return nil, err
	}
	return l.HeldBy(r.Context(), q)
}

func (s *controlServer) listHolders(r *http.Request) (any, error) {
	at, believed, err := s.asked(r)
	if err != nil {
		return nil, err
	}
	return s.app.store.Ledger().Holders(r.Context(), tsujiban.CustomerID(r.URL.Query().Get("below")), at, believed)
}

func (s *controlServer) showHolder(r *http.Request) (any, error) {
	at, believed, err := s.asked(r)
	if err != nil {
		return nil, err
	}
	l, id := s.app.store.Ledger(), tsujiban.CustomerID(r.PathValue("id"))
	var out control.HolderState
	if out.Life, err = l.HolderLife(r.Context(), id, believed); err != nil {
		return nil, err
	}
	if out.Chain, err = l.Chain(r.Context(), id, at, believed); err != nil {
		return nil, err
	}
	below, err := l.Holders(r.Context(), id, at, believed)
	for i := range below {
		out.Below = append(out.Below, below[i].ID)
	}
	if err != nil {
		return nil, err
	}
	screens, err := l.Screenings(r.Context(), id)
	if err == nil && len(screens) > 0 {
		out.Screen = &screens[0]
		if why := out.Screen.Standing(s.app.now()); why != nil {
			out.Barred = why.Error()
		}
	}
	return out, err
}

func (s *controlServer) changeHolder(r *http.Request) (any, error) {
	a, id := s.app, tsujiban.CustomerID(r.PathValue("id"))
	var in control.HolderChange
	if err := read(r, &in); err != nil {
		return nil, err
	}
	c := ledger.HolderChange{Holder: ledger.Holder{ID: id}}
	var err error
	if c.From, err = a.instant("from", in.From, a.now()); err != nil {
		return nil, err
	}
	if c.Until, err = a.instant("until", in.Until, time.Time{}); err != nil {
		return nil, err
	}
	checked, err := a.instant("on", in.On, a.now())
	if err != nil {
		return nil, err
	}
	if checked.After(a.now()) {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "on: %s has not come yet", in.On)
	}
	o := &ledger.Order{Entry: ledger.Entry{By: byOf(r), Verb: "holder", Ground: in.Ground}}
	return a.book(r.Context(), o, func(o *ledger.Order) (ledger.Outcome, error) {
		l := a.store.Ledger()
		switch _, err := l.HolderLife(r.Context(), id, time.Time{}); {
		case err == nil && in.Add:
			return ledger.Outcome{}, tsujiban.Errorf(tsujiban.CodeExists, "holder %q exists already: use \"tsujiban holder set\"", id)
		case err == nil:
			if c.Holder, err = l.Holder(r.Context(), id, c.From, time.Time{}); err != nil {
				return ledger.Outcome{}, err
			}
		case !in.Add || tsujiban.CodeOf(err) != tsujiban.CodeNotFound:
			return ledger.Outcome{}, err
		}
		if err := patchHolder(&c.Holder, in.Fields); err != nil {
			return ledger.Outcome{}, err
		}
		c.Holder.ID = id
		if in.Check != nil {
			k := *in.Check
			if k.By == "" {
				k.By = o.Entry.By
			}
			k.At = checked
			c.Holder.Checks = append(c.Holder.Checks[:len(c.Holder.Checks):len(c.Holder.Checks)], k)
		}
		o.Holders = []ledger.HolderChange{c}
		return l.Do(r.Context(), o)
	})
}

// patchHolder sets the fields that are named.
func patchHolder(h *ledger.Holder, fields map[string]any) error {
	b, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(b, h)
	}
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "request: %w", err)
	}
	return nil
}

func (s *controlServer) importLedger(r *http.Request) (any, error) {
	a := s.app
	var in control.LedgerImport
	if err := read(r, &in); err != nil {
		return nil, err
	}
	tables, err := sheet.Read(in.Name, in.Data)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(in.Data)
	o := &ledger.Order{Entry: ledger.Entry{By: byOf(r), Verb: "import", Ground: in.Ground, File: in.Name, SHA256: hex.EncodeToString(sum[:])}, DryRun: in.DryRun}
	if in.Published != "" {
		return s.publish(r.Context(), &in, o, tables)
	}
	rd := intake.Reader{Plan: a.policy.Load().Plan(), Zone: a.cfg.Node.TimeZone, Now: a.now()}
	lists, err := rd.Lists(tables)
	if err != nil {
		return dryRefusals(o, err)
	}
	o.Holders, o.Screens, o.Changes = lists.Holders, lists.Screens, lists.Changes
	return a.book(r.Context(), o, func(o *ledger.Order) (ledger.Outcome, error) {
		// A screen that is taken over from paper holds as long as one that is made now.
		for i := range o.Screens {
			o.Screens[i].Checked, o.Screens[i].Until = a.rules.screen.Checked, a.now().AddDate(0, 0, a.rules.screen.ValidDays)
		}
		return a.store.Ledger().Do(r.Context(), o)
	})
}

// dryRefusals makes of refusals the answer of a dry run.
func dryRefusals(o *ledger.Order, err error) (any, error) {
	if refused := ledger.RefusalsOf(err); refused != nil && o.DryRun {
		return control.LedgerDone{DryRun: true, Outcome: ledger.Outcome{Refused: refused.Lines}}, nil
	}
	return nil, err
}

func (s *controlServer) publish(ctx context.Context, in *control.LedgerImport, o *ledger.Order, tables []sheet.Table) (any, error) {
	a := s.app
	published, err := a.instant("published", in.Published, time.Time{})
	if err != nil {
		return nil, err
	}
	plan := a.policy.Load().Plan()
	var whole []ledger.Range
	for _, w := range in.Whole {
		rng, err := ledger.ParseRange(plan, w)
		if err != nil {
			return nil, err
		}
		whole = append(whole, rng)
	}
	pub, err := intake.Designations(plan, tables, whole)
	if err != nil {
		return dryRefusals(o, err)
	}
	pub.Published = published
	o.Entry.Verb, o.Entry.Note = "designations", "published "+in.Published
	return a.book(ctx, o, func(o *ledger.Order) (ledger.Outcome, error) {
		out, err := a.store.Ledger().Publish(ctx, &pub, o)
		out.Ranges = nil // blocks of carriers are no numbers of ours
		return out, err
	})
}

func (s *controlServer) undoEntry(r *http.Request) (any, error) {
	a := s.app
	var in control.Order
	if err := read(r, &in); err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(r.PathValue("entry"), 10, 64)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%q is no entry of the ledger; \"tsujiban number log\" lists them", r.PathValue("entry"))
	}
	o := &ledger.Order{Entry: ledger.Entry{By: byOf(r), Verb: "undo", Ground: in.Note}}
	return a.book(r.Context(), o, func(o *ledger.Order) (ledger.Outcome, error) { return a.store.Ledger().Undo(r.Context(), id, o) })
}

func (s *controlServer) listEntries(r *http.Request) (any, error) {
	q := r.URL.Query()
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64) // what is no number is the newest
	limit, _ := strconv.Atoi(q.Get("limit"))
	return s.app.store.Ledger().Entries(r.Context(), before, limit)
}

// exportLedger streams all that is true at an instant, a line per range.
func (s *controlServer) exportLedger(w http.ResponseWriter, r *http.Request) {
	at, believed, err := s.asked(r)
	if err == nil {
		_, err = s.app.deed(r.Context(), byOf(r), "exported the ledger as of "+stamp(at), "ledger-export", "", "", control.Deed{To: s.app.local(at)})
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc := json.NewEncoder(w)
	var last *control.Exported
	flush := func() error {
		if last == nil {
			return nil
		}
		return enc.Encode(last)
	}
	err = s.app.store.Ledger().Each(r.Context(), everything, at, believed, func(sp *ledger.Span) error {
		e := control.Exported{Range: sp.Block.Range(), Value: sp.Value, From: ledger.Time(sp.From), To: ledger.Time(sp.To), Entry: sp.Entry}
		if last != nil && last.Range.Last+1 == e.Range.First && last.Value == e.Value && last.From.Equal(e.From) && last.To.Equal(e.To) && last.Entry == e.Entry {
			last.Range.Last = e.Range.Last
			return nil
		}
		err := flush()
		last = &e
		return err
	})
	if err == nil {
		err = flush()
	}
	if err == nil {
		err = enc.Encode(struct {
			End bool `json:"end"`
		}{true}) // so that a reader knows that it has all
	}
	if err != nil {
		s.app.log.Warn("an export of the ledger broke off", slog.Any("error", err))
	}
}
