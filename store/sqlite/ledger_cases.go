package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	lib "modernc.org/sqlite/lib"

	"tsujiban"
	"tsujiban/ledger"
)

// OpenCase takes down a request to suspend numbers, and does all that follows from it under one entry: the numbers are
// suspended, the chain of their holders is kept as it is, what has to be reported gets its deadline, and who is past a
// threshold is barred and loses the use of its stock. c.Request and c.Numbers are given; the rest is filled.
func (l *Ledger) OpenCase(ctx context.Context, c *ledger.Case, rules *ledger.SchemeRules, o *ledger.Order) (ledger.Outcome, error) {
	return l.carryOut(ctx, o, func(b *batch) error {
		return b.each(0, func() error { return b.openCase(c, rules) })
	})
}

func (b *batch) openCase(c *ledger.Case, rules *ledger.SchemeRules) error {
	now := fromMicros(b.at)
	if err := c.Request.Valid(now); err != nil {
		return err
	}
	e := &b.out.Entry
	c.At, c.By, c.Ground, c.Entry, c.Chains, c.Steps = now, e.By, e.Ground, b.entry, nil, nil
	holders, err := b.suspendAsked(c, now)
	if err != nil {
		return err
	}
	c.Numbers = ledger.Join(c.Numbers)
	for _, id := range holders {
		chain, err := b.chain(b.tx, id, b.at, b.entry)
		if err != nil {
			return err
		}
		c.Chains = append(c.Chains, chain)
	}
	if err := b.insertCase(c); err != nil {
		return err
	}
	step := func(k ledger.StepKind, holder tsujiban.CustomerID, note string, due, until time.Time) {
		c.Steps = append(c.Steps, ledger.Step{N: len(c.Steps) + 1, Kind: k, Holder: holder, At: now, By: e.By, Note: note, Due: due, Until: until})
	}
	step(ledger.StepReceived, "", ledger.ReceivedNote(&c.Request), time.Time{}, time.Time{})
	step(ledger.StepSuspended, "", "", time.Time{}, time.Time{})
	step(ledger.StepReport, "", c.Request.Agency, now.Add(rules.ReportWithin), time.Time{})
	told := map[tsujiban.CustomerID]bool{}
	var stock []ledger.Range
	for _, chain := range c.Chains {
		for i, link := range chain {
			if told[link.ID] {
				continue
			}
			told[link.ID] = true
			step(ledger.StepNotify, link.ID, "", now.Add(rules.NotifyWithin), time.Time{})
			if err := b.exec(`INSERT INTO case_holders (holder, reseller, at, case_id) VALUES (?, ?, ?, ?)`, string(link.ID), i > 0, b.at, c.ID); err != nil {
				return err
			}
			more, err := b.thresholds(c, link.ID, i > 0, rules, step)
			if err != nil {
				return err
			}
			stock = append(stock, more...)
		}
	}
	if c.Stock = ledger.Join(stock); len(c.Stock) > 0 {
		if err := b.suspendRanges(c.Stock, now); err != nil {
			return err
		}
	}
	return b.keepCase(c)
}

// suspendAsked suspends the numbers that are asked for and returns who holds them.
func (b *batch) suspendAsked(c *ledger.Case, now time.Time) ([]tsujiban.CustomerID, error) {
	var suspend []ledger.Range
	var holders []tsujiban.CustomerID
	seen := map[tsujiban.CustomerID]bool{}
	for _, r := range c.Numbers {
		spans, err := b.spans(r)
		if err != nil {
			return nil, err
		}
		count := int64(0)
		for _, s := range spans {
			if s.From > b.at || s.To <= b.at {
				continue
			}
			part := ledger.Range{First: max(r.First, s.Block.First()), Last: min(r.Last, s.Block.Last())}
			count += part.Count()
			switch s.Value.State {
			case ledger.StateAssigned, ledger.StateTest:
				suspend = append(suspend, part)
			case ledger.StateSuspended:
			default:
				return nil, tsujiban.Errorf(tsujiban.CodeConflict, "%s: is %s: nobody holds it, there is nothing to suspend; see \"tsujiban number show\" for who held it before", part, s.Value.State)
			}
			if id := s.Value.Holder; id != "" && !seen[id] {
				seen[id] = true
				holders = append(holders, id)
			}
		}
		if count < r.Count() {
			return nil, tsujiban.Errorf(tsujiban.CodeNotFound, "%s: is not ours, or not all of it; \"tsujiban number show\" says whose block it is", r)
		}
	}
	if len(suspend) == 0 {
		return holders, nil
	}
	return holders, b.suspendRanges(ledger.Join(suspend), now)
}

// fewRanges is how many ranges one change of many takes: what it costs grows with the square.
const fewRanges = 100

// suspendRanges suspends numbers from now on.
func (b *batch) suspendRanges(rs []ledger.Range, now time.Time) error {
	for len(rs) > 0 {
		n := min(len(rs), fewRanges)
		if err := b.change(&ledger.Change{Verb: ledger.VerbSuspend, Ranges: rs[:n], From: now}); err != nil {
			return err
		}
		rs = rs[n:]
	}
	return nil
}

// thresholds says what follows for a holder of the chain, and returns the numbers of it that are still in use when all are to
// be suspended.
func (b *batch) thresholds(c *ledger.Case, id tsujiban.CustomerID, reseller bool, rules *ledger.SchemeRules, step func(ledger.StepKind, tsujiban.CustomerID, string, time.Time, time.Time)) ([]ledger.Range, error) {
	now := fromMicros(b.at)
	var until time.Time
	whole := false
	for _, t := range rules.Thresholds {
		if t.Reseller != reseller {
			continue
		}
		var n int
		err := b.tx.QueryRowContext(b.ctx, `SELECT count(DISTINCT case_id) FROM case_holders WHERE holder = ? AND reseller = ? AND at >= ?`,
			string(id), reseller, micros(now.AddDate(0, 0, -t.WithinDays))).Scan(&n)
		if err != nil {
			return nil, err
		}
		if n < t.Count {
			continue
		}
		step(ledger.StepThreshold, id, ledger.ThresholdNote(n, &t, rules.Version), time.Time{}, time.Time{})
		if end := now.AddDate(0, 0, t.RefuseDays); t.RefuseDays > 0 && end.After(until) {
			until = end
		}
		whole = whole || t.WholeStock
	}
	if !until.IsZero() {
		step(ledger.StepBarred, id, "", time.Time{}, until)
		if err := b.exec(`INSERT INTO bars (holder, until, case_id) VALUES (?, ?, ?)`, string(id), micros(until), c.ID); err != nil {
			return nil, err
		}
	}
	if !whole {
		return nil, nil
	}
	stock, err := b.stockOf(id)
	if err == nil && len(stock) > 0 {
		var count int64
		for _, r := range stock {
			count += r.Count()
		}
		step(ledger.StepStock, id, ledger.StockNote(count), time.Time{}, time.Time{})
	}
	return stock, err
}

// stockOf are the numbers in use now that a holder, or one below it, has.
func (b *batch) stockOf(id tsujiban.CustomerID) (out []ledger.Range, err error) {
	err = b.d.list(b.ctx, "list the stock", b.tx, `WITH RECURSIVE below (key) AS (
			SELECT key FROM holders WHERE id = ?1
			UNION SELECT v.holder FROM holder_versions v JOIN below ON v.parent = below.key AND v.parent > 0
				WHERE v.start <= ?2 AND v.finish > ?2 AND v.closed = 9223372036854775807)
		SELECT n.block FROM below JOIN numbers n ON n.holder = below.key AND n.holder > 0
			WHERE n.state = 'assigned' AND n.start <= ?2 AND n.finish > ?2 AND n.closed = 9223372036854775807`, []any{string(id), b.at}, func(r *sql.Rows) error {
		var k ledger.Block
		err := r.Scan(&k)
		out = append(out, k.Range())
		return err
	})
	return ledger.Join(out), err
}

func (b *batch) insertCase(c *ledger.Case) error {
	r, err := b.tx.ExecContext(b.ctx, `INSERT INTO cases (id, agency, request, entry, body) VALUES ((SELECT id + 1 FROM last_case), ?, ?, ?, '{}')`, c.Request.Agency, c.Request.Number, b.entry)
	if constraint(err, lib.SQLITE_CONSTRAINT_UNIQUE) {
		var id int64
		if err := b.tx.QueryRowContext(b.ctx, `SELECT id FROM cases WHERE agency = ? AND request = ?`, c.Request.Agency, c.Request.Number).Scan(&id); err != nil {
			return err
		}
		return tsujiban.Errorf(tsujiban.CodeExists, "request %q of %q is case %d already", c.Request.Number, c.Request.Agency, id)
	}
	if err == nil {
		c.ID, err = r.LastInsertId()
	}
	return err
}

func (b *batch) keepCase(c *ledger.Case) error {
	for i := range c.Steps {
		if err := b.insertStep(c.ID, &c.Steps[i]); err != nil {
			return err
		}
	}
	bare := *c
	bare.Steps = nil
	body, err := json.Marshal(&bare)
	if err != nil {
		return err
	}
	return b.exec(`UPDATE cases SET body = ? WHERE id = ?`, string(body), c.ID)
}

func (b *batch) insertStep(id int64, s *ledger.Step) error {
	return b.exec(`INSERT INTO case_steps (case_id, n, kind, holder, at, actor, note, until, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, s.N, string(s.Kind), string(s.Holder), micros(s.At), s.By, s.Note, nullMicros(s.Until), nullMicros(s.Due))
}

// barred tells why a holder gets no new numbers.
func (b *batch) barred(id tsujiban.CustomerID) error {
	var until, c int64
	err := b.tx.QueryRowContext(b.ctx, `SELECT until, case_id FROM bars WHERE holder = ? AND lifted = 0 AND until > ? ORDER BY until DESC LIMIT 1`, string(id), b.at).Scan(&until, &c)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return tsujiban.Errorf(tsujiban.CodeForbidden, "holder %q: gets no new numbers until %s, by suspension case %d", id, ledger.Stamp(fromMicros(until)), c)
}

// Bars are the holders that get no new numbers at an instant.
func (l *Ledger) Bars(ctx context.Context, at time.Time) ([]ledger.Bar, error) {
	out := []ledger.Bar{}
	err := l.d.list(ctx, "list the bars", l.d.read, `SELECT holder, until, case_id FROM bars WHERE lifted = 0 AND until > ? ORDER BY holder, until DESC`, []any{micros(at)}, func(r *sql.Rows) error {
		var b ledger.Bar
		var until int64
		err := r.Scan(&b.Holder, &until, &b.Case)
		b.Until = fromMicros(until)
		out = append(out, b)
		return err
	})
	return out, err
}
