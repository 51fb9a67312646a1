package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/ledger"
	"tsujiban/ledger/annual"
)

// everything is all numbers that there can be.
var everything = ledger.Range{First: 1, Last: 999_999_999_999_999}

// count makes the report of a year, as it was believed then.
func (a *App) count(ctx context.Context, year int, believed time.Time) (*annual.Report, *annual.Builder, error) {
	zone := a.o.Config.Node.TimeZone
	at, _ := annual.Position(year, zone)
	l := a.store.Ledger()
	holders, err := l.Holders(ctx, "", at, believed)
	if err != nil {
		return nil, nil, err
	}
	b := annual.NewBuilder(a.policy.Load().Plan(), holders)
	err = l.Each(ctx, everything, at, believed, func(s *ledger.Span) error {
		b.Add(s)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	r := b.Report(year, zone)
	r.Believed = believed
	return r, b, nil
}

// annualReport streams the report of a year: first the report, then the numbers behind its figures, then the end.
func (s *controlServer) annualReport(w http.ResponseWriter, r *http.Request) {
	a := s.app
	year, err := strconv.Atoi(r.URL.Query().Get("year"))
	if err != nil || year < 2000 || year > 9000 {
		s.fail(w, tsujiban.Errorf(tsujiban.CodeInvalid, "year: %q is no year; the position is that of its 31 March", r.URL.Query().Get("year")))
		return
	}
	position, due := annual.Position(year, a.o.Config.Node.TimeZone)
	if position.After(a.now()) {
		s.fail(w, tsujiban.Errorf(tsujiban.CodeConflict, "31 March %d is not over yet: the report is of its end", year))
		return
	}
	report, b, err := a.count(r.Context(), year, time.Time{})
	if err == nil {
		// Last year's as it was when it was due: what was entered later was not in what was filed.
		var last *annual.Report
		if last, _, err = a.count(r.Context(), year-1, due.AddDate(-1, 0, 0)); err == nil {
			if last.Total.Total == 0 {
				// This ledger did not exist yet: what it knows of last year now is the best that there is.
				last, _, err = a.count(r.Context(), year-1, time.Time{})
			}
		}
		if err == nil {
			report.Compare(last)
			_, err = a.deed(r.Context(), byOf(r), fmt.Sprintf("annual report %d: %d numbers, %d missing", year, report.Total.Total, len(report.Missing)), "annual-report", "", strconv.Itoa(year), control.Deed{})
		}
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc := json.NewEncoder(w)
	err = enc.Encode(control.AnnualLine{Report: report})
	if err == nil {
		err = a.behind(r.Context(), b, position, enc)
	}
	if err == nil {
		err = enc.Encode(control.AnnualLine{End: true})
	}
	if err != nil {
		a.log.Warn("an annual report broke off", slog.Any("error", err))
	}
}

// behind streams the numbers behind the figures, those that count alike and follow each other in one line.
func (a *App) behind(ctx context.Context, b *annual.Builder, at time.Time, enc *json.Encoder) error {
	var last *annual.Behind
	flush := func() error {
		if last == nil {
			return nil
		}
		return enc.Encode(control.AnnualLine{Behind: last})
	}
	err := a.store.Ledger().Each(ctx, everything, at, time.Time{}, func(s *ledger.Span) error {
		k, ok := b.Behind(s)
		if !ok {
			return nil
		}
		if last != nil && last.Range.Last+1 == k.Range.First {
			same := *last
			same.Range = k.Range
			if same == k {
				last.Range.Last = k.Range.Last
				return nil
			}
		}
		err := flush()
		last = &k
		return err
	})
	if err != nil {
		return err
	}
	return flush()
}
