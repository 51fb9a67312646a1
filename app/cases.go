package app

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/app/control"
	"tsujiban/ledger"
	"tsujiban/ledger/scheme"
)

// loadScheme reads the rules of the suspension scheme, those that come with the program when no file is named.
func loadScheme(c *config.Config) (*ledger.SchemeRules, error) {
	if c.Ledger.Scheme == "" {
		return scheme.Default(), nil
	}
	data, err := config.ReadFile(c.Ledger.Scheme, config.MaxFile)
	if err != nil {
		return nil, err
	}
	return scheme.Parse(c.Ledger.Scheme, data)
}

// openCase takes down a request to suspend numbers. When it returns the guard refuses their calls.
func (s *controlServer) openCase(r *http.Request) (any, error) {
	a := s.app
	var in control.SuspensionRequest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	c := ledger.Case{Request: ledger.Request{Agency: in.Agency, Officer: in.Officer, Number: in.RequestNo}}
	day, err := a.instant("date", in.Date, time.Time{})
	if err != nil {
		return nil, err
	}
	if !day.IsZero() {
		y, m, d := day.In(a.cfg.Node.TimeZone).Date() // a day on paper: it has no zone
		c.Request.Date = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	for _, n := range in.Numbers {
		rng, err := ledger.ParseRange(a.policy.Load().Plan(), n)
		if err != nil {
			return nil, err
		}
		c.Numbers = append(c.Numbers, rng)
	}
	o := &ledger.Order{Entry: ledger.Entry{By: byOf(r), Verb: "suspension", Ground: in.Ground, Note: fmt.Sprintf("request %s of %s", in.RequestNo, in.Agency)}}
	done, err := a.book(r.Context(), o, func(o *ledger.Order) (ledger.Outcome, error) {
		return a.store.Ledger().OpenCase(r.Context(), &c, a.rules.scheme, o)
	})
	if err != nil {
		return nil, err
	}
	// Each step is an entry of its own in the journal.
	for i := range c.Steps {
		if done.Done, err = a.record(r.Context(), o.Entry.By, stepNote(c.ID, &c.Steps[i])); err != nil {
			return nil, err
		}
	}
	return c, a.keepDeed(r.Context(), o.Entry.By, "suspension-open", "", strconv.FormatInt(c.ID, 10), control.Deed{Count: int(min(done.Numbers, math.MaxInt32))})
}

func stepNote(id int64, s *ledger.Step) string {
	note := fmt.Sprintf("suspension case %d, step %d: %s", id, s.N, s.Kind)
	for _, more := range []string{string(s.Holder), s.Note} {
		if more != "" {
			note += ": " + more
		}
	}
	if !s.Due.IsZero() {
		note += "; due " + stamp(s.Due)
	}
	if !s.Until.IsZero() {
		note += "; until " + stamp(s.Until)
	}
	return note
}

func caseID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("case"), 10, 64)
	if err != nil {
		return 0, tsujiban.Errorf(tsujiban.CodeInvalid, "%q is no case; \"tsujiban suspension list\" lists them", r.PathValue("case"))
	}
	return id, nil
}

func (s *controlServer) showCase(r *http.Request) (any, error) {
	id, err := caseID(r)
	if err != nil {
		return nil, err
	}
	return s.app.store.Ledger().Case(r.Context(), id)
}

func (s *controlServer) listCases(r *http.Request) (any, error) {
	return s.app.store.Ledger().Cases(r.Context(), r.URL.Query().Get("all") == "")
}

func (s *controlServer) liftCase(r *http.Request) (any, error) {
	a := s.app
	var in control.Order
	if err := read(r, &in); err != nil {
		return nil, err
	}
	id, err := caseID(r)
	if err != nil {
		return nil, err
	}
	o := &ledger.Order{Entry: ledger.Entry{By: byOf(r), Verb: "lift", Ground: in.Note, Note: fmt.Sprintf("suspension case %d", id)}}
	done, err := a.book(r.Context(), o, func(o *ledger.Order) (ledger.Outcome, error) { return a.store.Ledger().LiftCase(r.Context(), id, o) })
	if err == nil {
		err = a.keepDeed(r.Context(), byOf(r), "suspension-lift", "", strconv.FormatInt(id, 10), control.Deed{Text: in.Note})
	}
	return done, err
}

func (s *controlServer) letter(r *http.Request) (any, error) {
	a := s.app
	id, err := caseID(r)
	if err != nil {
		return nil, err
	}
	c, err := a.store.Ledger().Case(r.Context(), id)
	if err != nil {
		return nil, err
	}
	step, err := strconv.Atoi(r.PathValue("step"))
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%q is no step", r.PathValue("step"))
	}
	lang, err := control.ParseLang(r.URL.Query().Get("lang"))
	if err != nil {
		return nil, err
	}
	a.admin.Lock()
	w := scheme.Writer{From: a.cfg.Ledger.Name, Zone: a.cfg.Node.TimeZone, Lang: lang}
	a.admin.Unlock()
	l, err := w.Letter(&c, step, a.now().In(w.Zone))
	if err != nil {
		return nil, err
	}
	if _, err := a.deed(r.Context(), byOf(r), fmt.Sprintf("suspension case %d, step %d: letter written", id, step), "suspension-letter", "", fmt.Sprintf("%d-%d", id, step), control.Deed{}); err != nil {
		return nil, err
	}
	return control.LetterText{Letter: l, Plain: l.String()}, nil
}

func (s *controlServer) doneStep(r *http.Request) (any, error) {
	a := s.app
	o, err := order(r)
	if err != nil {
		return nil, err
	}
	id, err := caseID(r)
	if err != nil {
		return nil, err
	}
	step, err := strconv.Atoi(r.PathValue("step"))
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%q is no step", r.PathValue("step"))
	}
	if err := a.store.Ledger().DoneStep(r.Context(), id, step, byOf(r)); err != nil {
		return nil, err
	}
	return a.deed(r.Context(), byOf(r), fmt.Sprintf("suspension case %d, step %d: done; %s", id, step, o.Note), "suspension-done", "", fmt.Sprintf("%d-%d", id, step), control.Deed{Text: o.Note})
}

// barredAs says which cases bar a holder, or another that is the same firm by its corporate number.
func (a *App) barredAs(ctx context.Context, h *ledger.Holder) ([]string, error) {
	l := a.store.Ledger()
	bars, err := l.Bars(ctx, a.now())
	if err != nil {
		return nil, err
	}
	var out []string
	for _, b := range bars {
		same := b.Holder == h.ID
		if !same && h.Corporate != "" {
			other, err := l.Holder(ctx, b.Holder, a.now(), time.Time{})
			if err != nil && tsujiban.CodeOf(err) != tsujiban.CodeNotFound {
				return nil, err
			}
			same = other.Corporate == h.Corporate
		}
		if same {
			out = append(out, fmt.Sprintf("case %d, %s, until %s", b.Case, b.Holder, b.Until.Format(time.DateOnly)))
		}
	}
	return out, nil
}

// watchEvery is how often deadlines, and changes of numbers that were dated ahead, are looked at.
const watchEvery = time.Minute

// startWatch watches what comes with time: steps that are overdue, numbers that were to be suspended from now on.
func (a *App) startWatch(ctx context.Context) error {
	free, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.stopWatch, a.watchDone = cancel, make(chan struct{})
	go func() {
		defer close(a.watchDone)
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-free.Done():
				return
			case <-tick.C:
				if err := a.watch(free); err != nil && free.Err() == nil {
					a.log.Error("deadlines and dated changes could not be looked at; trying again", slog.Any("error", err))
				}
				if err := a.sweepPeople(free); err != nil && free.Err() == nil {
					a.log.Error("ended sessions and used links could not be deleted; trying again", slog.Any("error", err))
				}
			}
		}
	}()
	return nil
}

// overdueNote begins the record of a step that is overdue; notices are made of it.
const overdueNote = "overdue: "

// watch tells once of every step that is overdue, and brings into force what has come true meanwhile.
func (a *App) watch(ctx context.Context) error {
	l := a.store.Ledger()
	due, err := l.Overdue(ctx, a.now())
	if err != nil {
		return err
	}
	for _, d := range due {
		if _, err := a.record(ctx, guardName, overdueNote+stepNote(d.Case, &d.Step)); err != nil {
			return err
		}
		a.log.Warn("a step of a suspension case is overdue", slog.Int64("case", d.Case), slog.Int("step", d.Step.N), slog.Time("due", d.Step.Due))
		if err := l.Told(ctx, d.Case, d.Step.N); err != nil {
			return err
		}
	}
	a.admin.Lock()
	defer a.admin.Unlock()
	suspended, err := a.suspendedNow(ctx, a.customers)
	if err != nil || slices.Equal(suspended, a.rules.source.Suspended) {
		return err
	}
	r := *a.rules
	r.source.Suspended = suspended
	p, dir, err := a.compile(&r, a.customers, a.trunks)
	if err != nil {
		return err
	}
	a.rules = &r
	a.force(a.customers, a.trunks, p, dir)
	a.cutSuspended()
	return nil
}
