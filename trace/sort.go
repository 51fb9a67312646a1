package trace

import (
	"cmp"
	"errors"
	"io"
	"slices"
)

// DefaultMaxCalls is how many calls Sort holds unless it is told otherwise. A million takes some 300 MB.
const DefaultMaxCalls = 2_000_000

// chunk is how many calls are taken together, so that a growing list is never copied.
const chunk = 1 << 12

type sorted struct {
	src   Source
	max   int
	calls [][]Call
	order []place
	next  int
	err   error
	done  bool // all is read
}

// place is where a call is held.
type place struct {
	start int64 // Unix nanoseconds
	index int32
}

// Sort gives the calls of src in the order of their start, those that start together in the order they came. It holds all
// of them in memory, at most max (0: DefaultMaxCalls); more are an error that ends the reading. Bad rows come first, as
// they are met.
func Sort(src Source, max int) Source {
	if max <= 0 {
		max = DefaultMaxCalls
	}
	return &sorted{src: src, max: max}
}

func (s *sorted) Next(c *Call) error {
	if s.err != nil {
		return s.err
	}
	if !s.done {
		if err := s.load(); err != nil {
			return err
		}
	}
	if s.next == len(s.order) {
		s.calls, s.order, s.next = nil, nil, 0
		return io.EOF
	}
	i := s.order[s.next].index
	s.next++
	*c = s.calls[i/chunk][i%chunk]
	return nil
}

// load reads on until a bad row or the end.
func (s *sorted) load() error {
	var c Call
	for {
		err := s.src.Next(&c)
		var row *RowError
		switch {
		case errors.Is(err, io.EOF):
			slices.SortFunc(s.order, func(a, b place) int {
				return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.index, b.index))
			})
			s.done = true
			return nil
		case errors.As(err, &row):
			return err
		case err == nil && len(s.order) == s.max:
			err = invalid("more than %d calls, which have to be held in memory to be sorted: read the file in parts (a month, a week), or raise the limit: a million calls take some 300 MB", s.max)
			fallthrough
		case err != nil:
			s.err = err
			s.calls, s.order = nil, nil
			return err
		}
		n := len(s.order)
		if n%chunk == 0 {
			s.calls = append(s.calls, make([]Call, 0, chunk))
		}
		last := &s.calls[n/chunk]
		*last = append(*last, c)
		s.order = append(s.order, place{c.Start.UnixNano(), int32(n)})
	}
}
