package trace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"tsujiban"
)

// Writer writes calls.csv, as Reader reads it. What Reader would refuse is an error and is not written.
//
// The files are for programs. In a spreadsheet a cell such as +81312345678 becomes a sum and loses its plus sign, and
// 0312345678 its zero; a cell may even begin with = and be run, since attackers choose user agents. The cells stay as
// they are all the same: the format says digits as dialled. For people there are the reports.
type Writer struct {
	row  rowWriter
	last time.Time
}

// NewWriter begins with the header. Nothing is sure to be written before Flush.
func NewWriter(w io.Writer) *Writer {
	return &Writer{row: newRowWriter(w, columnNames[:])}
}

// Write writes a call. Times are cut to milliseconds, the user agent to 200 bytes. Calls come in the order of their start.
// It does not allocate.
func (w *Writer) Write(c *Call) error {
	if err := w.check(c); err != nil {
		return invalid("call %.70q: %w", c.ID, err)
	}
	w.last = c.Start.Truncate(time.Millisecond)
	r := &w.row
	r.cell(c.ID)
	r.next()
	r.buf = c.Start.UTC().AppendFormat(r.buf, startLayout)
	r.next()
	r.cell(string(c.Customer))
	r.next()
	r.buf = append(r.buf, c.Direction.String()...)
	r.next()
	r.cell(c.Caller)
	r.next()
	r.cell(c.Callee)
	r.next()
	r.seconds(c.Setup)
	r.next()
	r.seconds(c.Talk)
	r.next()
	if c.Source.IsValid() {
		r.buf = c.Source.AppendTo(r.buf)
	}
	r.next()
	r.agent(c.UserAgent)
	return r.end()
}

// check finds what Reader would refuse.
func (w *Writer) check(c *Call) error {
	b := &w.row.scratch
	if err := checkText(b.of(c.ID), maxID); err != nil {
		return fmt.Errorf("id: %w", err)
	}
	if err := checkText(b.of(string(c.Customer)), maxID); err != nil {
		return fmt.Errorf("customer: %w", err)
	}
	if err := checkNumber(b.of(c.Caller)); err != nil {
		return fmt.Errorf("caller: %w", err)
	}
	if err := checkNumber(b.of(c.Callee)); err != nil {
		return fmt.Errorf("callee: %w", err)
	}
	if !printable(b.of(c.UserAgent)) {
		return fmt.Errorf("user agent: %w", errUnprintable([]byte(c.UserAgent)))
	}
	if err := checkStart(c.Start); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	switch {
	case c.Callee == "":
		return errors.New("callee: empty")
	case c.Direction != tsujiban.Out && c.Direction != tsujiban.In:
		return fmt.Errorf("direction: %v: want out or in", c.Direction)
	case c.Setup < 0 || c.Setup > maxSetup:
		return fmt.Errorf("setup: %v: want 0 to %v", c.Setup, maxSetup)
	case c.Talk < 0 || c.Talk > maxTalk:
		return fmt.Errorf("talk: %v: want 0 to %v", c.Talk, maxTalk)
	case c.Source.Zone() != "":
		return errors.New("source: an address with a zone")
	case c.Start.Truncate(time.Millisecond).Before(w.last):
		return fmt.Errorf("starts before the one written last, at %s", w.last.Format(startLayout))
	}
	return nil
}

// Flush writes what is still in memory. The error of any write stays.
func (w *Writer) Flush() error { return w.row.flush() }

// WriteCustomers writes customers.csv, as ReadCustomers reads it.
func WriteCustomers(w io.Writer, list []Customer) error {
	row := newRowWriter(w, customerColumns)
	seen := make(map[tsujiban.CustomerID]bool, len(list))
	for _, c := range list {
		opened := ""
		if !c.Opened.IsZero() {
			opened = c.Opened.UTC().Format(time.DateOnly)
		}
		international := "no"
		if c.International {
			international = "yes"
		}
		cells := []string{string(c.ID), c.Name, international, opened}
		if _, _, err := parseCustomer([][]byte{[]byte(cells[0]), []byte(cells[1]), []byte(cells[2]), []byte(cells[3])}); err != nil {
			return invalid("customer %.70q: %w", c.ID, err)
		}
		if seen[c.ID] {
			return invalid("customer %.70q is there twice", c.ID)
		}
		seen[c.ID] = true
		if err := row.write(cells...); err != nil {
			return err
		}
	}
	return row.flush()
}

// TruthWriter writes truth.csv, as ReadTruth reads it. That each call has one label is for who writes to see to.
type TruthWriter struct{ row rowWriter }

// NewTruthWriter begins with the header. Nothing is sure to be written before Flush.
func NewTruthWriter(w io.Writer) *TruthWriter {
	return &TruthWriter{newRowWriter(w, truthColumns)}
}

// Write writes one label.
func (w *TruthWriter) Write(l Label) error {
	for _, s := range [...]string{l.ID, string(l.Customer), l.Label} {
		if err := checkText(w.row.scratch.of(s), maxID); err != nil {
			return invalid("label of call %.70q: %.70q: %w", l.ID, s, err)
		}
	}
	return w.row.write(l.ID, string(l.Customer), l.Label)
}

// Flush writes what is still in memory. The error of any write stays.
func (w *TruthWriter) Flush() error { return w.row.flush() }

// WriteTruth writes truth.csv as a whole.
func WriteTruth(w io.Writer, labels []Label) error {
	t := NewTruthWriter(w)
	for _, l := range labels {
		if err := t.Write(l); err != nil {
			return err
		}
	}
	return t.Flush()
}

// rowWriter writes rows of cells. Lines end in LF.
type rowWriter struct {
	w       *bufio.Writer
	buf     []byte
	scratch scratch
}

// scratch lends bytes to the checks, which the readers have too.
type scratch []byte

func (s *scratch) of(text string) []byte {
	*s = append((*s)[:0], text...)
	return *s
}

func newRowWriter(w io.Writer, header []string) rowWriter {
	r := rowWriter{w: bufio.NewWriterSize(w, 64<<10)}
	r.buf = append(r.buf, strings.Join(header, ",")...)
	// An error of the header stays in the bufio.Writer and comes with the next row, or with Flush.
	_ = r.end()
	return r
}

func (r *rowWriter) write(cells ...string) error {
	for i, c := range cells {
		if i > 0 {
			r.next()
		}
		r.cell(c)
	}
	return r.end()
}

func (r *rowWriter) next() { r.buf = append(r.buf, ',') }

func (r *rowWriter) end() error {
	_, err := r.w.Write(append(r.buf, '\n'))
	r.buf = r.buf[:0]
	return err
}

func (r *rowWriter) flush() error { return r.w.Flush() }

// cell writes text, in quotes where it has to be. It has no line break.
func (r *rowWriter) cell(s string) {
	if !strings.ContainsAny(s, `",`) {
		r.buf = append(r.buf, s...)
		return
	}
	r.buf = append(r.buf, '"')
	for i := range len(s) {
		if s[i] == '"' {
			r.buf = append(r.buf, '"')
		}
		r.buf = append(r.buf, s[i])
	}
	r.buf = append(r.buf, '"')
}

// agent writes a user agent as far as Reader would read it.
func (r *rowWriter) agent(s string) {
	r.cell(s[:len(cut(r.scratch.of(s), maxUserAgent))])
}

// seconds writes a time with as many decimals as it needs.
func (r *rowWriter) seconds(d time.Duration) {
	ms := d.Milliseconds()
	r.buf = strconv.AppendInt(r.buf, ms/1000, 10)
	if ms %= 1000; ms > 0 {
		r.buf = append(r.buf, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
		r.buf = bytes.TrimRight(r.buf, "0")
	}
}
