package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"net/netip"
	"slices"
	"time"

	"tsujiban"
	"tsujiban/store"
)

const (
	slotSeconds   = 1800 // every zone begins its days at a half hour or a quarter; a quarter is told with its half
	maxSlotRows   = 5000 // of one half hour: the others are counted together
	registered    = "registered"
	maxAgentBytes = 64
)

// access is a row of a batch.
type access struct {
	slot                          int64
	what, customer, source, agent string
}

type accessed struct{ count, first, last int64 }

// access gathers what a batch of events says of accesses.
func (f *fold) access(ev *tsujiban.Event) {
	a := access{slot: floorDiv(ev.At.Unix(), slotSeconds)}
	n := int64(1)
	switch ev.Kind {
	case tsujiban.EventRegistered:
		a.what, a.customer, a.source, a.agent = registered, text(ev.Attempt.Customer), ev.Attempt.Source.Addr().Unmap().String(), agentText(ev.Attempt.UserAgent)
	case tsujiban.EventRefused:
		a.what, a.source, a.agent, n = ev.Refusal.What.String(), ev.Refusal.Source.Unmap().String(), agentText(ev.Refusal.UserAgent), int64(max(ev.Refusal.Count, 1))
	default:
		return
	}
	if f.accesses == nil {
		f.accesses = map[access]accessed{}
	}
	at := micros(ev.At)
	x, ok := f.accesses[a]
	if !ok {
		x = accessed{0, at, at}
	}
	f.accesses[a] = accessed{x.count + n, min(x.first, at), max(x.last, at)}
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// agentText is cut at a character.
func agentText[T ~string | ~[]byte](s T) string {
	out := store.Clean(s)
	for len(out) > maxAgentBytes {
		r := []rune(out)
		out = string(r[:len(r)-1])
	}
	return out
}

const putAccess = `INSERT INTO accesses (slot, what, customer, source, agent, count, first, last) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (slot, what, customer, source, agent) DO UPDATE SET count = count + excluded.count, first = min(first, excluded.first), last = max(last, excluded.last)`

// writeAccesses writes the accesses of the fold. Beyond so many rows of a half hour addresses and devices, which strangers
// can make up without end, are counted together.
func (f *fold) writeAccesses(ctx context.Context, tx *sql.Tx) error {
	rows := map[int64]int{}
	for a, x := range f.accesses {
		n, known := rows[a.slot]
		if !known {
			if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM accesses WHERE slot = ?`, a.slot).Scan(&n); err != nil {
				return err
			}
		}
		if rows[a.slot] = n + 1; n >= maxSlotRows {
			a.source, a.agent = "", ""
		}
		if _, err := tx.ExecContext(ctx, putAccess, a.slot, a.what, a.customer, a.source, a.agent, x.count, x.first, x.last); err != nil {
			return err
		}
	}
	return nil
}

const accessesQuery = `SELECT what, customer, source, agent, sum(count), min(first), max(last),
	NOT EXISTS (SELECT 1 FROM accesses b WHERE b.customer = a.customer AND b.what = a.what AND b.source = a.source AND b.agent = a.agent AND b.slot >= ?3 AND b.slot < ?1)
	FROM accesses a WHERE slot >= ?1 AND slot < ?2 GROUP BY what, customer, source, agent`

// Accesses are those of from or later and before to, those that tried most first. New are those that were not there since before.
// from and to are taken as of their half hour.
func (s *Store) Accesses(ctx context.Context, from, to, before time.Time) ([]store.Access, error) {
	var out []store.Access
	slot := func(t time.Time) int64 { return floorDiv(t.Unix(), slotSeconds) }
	err := s.withView(func(v *database) error {
		return v.list(ctx, "list the accesses", v.read, accessesQuery, []any{slot(from), slot(to), slot(before)}, func(r *sql.Rows) error {
			var a store.Access
			var source string
			var first, last int64
			if err := r.Scan(&a.What, &a.Customer, &source, &a.Agent, &a.Count, &first, &last, &a.New); err != nil {
				return err
			}
			a.First, a.Last = fromMicros(first), fromMicros(last)
			if source != "" {
				var err error
				if a.Source, err = netip.ParseAddr(source); err != nil {
					return err
				}
			}
			out = append(out, a)
			return nil
		})
	})
	slices.SortFunc(out, func(a, b store.Access) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.What, b.What), cmp.Compare(a.Customer, b.Customer), a.Source.Compare(b.Source), cmp.Compare(a.Agent, b.Agent))
	})
	return out, err
}
