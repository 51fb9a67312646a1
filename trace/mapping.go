package trace

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"tsujiban"
)

// Mapping says which column of a foreign file is which field of a call. ParseMapping makes it.
type Mapping struct {
	Delimiter byte           // ',' (also 0), ';' or '\t'
	Layout    string         // of start: Go's layout, "unix" for seconds since 1970, or empty for RFC 3339
	Zone      *time.Location // of start; needed when Layout has no offset
	Encoding  string         // "utf-8" (also empty) or "shift_jis"
	Inside    *regexp.Regexp // as in Import
	MaxCalls  int            // as in Import

	columns [numColumns][]string // names in the header; none: not in the file
	fixed   [numColumns]string   // values for all rows
}

// neededFields must be in a mapping, as a column or, some of them, as a value.
var neededFields = []int{colStart, colCustomer, colDirection, colCallee, colTalk}

// ParseMapping reads a mapping, one line of CSV:
//
//	start=Begin,callee=Called Party,caller=A,talk_s=Sec,customer=Acct,direction==out
//
// field=Column takes a field from the column of that name, field==value gives it that value in every row. The fields are
// those of calls.csv: start, callee, talk_s, customer and direction are needed; id, caller, setup_s, source and user_agent
// may be left out; all but id, start, callee and talk_s may be values. start may be given twice, for the date and the time
// of day, which are read with a space between them. A column whose name has a comma is put in quotes: "callee=To, dialled".
//
// Four settings go the same way, each with ==: delimiter (comma, semicolon, tab), layout (Go's layout, such as
// 2006/01/02 15:04:05, or unix), zone (Asia/Tokyo) and encoding (utf-8, shift_jis).
//
// An error carries tsujiban.CodeInvalid.
func ParseMapping(s string) (*Mapping, error) {
	in := csv.NewReader(strings.NewReader(s))
	in.TrimLeadingSpace = true
	items, err := in.Read()
	if err != nil {
		return nil, invalid("mapping: %w; want start=Column,callee=Column,…", err)
	}
	if _, err := in.Read(); !errors.Is(err, io.EOF) {
		return nil, invalid("mapping: it has more than one line")
	}
	m := &Mapping{}
	for _, item := range items {
		if err := m.item(item); err != nil {
			return nil, invalid("mapping: %.70q: %w", item, err)
		}
	}
	for _, c := range neededFields {
		if len(m.columns[c]) == 0 && m.fixed[c] == "" {
			return nil, invalid("mapping: %s is missing: say %s=Column%s", columnNames[c], columnNames[c],
				map[bool]string{true: ", or " + columnNames[c] + "==value for all rows"}[mayBeFixed(c)])
		}
	}
	return m, nil
}

func mayBeFixed(col int) bool {
	return col != colID && col != colStart && col != colCallee && col != colTalk
}

func (m *Mapping) item(item string) error {
	key, value, found := strings.Cut(item, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if !found {
		return errors.New("want field=Column or field==value")
	}
	value, fixed := strings.CutPrefix(value, "=")
	value = strings.TrimSpace(value)
	if value == "" {
		return errors.New("nothing after =")
	}
	col := slices.Index(columnNames[:], key)
	switch {
	case col < 0 && fixed:
		return m.setting(key, value)
	case col < 0:
		return fmt.Errorf("unknown field; the fields are %s", strings.Join(columnNames[:], ","))
	case m.fixed[col] != "", fixed && len(m.columns[col]) > 0, len(m.columns[col]) > 1, len(m.columns[col]) == 1 && col != colStart:
		return fmt.Errorf("%s is there already", key)
	case !fixed:
		m.columns[col] = append(m.columns[col], value)
		return nil
	case !mayBeFixed(col):
		return fmt.Errorf("%s is another in each call: say %s=Column", key, key)
	}
	m.fixed[col] = value
	k := newKeeper()
	return k.set(&Call{}, col, []byte(value))
}

func (m *Mapping) setting(key, value string) (err error) {
	switch key {
	case "delimiter":
		d, ok := map[string]byte{"comma": ',', ",": ',', "semicolon": ';', ";": ';', "tab": '\t'}[value]
		if !ok {
			return errors.New("want comma, semicolon or tab")
		}
		m.Delimiter = d
	case "layout":
		m.Layout = value
	case "zone":
		if m.Zone, err = time.LoadLocation(value); err != nil {
			return fmt.Errorf("%w; want a name such as Asia/Tokyo", err)
		}
	case "encoding":
		m.Encoding = strings.ToLower(value)
	default:
		return errors.New("unknown field or setting; the settings are delimiter, layout, zone and encoding")
	}
	return nil
}

// check finds what cannot be read.
func (m *Mapping) check() error {
	switch m.Delimiter {
	case 0, ',', ';', '\t':
	default:
		return invalid("mapping: delimiter %q: want a comma, a semicolon or a tab", m.Delimiter)
	}
	switch m.Encoding {
	case "", "utf-8", "shift_jis":
	default:
		return invalid("mapping: encoding %.40q: want utf-8 or shift_jis", m.Encoding)
	}
	if m.Layout == "" || m.Layout == "unix" {
		if len(m.columns[colStart]) > 1 {
			return invalid("mapping: start has two columns: say how they look together, such as layout==2006-01-02 15:04:05")
		}
		return nil
	}
	ref := time.Date(2017, 12, 28, 19, 38, 49, 0, time.UTC)
	if t, err := time.Parse(m.Layout, ref.Format(m.Layout)); err != nil || !t.Truncate(time.Minute).Equal(ref.Truncate(time.Minute)) {
		return invalid("mapping: layout %.60q does not say day and time: write 2006-01-02 15:04:05 in the way of the file", m.Layout)
	}
	if m.Zone == nil && !strings.Contains(m.Layout, "Z07") && !strings.Contains(m.Layout, "-07") {
		return invalid("mapping: no time zone: the times do not say of where they are; give it, such as zone==Asia/Tokyo")
	}
	return nil
}

// set reads one field but id and start into c.
func (k *keeper) set(c *Call, col int, b []byte) (err error) {
	switch col {
	case colCustomer:
		if err = checkText(b, maxID); err == nil {
			c.Customer = tsujiban.CustomerID(k.text(b))
		}
	case colDirection:
		c.Direction, err = readDirection(b)
	case colCaller:
		c.Caller, err = readNumber(b)
	case colCallee:
		c.Callee, err = readNumber(b)
	case colSetup:
		c.Setup, err = readSeconds(b, maxSetup)
	case colTalk:
		c.Talk, err = readSeconds(b, maxTalk)
	case colSource:
		c.Source, err = k.anySource(b)
	case colUserAgent:
		c.UserAgent, err = k.userAgent(b)
	}
	return err
}
