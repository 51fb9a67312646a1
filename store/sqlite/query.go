package sqlite

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"time"

	"tsujiban"
	"tsujiban/store"
)

// Calls returns a page of calls, newest first.
func (s *Store) Calls(ctx context.Context, q store.CallQuery) (page store.CallPage, err error) {
	limit, err := pageSize(q.Limit)
	if err != nil {
		return page, err
	}
	err = s.withView(func(v *database) error {
		l, release := v.layOut()
		defer release()
		if q.Brief && limit >= briefFrom && ofNumber(&q) && l == layoutNow {
			page, err = v.brief(ctx, q, limit)
			return err
		}
		if scattered(&q, limit) {
			page, err = v.scatter(ctx, l, q, limit)
			return err
		}
		query, args, err := callsQuery(l, q, limit+1)
		if err != nil {
			return err
		}
		return v.list(ctx, "list the calls", v.read, query, args, func(r *sql.Rows) error {
			c, err := scanCall(r)
			page.Calls = append(page.Calls, c)
			return err
		})
	})
	if err != nil {
		return store.CallPage{}, err
	}
	if len(page.Calls) > limit {
		page.Calls = page.Calls[:limit]
		page.Next = cursorOf(&page.Calls[limit-1])
	}
	return page, nil
}

// Call returns one call, CodeNotFound when there is none of that id.
func (s *Store) Call(ctx context.Context, id tsujiban.CallID) (c store.Call, err error) {
	err = s.withView(func(v *database) error {
		c, err = scanCall(v.read.QueryRowContext(ctx, `SELECT `+callColumns+` FROM calls WHERE id = ?`, int64(id)))
		return v.explain(ctx, "read the call", foundOne(err, "call", id.String()))
	})
	return c, err
}

// OpenCalls returns the calls that are running, newest first, at most MaxPage.
func (s *Store) OpenCalls(ctx context.Context) ([]store.Call, error) {
	page, err := s.Calls(ctx, store.CallQuery{OnlyOpen: true, Limit: store.MaxPage})
	return page.Calls, err
}

// callsQuery writes the query. Which index it walks, in the order of the listing, is said
// here and not left to SQLite, which knows nothing of how the calls are spread. For a
// number there are several walks (see ofSides), merged as far as the page goes.
func callsQuery(l layout, q store.CallQuery, limit int) (string, []any, error) {
	where, args, err := callsWhere(q)
	if err != nil {
		return "", nil, err
	}
	walk := func(index, more string) string {
		return `SELECT ` + callColumns + ` FROM calls INDEXED BY ` + index + ` WHERE ` + where + more
	}
	const order = ` ORDER BY start DESC, id DESC LIMIT ?` + asIs
	if q.Number.IsZero() {
		return walk(callsIndex(&q), ``) + order, append(args, limit), nil
	}
	return ofSides(l, q, limit, sides[:], callColumns, where, args, true)
}

func callsIndex(q *store.CallQuery) string {
	switch held := q.Action != nil && *q.Action != tsujiban.Allow; {
	case q.OnlyOpen:
		return "calls_open"
	case held && q.Customer != "":
		return "calls_held_customer"
	case held:
		return "calls_held"
	case q.Customer != "":
		return "calls_customer"
	}
	return "calls_start"
}

func callsWhere(q store.CallQuery) (where string, args []any, err error) {
	where = `true`
	and := func(cond string, values ...any) {
		where += ` AND ` + cond
		args = append(args, values...)
	}
	if q.Customer != "" {
		and(`customer = ?`, string(q.Customer))
	}
	if !q.From.IsZero() {
		and(`start >= ?`, micros(q.From))
	}
	if !q.To.IsZero() {
		and(`start < ?`, micros(q.To))
	}
	if q.Direction != nil {
		and(`direction = ?`, q.Direction.String())
	}
	if q.Action != nil {
		and(`verdict = ?`, q.Action.String())
		if *q.Action != tsujiban.Allow {
			and(`verdict <> 'allow'`) // what the indexes of held calls ask for
		}
	}
	if q.OnlyOpen {
		and(`ended IS NULL`)
	}
	if q.TalkFrom > 0 {
		and(`talk_ms >= ?`, (q.TalkFrom + time.Millisecond - 1).Milliseconds())
	}
	if q.TalkTo > 0 {
		and(`talk_ms <= ?`, q.TalkTo.Milliseconds())
	}
	if q.Cursor != "" {
		start, id, err := parseCursor(q.Cursor)
		if err != nil {
			return "", nil, err
		}
		and(`(start, id) < (?, ?)`, start, id)
	}
	return where, args, nil
}

// cursorOf is the place of a call in the order of a listing.
func cursorOf(c *store.Call) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(micros(c.At)))
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(b, uint64(c.ID)))
}

func parseCursor(s string) (start, id int64, err error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != 16 {
		return 0, 0, tsujiban.Errorf(tsujiban.CodeInvalid, "cursor: %.40q is not one that a listing gave", s)
	}
	return int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[8:])), nil
}

func scanCall(r interface{ Scan(...any) error }) (c store.Call, err error) {
	var (
		id, start, talk, charge                      int64
		answered, ended                              sql.NullInt64
		direction, source, caller, callee            string
		scope, class, iso, verdict, reason, why, cut string
		party                                        string
		weight                                       float64
	)
	d := &c.Destination
	err = r.Scan(&id, &start, &answered, &ended, &direction, &c.Customer, &c.Trunk, &source, &c.Presented, &c.Dialled,
		&caller, &callee, &c.Withheld, &scope, &class, &d.Code, &iso, &verdict, &reason, &c.Rule, &weight, &why,
		&c.Status, &talk, &charge, &cut, &party, &c.Carrier, &c.UserAgent, &c.SIPCallID,
		&c.Entries.Asked, &c.Entries.Answered, &c.Entries.Ended)
	if err != nil {
		return c, err
	}
	c.ID, c.At, c.Answered, c.Ended = tsujiban.CallID(id), fromMicros(start), fromNullMicros(answered), fromNullMicros(ended)
	c.Talk, c.Charge, c.Weight = millis(talk), tsujiban.Money(charge), tsujiban.Decibans(weight)
	copy(d.ISO[:], iso)
	p := parser{}
	code(&p, "direction", direction, &c.Direction, tsujiban.ParseDirection)
	code(&p, "scope", scope, &d.Scope, parseScope)
	code(&p, "class", class, &d.Class, tsujiban.ParseClass)
	code(&p, "verdict", verdict, &c.Action, tsujiban.ParseAction)
	code(&p, "reason", reason, &c.Reason, tsujiban.ParseReason)
	code(&p, "cut", cut, &c.Cut, tsujiban.ParseReason)
	code(&p, "party", party, &c.By, tsujiban.ParseParty)
	if source != "" {
		c.Source, err = netip.ParseAddrPort(source)
		p.note(err)
	}
	p.note(c.Caller.UnmarshalText([]byte(caller)))
	p.note(c.Callee.UnmarshalText([]byte(callee)))
	c.Why, err = parseWhy(why)
	p.note(err)
	return c, p.err
}

// parser keeps the first thing that a row says and this program cannot read.
type parser struct{ err error }

func (p *parser) note(err error) {
	if p.err == nil {
		p.err = err
	}
}

func code[T any](p *parser, column, s string, dst *T, parse func(string) (T, bool)) {
	v, ok := parse(s)
	if !ok {
		p.note(unknown(column, s))
	}
	*dst = v
}

func parseScope(s string) (tsujiban.Scope, bool) {
	for v := tsujiban.ScopeUnknown; v <= tsujiban.ScopeInternational; v++ {
		if v.String() == s {
			return v, true
		}
	}
	return 0, false
}
