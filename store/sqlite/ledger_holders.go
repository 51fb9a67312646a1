package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"tsujiban"
	"tsujiban/ledger"
)

// changeHolder sets what is true of a holder from an instant on.
func (b *batch) changeHolder(c *ledger.HolderChange) error {
	h := &c.Holder
	if err := h.Valid(); err != nil {
		return err
	}
	if err := ledger.ValidInstant("from", c.From, fromMicros(b.at)); err != nil {
		return err
	}
	if !c.Until.IsZero() && !c.From.Before(c.Until) {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "until: %s is not after from", ledger.Stamp(c.Until))
	}
	key, err := b.holderKey(h.ID)
	if err != nil {
		return err
	}
	current, err := b.versions(b.tx, key, b.entry)
	if err != nil {
		return err
	}
	gone, added, err := ledger.RewriteHolder(c, current)
	if err != nil {
		return err
	}
	for _, g := range gone {
		if err := b.withdraw("holder_versions", "holder = ? AND start = ?", g.Row, key, g.From); err != nil {
			return err
		}
	}
	for i := range added {
		if err := b.writeVersion(key, &added[i]); err != nil {
			return err
		}
	}
	if err := b.upwards(h, ledger.Micros(c.From), ledger.Micros(c.Until)); err != nil {
		return err
	}
	b.out.Holders = append(b.out.Holders, string(h.ID))
	clear(b.may)
	return nil
}

func (b *batch) writeVersion(key int64, s *ledger.HolderSpan) error {
	parent, err := b.holderKey(s.Body.Parent)
	if err != nil {
		return err
	}
	body, err := json.Marshal(&s.Body)
	if err != nil {
		return err
	}
	return b.exec(`INSERT INTO holder_versions (holder, start, finish, parent, body, said, entry, closed) VALUES (?, ?, ?, ?, ?, ?, ?, 9223372036854775807)`,
		key, s.From, s.To, parent, string(body), b.saidBy(s.Entry), b.entry)
}

// upwards walks from a holder to the top, at every instant of a stretch of time: each reseller has to be known, to be
// one, and not to be below itself.
func (b *batch) upwards(h *ledger.Holder, from, to int64) error {
	type step struct {
		id       tsujiban.CustomerID
		from, to int64
	}
	below := map[step]bool{}
	todo := []step{{h.Parent, from, to}}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if s.id == "" || below[s] {
			continue
		}
		below[s] = true
		if s.id == h.ID {
			return tsujiban.Errorf(tsujiban.CodeConflict, "holder %q: parent %q is below it at %s: a chain of resellers must not lead back to itself", h.ID, h.Parent, ledger.Stamp(ledger.Time(s.from)))
		}
		key, err := b.holderKey(s.id)
		if err != nil {
			return err
		}
		versions, err := b.versions(b.tx, key, b.entry)
		if err != nil {
			return err
		}
		covered := s.from
		for _, v := range versions {
			if v.To <= s.from || v.From >= s.to {
				continue
			}
			if v.From > covered {
				break
			}
			covered = v.To
			if !v.Body.Reseller {
				return tsujiban.Errorf(tsujiban.CodeConflict, "holder %q: parent %q is not a reseller at %s: set it as one first", h.ID, s.id, ledger.Stamp(ledger.Time(max(v.From, s.from))))
			}
			todo = append(todo, step{v.Body.Parent, max(v.From, s.from), min(v.To, s.to)})
		}
		if covered < s.to {
			return tsujiban.Errorf(tsujiban.CodeConflict, "holder %q: parent %q is not known at %s: add it first, from that time on", h.ID, s.id, ledger.Stamp(ledger.Time(covered)))
		}
	}
	return nil
}

// versions are what is believed of a holder as of an entry, in order.
func (l *Ledger) versions(ctx context.Context, q querier, key, belief int64) (out []ledger.HolderSpan, err error) {
	err = l.d.list(ctx, "read the holder", q, `SELECT start, finish, body, said, entry FROM holder_versions WHERE holder = ? AND entry <= ? AND closed > ? ORDER BY start`,
		[]any{key, belief, belief}, func(r *sql.Rows) error {
			var s ledger.HolderSpan
			var body string
			if err := r.Scan(&s.From, &s.To, &body, &s.Entry, &s.Row); err != nil {
				return err
			}
			out = append(out, s)
			return json.Unmarshal([]byte(body), &out[len(out)-1].Body)
		})
	return out, err
}

func (b *batch) versions(q querier, key, belief int64) ([]ledger.HolderSpan, error) {
	return b.Ledger.versions(b.ctx, q, key, belief)
}

func (b *batch) chain(q querier, id tsujiban.CustomerID, at, belief int64) ([]ledger.Link, error) {
	return b.Ledger.chain(b.ctx, q, id, at, belief)
}

const versionAt = `SELECT v.body FROM holders h JOIN holder_versions v ON v.holder = h.key
	WHERE h.id = ? AND v.start <= ? AND v.finish > ? AND v.entry <= ? AND v.closed > ?`

// chain is a holder and the resellers above it. CodeNotFound when one is not known at that instant.
func (l *Ledger) chain(ctx context.Context, q querier, id tsujiban.CustomerID, at, belief int64) ([]ledger.Link, error) {
	return knownHolders{}.chain(ctx, q, id, at, belief)
}

// knownHolders are holders that were read before, at one instant and belief: many numbers have the same resellers.
type knownHolders map[tsujiban.CustomerID]ledger.Holder

func (k knownHolders) chain(ctx context.Context, q querier, id tsujiban.CustomerID, at, belief int64) ([]ledger.Link, error) {
	var out []ledger.Link
	for id != "" {
		h, ok := k[id]
		if !ok {
			var err error
			if h, err = holderAt(ctx, q, id, at, belief); err != nil {
				return out, err
			}
			k[id] = h
		}
		out = append(out, ledger.LinkOf(&h))
		id = h.Parent
	}
	return out, nil
}

func holderAt(ctx context.Context, q querier, id tsujiban.CustomerID, at, belief int64) (h ledger.Holder, err error) {
	var body string
	err = q.QueryRowContext(ctx, versionAt, string(id), at, at, belief, belief).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return h, tsujiban.Errorf(tsujiban.CodeNotFound, "holder %q is not known at %s: add it first, from that time on", id, ledger.Stamp(ledger.Time(at)))
	}
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal([]byte(body), &h)
}

// Chain is a holder and the resellers above it, the nearest first.
func (l *Ledger) Chain(ctx context.Context, id tsujiban.CustomerID, at, believed time.Time) ([]ledger.Link, error) {
	b, err := l.belief(ctx, believed)
	if err != nil {
		return nil, err
	}
	c, err := l.chain(ctx, l.d.read, id, micros(at), b)
	return c, l.d.explain(ctx, "read the holder", err)
}

// Holder is what is true of a holder at an instant, CodeNotFound when it is not known then.
func (l *Ledger) Holder(ctx context.Context, id tsujiban.CustomerID, at, believed time.Time) (ledger.Holder, error) {
	b, err := l.belief(ctx, believed)
	if err != nil {
		return ledger.Holder{}, err
	}
	h, err := holderAt(ctx, l.d.read, id, micros(at), b)
	return h, l.d.explain(ctx, "read the holder", err)
}

// HolderLife is everything that is believed of a holder, in order. CodeNotFound when it never was.
func (l *Ledger) HolderLife(ctx context.Context, id tsujiban.CustomerID, believed time.Time) ([]ledger.HolderVersion, error) {
	b, err := l.belief(ctx, believed)
	if err != nil {
		return nil, err
	}
	var key int64
	err = l.d.read.QueryRowContext(ctx, `SELECT key FROM holders WHERE id = ?`, string(id)).Scan(&key)
	if err = foundOne(err, "holder", string(id)); err != nil {
		return nil, l.d.explain(ctx, "read the holder", err)
	}
	spans, err := l.versions(ctx, l.d.read, key, b)
	if err == nil && len(spans) == 0 {
		err = tsujiban.Errorf(tsujiban.CodeNotFound, "holder %q does not exist", id)
	}
	out := make([]ledger.HolderVersion, len(spans))
	for i, s := range spans {
		out[i] = ledger.HolderVersion{Holder: s.Body, From: ledger.Time(s.From), To: ledger.Time(s.To), Entry: s.Entry}
	}
	return out, err
}

// Holders are all holders at an instant, by id; with below set, only those right below that reseller.
func (l *Ledger) Holders(ctx context.Context, below tsujiban.CustomerID, at, believed time.Time) ([]ledger.Holder, error) {
	b, err := l.belief(ctx, believed)
	if err != nil {
		return nil, err
	}
	query, args := `SELECT v.body FROM holders h JOIN holder_versions v ON v.holder = h.key WHERE v.start <= ? AND v.finish > ? AND v.entry <= ? AND v.closed > ?`,
		[]any{micros(at), micros(at), b, b}
	if below != "" {
		query, args = query+` AND v.parent > 0 AND v.parent = (SELECT key FROM holders WHERE id = ?)`, append(args, string(below))
	}
	out := []ledger.Holder{}
	err = l.d.list(ctx, "list the holders", l.d.read, query+` ORDER BY h.id`, args, func(r *sql.Rows) error {
		var body string
		if err := r.Scan(&body); err != nil {
			return err
		}
		var h ledger.Holder
		err := json.Unmarshal([]byte(body), &h)
		out = append(out, h)
		return err
	})
	return out, err
}
