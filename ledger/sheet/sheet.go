// Package sheet reads tables as people send them, XLSX and CSV, into rows of text, and writes them.
//
// What comes in is what a ministry, a carrier or a reseller exported: wide digits, Shift_JIS, merged cells, notes under the
// table. It may also come from somebody who wants the program to choke: a zip bomb, a row of a million cells. Everything
// is bounded before it is unpacked, and what does not fit is refused with its line.
package sheet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"tsujiban"
)

// The bounds of a file.
const (
	MaxFile     = 64 << 20  // bytes as sent
	maxUnpacked = 256 << 20 // bytes of an XLSX, unpacked
	maxParts    = 2000      // files inside an XLSX
	maxCells    = 20_000_000
	maxRows     = 2_000_000
	maxCell     = 4096 // bytes of one cell
	maxSheets   = 100
)

// Table is one sheet of a file.
type Table struct {
	File  string // its name, for messages
	Sheet string // empty for CSV
	Rows  []Row  // those that are not empty
}

// Row is one row. Cells are trimmed; empty ones at the end are left out.
type Row struct {
	Line  int // from 1
	Cells []string
}

// Cell is a cell of the row, empty when there are not so many.
func (r *Row) Cell(i int) string {
	if i < 0 || i >= len(r.Cells) {
		return ""
	}
	return r.Cells[i]
}

// Where names a line for messages.
func (t *Table) Where() string {
	if t.Sheet != "" {
		return t.File + "[" + t.Sheet + "]"
	}
	return t.File
}

func refuse(format string, args ...any) error {
	return tsujiban.Errorf(tsujiban.CodeInvalid, format, args...)
}

// Read reads all tables of a file. What it is it tells by its content, not by its name. The error is CodeInvalid and
// names the line.
func Read(name string, data []byte) ([]Table, error) {
	switch {
	case len(data) == 0:
		return nil, refuse("%s: is empty", name)
	case len(data) > MaxFile:
		return nil, refuse("%s: larger than %d MB: send it in parts", name, MaxFile>>20)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return readXLSX(name, data)
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")):
		return nil, refuse("%s: is an old XLS file, or one with a password: save it as XLSX or CSV", name)
	}
	t, err := readCSV(name, data)
	return []Table{t}, err
}

// unpackable reads an XLSX through without keeping it: what a header says of sizes may be a lie.
//
// It returns the largest area of a sheet, in cells: one cell in the last corner of a sheet makes the library lay out all
// before it.
func unpackable(name string, data []byte) (area int64, err error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return 0, refuse("%s: is no whole XLSX file (%w): was it cut off on the way?", name, err)
	}
	if len(z.File) > maxParts {
		return 0, refuse("%s: has %d parts, more than any table has", name, len(z.File))
	}
	left := int64(maxUnpacked)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return 0, refuse("%s: %s cannot be unpacked: %w", name, f.Name, err)
		}
		part := &counted{r: r, left: left}
		if strings.HasPrefix(strings.ToLower(strings.TrimPrefix(f.Name, "/")), "xl/worksheets/") {
			area = max(area, areaOf(part))
		}
		_, err = io.Copy(io.Discard, part)
		if cerr := r.Close(); err == nil {
			err = cerr
		}
		if left = part.left; left < 0 {
			return 0, refuse("%s: unpacks to more than %d MB: it is no table", name, maxUnpacked>>20)
		}
		if err != nil {
			return 0, refuse("%s: %s cannot be unpacked (%w): was it cut off on the way?", name, f.Name, err)
		}
	}
	if area > maxCells {
		return 0, refuse("%s: a sheet reaches over %d cells, at most %d fit: delete the empty rows and columns at its end", name, area, maxCells)
	}
	return area, nil
}

// counted reads until nothing is left of what may be read.
type counted struct {
	r    io.Reader
	left int64
}

func (c *counted) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, io.EOF
	}
	n, err := c.r.Read(p)
	c.left -= int64(n)
	return n, err
}

// areaOf is how many cells a sheet reaches over, by where its cells say that they are. What is no XML the library refuses.
func areaOf(r io.Reader) int64 {
	d := xml.NewDecoder(bufio.NewReaderSize(r, 1<<16))
	d.Strict = false
	width, height := int64(1), int64(1)
	for {
		tok, err := d.RawToken()
		if err != nil {
			return width * height
		}
		el, ok := tok.(xml.StartElement)
		if !ok || el.Name.Local != "c" && el.Name.Local != "row" && el.Name.Local != "mergeCell" {
			continue
		}
		for _, a := range el.Attr {
			if a.Name.Local != "r" && a.Name.Local != "ref" {
				continue
			}
			for ref := range strings.SplitSeq(a.Value, ":") {
				x, y := corner(ref)
				width, height = max(width, x), max(height, y)
			}
		}
	}
}

// corner reads "AB12", or "12" of a row.
func corner(ref string) (x, y int64) {
	for _, c := range strings.ToUpper(ref) {
		switch {
		case c >= 'A' && c <= 'Z':
			x = min(26*x+int64(c-'A')+1, 1<<20)
		case c >= '0' && c <= '9':
			y = min(10*y+int64(c-'0'), 1<<30)
		}
	}
	return x, y
}

func readXLSX(name string, data []byte) (out []Table, err error) {
	area, err := unpackable(name, data)
	if err != nil {
		return nil, err
	}
	defer func() {
		// The library trusts the files of spreadsheet programs more than ours deserve.
		if p := recover(); p != nil {
			out, err = nil, refuse("%s: is no XLSX that can be read (%v)", name, p)
		}
	}()
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: maxUnpacked + 1, UnzipXMLSizeLimit: maxUnpacked, ShortDatePattern: "yyyy-mm-dd", LongDatePattern: "yyyy-mm-dd",
	})
	if err != nil {
		return nil, refuse("%s: is no XLSX that can be read: %w", name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := budget{name: name, merge: area <= maxMerged}
	sheets := f.GetSheetList()
	if len(sheets) > maxSheets {
		return nil, refuse("%s: has %d sheets, at most %d are read", name, len(sheets), maxSheets)
	}
	for _, s := range sheets {
		t := Table{File: name, Sheet: s}
		if err := readSheet(f, &t, &b); err != nil {
			return nil, err
		}
		if len(t.Rows) > 0 {
			out = append(out, t)
		}
	}
	if len(out) == 0 {
		return nil, refuse("%s: all its sheets are empty", name)
	}
	return out, nil
}

// budget counts what has been read.
type budget struct {
	name        string
	rows, cells int
	merge       bool // look for merged cells
}

func (b *budget) take(line int, cells []string) error {
	b.rows++
	b.cells += len(cells)
	if b.rows > maxRows || b.cells > maxCells {
		return refuse("%s:%d: more than %d rows or %d cells: send it in parts", b.name, line, maxRows, maxCells)
	}
	for i, c := range cells {
		if len(c) > maxCell {
			return refuse("%s:%d: cell %d has %d bytes, at most %d fit", b.name, line, i+1, len(c), maxCell)
		}
		if strings.ContainsRune(c, utf8.RuneError) {
			return refuse("%s:%d: cell %d has characters that cannot be read: save it as UTF-8 or Shift_JIS", b.name, line, i+1)
		}
	}
	return nil
}

func readSheet(f *excelize.File, t *Table, b *budget) (err error) {
	rows, err := f.Rows(t.Sheet)
	if err != nil {
		return refuse("%s: sheet %q cannot be read: %w", t.File, t.Sheet, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for line := 1; rows.Next(); line++ {
		cells, err := rows.Columns()
		if err != nil {
			return refuse("%s:%d: %w", t.Where(), line, err)
		}
		if err := b.take(line, cells); err != nil {
			return err
		}
		t.add(line, cells)
	}
	if err := rows.Error(); err != nil {
		return refuse("%s: %w", t.Where(), err)
	}
	if !b.merge {
		return nil
	}
	return merged(f, t)
}

// maxMerged is up to how large a sheet merged cells are looked for, in cells: the tables of the ministry have some hundred thousand.
const maxMerged = 2_000_000

// merged fills every cell of merged ones with their text.
func merged(f *excelize.File, t *Table) error {
	list, err := f.GetMergeCells(t.Sheet)
	if err != nil {
		return refuse("%s: %w", t.Where(), err)
	}
	at := make(map[int]int, len(t.Rows))
	for i := range t.Rows {
		at[t.Rows[i].Line] = i
	}
	for _, m := range list {
		x1, y1, err1 := excelize.CellNameToCoordinates(m.GetStartAxis())
		x2, y2, err2 := excelize.CellNameToCoordinates(m.GetEndAxis())
		if err := errors.Join(err1, err2); err != nil {
			return refuse("%s: %w", t.Where(), err)
		}
		text := clean(m.GetCellValue())
		if text == "" || x2 < x1 || x2-x1 > 1000 {
			continue
		}
		for y := y1; y <= y2; y++ {
			i, ok := at[y]
			if !ok {
				continue
			}
			r := &t.Rows[i]
			for len(r.Cells) < x2 {
				r.Cells = append(r.Cells, "")
			}
			for x := x1; x <= x2; x++ {
				r.Cells[x-1] = text
			}
		}
	}
	return nil
}

// add keeps a row that is not empty.
func (t *Table) add(line int, cells []string) {
	for i := range cells {
		cells[i] = clean(cells[i])
	}
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) > 0 {
		t.Rows = append(t.Rows, Row{line, cells})
	}
}

// clean trims, and makes one line of a cell.
func clean(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' || r == '\t' || r == ' ' }), " ")
}

func readCSV(name string, data []byte) (Table, error) {
	t := Table{File: name}
	text, err := decode(name, data)
	if err != nil {
		return t, err
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.ReuseRecord = -1, false
	if first, _, _ := strings.Cut(text, "\n"); strings.Count(first, "\t") > strings.Count(first, ",") {
		r.Comma = '\t'
	}
	b := budget{name: name}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var pe *csv.ParseError
		if errors.As(err, &pe) {
			return t, refuse("%s:%d: %w", name, pe.Line, pe.Err)
		}
		if err != nil {
			return t, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := r.FieldPos(0)
		if err := b.take(line, cells); err != nil {
			return t, err
		}
		t.add(line, cells)
	}
	if len(t.Rows) == 0 {
		return t, refuse("%s: is empty", name)
	}
	return t, nil
}

// decode makes UTF-8 of what spreadsheet programs write: UTF-8 with or without mark, UTF-16 with one, Shift_JIS.
func decode(name string, data []byte) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		out, _, err := transform.Bytes(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder(), data)
		if err != nil {
			return "", refuse("%s: %w", name, err)
		}
		return string(out), nil
	case utf8.Valid(data):
		if i := bytes.IndexByte(data, 0); i >= 0 {
			return "", refuse("%s:%d: has a zero byte: it is no text", name, 1+bytes.Count(data[:i], []byte{'\n'}))
		}
		return strings.TrimPrefix(string(data), "\ufeff"), nil
	}
	out, _, err := transform.Bytes(japanese.ShiftJIS.NewDecoder(), data)
	if err != nil {
		return "", refuse("%s: is neither UTF-8 nor Shift_JIS: %w", name, err)
	}
	if i := bytes.IndexRune(out, utf8.RuneError); i >= 0 {
		return "", refuse("%s:%d: is neither UTF-8 nor Shift_JIS", name, 1+bytes.Count(out[:i], []byte{'\n'}))
	}
	return string(out), nil
}
