package backtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/numbering"
	"tsujiban/rating"
	"tsujiban/trace"
)

// Format is how a file of calls is written.
type Format string

// The formats.
const (
	Native     Format = "native"
	Asterisk   Format = "asterisk"
	FreeSWITCH Format = "freeswitch"
	Mapped     Format = "csv"
)

// Files are the files of a backtest.
type Files struct {
	Customers, Rates, Calls string // needed; Customers may be empty for foreign formats with one customer
	Truth, Hints            string // may be empty
	Format                  Format // empty: Native
	Mapping                 string // of Mapped, see trace.ParseMapping
	Zone                    *time.Location
	Customer                string // whose calls a foreign file holds; empty: each row says so
	Inside                  string // of foreign formats: a pattern of what is dialled inside the PBX
	Sort                    bool   // sort native calls, which must be in order otherwise
	Country                 string // home country; empty: JP
}

// Load reads everything but the calls. Rows that cannot be used go to rejects.
func (f *Files) Load(rejects *trace.Rejects) (*Setup, map[string]string, error) {
	s := &Setup{Location: f.Zone}
	var err error
	if s.Plan, err = numbering.New(f.country()); err != nil {
		return nil, nil, err
	}
	if err := read(f.Rates, "rates", func(r io.Reader) (err error) {
		s.Deck, err = rating.Parse(r)
		return err
	}); err != nil {
		return nil, nil, err
	}
	if err := f.loadCustomers(s, rejects); err != nil {
		return nil, nil, err
	}
	if f.Hints != "" {
		if err := read(f.Hints, "hints", func(r io.Reader) (err error) {
			s.Hints, err = ReadHints(r)
			return err
		}); err != nil {
			return nil, nil, err
		}
	}
	if f.Truth == "" {
		return s, nil, nil
	}
	var truth map[string]string
	err = read(f.Truth, "truth", func(r io.Reader) error {
		t, bad, err := trace.ReadTruth(r, f.Truth)
		truth = t
		for _, b := range bad {
			rejects.Add(b)
		}
		return err
	})
	return s, truth, err
}

func (f *Files) country() string {
	if f.Country == "" {
		return "JP"
	}
	return f.Country
}

func (f *Files) loadCustomers(s *Setup, rejects *trace.Rejects) error {
	if f.Customers == "" {
		if f.Customer == "" {
			return tsujiban.Errorf(tsujiban.CodeInvalid, "whose calls are these? give a file of customers, or the one customer")
		}
		s.Customers = []trace.Customer{{ID: tsujiban.CustomerID(f.Customer), International: true}}
		return nil
	}
	return read(f.Customers, "customers", func(r io.Reader) error {
		list, bad, err := trace.ReadCustomers(r, f.Customers)
		s.Customers = list
		for _, b := range bad {
			rejects.Add(b)
		}
		return err
	})
}

// read opens a file for a reader.
func read(name, what string, with func(io.Reader) error) (err error) {
	if name == "" {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "the file of %s is missing", what)
	}
	file, err := os.Open(name)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s: %w", what, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := with(file); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// ReadHints reads prefixes known from past abuse, one a line; what follows a # is for people. Errors carry tsujiban.CodeInvalid and the line.
func ReadHints(r io.Reader) ([]string, error) {
	var out []string
	s := bufio.NewScanner(r)
	for n := 1; s.Scan(); n++ {
		text, _, _ := strings.Cut(s.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if _, err := tsujiban.NumberFromDigits(strings.TrimPrefix(text, "+")); err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "line %d: %q: %w", n, text, err)
		}
		out = append(out, strings.TrimPrefix(text, "+"))
	}
	return out, s.Err()
}

// OpenCalls opens the calls for one pass. size is that of the file, for a bar of progress.
func (f *Files) OpenCalls(progress func(read, size int64)) (src trace.Source, done func() error, err error) {
	file, err := os.Open(f.Calls)
	if err != nil {
		return nil, nil, tsujiban.Errorf(tsujiban.CodeInvalid, "calls: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	in := io.Reader(&counted{r: file, size: info.Size(), tell: progress})
	imp := trace.Import{Zone: f.Zone, Customer: tsujiban.CustomerID(f.Customer)}
	if f.Inside != "" {
		if imp.Inside, err = regexp.Compile(f.Inside); err != nil {
			return nil, nil, errors.Join(tsujiban.Errorf(tsujiban.CodeInvalid, "inside: %w", err), file.Close())
		}
	}
	switch f.Format {
	case "", Native:
		var r *trace.Reader
		if r, err = trace.NewReader(in, f.Calls); err == nil {
			src = r
			if f.Sort {
				r.AnyOrder = true
				src = trace.Sort(r, 0)
			}
		}
	case Asterisk:
		src, err = trace.NewAsterisk(in, f.Calls, imp)
	case FreeSWITCH:
		src, err = trace.NewFreeSWITCH(in, f.Calls, imp)
	case Mapped:
		var m *trace.Mapping
		mapping := f.Mapping
		if f.Customer != "" && !strings.Contains(","+mapping, ",customer=") {
			mapping += ",customer==" + f.Customer
		}
		if m, err = trace.ParseMapping(mapping); err == nil {
			if m.Zone == nil {
				m.Zone = f.Zone
			}
			m.Inside = imp.Inside
			src, err = trace.NewMapped(in, f.Calls, m)
		}
	default:
		err = tsujiban.Errorf(tsujiban.CodeInvalid, "there is no format %q; write native, asterisk, freeswitch or csv", f.Format)
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return src, file.Close, nil
}

// counted tells how much was read.
type counted struct {
	r          io.Reader
	read, size int64
	tell       func(read, size int64)
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.read += int64(n)
	if c.tell != nil {
		c.tell(c.read, c.size)
	}
	return n, err
}
