package trace

import (
	"errors"
	"fmt"
	"io"
	"time"

	"tsujiban"
)

// Both files are held in memory as a whole.
const (
	maxCustomers = 1_000_000
	maxTruth     = 50_000_000
)

// Customer is one row of customers.csv.
type Customer struct {
	ID            tsujiban.CustomerID
	Name          string    // may be empty
	International bool      // it may call abroad
	Opened        time.Time // 00:00 UTC of the day; zero: not known
}

// Label is one row of truth.csv: what a call of a simulated trace is.
type Label struct {
	ID       string // of the call
	Customer tsujiban.CustomerID
	Label    string // "honest", or the kind of hijacking
}

var (
	customerColumns = []string{"id", "name", "international", "opened"}
	truthColumns    = []string{"id", "customer", "label"}
)

// ReadCustomers reads customers.csv: all four columns in any order; international is yes or no; opened is a day
// (2026-03-02) or empty. Rows that cannot be used are given beside the others, among them those of a customer who is
// there already. The error is one of the file as a whole and carries tsujiban.CodeInvalid unless it is one of r itself.
func ReadCustomers(r io.Reader, name string) ([]Customer, []*RowError, error) {
	var list []Customer
	seen := map[tsujiban.CustomerID]int{} // line
	bad, err := readTable(r, name, customerColumns, maxCustomers, func(f [][]byte, line int) (Fault, error) {
		c, fault, err := parseCustomer(f)
		if err != nil {
			return fault, err
		}
		if first, ok := seen[c.ID]; ok {
			return FaultDuplicate, fmt.Errorf("id: customer %s stands already in line %d", c.ID, first)
		}
		seen[c.ID] = line
		list = append(list, c)
		return 0, nil
	})
	return list, bad, err
}

func parseCustomer(f [][]byte) (c Customer, _ Fault, err error) {
	id, name, international, opened := f[0], f[1], f[2], f[3]
	if err := checkText(id, maxID); err != nil {
		return c, FaultID, fmt.Errorf("id: %w", err)
	}
	if len(name) > 0 {
		if err := checkText(name, maxName); err != nil {
			return c, FaultName, fmt.Errorf("name: %w", err)
		}
	}
	c.ID, c.Name = tsujiban.CustomerID(id), string(name)
	switch string(international) {
	case "yes":
		c.International = true
	case "no":
	default:
		return c, FaultInternational, fmt.Errorf("international: %s: want yes or no", shown(international))
	}
	if len(opened) > 0 {
		if c.Opened, err = time.Parse(time.DateOnly, string(opened)); err != nil || c.Opened.Year() < 1900 {
			return c, FaultOpened, fmt.Errorf("opened: %s: want a day such as 2026-03-02, or nothing", shown(opened))
		}
	}
	return c, 0, nil
}

// ReadTruth reads truth.csv and returns the label of each call by its id. Errors as for ReadCustomers.
func ReadTruth(r io.Reader, name string) (map[string]string, []*RowError, error) {
	truth := map[string]string{}
	labels := newKeeper()
	bad, err := readTable(r, name, truthColumns, maxTruth, func(f [][]byte, _ int) (Fault, error) {
		id, customer, label := f[0], f[1], f[2]
		if err := checkText(id, maxID); err != nil {
			return FaultID, fmt.Errorf("id: %w", err)
		}
		if err := checkText(customer, maxID); err != nil {
			return FaultCustomer, fmt.Errorf("customer: %w", err)
		}
		if err := checkText(label, maxID); err != nil {
			return FaultLabel, fmt.Errorf("label: %w", err)
		}
		if _, ok := truth[string(id)]; ok {
			return FaultDuplicate, fmt.Errorf("id: call %s has a label already", id)
		}
		truth[string(id)] = labels.text(label)
		return 0, nil
	})
	return truth, bad, err
}

// readTable gives each row to use, its fields in the order of columns, all of which are needed.
func readTable(r io.Reader, name string, columns []string, limit int, use func(fields [][]byte, line int) (Fault, error)) ([]*RowError, error) {
	in, err := newLines(r, name, ',')
	if err != nil {
		return nil, err
	}
	at, err := in.header(columns, len(columns))
	if err != nil {
		return nil, err
	}
	var bad []*RowError
	fields := make([][]byte, len(columns))
	for n := 0; ; n++ {
		row, err := in.next()
		var wrong *RowError
		switch {
		case errors.Is(err, io.EOF):
			return bad, nil
		case n == limit:
			return bad, invalid("%s line %d: more than %d rows", name, in.line, limit)
		case errors.As(err, &wrong):
			bad = append(bad, wrong)
			continue
		case err != nil:
			return bad, err
		}
		for c, i := range at {
			fields[c] = row[i]
		}
		if fault, err := use(fields, in.line); err != nil {
			bad = append(bad, &RowError{File: name, Line: in.line, Fault: fault, Err: err})
		}
	}
}
