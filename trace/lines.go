package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxLine is the longest row in bytes, line breaks inside quotes included. User agents of attackers are long.
const maxLine = 64 << 10

// bufSize is what is read at once. It holds more than a row.
const bufSize = 256 << 10

var errLong = errors.New("long line")

// lines reads rows of separated values as encoding/csv does, without allocating. It differs in what follows a bad row: one
// quote too many costs its own line and no other, since a file of millions of calls must not end there. A row goes
// over several lines only when it is right as a whole.
type lines struct {
	in    io.Reader
	name  string
	comma byte
	raw   bool           // quotes are not doubled: see splitRaw
	fits  func(int) bool // tells whether a row may have so many fields; nil: any count

	buf     []byte
	at, end int   // buf[at:end] is read and not yet handed out
	err     error // the last that in said: nothing more comes after buf

	line   int // number of the row's first line, from 1
	after  int // number of the line after the row
	fields [][]byte
	text   []byte // the fields of a row with quotes
	ends   []int  // where each ends in text
}

// newLines starts to read. It skips a byte order mark and refuses UTF-16, which no row would make sense of.
func newLines(in io.Reader, name string, comma byte) (*lines, error) {
	l := &lines{in: in, name: name, comma: comma, buf: make([]byte, bufSize), after: 1}
	for l.end < 3 && l.err == nil {
		l.fill()
	}
	start := l.buf[:l.end]
	switch {
	case bytes.HasPrefix(start, []byte("\ufeff")):
		l.at = len("\ufeff")
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return nil, invalid("%s: UTF-16 text: save it as “CSV UTF-8”", name)
	}
	return l, nil
}

// next returns the fields of the next row that is not empty. They are valid until it is called again. Errors as Source.Next has them.
func (l *lines) next() ([][]byte, error) {
	for {
		l.line = l.after
		end, err := l.lineEnd(0)
		switch {
		case errors.Is(err, errLong):
			l.skip()
			return nil, l.refuse(FaultLong, "longer than %d bytes", maxLine)
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		case err != nil:
			return nil, fmt.Errorf("%s line %d: %w", l.name, l.line, err)
		}
		row := trimEnd(l.buf[l.at : l.at+end])
		if len(row) == 0 {
			l.take(end, 1)
			continue
		}
		breaks := 0
		switch {
		case bytes.IndexByte(row, '"') < 0:
			l.split(row)
			l.take(end, 1)
		case l.raw:
			err = l.splitRaw(row)
			l.take(end, 1)
		default:
			first := end
			if end, breaks, err = l.unquote(end); err == nil && breaks > 0 && l.fits != nil && !l.fits(len(l.fields)) {
				err = errOpen
			}
			if err != nil {
				end, breaks = first, 0
			}
			l.take(end, 1+breaks)
		}
		switch {
		case err != nil:
			return nil, l.refuse(FaultQuotes, "%w", err)
		case l.fits != nil && !l.fits(len(l.fields)):
			return nil, l.refuse(FaultFields, "%d fields are too many or too few", len(l.fields))
		}
		return l.fields, nil
	}
}

func (l *lines) refuse(f Fault, format string, args ...any) error {
	return &RowError{File: l.name, Line: l.line, Fault: f, Err: fmt.Errorf(format, args...)}
}

// take hands out n bytes, which are so many lines.
func (l *lines) take(n, lines int) {
	l.at += n
	l.after = l.line + lines
}

// lineEnd returns the offset after the line that starts at from; offsets count from l.at. A line that ends beyond maxLine is errLong.
func (l *lines) lineEnd(from int) (int, error) {
	for seen := from; ; {
		if i := bytes.IndexByte(l.buf[l.at+seen:l.end], '\n'); i >= 0 {
			if seen+i+1 > maxLine {
				return 0, errLong
			}
			return seen + i + 1, nil
		}
		seen = l.end - l.at
		switch {
		case seen >= maxLine:
			return 0, errLong
		case errors.Is(l.err, io.EOF) && seen > from:
			return seen, nil
		case l.err != nil:
			return 0, l.err
		}
		l.fill()
	}
}

// fill reads more, after it has moved what is left to the start of the buffer.
func (l *lines) fill() {
	l.end = copy(l.buf, l.buf[l.at:l.end])
	l.at = 0
	for range 100 {
		n, err := l.in.Read(l.buf[l.end:])
		l.end += n
		if l.err = err; n > 0 || err != nil {
			return
		}
	}
	l.err = io.ErrNoProgress
}

// skip goes to the end of a line that is too long.
func (l *lines) skip() {
	l.after = l.line + 1
	for {
		if i := bytes.IndexByte(l.buf[l.at:l.end], '\n'); i >= 0 {
			l.at += i + 1
			return
		}
		l.at = l.end
		if l.err != nil {
			return
		}
		l.fill()
	}
}

// trimEnd cuts the line break off.
func trimEnd(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	if n := len(b); n > 0 && b[n-1] == '\r' {
		b = b[:n-1]
	}
	return b
}

// split splits a row without quotes, which nearly all are.
func (l *lines) split(row []byte) {
	f := l.fields[:0]
	for {
		i := bytes.IndexByte(row, l.comma)
		if i < 0 {
			break
		}
		f = append(f, row[:i])
		row = row[i+1:]
	}
	l.fields = append(f, row)
}

var (
	errBare  = errors.New("a quote inside a field that is not quoted")
	errAfter = errors.New("text after a quoted field; a quote inside is written twice")
	errOpen  = errors.New("a quoted field does not end")
)

// unquote splits a row with quotes whose first line ends at end, and returns where it ends and how many line breaks it has
// in it. The fields are copied: to read on in the next line may move the buffer.
func (l *lines) unquote(end int) (_, breaks int, err error) {
	l.text, l.ends = l.text[:0], l.ends[:0]
	row := trimEnd(l.buf[l.at : l.at+end])
	for i, more := 0, true; more; {
		if i == len(row) || row[i] != '"' {
			field := row[i:]
			if j := bytes.IndexByte(field, l.comma); j >= 0 {
				field = field[:j]
			}
			if bytes.IndexByte(field, '"') >= 0 {
				return 0, 0, errBare
			}
			l.text = append(l.text, field...)
			i += len(field)
		} else {
			i++
			for {
				j := bytes.IndexByte(row[i:], '"')
				if j < 0 {
					l.text = append(append(l.text, row[i:]...), '\n')
					i = end
					if end, err = l.lineEnd(end); err != nil {
						return 0, 0, errOpen
					}
					breaks++
					row = trimEnd(l.buf[l.at : l.at+end])
					continue
				}
				l.text = append(l.text, row[i:i+j]...)
				i += j + 1
				if i == len(row) || row[i] != '"' {
					break
				}
				l.text = append(l.text, '"')
				i++
			}
			if i < len(row) && row[i] != l.comma {
				return 0, 0, errAfter
			}
		}
		l.ends = append(l.ends, len(l.text))
		more = i < len(row)
		i++
	}
	l.fields = l.fields[:0]
	from := 0
	for _, to := range l.ends {
		l.fields = append(l.fields, l.text[from:to])
		from = to
	}
	return end, breaks, nil
}

// splitRaw splits a line of a program that puts quotes around its fields and does not double those inside: a field ends at a
// quote before a comma or at the end of the line. A field with such a pair inside makes a wrong count of fields.
func (l *lines) splitRaw(row []byte) error {
	f := l.fields[:0]
	for more := true; more; {
		row = bytes.TrimLeft(row, " ")
		if len(row) == 0 || row[0] != '"' {
			var field []byte
			field, row, more = bytes.Cut(row, []byte{l.comma})
			f = append(f, field)
			continue
		}
		field, rest, found := bytes.Cut(row[1:], []byte{'"', l.comma})
		if !found {
			if field, found = bytes.CutSuffix(row[1:], []byte{'"'}); !found {
				return errOpen
			}
			more = false
		}
		f, row = append(f, field), rest
	}
	l.fields = f
	return nil
}

// header reads the names of the columns: those of want in any order, at least the first needed of them. It returns where
// each stands, -1 for one that is not there; from then on every row has to be as wide.
func (l *lines) header(want []string, needed int) ([]int, error) {
	all := strings.Join(want, ",")
	names, err := l.next()
	if errors.Is(err, io.EOF) {
		return nil, invalid("%s: empty; the first line has to be %s", l.name, all)
	}
	if err != nil {
		return nil, invalid("%w; the first line has to be %s", err, all)
	}
	at := slices.Repeat([]int{-1}, len(want))
	for i, n := range names {
		c := slices.Index(want, string(n))
		switch {
		case c < 0:
			return nil, invalid("%s line %d: unknown column %.40q: rename or remove it; the columns are %s. A file of another program needs its own format or a mapping", l.name, l.line, n, all)
		case at[c] >= 0:
			return nil, invalid("%s line %d: the column %s is there twice: remove one", l.name, l.line, n)
		}
		at[c] = i
	}
	for c := range needed {
		if at[c] < 0 {
			return nil, invalid("%s line %d: the column %s is missing; needed are %s", l.name, l.line, want[c], strings.Join(want[:needed], ","))
		}
	}
	width := len(names)
	l.fits = func(n int) bool { return n == width }
	return at, nil
}
