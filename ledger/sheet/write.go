package sheet

import (
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"tsujiban"
)

// End stands in the first cell of the last line of a CSV that this program wrote; behind it the count of rows. A file
// that was cut off has none.
const End = "#end"

// Writer writes one table after the other.
type Writer interface {
	// Sheet begins a table; in CSV the tables follow each other with a line between them.
	Sheet(name string) error
	// Row writes a row. Text is written so that no spreadsheet takes it for a formula.
	Row(cells ...any) error
	// Close writes the end. It does not close what it writes to.
	Close() error
}

// NewWriter writes XLSX when the name ends so, CSV (UTF-8 with a mark, for spreadsheet programs) otherwise.
func NewWriter(name string, w io.Writer) (Writer, error) {
	if strings.HasSuffix(strings.ToLower(name), ".xlsx") {
		return &xlsxWriter{w: w, f: excelize.NewFile()}, nil
	}
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, err
	}
	return &csvWriter{w: csv.NewWriter(w)}, nil
}

type csvWriter struct {
	w    *csv.Writer
	rows int
	tabs int
}

func (c *csvWriter) Sheet(name string) error {
	if c.tabs++; c.tabs == 1 {
		return nil
	}
	return c.w.Write([]string{"# " + name})
}

func (c *csvWriter) Row(cells ...any) error {
	out := make([]string, len(cells))
	for i, v := range cells {
		out[i] = text(v)
	}
	c.rows++
	return c.w.Write(out)
}

func (c *csvWriter) Close() error {
	if err := c.w.Write([]string{End, strconv.Itoa(c.rows)}); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}

// text writes a value; text that a spreadsheet would calculate gets a quote in front.
func text(v any) string {
	switch v := v.(type) {
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case string:
		return Safe(v)
	}
	return ""
}

// Safe puts a quote before text that a spreadsheet would calculate when it opens a CSV. White space and what cannot be seen may stand before the
// sign, and a Japanese input method makes wide ones.
func Safe(s string) string {
	if s == "" || s[0] >= '0' && s[0] <= '9' || s[0] >= 'A' && s[0] <= 'z' || plainNumber.MatchString(s) {
		return s
	}
	bare := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	first, _ := utf8.DecodeRuneInString(bare)
	if strings.ContainsRune("\t\r\n", rune(s[0])) || bare != "" && strings.ContainsRune("=+-@＝＋－＠﹦﹢﹣﹫−", first) {
		return "'" + s
	}
	return s
}

// plainNumber is a telephone number, a range of them, or an amount: none is a formula.
var plainNumber = regexp.MustCompile(`^[+-]?[0-9][0-9*]*(\.[0-9]+)?(\.\.\+[0-9]+)?$`)

type xlsxWriter struct {
	w     io.Writer
	f     *excelize.File
	s     *excelize.StreamWriter
	row   int
	first bool
}

// maxXLSX is how many rows a sheet can have.
const maxXLSX = 1_048_576

func (x *xlsxWriter) Sheet(name string) error {
	if x.s != nil {
		if err := x.s.Flush(); err != nil {
			return err
		}
	}
	if !x.first {
		x.first = true
		if err := x.f.SetSheetName("Sheet1", name); err != nil {
			return err
		}
	} else if _, err := x.f.NewSheet(name); err != nil {
		return err
	}
	var err error
	x.s, err = x.f.NewStreamWriter(name)
	x.row = 0
	return err
}

func (x *xlsxWriter) Row(cells ...any) error {
	if x.row++; x.row > maxXLSX {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "more than %d rows do not fit in a sheet: write a CSV", maxXLSX)
	}
	at, err := excelize.CoordinatesToCellName(1, x.row)
	if err != nil {
		return err
	}
	return x.s.SetRow(at, cells) // strings are written as strings, never as formulas
}

func (x *xlsxWriter) Close() error {
	var err error
	if x.s != nil {
		err = x.s.Flush()
	}
	if err == nil {
		err = x.f.Write(x.w)
	}
	return errors.Join(err, x.f.Close())
}
