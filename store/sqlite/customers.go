package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	lib "modernc.org/sqlite/lib"

	"tsujiban"
	"tsujiban/store"
)

const customerColumns = `id, name, international, opened, contact, language,
	cap_call, cap_day, cap_month, channels, calls_per_second, longest_call_ms,
	allow_countries, bar_countries, bar_prefixes, allow_classes, hours, own`

// AddCustomer adds a customer with limits and numbers. CodeExists when there is one of that id.
func (s *Store) AddCustomer(ctx context.Context, by string, c tsujiban.Customer) error {
	return s.putCustomer(ctx, by, c, true)
}

// PutCustomer adds the customer or replaces everything that is set for it: limits and
// numbers too. Errors: CodeInvalid; CodeConflict when another customer holds a number.
func (s *Store) PutCustomer(ctx context.Context, by string, c tsujiban.Customer) error {
	return s.putCustomer(ctx, by, c, false)
}

func (s *Store) putCustomer(ctx context.Context, by string, c tsujiban.Customer, fresh bool) error {
	if err := store.ValidCustomer(&c); err != nil {
		return err
	}
	a := store.Action{By: by, Verb: "customer-add", Customer: c.ID}
	return s.set(ctx, &a, true, func(tx *sql.Tx) error {
		old, err := customer(ctx, tx, c.ID)
		switch {
		case err == nil && fresh:
			return tsujiban.Errorf(tsujiban.CodeExists, "customer %q exists already: %s", c.ID, old.Name)
		case err == nil:
			a.Verb = "customer-set"
		case tsujiban.CodeOf(err) != tsujiban.CodeNotFound:
			return err
		}
		a.Note = store.DiffCustomer(&old, &c)
		if err := writeCustomer(ctx, tx, &c); err != nil {
			return err
		}
		return writeNumbers(ctx, tx, c.ID, old.Numbers, c.Numbers)
	})
}

func writeCustomer(ctx context.Context, tx *sql.Tx, c *tsujiban.Customer) error {
	l := &c.Limits
	args := []any{string(c.ID), c.Name, c.International, nullMicros(c.Opened), c.Contact, languageCode(c.Language),
		int64(l.CapCall), int64(l.CapDay), int64(l.CapMonth), l.Channels, l.CallsPerSecond, l.LongestCall.Milliseconds()}
	for _, list := range [][]string{l.AllowCountries, l.BarCountries, l.BarPrefixes, l.AllowClasses} {
		text, err := listText(list)
		if err != nil {
			return err
		}
		args = append(args, text)
	}
	own, err := ownText(&c.Own)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO customers (`+customerColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, international = excluded.international,
			opened = excluded.opened, contact = excluded.contact, language = excluded.language,
			cap_call = excluded.cap_call, cap_day = excluded.cap_day, cap_month = excluded.cap_month,
			channels = excluded.channels, calls_per_second = excluded.calls_per_second,
			longest_call_ms = excluded.longest_call_ms, allow_countries = excluded.allow_countries,
			bar_countries = excluded.bar_countries, bar_prefixes = excluded.bar_prefixes,
			allow_classes = excluded.allow_classes, hours = excluded.hours, own = excluded.own`, append(args, l.Hours, own)...)
	return err
}

// UpdateCustomer reads a customer, lets change alter it and writes it back, so that two
// who change different things do not undo each other. change must not use the store; its
// error stops the update. The id cannot be changed.
func (s *Store) UpdateCustomer(ctx context.Context, by string, id tsujiban.CustomerID, change func(*tsujiban.Customer) error) error {
	return s.updateCustomer(ctx, by, "customer-set", id, change)
}

// SetLimits changes the limits that the patch names and keeps the others.
func (s *Store) SetLimits(ctx context.Context, by string, id tsujiban.CustomerID, p store.LimitsPatch) error {
	return s.updateCustomer(ctx, by, "limits-set", id, func(c *tsujiban.Customer) error {
		p.Apply(&c.Limits)
		return nil
	})
}

// SetNumbers replaces the numbers that a customer holds.
func (s *Store) SetNumbers(ctx context.Context, by string, id tsujiban.CustomerID, numbers []string) error {
	return s.updateCustomer(ctx, by, "numbers-set", id, func(c *tsujiban.Customer) error {
		c.Numbers = numbers
		return nil
	})
}

func (s *Store) updateCustomer(ctx context.Context, by, verb string, id tsujiban.CustomerID, change func(*tsujiban.Customer) error) error {
	a := store.Action{By: by, Verb: verb, Customer: id}
	return s.set(ctx, &a, true, func(tx *sql.Tx) error {
		old, err := customer(ctx, tx, id)
		if err != nil {
			return err
		}
		c := old
		c.Numbers = slices.Clone(old.Numbers)
		if err := change(&c); err != nil {
			return err
		}
		c.ID = id
		if err := store.ValidCustomer(&c); err != nil {
			return err
		}
		a.Note = store.DiffCustomer(&old, &c)
		if err := writeCustomer(ctx, tx, &c); err != nil {
			return err
		}
		return writeNumbers(ctx, tx, id, old.Numbers, c.Numbers)
	})
}

func writeNumbers(ctx context.Context, tx *sql.Tx, id tsujiban.CustomerID, old, now []string) error {
	gone, added := store.DiffList(old, now)
	for _, p := range gone {
		if _, err := tx.ExecContext(ctx, `DELETE FROM numbers WHERE pattern = ?`, p); err != nil {
			return err
		}
	}
	for _, p := range added {
		_, err := tx.ExecContext(ctx, `INSERT INTO numbers (pattern, customer) VALUES (?, ?)`, p, string(id))
		if constraint(err, lib.SQLITE_CONSTRAINT_PRIMARYKEY) {
			var other string
			if err := tx.QueryRowContext(ctx, `SELECT customer FROM numbers WHERE pattern = ?`, p).Scan(&other); err != nil {
				return err
			}
			return tsujiban.Errorf(tsujiban.CodeConflict, "numbers: %q is held by customer %q: take it away there first", p, other)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Customer returns one customer, CodeNotFound when there is none.
func (s *Store) Customer(ctx context.Context, id tsujiban.CustomerID) (tsujiban.Customer, error) {
	c, err := customer(ctx, s.settings.read, id)
	return c, s.settings.explain(ctx, "read the customer", err)
}

func customer(ctx context.Context, q querier, id tsujiban.CustomerID) (tsujiban.Customer, error) {
	c, err := scanCustomer(q.QueryRowContext(ctx, `SELECT `+customerColumns+` FROM customers WHERE id = ?`, string(id)))
	if err != nil {
		return c, foundOne(err, "customer", string(id))
	}
	// One row with all of them: inside a transaction of the one writing connection no
	// second statement can run while rows are being read.
	var list string
	err = q.QueryRowContext(ctx, `SELECT json_group_array(pattern) FROM
		(SELECT pattern FROM numbers WHERE customer = ? ORDER BY pattern)`, string(id)).Scan(&list)
	if err != nil {
		return c, err
	}
	c.Numbers, err = parseList(list)
	return c, err
}

// Customers returns all customers by id, each with its numbers in order.
func (s *Store) Customers(ctx context.Context) ([]tsujiban.Customer, error) {
	const doing = "list the customers"
	// One transaction, so that numbers and customers belong together.
	tx, err := s.settings.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, s.settings.explain(ctx, doing, err)
	}
	defer func() { _ = tx.Rollback() }() // nothing to take back
	var out []tsujiban.Customer
	at := make(map[tsujiban.CustomerID]int)
	err = s.settings.list(ctx, doing, tx, `SELECT `+customerColumns+` FROM customers ORDER BY id`, nil, func(r *sql.Rows) error {
		c, err := scanCustomer(r)
		at[c.ID] = len(out)
		out = append(out, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = s.settings.list(ctx, doing, tx, `SELECT pattern, customer FROM numbers ORDER BY pattern`, nil, func(r *sql.Rows) error {
		var pattern, id string
		err := r.Scan(&pattern, &id)
		if i, ok := at[tsujiban.CustomerID(id)]; ok && err == nil {
			out[i].Numbers = append(out[i].Numbers, pattern)
		}
		return err
	})
	return out, err
}

func scanCustomer(r interface{ Scan(...any) error }) (c tsujiban.Customer, err error) {
	var (
		opened          sql.NullInt64
		language        string
		longest         int64
		allow, bar      string
		prefixes, opens string
		own             string
		capCall, capDay int64
		capMonth        int64
	)
	l := &c.Limits
	err = r.Scan(&c.ID, &c.Name, &c.International, &opened, &c.Contact, &language, &capCall, &capDay, &capMonth,
		&l.Channels, &l.CallsPerSecond, &longest, &allow, &bar, &prefixes, &opens, &l.Hours, &own)
	if err != nil {
		return c, err
	}
	c.Opened = fromNullMicros(opened)
	l.CapCall, l.CapDay, l.CapMonth = tsujiban.Money(capCall), tsujiban.Money(capDay), tsujiban.Money(capMonth)
	l.LongestCall = time.Duration(longest) * time.Millisecond
	if c.Language, err = parseLanguage(language); err != nil {
		return c, err
	}
	for _, f := range []struct {
		dst  *[]string
		text string
	}{{&l.AllowCountries, allow}, {&l.BarCountries, bar}, {&l.BarPrefixes, prefixes}, {&l.AllowClasses, opens}} {
		if *f.dst, err = parseList(f.text); err != nil {
			return c, err
		}
	}
	c.Own, err = parseOwn(own)
	return c, err
}

// own is what is kept of tsujiban.Own: only what is set. Money is text as people write it.
type own struct {
	Stopped         bool           `json:"stopped,omitempty"`
	NoInternational bool           `json:"no_international,omitempty"`
	BarCountries    []string       `json:"bar_countries,omitempty"`
	CapCall         tsujiban.Money `json:"cap_call,omitempty"`
	CapDay          tsujiban.Money `json:"cap_day,omitempty"`
	CapMonth        tsujiban.Money `json:"cap_month,omitempty"`
	LongestCallMS   int64          `json:"longest_call_ms,omitempty"`
}

func ownText(o *tsujiban.Own) (string, error) {
	b, err := json.Marshal(own{o.Stopped, o.NoInternational, o.BarCountries, o.CapCall, o.CapDay, o.CapMonth, o.LongestCall.Milliseconds()})
	return string(b), err
}

func parseOwn(text string) (tsujiban.Own, error) {
	var o own
	err := json.Unmarshal([]byte(text), &o)
	return tsujiban.Own{
		Stopped: o.Stopped, NoInternational: o.NoInternational, BarCountries: o.BarCountries, CapCall: o.CapCall, CapDay: o.CapDay, CapMonth: o.CapMonth,
		LongestCall: time.Duration(o.LongestCallMS) * time.Millisecond,
	}, err
}

// DeleteCustomer removes a customer and frees its numbers. Errors: CodeNotFound;
// CodeConflict while it has trunks or a restriction stands against it, so that neither
// can be got rid of by deleting the customer and adding it again.
func (s *Store) DeleteCustomer(ctx context.Context, by string, id tsujiban.CustomerID) error {
	a := store.Action{By: by, Verb: "customer-delete", Customer: id}
	return s.set(ctx, &a, true, func(tx *sql.Tx) error {
		old, err := customer(ctx, tx, id)
		if err != nil {
			return err
		}
		a.Note = old.Name
		var trunks int
		var first sql.NullString
		err = tx.QueryRowContext(ctx, `SELECT count(*), min(id) FROM trunks WHERE customer = ?`, string(id)).Scan(&trunks, &first)
		if err != nil {
			return err
		}
		if trunks > 0 {
			return tsujiban.Errorf(tsujiban.CodeConflict, "customer %q has %d trunks (%s, …): delete them first", id, trunks, first.String)
		}
		if _, err := restriction(ctx, tx, id); err == nil {
			return tsujiban.Errorf(tsujiban.CodeConflict, "a restriction stands against customer %q: release it first", id)
		} else if tsujiban.CodeOf(err) != tsujiban.CodeNotFound {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM customers WHERE id = ?`, string(id))
		return err
	})
}

// NumberHolder tells who holds a number: the customer with the longest pattern that
// matches, and that pattern. ok is false when nobody does.
func (s *Store) NumberHolder(ctx context.Context, n tsujiban.Number) (id tsujiban.CustomerID, pattern string, ok bool, err error) {
	if n.IsZero() || n.IsLocal() {
		return "", "", false, nil
	}
	whole := n.String()
	args := []any{whole}
	marks := "?"
	for i := len(whole); i > 1; i-- {
		args = append(args, whole[:i]+"*")
		marks += ", ?"
	}
	// Longest first; of "+8131" and "+8131*" the whole number is the closer match.
	err = s.settings.read.QueryRowContext(ctx, `SELECT customer, pattern FROM numbers WHERE pattern IN (`+marks+`)
		ORDER BY length(rtrim(pattern, '*')) DESC, length(pattern) LIMIT 1`, args...).Scan(&id, &pattern)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", false, nil
	}
	return id, pattern, err == nil, s.settings.explain(ctx, "look up the holder of a number", err)
}

func languageCode(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return "en"
	}
	return "ja"
}

func parseLanguage(s string) (tsujiban.Lang, error) {
	switch s {
	case "ja":
		return tsujiban.Japanese, nil
	case "en":
		return tsujiban.English, nil
	}
	return 0, unknown("language", s)
}
