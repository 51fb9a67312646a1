package rating

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"tsujiban"
)

// Deck is a rate deck. It is immutable and safe for concurrent use.
type Deck struct {
	rows map[tsujiban.Number]row
}

type row struct {
	price tsujiban.Price
	name  string
}

// Parse reads a rate deck: CSV with the header prefix,name,yen_per_minute,increment_s.
func Parse(r io.Reader) (*Deck, error) {
	d := &Deck{rows: make(map[tsujiban.Number]row)}
	c := csv.NewReader(r)
	if _, err := c.Read(); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "rates line 1: %w", err)
	}
	for line := 2; ; line++ {
		rec, err := c.Read()
		if err == io.EOF {
			return d, nil
		}
		if err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "rates: %w", err)
		}
		n, err := parsePrefix(rec[0])
		if err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "rates line %d: prefix: %w", line, err)
		}
		m, err := tsujiban.ParseMoney(rec[2])
		if err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "rates line %d: yen_per_minute: %w", line, err)
		}
		s, err := strconv.Atoi(rec[3])
		if err != nil || s < 1 {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "rates line %d: increment_s: want whole seconds from 1", line)
		}
		d.rows[n] = row{tsujiban.Price{PerMinute: m, Increment: time.Duration(s) * time.Second}, rec[1]}
	}
}

func parsePrefix(s string) (tsujiban.Number, error) {
	if rest, ok := strings.CutPrefix(s, "="); ok {
		return tsujiban.LocalNumber(rest)
	}
	return tsujiban.NumberFromDigits(s)
}

// Find returns the price of the longest prefix of n that is valid at that instant.
func (d *Deck) Find(n tsujiban.Number, at time.Time) (p tsujiban.Price, name string, ok bool) {
	if r, found := d.rows[n]; found {
		return r.price, r.name, true
	}
	if n.IsLocal() {
		return tsujiban.Price{}, "", false
	}
	var buf [tsujiban.MaxDigits]byte
	digits := n.AppendDigits(buf[:0])
	for k := len(digits) - 1; k > 0; k-- {
		if prefix, err := tsujiban.NumberFromDigits(digits[:k]); err == nil {
			if r, found := d.rows[prefix]; found {
				return r.price, r.name, true
			}
		}
	}
	return tsujiban.Price{}, "", false
}
