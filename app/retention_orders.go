package app

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/retention"
)

func (s *controlServer) retentionRoutes(m *http.ServeMux) {
	m.HandleFunc("GET /v1/retention", s.handle(s.showRetention))
	m.HandleFunc("POST /v1/retention", s.handle(s.runRetention))
	m.HandleFunc("POST /v1/retention/holds", s.handle(s.addHold))
	m.HandleFunc("DELETE /v1/retention/holds/{id}", s.handle(s.releaseHold))
}

func (s *controlServer) runRetention(r *http.Request) (any, error) {
	var in struct {
		DryRun bool `json:"dry_run"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return s.app.retain(r.Context(), byOf(r), in.DryRun)
}

// retain has the keeper erase what is past its term, or say what would be.
func (a *App) retain(ctx context.Context, by string, dry bool) (out *control.RetentionRun, err error) {
	err = a.keeper.order(ctx, true, func(free context.Context) (err error) {
		out, err = a.keeper.enforce(free, by, dry)
		return err
	})
	return out, err
}

func (s *controlServer) showRetention(r *http.Request) (any, error) {
	a := s.app
	run, err := a.retain(r.Context(), byOf(r), true)
	if err != nil {
		return nil, err
	}
	out := control.RetentionState{Kinds: run.Kinds, Next: a.keeper.next(), Gone: []control.Gone{}, Holds: []control.Hold{}}
	if ran := a.keeper.ran.Load(); ran != 0 {
		out.Ran = time.Unix(ran, 0).UTC()
	}
	if err := a.keeper.failing.Load(); err != nil {
		out.Failing = (*err).Error()
	}
	for _, e := range a.journal.Erased() {
		out.Gone = append(out.Gone, control.Gone(e))
	}
	all, err := a.store.RetentionHolds(r.Context())
	if err != nil {
		return nil, err
	}
	stand, err := a.keeper.holds(r.Context())
	if err != nil {
		return nil, err
	}
	for i := range stand {
		if stand[i].ID < 0 {
			all = append(all, stand[i])
		}
	}
	for i := range all {
		out.Holds = append(out.Holds, a.holdOf(&all[i]))
	}
	return out, nil
}

func (a *App) holdOf(h *retention.Hold) control.Hold {
	v := control.Hold{
		ID: h.ID, Customer: string(h.Customer), From: stamp(h.From), To: stamp(h.To), Kind: h.Ground.String(), Ground: h.Text, Until: stamp(h.Until), By: h.By, At: stamp(h.At),
		Stands: h.Stands(a.now()), Released: stamp(h.Released), Note: h.Note,
	}
	if !h.Number.IsZero() {
		v.Number = h.Number.Masked()
	}
	return v
}

// addHold keeps what is under it from being erased. It is in force when the reply is given.
func (s *controlServer) addHold(r *http.Request) (any, error) {
	a := s.app
	var in control.Hold
	if err := read(r, &in); err != nil {
		return nil, err
	}
	h := retention.Hold{Customer: tsujiban.CustomerID(in.Customer), Text: in.Ground, At: a.now(), By: byOf(r)}
	var err error
	if h.Ground, err = retention.ParseGround(in.Kind); err != nil {
		return nil, err
	}
	if in.Number != "" {
		d, err := a.policy.Load().Plan().Parse([]byte(in.Number))
		if err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%q is no number: %w; write it as dialled or with +", in.Number, err)
		}
		h.Number = d.Number
	}
	for _, t := range []struct {
		field, text string
		to          *time.Time
		def         time.Time
	}{{"from", in.From, &h.From, time.Time{}}, {"to", in.To, &h.To, time.Time{}}, {"until", in.Until, &h.Until, h.Ground.Most().Over(h.At)}} {
		if t.text == "" {
			*t.to = t.def
			continue
		}
		if *t.to, err = a.instant(t.field, t.text, t.def); err != nil {
			return nil, err
		}
	}
	if err := h.Valid(); err != nil {
		return nil, err
	}
	var done control.Done
	err = a.keeper.order(r.Context(), false, func(free context.Context) error {
		if err := a.store.AddHold(free, &h); err != nil {
			return err
		}
		// In force before it is recorded: what is kept too long can be erased later, what is erased cannot be brought back.
		done, err = a.deed(free, h.By, "retention: "+h.String(), "hold-add", h.Customer, strconv.FormatInt(h.ID, 10), control.Deed{Number: maskedOrNone(h.Number), From: a.local(h.From), To: a.local(h.To), Text: h.Text})
		return err
	})
	return done, err
}

func (s *controlServer) releaseHold(r *http.Request) (any, error) {
	a := s.app
	o, err := order(r)
	if err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	switch {
	case err != nil:
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%q is no hold; \"tsujiban retention show\" lists them", r.PathValue("id"))
	case id < 0:
		return nil, tsujiban.Errorf(tsujiban.CodeConflict, "this is the preservation request of inquiry case %d: it ends when that case is closed", -id)
	}
	var done control.Done
	err = a.keeper.order(r.Context(), false, func(free context.Context) (err error) {
		if done, err = a.deed(free, byOf(r), "retention: hold "+strconv.FormatInt(id, 10)+" is released: "+o.Note, "hold-release", "", strconv.FormatInt(id, 10), control.Deed{Text: o.Note}); err != nil {
			return err
		}
		return a.store.ReleaseHold(free, id, byOf(r), o.Note, a.now())
	})
	return done, err
}

func maskedOrNone(n tsujiban.Number) string {
	if n.IsZero() {
		return ""
	}
	return n.Masked()
}
