package trace

import (
	"errors"
	"fmt"
	"io"
	"time"

	"tsujiban"
)

// The columns of calls.csv. The first neededColumns must be there.
const (
	colID = iota
	colStart
	colCustomer
	colDirection
	colCaller
	colCallee
	colSetup
	colTalk
	colSource
	colUserAgent
	numColumns
)

const neededColumns = colTalk + 1

var columnNames = [numColumns]string{"id", "start", "customer", "direction", "caller", "callee", "setup_s", "talk_s", "source", "user_agent"}

var columnFaults = [numColumns]Fault{FaultID, FaultStart, FaultCustomer, FaultDirection, FaultCaller, FaultCallee, FaultSetup, FaultTalk, FaultSource, FaultUserAgent}

// Reader reads calls.csv. It is a Source as long as AnyOrder is false. It is not safe for concurrent use.
type Reader struct {
	// AnyOrder lets calls come that start before the one before them, for Sort to put in order. Set it before the first Next.
	AnyOrder bool

	in     *lines
	column []int // where each column stands, -1: not there
	keep   keeper
	text   []byte
	last   time.Time
	lastAt int // line
}

// NewReader reads the header: the columns in any order, the last two of them optional, no other. name is for errors. An
// error carries tsujiban.CodeInvalid unless it is one of r itself.
func NewReader(r io.Reader, name string) (*Reader, error) {
	in, err := newLines(r, name, ',')
	if err != nil {
		return nil, err
	}
	column, err := in.header(columnNames[:], neededColumns)
	if err != nil {
		return nil, err
	}
	return &Reader{in: in, column: column, keep: newKeeper()}, nil
}

// Next reads the next call, see Source. It allocates once a call, for the numbers and the id.
func (r *Reader) Next(c *Call) error {
	f, err := r.in.next()
	if err != nil {
		return err
	}
	if col, err := r.read(c, f); err != nil {
		return r.in.refuse(columnFaults[col], "%s: %w", columnNames[col], err)
	}
	c.Line = r.in.line
	if c.Start.Before(r.last) && !r.AnyOrder {
		return r.in.refuse(FaultOrder, "not sorted: it starts at %s, line %d at %s: use -sort",
			c.Start.Format(startLayout), r.lastAt, r.last.Format(startLayout))
	}
	r.last, r.lastAt = c.Start, c.Line
	return nil
}

// startLayout is how the start of a call is written.
const startLayout = "2006-01-02T15:04:05.000Z07:00"

// read reads the fields into c. An error is one of the column that it returns.
func (r *Reader) read(c *Call, f [][]byte) (col int, err error) {
	id, caller, callee := f[r.column[colID]], f[r.column[colCaller]], f[r.column[colCallee]]
	if err = checkText(id, maxID); err != nil {
		return colID, err
	}
	if c.Start, err = parseStart(f[r.column[colStart]]); err != nil {
		return colStart, err
	}
	customer := f[r.column[colCustomer]]
	if err = checkText(customer, maxID); err != nil {
		return colCustomer, err
	}
	c.Customer = tsujiban.CustomerID(r.keep.text(customer))
	switch d := f[r.column[colDirection]]; string(d) {
	case "out":
		c.Direction = tsujiban.Out
	case "in":
		c.Direction = tsujiban.In
	default:
		return colDirection, fmt.Errorf("%s: want out or in", shown(d))
	}
	if err = checkNumber(caller); err != nil {
		return colCaller, err
	}
	if len(callee) == 0 {
		return colCallee, errors.New("empty")
	}
	if err = checkNumber(callee); err != nil {
		return colCallee, err
	}
	if c.Setup, err = parseSeconds(f[r.column[colSetup]], 3, maxSetup); err != nil {
		return colSetup, err
	}
	if c.Talk, err = parseSeconds(f[r.column[colTalk]], 3, maxTalk); err != nil {
		return colTalk, err
	}
	if c.Source, err = r.keep.source(r.optional(f, colSource)); err != nil {
		return colSource, err
	}
	if c.UserAgent, err = r.keep.userAgent(r.optional(f, colUserAgent)); err != nil {
		return colUserAgent, err
	}
	// One allocation for three texts.
	r.text = append(append(append(r.text[:0], id...), caller...), callee...)
	all := string(r.text)
	i, j := len(id), len(id)+len(caller)
	c.ID, c.Caller, c.Callee = all[:i], all[i:j], all[j:]
	return 0, nil
}

func (r *Reader) optional(f [][]byte, col int) []byte {
	if at := r.column[col]; at >= 0 {
		return f[at]
	}
	return nil
}
