package api

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/ledger/annual"
	"tsujiban/ledger/sheet"
)

// AnnualReport is the report on the use of numbers of a year: the position of its 31 March, due on 30 June.
type AnnualReport struct {
	Year      int              `json:"year" example:"2026"`
	Position  time.Time        `json:"position" doc:"The end of 31 March."`
	Due       time.Time        `json:"due" doc:"The end of 30 June."`
	Rows      []AnnualRow      `json:"rows"`
	Total     AnnualRow        `json:"total"`
	Resellers []AnnualReseller `json:"resellers"`
	Missing   []AnnualMissing  `json:"missing" doc:"What keeps it from being filed."`
	Believed  time.Time        `json:"last_believed,omitzero" doc:"Of when the ledger is that last year's figures come from; absent: as it is now."`
	Change    []AnnualRow      `json:"change" doc:"The difference to last year's figures."`
}

// AnnualRow is the figures of one kind of number from one carrier.
type AnnualRow struct {
	Kind       string `json:"kind" example:"ip-phone"`
	Source     string `json:"source"`
	Total      int64  `json:"total"`
	InUse      int64  `json:"in_use"`
	Wholesaled int64  `json:"wholesaled"`
	Test       int64  `json:"test"`
	Unused     int64  `json:"unused"`
	Forwarding int64  `json:"forwarding" doc:"Of those in use or wholesaled."`
	Suspended  int64  `json:"suspended" doc:"Likewise."`
}

// AnnualReseller is what has to be said of a reseller.
type AnnualReseller struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Corporate  string `json:"corporate,omitempty"`
	Forwarding bool   `json:"forwarding"`
	Approved   string `json:"approved,omitempty" doc:"When its approval was checked."`
	Parent     string `json:"parent,omitempty" doc:"Whom it buys from."`
	Numbers    int64  `json:"numbers" doc:"Its own and those of all below it."`
}

// AnnualMissing is something that is missing.
type AnnualMissing struct {
	What string `json:"what" doc:"The holder or the numbers."`
	Text string `json:"text" doc:"In the language of Accept-Language."`
}

// YearPath names a year.
type YearPath struct {
	Year int `path:"year" minimum:"2000" maximum:"9000" doc:"The position is that of its 31 March." example:"2026"`
}

func (y YearPath) order() string { return "/v1/ledger/annual?year=" + strconv.Itoa(y.Year) }

func (s *server) annualRoutes() {
	register(s, "get-annual-report", note{Summary: "The annual report on the use of numbers", Text: "Its figures, what has changed since last year's, and what is missing."}, annualReport)
	register(s, "get-annual-table", note{Summary: "The annual report as a table", Text: "With the numbers behind its figures; in the language of Accept-Language.", File: csvKind + ", " + xlsxKind},
		func(_ context.Context, c *call, in *struct {
			YearPath
			TableFormat
		}) (*huma.StreamResponse, error) {
			return s.table(c, rowOf("get-annual-table"), "annual-"+strconv.Itoa(in.Year), in.Format, in.order(), annualTable(c)), nil
		})
}

func annualReport(ctx context.Context, c *call, in *YearPath) (*body[AnnualReport], error) {
	var line struct {
		Report *struct {
			AnnualReport
			Missing []struct{ What, Ja, En string }
			Last    *struct{ Believed time.Time }
		}
	}
	err := c.Office.Stream(ctx, in.order(), func(raw control.Raw) error {
		if err := json.Unmarshal(raw, &line); err != nil {
			return err
		}
		return errEnough // the numbers behind the figures follow
	})
	switch {
	case err == nil, errors.Is(err, errEnough) && line.Report == nil:
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "the report broke off; try again")
	case !errors.Is(err, errEnough):
		return nil, err
	}
	out := &line.Report.AnnualReport
	for _, m := range line.Report.Missing {
		text := m.Ja
		if c.Lang == tsujiban.English {
			text = m.En
		}
		out.Missing = append(out.Missing, AnnualMissing{m.What, text})
	}
	if out.Believed = (time.Time{}); line.Report.Last != nil {
		out.Believed = line.Report.Last.Believed
	}
	out.Rows, out.Resellers, out.Missing, out.Change = items(out.Rows), items(out.Resellers), items(out.Missing), items(out.Change)
	return answer(*out), nil
}

// annualTable writes the lines of a report: figures, difference, resellers, what is missing, the numbers behind.
func annualTable(c *call) filler {
	words := annual.Words{Lang: c.Lang}
	return func(w sheet.Writer, raw control.Raw) (bool, error) {
		var line control.AnnualLine
		if err := json.Unmarshal(raw, &line); err != nil {
			return false, err
		}
		words.Zone = c.Office.Zone()
		switch {
		case line.Report != nil:
			return false, words.Sheets(line.Report, w)
		case line.Behind != nil:
			return false, words.Row(line.Behind, w)
		}
		return line.End, nil
	}
}
