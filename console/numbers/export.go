package numbers

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/ledger/annual"
	"tsujiban/ledger/sheet"
)

// formats are how tables are handed over.
var formats = map[string]string{"xlsx": ui.XLSX, "csv": ui.CSV}

// export hands the whole ledger over, as of an instant and a belief.
func export(r *ui.Request) error {
	var in struct {
		At       string `form:"at" max:"40"`
		Believed string `form:"believed" max:"40"`
		Format   string `form:"format" max:"4"`
	}
	if wrong, err := r.Decode(&in); err != nil {
		return err
	} else if len(wrong) > 0 {
		return home(r) // says the same of the same fields
	}
	kind, ok := formats[in.Format]
	if !ok {
		in.Format, kind = "csv", ui.CSV
	}
	q := asked{At: in.At, Believed: in.Believed}
	name := "numbers" + "." + in.Format
	err := r.Write(name, kind, func(f io.Writer) error {
		w, err := sheet.NewWriter(name, &late{w: f})
		if err != nil {
			return err
		}
		begun, end := false, false
		begin := func() error {
			if begun {
				return nil
			}
			begun = true
			return errors.Join(w.Sheet(r.T("numbers.ledger")), w.Row(control.ExportColumns...))
		}
		err = r.Office.Stream(r.Context(), "/v1/ledger/export?"+q.when(), func(line control.Raw) error {
			var e struct {
				control.Exported
				End bool `json:"end"`
			}
			if err := errors.Join(json.Unmarshal(line, &e), begin()); err != nil {
				return err
			}
			if e.End {
				end = true
				return nil
			}
			return w.Row(e.Cells(r.Zone)...)
		})
		if err == nil && !end {
			err = r.Errorf(tsujiban.CodeUnavailable, "numbers.broken")
		}
		if err != nil {
			return err
		}
		return w.Close()
	})
	if err != nil {
		return r.Retry("home", map[string]any{"Asked": q}, err)
	}
	return nil
}

// late holds the first bytes back, the mark of a CSV, until there is something to tell: an order that is refused becomes a page.
type late struct {
	w    io.Writer
	head []byte
	sent bool
}

func (l *late) Write(p []byte) (int, error) {
	if !l.sent && len(p) <= 3 && len(l.head) == 0 {
		l.head = append(l.head, p...)
		return len(p), nil
	}
	if !l.sent {
		l.sent = true
		if _, err := l.w.Write(l.head); err != nil {
			return 0, err
		}
	}
	return l.w.Write(p)
}

// lastPosition is the year of the last 31 March that is over.
func lastPosition(now time.Time) int {
	if now.Month() < time.April {
		return now.Year() - 1
	}
	return now.Year()
}

type yearly struct {
	Year   int    `form:"year"`
	Format string `form:"format" max:"4"`
}

var errEnough = errors.New("the report is enough")

// annualRow is a row of figures in words.
type annualRow struct {
	annual.Row
	Name string
}

func annualRows(r *ui.Request, list []annual.Row) (out []annualRow) {
	for _, x := range list {
		out = append(out, annualRow{x, x.KindText(r.Lang)})
	}
	return out
}

// annualPage shows the figures of a year, what is missing and what has changed; nothing is counted before a year is asked for.
func annualPage(r *ui.Request) error {
	var in yearly
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	asked := in.Year != 0
	if !asked {
		in.Year = lastPosition(r.Now().In(r.Zone))
	}
	data := map[string]any{"Year": strconv.Itoa(in.Year)}
	if len(wrong) > 0 {
		return r.Again("annual", data, wrong)
	}
	if !asked {
		return r.Page("annual", data)
	}
	var report *annual.Report
	err = r.Office.Stream(r.Context(), "/v1/ledger/annual?year="+strconv.Itoa(in.Year), func(raw control.Raw) error {
		var line control.AnnualLine
		if err := json.Unmarshal(raw, &line); err != nil {
			return err
		}
		report = line.Report
		return errEnough
	})
	if err != nil && !errors.Is(err, errEnough) {
		return r.Retry("annual", data, err)
	}
	if report == nil {
		return r.Retry("annual", data, r.Errorf(tsujiban.CodeUnavailable, "numbers.broken"))
	}
	var missing [][2]string
	for _, m := range report.Missing {
		text := m.Ja
		if r.Lang == tsujiban.English {
			text = m.En
		}
		missing = append(missing, [2]string{m.What, text})
	}
	data["Report"], data["Missing"] = report, missing
	data["Rows"], data["Change"] = annualRows(r, report.Rows), annualRows(r, report.Change)
	data["Believed"] = annual.Words{Lang: r.Lang, Zone: r.Zone}.Believed(report)
	return r.Page("annual", data)
}

// annualTable hands the report over with the numbers behind its figures.
func annualTable(r *ui.Request) error {
	var in yearly
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	data := map[string]any{"Year": strconv.Itoa(in.Year)}
	if len(wrong) > 0 {
		return r.Again("annual", data, wrong)
	}
	kind, ok := formats[in.Format]
	if !ok {
		in.Format, kind = "xlsx", ui.XLSX
	}
	words := annual.Words{Lang: r.Lang, Zone: r.Zone}
	name := "annual-" + strconv.Itoa(in.Year) + "." + in.Format
	err = r.Write(name, kind, func(f io.Writer) error {
		w, err := sheet.NewWriter(name, &late{w: f})
		if err != nil {
			return err
		}
		end := false
		err = r.Office.Stream(r.Context(), "/v1/ledger/annual?year="+strconv.Itoa(in.Year), func(raw control.Raw) error {
			var line control.AnnualLine
			if err := json.Unmarshal(raw, &line); err != nil {
				return err
			}
			switch {
			case line.Report != nil:
				return words.Sheets(line.Report, w)
			case line.Behind != nil:
				return words.Row(line.Behind, w)
			}
			end = line.End
			return nil
		})
		if err == nil && !end {
			err = r.Errorf(tsujiban.CodeUnavailable, "numbers.broken")
		}
		if err != nil {
			return err
		}
		return w.Close()
	})
	if err != nil {
		return r.Retry("annual", data, err)
	}
	return nil
}
