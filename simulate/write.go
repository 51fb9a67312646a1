package simulate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tsujiban/trace"
)

// Rates is the rate deck of the world, as rating.Parse reads it.
func (w *World) Rates() []byte {
	type rate struct {
		name      string
		yen       float64
		increment int
	}
	deck := map[string]rate{}
	put := func(form, name string, yen float64, increment int) {
		prefix, _, _ := strings.Cut(form, "x")
		if old, ok := deck[prefix]; !ok || yen > old.yen {
			deck[prefix] = rate{name, yen, increment}
		}
	}
	m := w.market
	for i := range m.places {
		p, v := &m.places[i], &m.prices[i]
		for _, c := range p.codes {
			put(c, p.name, v.yen, v.increment)
		}
		if v.mobile != v.yen {
			for _, f := range p.mobile {
				put(f, p.name+" mobile", v.mobile, v.increment)
			}
		}
		for _, r := range v.dear {
			put(r.form, r.name, r.yen, r.increment)
		}
	}
	for _, r := range m.space {
		put(r.form, r.name, r.yen, r.increment)
	}
	for _, list := range [][]priced{m.premium, m.navi} {
		for _, r := range list {
			put("81"+r.form[1:], r.name, r.yen, r.increment)
		}
	}
	// At home: eight yen for three minutes to a telephone that stands, and nothing to a freephone.
	put("81", "Japan", 2.7, 180)
	put("8150", "IP telephone", 3.3, 180)
	for _, prefix := range []string{"8160", "8170", "8180", "8190"} {
		put(prefix, "mobile", m.mobileJP, 60)
	}
	put("81120", "freephone", 0, 60)
	put("81800", "freephone", 0, 60)

	var b bytes.Buffer
	b.WriteString("prefix,name,yen_per_minute,increment_s\n")
	prefixes := make([]string, 0, len(deck))
	for p := range deck {
		prefixes = append(prefixes, p)
	}
	slices.Sort(prefixes)
	for _, p := range prefixes {
		r := deck[p]
		fmt.Fprintf(&b, "%s,%s,%g,%d\n", p, r.name, r.yen, r.increment)
	}
	return b.Bytes()
}

// Truth are the labels of calls.
func Truth(calls []Call) []trace.Label {
	out := make([]trace.Label, len(calls))
	for i := range calls {
		out[i] = trace.Label{ID: calls[i].ID, Customer: calls[i].Customer, Label: calls[i].Label}
	}
	return out
}

// Write makes the calls and writes calls.csv, customers.csv, rates.csv and truth.csv to a folder, which it makes when it is missing.
// It gives how many calls there are.
func (w *World) Write(dir string) (int, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	calls := w.Calls()
	err := errors.Join(
		writeFile(dir, "calls.csv", func(f io.Writer) error {
			out := trace.NewWriter(f)
			for i := range calls {
				if err := out.Write(&calls[i].Call); err != nil {
					return err
				}
			}
			return out.Flush()
		}),
		writeFile(dir, "customers.csv", func(f io.Writer) error { return trace.WriteCustomers(f, w.Trace()) }),
		writeFile(dir, "rates.csv", func(f io.Writer) error { _, err := f.Write(w.Rates()); return err }),
		writeFile(dir, "truth.csv", func(f io.Writer) error { return trace.WriteTruth(f, Truth(calls)) }),
	)
	return len(calls), err
}

func writeFile(dir, name string, write func(io.Writer) error) (err error) {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return write(f)
}
