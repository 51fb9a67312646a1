package journal

import (
	"bufio"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"tsujiban"
)

// Filter chooses entries. The zero Filter takes all, with numbers masked.
type Filter struct {
	Kinds    []tsujiban.EventKind // any when empty
	Customer tsujiban.CustomerID  // also the answers of calls that began in the range that is read
	Call     tsujiban.CallID
	Since    time.Time // not before
	Until    time.Time // before
	Full     bool      // telephone numbers in full: needs a legal ground, which is the caller's to ask for
}

// Cat writes the lines of the entries from..to (0 means from the first, to the last) that the filter takes, one a line. Unless Full is set the last
// four digits of telephone numbers are stars; a line in full is byte for byte what was written. What was erased is passed over. Errors are those of [Reader.Next] and of w.
func Cat(w io.Writer, dir string, from, to uint64, f Filter) error {
	r, err := OpenReader(dir, from)
	if err != nil {
		return err
	}
	r.SkipErased()
	out := bufio.NewWriterSize(w, windowSize)
	err = catLines(out, r, to, &f)
	return errors.Join(err, out.Flush(), r.Close())
}

func catLines(out *bufio.Writer, r *Reader, to uint64, f *Filter) error {
	c := chooser{Filter: f}
	for to == 0 || r.next <= to {
		line, err := r.Line(context.Background())
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		take, err := c.takes(line)
		if err != nil {
			return corrupt(r.f.name, r.f.at-int64(r.f.size), err)
		}
		if !take {
			continue
		}
		if !f.Full {
			c.line = append(c.line[:0], line...)
			maskLine(c.line)
			line = c.line
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
	}
	return nil
}

// chooser applies a filter to lines in order.
type chooser struct {
	*Filter
	ev    tsujiban.Event
	calls map[tsujiban.CallID]bool // the customer's open calls: an answer does not name the customer
	line  []byte
}

func (c *chooser) takes(line []byte) (bool, error) {
	if len(c.Kinds) == 0 && c.Customer == "" && c.Call == 0 && c.Since.IsZero() && c.Until.IsZero() {
		return true, nil
	}
	if err := ParseEvent(line, &c.ev); err != nil {
		return false, err
	}
	ev := &c.ev
	mine := c.Customer == "" || c.ofCustomer(ev)
	return mine && (len(c.Kinds) == 0 || slices.Contains(c.Kinds, ev.Kind)) &&
		(c.Call == 0 || ev.Call == c.Call) &&
		(c.Since.IsZero() || !ev.At.Before(c.Since)) && (c.Until.IsZero() || ev.At.Before(c.Until)), nil
}

func (c *chooser) ofCustomer(ev *tsujiban.Event) bool {
	switch ev.Kind {
	case tsujiban.EventAttempt:
		if ev.Attempt.Customer != c.Customer {
			return false
		}
		if ev.Verdict.Action != tsujiban.Deny {
			if c.calls == nil {
				c.calls = map[tsujiban.CallID]bool{}
			}
			c.calls[ev.Call] = true
		}
		return true
	case tsujiban.EventRegistered:
		return ev.Attempt.Customer == c.Customer
	case tsujiban.EventAnswered:
		return c.calls[ev.Call]
	case tsujiban.EventEnded:
		delete(c.calls, ev.Call)
		return ev.Outcome.Customer == c.Customer
	case tsujiban.EventRestricted, tsujiban.EventReleased:
		return ev.Restriction.Customer == c.Customer
	}
	return false
}
