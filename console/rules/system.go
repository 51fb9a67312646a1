package rules

import (
	"context"
	"net/http"
	"time"

	"tsujiban/app/control"
	"tsujiban/console/ui"
)

// systemPage shows how the program is.
type systemPage struct{ office *control.Client }

// systemEvery is how often somebody who watches is told.
const systemEvery = 2 * time.Second

// system is the status with the health of the carriers.
type system struct {
	*control.Status
	Carriers []control.CarrierHealth
	At       time.Time
	Behind   uint64 // entries that the view does not have
	Unsigned uint64 // entries under no signed checkpoint
}

func readSystem(ctx context.Context, office *control.Client) (*system, error) {
	var s control.Status
	if err := office.Do(ctx, http.MethodGet, "/v1/status", nil, &s); err != nil {
		return nil, err
	}
	var o control.Overview
	if err := office.Do(ctx, http.MethodGet, "/v1/overview", nil, &o); err != nil {
		return nil, err
	}
	j := &s.Journal
	return &system{Status: &s, Carriers: o.Carriers, At: o.At, Behind: j.Committed - min(j.Viewed, j.Committed), Unsigned: j.Committed - min(j.Proven, j.Committed)}, nil
}

func (p *systemPage) show(r *ui.Request) error {
	s, err := readSystem(r.Context(), r.Office)
	if err != nil {
		return err
	}
	return r.Page("system", s)
}

func (p *systemPage) watch(ctx context.Context, show func(...ui.Part)) error {
	tick := time.NewTicker(systemEvery)
	defer tick.Stop()
	for {
		s, err := readSystem(ctx, p.office)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		show(ui.Part{Name: "system", Data: s})
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
