package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"net/netip"
	"strings"

	"tsujiban"
	"tsujiban/store"
)

const trunkColumns = `id, customer, certificate_name, username, realm, ha1_md5, ha1_sha256, address, transport, registrar, domain`

// AddTrunk adds a trunk. CodeExists when there is one of that id.
func (s *Store) AddTrunk(ctx context.Context, by string, t tsujiban.Trunk) error {
	return s.putTrunk(ctx, by, t, true)
}

// PutTrunk adds the trunk or replaces it. Errors: CodeInvalid; CodeNotFound when there is
// no such customer; CodeConflict, naming the other trunk, when a request could not be told
// from one of that trunk: same username and realm, same certificate name, or sources that
// overlap with those of another customer.
func (s *Store) PutTrunk(ctx context.Context, by string, t tsujiban.Trunk) error {
	return s.putTrunk(ctx, by, t, false)
}

func (s *Store) putTrunk(ctx context.Context, by string, t tsujiban.Trunk, fresh bool) error {
	if err := store.ValidTrunk(&t); err != nil {
		return err
	}
	a := store.Action{By: by, Verb: "trunk-add", Customer: t.Customer, Object: string(t.ID)}
	return s.set(ctx, &a, true, func(tx *sql.Tx) error {
		old, err := trunk(ctx, tx, t.ID)
		switch {
		case err == nil && fresh:
			return tsujiban.Errorf(tsujiban.CodeExists, "trunk %q exists already; it belongs to customer %q", t.ID, old.Customer)
		case err == nil:
			a.Verb = "trunk-set"
		case tsujiban.CodeOf(err) != tsujiban.CodeNotFound:
			return err
		}
		a.Note = store.DiffTrunk(&old, &t)
		if _, err := customer(ctx, tx, t.Customer); err != nil {
			return err
		}
		if err := trunkConflict(ctx, tx, &t); err != nil {
			return err
		}
		return writeTrunk(ctx, tx, &t)
	})
}

func writeTrunk(ctx context.Context, tx *sql.Tx, t *tsujiban.Trunk) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO trunks (`+trunkColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET customer = excluded.customer, certificate_name = excluded.certificate_name,
			username = excluded.username, realm = excluded.realm, ha1_md5 = excluded.ha1_md5,
			ha1_sha256 = excluded.ha1_sha256, address = excluded.address, transport = excluded.transport,
			registrar = excluded.registrar, domain = excluded.domain`,
		string(t.ID), string(t.Customer), t.CertificateName, t.Username, t.Realm, t.HA1MD5, t.HA1SHA256, t.Address, t.Transport, t.Registrar, t.Domain)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM trunk_sources WHERE trunk = ?`, string(t.ID)); err != nil {
		return err
	}
	for _, p := range t.Sources {
		first := p.Addr().As16()
		_, err := tx.ExecContext(ctx, `INSERT INTO trunk_sources (trunk, network, first) VALUES (?, ?, ?)`, string(t.ID), p.String(), first[:])
		if err != nil {
			return err
		}
	}
	return nil
}

// trunkConflict looks for a trunk that could not be told from t.
func trunkConflict(ctx context.Context, tx *sql.Tx, t *tsujiban.Trunk) error {
	var other, owner, network string
	err := tx.QueryRowContext(ctx, `SELECT id, customer FROM trunks WHERE username = ? AND realm = ? AND username <> '' AND id <> ?`,
		t.Username, t.Realm, string(t.ID)).Scan(&other, &owner)
	if err == nil {
		return tsujiban.Errorf(tsujiban.CodeConflict, "username: trunk %q of customer %q has username %q in realm %q already", other, owner, t.Username, t.Realm)
	} else if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	err = tx.QueryRowContext(ctx, `SELECT id, customer FROM trunks WHERE certificate_name = ? AND certificate_name <> '' AND id <> ?`,
		t.CertificateName, string(t.ID)).Scan(&other, &owner)
	if err == nil {
		return tsujiban.Errorf(tsujiban.CodeConflict, "certificate-name: trunk %q of customer %q has %q already", other, owner, t.CertificateName)
	} else if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	for _, p := range t.Sources {
		query, args := overlapQuery(p, t.Customer)
		err := tx.QueryRowContext(ctx, query, args...).Scan(&other, &owner, &network)
		if err == nil {
			return tsujiban.Errorf(tsujiban.CodeConflict, "sources: %s overlaps with %s of trunk %q of customer %q", p, network, other, owner)
		} else if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	return nil
}

// overlapQuery asks for a network of another customer that overlaps with p. Of two
// networks that overlap one lies inside the other: so either it is one of the networks
// around p, at most 128, or its first address lies in p.
func overlapQuery(p netip.Prefix, c tsujiban.CustomerID) (string, []any) {
	first, last := p.Addr().As16(), lastAddr(p)
	args := []any{first[:], last[:], string(c)}
	var marks []string
	for bits := range p.Bits() {
		args = append(args, netip.PrefixFrom(p.Addr(), bits).Masked().String())
		marks = append(marks, "?")
	}
	args = append(args, string(c))
	return `SELECT * FROM (
			SELECT t.id, t.customer, s.network FROM trunk_sources s INDEXED BY trunk_sources_first JOIN trunks t ON t.id = s.trunk
			WHERE s.first BETWEEN ? AND ? AND t.customer <> ? LIMIT 1)
		UNION ALL SELECT * FROM (
			SELECT t.id, t.customer, s.network FROM trunk_sources s INDEXED BY trunk_sources_network JOIN trunks t ON t.id = s.trunk
			WHERE s.network IN (` + strings.Join(marks, ", ") + `) AND t.customer <> ? LIMIT 1)
		LIMIT 1`, args
}

// lastAddr is the highest address of a network, as 16 bytes.
func lastAddr(p netip.Prefix) [16]byte {
	b := p.Addr().As16()
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	for i := bits; i < 128; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return b
}

// Trunk returns one trunk, CodeNotFound when there is none.
func (s *Store) Trunk(ctx context.Context, id tsujiban.TrunkID) (tsujiban.Trunk, error) {
	t, err := trunk(ctx, s.settings.read, id)
	return t, s.settings.explain(ctx, "read the trunk", err)
}

func trunk(ctx context.Context, q querier, id tsujiban.TrunkID) (tsujiban.Trunk, error) {
	t, err := scanTrunk(q.QueryRowContext(ctx, trunkQuery+` WHERE t.id = ?`, string(id)))
	return t, foundOne(err, "trunk", string(id))
}

// Trunks returns the trunks of a customer by id, all trunks when customer is empty.
func (s *Store) Trunks(ctx context.Context, customer tsujiban.CustomerID) ([]tsujiban.Trunk, error) {
	query, args := trunkQuery, []any(nil)
	if customer != "" {
		query, args = query+` WHERE t.customer = ?`, []any{string(customer)}
	}
	var out []tsujiban.Trunk
	err := s.settings.list(ctx, "list the trunks", s.settings.read, query+` ORDER BY t.id`, args, func(r *sql.Rows) error {
		t, err := scanTrunk(r)
		out = append(out, t)
		return err
	})
	return out, err
}

const trunkQuery = `SELECT ` + trunkColumns + `, (SELECT json_group_array(network) FROM
	(SELECT network FROM trunk_sources WHERE trunk = t.id ORDER BY first, network)) FROM trunks t`

func scanTrunk(r interface{ Scan(...any) error }) (t tsujiban.Trunk, err error) {
	var list string
	err = r.Scan(&t.ID, &t.Customer, &t.CertificateName, &t.Username, &t.Realm, &t.HA1MD5, &t.HA1SHA256,
		&t.Address, &t.Transport, &t.Registrar, &t.Domain, &list)
	if err != nil {
		return t, err
	}
	networks, err := parseList(list)
	for _, n := range networks {
		p, perr := netip.ParsePrefix(n)
		if perr != nil {
			return t, perr
		}
		t.Sources = append(t.Sources, p)
	}
	return t, err
}

// DeleteTrunk removes a trunk, CodeNotFound when there is none.
func (s *Store) DeleteTrunk(ctx context.Context, by string, id tsujiban.TrunkID) error {
	a := store.Action{By: by, Verb: "trunk-delete", Object: string(id)}
	return s.set(ctx, &a, true, func(tx *sql.Tx) error {
		old, err := trunk(ctx, tx, id)
		if err != nil {
			return err
		}
		a.Customer = old.Customer
		_, err = tx.ExecContext(ctx, `DELETE FROM trunks WHERE id = ?`, string(id))
		return err
	})
}
