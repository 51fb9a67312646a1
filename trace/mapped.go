package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/transform"

	"tsujiban"
)

// NewMapped reads call records from any CSV file with a header. Columns that the mapping does not name are passed over.
// Beside what calls.csv has, it takes
//
//   - direction as out, outgoing, outbound, o, 発信 or in, incoming, inbound, i, 着信, in any case
//   - talk_s and setup_s also as h:mm:ss, and with more decimals
//   - numbers with -.() and spaces between the digits
//   - source with a port
//
// Without a column for the id it is the line ("line-7"); an id that is there twice becomes "id#line". The calls are
// sorted by start, see Sort. An error carries tsujiban.CodeInvalid unless it is one of r itself.
func NewMapped(r io.Reader, name string, m *Mapping) (Source, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if m.Encoding == "shift_jis" {
		r = transform.NewReader(r, japanese.ShiftJIS.NewDecoder())
	}
	comma := m.Delimiter
	if comma == 0 {
		comma = ','
	}
	rec, err := newRecords(r, name, comma, m.Inside)
	if err != nil {
		return nil, err
	}
	p := &mapped{Mapping: *m, rec: rec}
	if err := p.header(); err != nil {
		return nil, err
	}
	rec.parse = p.parse
	return Sort(rec, m.MaxCalls), nil
}

type mapped struct {
	Mapping
	rec     *records
	at      [numColumns][]int // where the columns stand
	moment  []byte            // date and time of day together
	present Call              // the fields that have one value in all rows
}

// header finds the columns.
func (p *mapped) header() error {
	in := p.rec.in
	names, err := in.next()
	if errors.Is(err, io.EOF) {
		return invalid("%s: empty; the first line has to name the columns", in.name)
	}
	if err != nil {
		return invalid("%w; the first line has to name the columns", err)
	}
	header := make([]string, len(names))
	for i, n := range names {
		header[i] = string(bytes.TrimSpace(n))
	}
	for col, want := range p.columns {
		for _, name := range want {
			i := slices.Index(header, name)
			switch {
			case i < 0:
				return invalid("%s line %d: no column %q for %s; there are %s", in.name, in.line, name, columnNames[col], listed(header))
			case slices.Contains(header[i+1:], name):
				return invalid("%s line %d: the column %q is there twice: rename one", in.name, in.line, name)
			}
			p.at[col] = append(p.at[col], i)
		}
	}
	for col, value := range p.fixed {
		if value != "" {
			if err := p.rec.keep.set(&p.present, col, []byte(value)); err != nil {
				return invalid("mapping: %s: %w", columnNames[col], err)
			}
		}
	}
	width := len(header)
	in.fits = func(n int) bool { return n == width }
	return nil
}

// listed shows a header that lacks a column.
func listed(header []string) string {
	all := strings.Join(header, " | ")
	switch {
	case !utf8.ValidString(all):
		return "names that are not UTF-8: try encoding==shift_jis"
	case len(header) == 1:
		return fmt.Sprintf("only one, %.200q: is the delimiter right?", all)
	}
	return fmt.Sprintf("%.400s", strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, all))
}

func (p *mapped) parse(c *Call, f [][]byte) (id []byte, fault Fault, err error) {
	line := c.Line
	*c = p.present
	c.Line = line
	var caller, callee []byte
	for col, at := range p.at {
		if len(at) == 0 {
			continue
		}
		b := bytes.TrimSpace(f[at[0]])
		if p.Encoding == "shift_jis" && bytes.ContainsRune(b, utf8.RuneError) {
			return nil, columnFaults[col], errors.New("not Shift_JIS text")
		}
		switch col {
		case colID:
			id = b
		case colStart:
			c.Start, err = p.start(b, f, at)
		case colCaller:
			caller = b
		case colCallee:
			callee = b
		default:
			err = p.rec.keep.set(c, col, b)
		}
		if err != nil {
			return nil, columnFaults[col], err
		}
	}
	if p.fixed[colCaller] != "" {
		caller = []byte(c.Caller)
	}
	fault, err = p.rec.numbers(c, caller, callee)
	return id, fault, err
}

// start reads when the call was asked for.
func (p *mapped) start(b []byte, f [][]byte, at []int) (t time.Time, err error) {
	if len(at) == 2 {
		p.moment = append(append(append(p.moment[:0], b...), ' '), bytes.TrimSpace(f[at[1]])...)
		b = p.moment
	}
	if len(b) > 100 {
		return t, errors.New("longer than 100 bytes")
	}
	switch p.Layout {
	case "":
		return parseStart(b)
	case "unix":
		d, err := parseSeconds(b, 9, maxStart*time.Second)
		if err != nil || len(b) == 0 {
			return t, fmt.Errorf("%s: want seconds since 1970", shown(b))
		}
		t = time.UnixMilli(d.Milliseconds()).UTC()
		return t, checkStart(t)
	}
	zone := p.Zone
	if zone == nil {
		zone = time.UTC // the layout has an offset
	}
	if t, err = time.ParseInLocation(p.Layout, string(b), zone); err != nil {
		return t, fmt.Errorf("%s: want a time as in the layout %.60q", shown(b), p.Layout)
	}
	t = t.UTC().Truncate(time.Millisecond)
	return t, checkStart(t)
}

func readDirection(b []byte) (tsujiban.Direction, error) {
	switch strings.ToLower(string(b[:min(len(b), 20)])) {
	case "out", "outgoing", "outbound", "o", "発信":
		return tsujiban.Out, nil
	case "in", "incoming", "inbound", "i", "着信":
		return tsujiban.In, nil
	}
	return 0, fmt.Errorf("%s: want out or in", shown(b))
}

// readSeconds reads seconds or h:mm:ss.
func readSeconds(b []byte, limit time.Duration) (time.Duration, error) {
	n := len(b)
	if n < 7 || b[n-3] != ':' || b[n-6] != ':' {
		if bytes.IndexByte(b, ':') >= 0 {
			return 0, fmt.Errorf("%s: want seconds or h:mm:ss", shown(b))
		}
		return parseSeconds(b, 9, limit)
	}
	hours, err := parseSeconds(b[:n-6], 0, limit) // so many seconds, to be multiplied
	minutes, seconds := digits2(b[n-5:]), digits2(b[n-2:])
	d := hours*3600 + time.Duration(minutes)*time.Minute + time.Duration(seconds)*time.Second
	if err != nil || uint(minutes) > 59 || uint(seconds) > 59 || hours > limit/3600 || d > limit {
		return 0, fmt.Errorf("%s: want h:mm:ss, at most %v", shown(b), limit)
	}
	return d, nil
}

// anySource reads an IP address with or without a port.
func (k *keeper) anySource(b []byte) (netip.Addr, error) {
	a, err := k.source(b)
	if err != nil {
		if ap, e := netip.ParseAddrPort(string(b[:min(len(b), 100)])); e == nil && ap.Addr().Zone() == "" {
			return ap.Addr().Unmap(), nil
		}
	}
	return a, err
}
