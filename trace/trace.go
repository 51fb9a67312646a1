package trace

import (
	"fmt"
	"net/netip"
	"time"

	"tsujiban"
)

// Call is one call of a trace.
type Call struct {
	ID        string
	Start     time.Time // when it was asked for, UTC
	Customer  tsujiban.CustomerID
	Direction tsujiban.Direction // Out or In
	Caller    string             // digits as presented; may be empty
	Callee    string             // digits as dialled
	Setup     time.Duration
	Talk      time.Duration // 0: nobody answered
	Source    netip.Addr    // not valid when it is not known
	UserAgent string
	Line      int // where it stands in its file
}

// End is when the call ends if nobody cuts it.
func (c *Call) End() time.Time { return c.Start.Add(c.Setup + c.Talk) }

// Source gives the calls of a trace one by one, in the order of their start.
type Source interface {
	// Next fills in the next call. Errors: io.EOF at the end; a *RowError for a row that cannot be used, after which
	// Next may be called again and the call holds nothing of use; any other ends the reading. Texts in the call are the
	// caller's to keep.
	Next(*Call) error
}

// RowError says which row cannot be used, and why. Its text may be logged: what callers and callees dialled is not in it.
type RowError struct {
	File  string // as it was given; may be empty
	Line  int    // from 1, the header included; the first one of a row of several lines
	Fault Fault
	Err   error
}

func (e *RowError) Error() string {
	if e.File == "" {
		return fmt.Sprintf("line %d: %v", e.Line, e.Err)
	}
	return fmt.Sprintf("%s line %d: %v", e.File, e.Line, e.Err)
}

func (e *RowError) Unwrap() error { return e.Err }

func invalid(format string, args ...any) error {
	return tsujiban.Errorf(tsujiban.CodeInvalid, format, args...)
}
