package rating

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tsujiban"
)

// The limits of a deck. A row beyond them is a slip of the one who wrote it.
const (
	maxBytes     = 64 << 20
	maxRows      = 1_000_000
	maxName      = 100 // bytes
	maxPrice     = 1_000_000 * tsujiban.Unit
	maxIncrement = 3600 // seconds
	maxMinimum   = 3600 // seconds
)

// The columns, as the header names them. The first four must be there.
const (
	colPrefix = iota
	colName
	colPerMinute
	colIncrement
	colSetup
	colMinimum
	colValidFrom
	numColumns
)

var columnNames = [numColumns]string{"prefix", "name", "yen_per_minute", "increment_s", "setup_yen", "minimum_s", "valid_from"}

const requiredColumns = 4

// row is one line of the deck.
type row struct {
	prefix tsujiban.Number
	rate
}

// rowKey is what may be there once.
type rowKey struct {
	prefix tsujiban.Number
	from   int64
}

// Parse reads a rate deck. It is strict: an unknown or missing column, a field that is
// not what its column says, and a prefix that is told twice for the same day are errors
// with their line. Prices are in units of the currency per minute or per answered call,
// at most six decimals; increment_s and minimum_s are whole seconds; valid_from is a
// day, which begins at 00:00 UTC, or an instant as in RFC 3339 (2027-04-01T00:00:00+09:00).
// A byte order mark and CRLF are accepted. The error carries tsujiban.CodeInvalid; one
// of the reader itself is passed on.
func Parse(r io.Reader) (*Deck, error) {
	limited := &io.LimitedReader{R: r, N: maxBytes + 1}
	in := bufio.NewReader(limited)
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\ufeff")) {
		if _, err := in.Discard(len(mark)); err != nil {
			return nil, fmt.Errorf("rates: %w", err)
		}
	}
	p := parser{csv: csv.NewReader(in), seen: make(map[rowKey]int)}
	p.csv.ReuseRecord = true
	err := p.header()
	for err == nil {
		err = p.row()
	}
	switch {
	case limited.N == 0: // first of all: what was cut off explains the rest
		return nil, invalid("rates: longer than %d MiB", maxBytes>>20)
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	return build(p.rows), nil
}

type parser struct {
	csv    *csv.Reader
	column [numColumns]int // where a column stands; -1: not there
	rows   []row
	seen   map[rowKey]int // line
	names  map[string]string
	line   int // of the record, for errors
}

func invalid(format string, args ...any) error {
	return tsujiban.Errorf(tsujiban.CodeInvalid, format, args...)
}

// read returns the next record, io.EOF itself after the last.
func (p *parser) read() ([]string, error) {
	rec, err := p.csv.Read()
	var syntax *csv.ParseError
	switch {
	case err == nil:
		p.line, _ = p.csv.FieldPos(0)
		return rec, nil
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.As(err, &syntax):
		return nil, invalid("rates line %d: %w", syntax.Line, syntax.Err)
	}
	return nil, fmt.Errorf("rates: %w", err)
}

func (p *parser) header() error {
	rec, err := p.read()
	if errors.Is(err, io.EOF) {
		return invalid("rates: empty; want the header %s", strings.Join(columnNames[:requiredColumns], ","))
	}
	if err != nil {
		return err
	}
	for c := range p.column {
		p.column[c] = -1
	}
	for i, name := range rec {
		c := columnOf(name)
		if c < 0 {
			return invalid("rates line %d: unknown column %.40q; the columns are %s", p.line, name, strings.Join(columnNames[:], ","))
		}
		if p.column[c] >= 0 {
			return invalid("rates line %d: the column %s is there twice", p.line, name)
		}
		p.column[c] = i
	}
	for c := range requiredColumns {
		if p.column[c] < 0 {
			return invalid("rates line %d: the column %s is missing", p.line, columnNames[c])
		}
	}
	return nil
}

func columnOf(name string) int {
	for c, n := range columnNames {
		if n == name {
			return c
		}
	}
	return -1
}

func (p *parser) row() error {
	rec, err := p.read()
	if err != nil {
		return err
	}
	if len(p.rows) == maxRows {
		return invalid("rates line %d: more than %d rows", p.line, maxRows)
	}
	field := func(c int) string {
		if p.column[c] < 0 {
			return ""
		}
		return rec[p.column[c]]
	}
	var r row
	for c := range p.column {
		if err := p.set(&r, c, field(c)); err != nil {
			return invalid("rates line %d: %s: %w", p.line, columnNames[c], err)
		}
	}
	key := rowKey{r.prefix, r.from}
	if first, ok := p.seen[key]; ok {
		return invalid("rates line %d: prefix %s stands already in line %d, with the same valid_from", p.line, field(colPrefix), first)
	}
	p.seen[key] = p.line
	p.rows = append(p.rows, r)
	return nil
}

// set reads one field. s is empty also where the deck lacks the column.
func (p *parser) set(r *row, column int, s string) (err error) {
	switch column {
	case colPrefix:
		r.prefix, err = parsePrefix(s)
	case colName:
		r.name, err = p.name(s)
	case colPerMinute:
		r.price.PerMinute, err = parsePrice(s)
	case colIncrement:
		r.price.Increment, err = parseSeconds(s, 1, maxIncrement)
	case colSetup:
		if s != "" {
			r.price.Setup, err = parsePrice(s)
		}
	case colMinimum:
		if s != "" {
			r.price.Minimum, err = parseSeconds(s, 0, maxMinimum)
		}
	case colValidFrom:
		r.from, err = parseInstant(s)
	}
	return err
}

func parsePrefix(s string) (tsujiban.Number, error) {
	if local, ok := strings.CutPrefix(s, "="); ok {
		n, err := tsujiban.LocalNumber(local)
		if err != nil {
			return n, fmt.Errorf("%.40q: after = %w", s, err)
		}
		return n, nil
	}
	n, err := tsujiban.NumberFromDigits(s)
	switch {
	case err != nil && strings.HasPrefix(s, "+"):
		return n, fmt.Errorf("%.40q: write the digits without +", s)
	case err != nil:
		return n, fmt.Errorf("%.40q: want 1 to %d digits, or = and a local number", s, tsujiban.MaxDigits)
	case s[0] == '0':
		return n, fmt.Errorf("%.40q: no E.164 number begins with 0; a domestic number is written with its country code", s)
	}
	return n, nil
}

// name checks a name and keeps one copy of each.
func (p *parser) name(s string) (string, error) {
	switch {
	case s == "" || strings.TrimSpace(s) != s:
		return "", errors.New("empty, or with space around it")
	case len(s) > maxName:
		return "", fmt.Errorf("longer than %d bytes", maxName)
	case !utf8.ValidString(s):
		return "", errors.New("not UTF-8 text: save the file as “CSV UTF-8”")
	case strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }):
		return "", fmt.Errorf("%q has a character that cannot be printed", s)
	}
	if kept, ok := p.names[s]; ok {
		return kept, nil
	}
	if p.names == nil {
		p.names = make(map[string]string)
	}
	s = strings.Clone(s) // the CSV reader's record is one string
	p.names[s] = s
	return s, nil
}

func parsePrice(s string) (tsujiban.Money, error) {
	m, err := tsujiban.ParseMoney(s)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%.40q: %w", s, err)
	case m > maxPrice:
		return 0, fmt.Errorf("%.40q: more than %v", s, maxPrice)
	}
	return m, nil
}

func parseSeconds(s string, lo, hi int) (time.Duration, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < lo || n > hi || strconv.Itoa(n) != s {
		return 0, fmt.Errorf("%.40q: want whole seconds from %d to %d", s, lo, hi)
	}
	return time.Duration(n) * time.Second, nil
}

func parseInstant(s string) (int64, error) {
	if s == "" {
		return alwaysValid, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1900 && t.Year() <= 9999 {
			if t.Nanosecond() != 0 {
				break
			}
			return t.Unix(), nil
		}
	}
	return 0, fmt.Errorf("%.40q: want a day (2027-04-01) or an instant (2027-04-01T00:00:00+09:00)", s)
}
