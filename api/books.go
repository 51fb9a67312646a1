package api

import (
	"context"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/ledger/sheet"
)

// LedgerImport is a table that the ledger is to take in.
type LedgerImport struct {
	Name      string   `json:"name" minLength:"1" maxLength:"200" doc:"Name of the file; its end says what it is: .csv, .xlsx." example:"numbers.csv"`
	Data      []byte   `json:"data" doc:"The file in base64, at most 64 MB."`
	Published string   `json:"published,omitempty" format:"date" doc:"Of the ministry's designation table: the day of its publication. Absent: a list of one's own numbers and holders."`
	Whole     []string `json:"whole,omitempty" maxItems:"1000" doc:"Of a designation table: the numbers that it covers whole; what it does not name there is nobody's." example:"[\"050*\"]"`
	Ground    string   `json:"ground" minLength:"1" maxLength:"500" example:"delivery 7"`
	DryRun    bool     `json:"dry_run,omitempty" doc:"Take nothing in, only say which lines would be refused and why."`
}

// TableFormat is which table is wanted.
type TableFormat struct {
	Format string `query:"format" enum:"csv,xlsx" default:"csv" doc:"csv is UTF-8 with a mark; its last line begins with #end."`
}

// tableKinds are the media types of the formats.
const (
	csvKind  = "text/csv"
	xlsxKind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

func (s *server) bookRoutes() {
	register(s, "import-ledger", note{
		Summary: "Take a table into the ledger",
		Text:    "A list of numbers and holders, or the ministry's designation table; all of it, or nothing. With `dry_run` the lines that would be refused are listed. In force for calls when the answer is given.",
		Body:    sheet.MaxFile/3*4 + 1<<20,
	}, func(ctx context.Context, c *call, in *struct{ Body LedgerImport }) (*body[LedgerDone], error) {
		b := &in.Body
		return book(ctx, c, "/v1/ledger/import", control.LedgerImport{Name: b.Name, Data: b.Data, Published: b.Published, Whole: b.Whole, Ground: b.Ground, DryRun: b.DryRun})
	})
	register(s, "export-ledger", note{Summary: "The whole ledger as a table", Text: "What is true at an instant, a line for each run of numbers about which the same is true. No cell is a formula. It is recorded.", File: csvKind + ", " + xlsxKind},
		func(_ context.Context, c *call, in *struct {
			When
			TableFormat
		}) (*huma.StreamResponse, error) {
			return s.table(c, rowOf("export-ledger"), "ledger", in.Format, "/v1/ledger/export"+in.asked(), ledgerTable(c)), nil
		})
}

// filler writes what one line of an order says into a table; done is true of the last.
type filler func(w sheet.Writer, line control.Raw) (done bool, err error)

// table hands over what an order tells line by line, as a table. What is wrong before its first line is a problem; what goes wrong later breaks it off.
func (s *server) table(c *call, row *Row, name, format, path string, fill filler) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		r, w := humago.Unwrap(hc)
		var to sheet.Writer
		done := false
		err := c.Office.Stream(r.Context(), path, func(line control.Raw) (err error) {
			if to == nil {
				kind := csvKind + "; charset=utf-8"
				if format == "xlsx" {
					kind = xlsxKind
				}
				fileHeader(w, kind, name+"."+format)
				if to, err = sheet.NewWriter(name+"."+format, s.slow(w)); err != nil {
					return err
				}
			}
			done, err = fill(to, line)
			return err
		})
		switch {
		case err == nil && to != nil && done:
			err = to.Close()
		case err == nil:
			err = tsujiban.Errorf(tsujiban.CodeUnavailable, "it broke off: see the program's log, and try again")
		}
		if to != nil {
			s.whole(err)
		} else if p, ok := s.problemOf(c, row, err).(*Problem); ok {
			s.refuse(w, r, p)
		}
	}}
}

// ledgerTable writes the lines of an export.
func ledgerTable(c *call) filler {
	head := false
	return func(w sheet.Writer, line control.Raw) (bool, error) {
		var e struct {
			control.Exported
			End bool `json:"end"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return false, err
		}
		if !head {
			head = true
			if err := w.Sheet("ledger"); err != nil {
				return false, err
			}
			if err := w.Row(control.ExportColumns...); err != nil {
				return false, err
			}
		}
		if e.End {
			return true, nil
		}
		return false, w.Row(e.Cells(c.Office.Zone())...)
	}
}
