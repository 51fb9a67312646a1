package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/notify/outbox"
	"tsujiban/store"
)

// The store is a place where notices wait.
var _ outbox.Box = (*Store)(nil)

const noticeColumns = `id, kind, channel, recipient, name, language, staff, customer, facts, made, due, state, grouped, tries, tried, reason`

// PutNotices keeps notices and how far the journal was read; see [outbox.Box].
func (s *Store) PutNotices(ctx context.Context, upTo uint64, ns []outbox.Notice) (added int, err error) {
	err = s.settings.change(ctx, "keep notices", func(tx *sql.Tx) error {
		added = 0
		for i := range ns {
			n := &ns[i]
			if err := validNotice(n); err != nil {
				return err
			}
			r, err := tx.ExecContext(ctx, `INSERT INTO outbox (`+noticeColumns+`, urgent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', '', 0, NULL, '', ?) ON CONFLICT (id) DO NOTHING`,
				n.ID, n.Kind.String(), n.Channel.String(), n.To, n.Name, langText(n.Lang), n.Staff, string(n.Customer), string(n.Facts), micros(n.Made), micros(n.Due), n.Kind.Urgent())
			if err != nil {
				return err
			}
			some, err := r.RowsAffected()
			if err != nil {
				return err
			}
			added += int(some)
		}
		if upTo == 0 {
			return nil
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO outbox_position (only, seq) VALUES (1, ?1) ON CONFLICT (only) DO UPDATE SET seq = ?1`, int64(upTo))
		return err
	})
	return added, err
}

func langText(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return "en"
	}
	return "ja"
}

func validNotice(n *outbox.Notice) error {
	switch {
	case n.ID == "" || len(n.ID) > 64:
		return tsujiban.Errorf(tsujiban.CodeInvalid, "id: a notice needs one of at most 64 bytes")
	case len(n.Facts) > outbox.MaxFacts:
		return tsujiban.Errorf(tsujiban.CodeInvalid, "facts: %d bytes are more than the %d that a notice may hold", len(n.Facts), outbox.MaxFacts)
	}
	return errors.Join(store.ValidText("to", n.To, 320, true), store.ValidText("name", n.Name, store.MaxNote, false))
}

// NoticesUpTo is how far the journal was read to make notices.
func (s *Store) NoticesUpTo(ctx context.Context) (upTo uint64, ok bool, err error) {
	var seq int64
	err = s.settings.read.QueryRowContext(ctx, `SELECT seq FROM outbox_position`).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return uint64(seq), err == nil, s.settings.explain(ctx, "read the position of the notices", err)
}

const dueQuery = `SELECT ` + noticeColumns + ` FROM outbox INDEXED BY outbox_due WHERE state = 'waiting' AND channel = ? AND urgent = ? AND due <= ? ORDER BY due, n LIMIT ?`

// DueNotices are those of one channel that are to be sent now.
func (s *Store) DueNotices(ctx context.Context, c outbox.Channel, at time.Time, limit int) ([]outbox.Notice, error) {
	urgent, err := s.notices(ctx, dueQuery, c.String(), true, micros(at), limit)
	if err != nil || len(urgent) == limit {
		return urgent, err
	}
	rest, err := s.notices(ctx, dueQuery, c.String(), false, micros(at), limit-len(urgent))
	return append(urgent, rest...), err
}

func (s *Store) notices(ctx context.Context, query string, args ...any) ([]outbox.Notice, error) {
	out := []outbox.Notice{}
	err := s.settings.list(ctx, "list the notices", s.settings.read, query, args, func(r *sql.Rows) error {
		n, err := noticeOf(r)
		out = append(out, n)
		return err
	})
	return out, err
}

func noticeOf(r interface{ Scan(...any) error }) (n outbox.Notice, err error) {
	var kind, channel, lang, state, facts string
	var made, due int64
	var tried sql.NullInt64
	if err := r.Scan(&n.ID, &kind, &channel, &n.To, &n.Name, &lang, &n.Staff, &n.Customer, &facts, &made, &due, &state, &n.Group, &n.Tries, &tried, &n.Reason); err != nil {
		return n, err
	}
	n.Facts, n.Made, n.Due, n.Tried = []byte(facts), fromMicros(made), fromMicros(due), fromNullMicros(tried)
	if lang == "en" {
		n.Lang = tsujiban.English
	}
	p := parser{}
	code(&p, "kind", kind, &n.Kind, outbox.ParseKind)
	code(&p, "channel", channel, &n.Channel, outbox.ParseChannel)
	code(&p, "state", state, &n.State, outbox.ParseState)
	return n, p.err
}

// NextNotice is when the next notice is due.
func (s *Store) NextNotice(ctx context.Context) (at time.Time, ok bool, err error) {
	var due sql.NullInt64
	err = s.settings.read.QueryRowContext(ctx, `SELECT min(due) FROM outbox INDEXED BY outbox_next WHERE state = 'waiting'`).Scan(&due)
	return fromNullMicros(due), due.Valid, s.settings.explain(ctx, "find the next notice", err)
}

// JoinNotices makes notices one group.
func (s *Store) JoinNotices(ctx context.Context, group string, ids []string) error {
	return s.settings.change(ctx, "join notices", func(tx *sql.Tx) error {
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, `UPDATE outbox SET grouped = ? WHERE id = ? AND state = 'waiting'`, group, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// SettleNotices notes what became of a try to send notices.
func (s *Store) SettleNotices(ctx context.Context, o *outbox.Settled) error {
	reason := o.Reason
	if r := []rune(store.Clean(reason)); len(r) > outbox.MaxReason {
		reason = string(r[:outbox.MaxReason-1]) + "…"
	}
	return s.settings.change(ctx, "settle notices", func(tx *sql.Tx) error {
		for _, id := range o.IDs {
			if _, err := tx.ExecContext(ctx, `UPDATE outbox SET state = ?, tries = tries + 1, tried = ?, due = iif(? = 'waiting', ?, due), reason = ? WHERE id = ? AND state = 'waiting'`,
				o.State.String(), micros(o.At), o.State.String(), micros(o.Due), store.Clean(reason), id); err != nil {
				return err
			}
		}
		return nil
	})
}

// SentNotices says how many messages a recipient was sent since an instant, and when the last was.
func (s *Store) SentNotices(ctx context.Context, c outbox.Channel, to string, since time.Time) (n int, last time.Time, err error) {
	var at sql.NullInt64
	err = s.settings.read.QueryRowContext(ctx, sentQuery, c.String(), to, micros(since)).Scan(&n, &at)
	return n, fromNullMicros(at), s.settings.explain(ctx, "count what was sent", err)
}

const sentQuery = `SELECT count(DISTINCT iif(grouped = '', id, grouped)), max(tried) FROM outbox INDEXED BY outbox_sent WHERE state = 'sent' AND channel = ? AND recipient = ? AND tried >= ?`

// Notice returns one notice.
func (s *Store) Notice(ctx context.Context, id string) (outbox.Notice, error) {
	n, err := noticeOf(s.settings.read.QueryRowContext(ctx, `SELECT `+noticeColumns+` FROM outbox WHERE id = ?`, id))
	return n, s.settings.explain(ctx, "read a notice", foundOne(err, "notice", id))
}

// Notices lists notices, the newest first.
func (s *Store) Notices(ctx context.Context, q outbox.Query) ([]outbox.Notice, error) {
	if q.Limit < 0 || q.Limit > outbox.MaxPage {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "limit: write 1 to %d", outbox.MaxPage)
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	conds, args := []string{"true"}, []any(nil)
	where := func(cond string, arg any) { conds, args = append(conds, cond), append(args, arg) }
	if q.State != nil {
		where("state = ?", q.State.String())
	}
	if q.Kind != nil {
		where("kind = ?", q.Kind.String())
	}
	if q.Customer != "" {
		where("customer = ?", string(q.Customer))
	}
	return s.notices(ctx, `SELECT `+noticeColumns+` FROM outbox WHERE `+strings.Join(conds, " AND ")+` ORDER BY n DESC LIMIT ?`, append(args, q.Limit)...)
}

// CountNotices counts the notices that wait and those that were given up.
func (s *Store) CountNotices(ctx context.Context) (c outbox.Count, err error) {
	err = s.settings.list(ctx, "count the notices", s.settings.read, `SELECT state, count(*) FROM outbox WHERE state IN ('waiting', 'dead') GROUP BY state`, nil, func(r *sql.Rows) error {
		var name string
		var n int
		if err := r.Scan(&name, &n); err != nil {
			return err
		}
		st, ok := outbox.ParseState(name)
		if !ok {
			return unknown("state", name)
		}
		c[st] = n
		return nil
	})
	return c, err
}

// NoticeAgain puts a dead notice, and those of its group, up to be sent again.
func (s *Store) NoticeAgain(ctx context.Context, id string, at time.Time) (n outbox.Notice, err error) {
	err = s.settings.change(ctx, "send a notice again", func(tx *sql.Tx) error {
		n, err = noticeOf(tx.QueryRowContext(ctx, `SELECT `+noticeColumns+` FROM outbox WHERE id = ?`, id))
		if err := foundOne(err, "notice", id); err != nil {
			return err
		}
		if n.State != outbox.Dead {
			return tsujiban.Errorf(tsujiban.CodeConflict, "notice %s is %s; only one that was given up is sent again", id, n.State)
		}
		_, err := tx.ExecContext(ctx, `UPDATE outbox SET state = 'waiting', made = ?1, due = ?1, tries = 0, reason = '' WHERE state = 'dead' AND (id = ?2 OR grouped <> '' AND grouped = ?3)`, micros(at), id, n.Group)
		n.State, n.Made, n.Due, n.Tries, n.Reason = outbox.Waiting, fromMicros(micros(at)), fromMicros(micros(at)), 0, ""
		return err
	})
	return n, err
}

// DropNotices forgets those that were sent, or given up, before these instants; what they told is overwritten in the file.
func (s *Store) DropNotices(ctx context.Context, sent, dead time.Time) (n int, err error) {
	err = s.settings.erase(ctx, "forget notices", func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE state = 'sent' AND tried < ? OR state = 'dead' AND tried < ?`, micros(sent), micros(dead))
		if err != nil {
			return err
		}
		some, err := r.RowsAffected()
		n = int(some)
		return err
	})
	if err == nil && n > 0 {
		err = s.settings.settle(ctx)
	}
	return n, err
}
