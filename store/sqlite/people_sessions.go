package sqlite

import (
	"database/sql"
	"errors"

	"tsujiban"
	"tsujiban/people"
	"tsujiban/store"
)

const sessionColumns = `hash, id, person, began, seen, proved, method, address, agent`

func scanSession(r scanner) (s people.Session, err error) {
	var began, seen, proved int64
	err = r.Scan(&s.Hash, &s.ID, &s.Person, &began, &seen, &proved, &s.Method, &s.From.Address, &s.From.Agent)
	s.Began, s.Seen, s.Proved = fromMicros(began), fromMicros(seen), fromMicros(proved)
	return s, err
}

// AddSession keeps a new one.
func (t *peopleTx) AddSession(s *people.Session) error {
	return taken(t.exec(`INSERT INTO sessions (`+sessionColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.Hash, s.ID, s.Person, micros(s.Began), micros(s.Seen), micros(s.Proved), string(s.Method), store.Clean(s.From.Address), store.Clean(s.From.Agent)), "this session exists already")
}

// Session finds one by the hash of its token.
func (t *peopleTx) Session(hash []byte) (people.Session, error) {
	s, err := scanSession(t.row(`SELECT `+sessionColumns+` FROM sessions WHERE hash = ?`, hash))
	return s, foundOne(err, "session", "shown")
}

// Sessions are those of a person, the newest first.
func (t *peopleTx) Sessions(person string) (out []people.Session, err error) {
	err = t.list(`SELECT `+sessionColumns+` FROM sessions WHERE person = ? ORDER BY began DESC`, []any{person}, func(r *sql.Rows) error {
		s, err := scanSession(r)
		out = append(out, s)
		return err
	})
	return out, err
}

// PutSession keeps when it was seen and proved last, and how.
func (t *peopleTx) PutSession(s *people.Session) error {
	return t.touch("session", s.ID, `UPDATE sessions SET seen = ?, proved = ?, method = ? WHERE id = ?`, micros(s.Seen), micros(s.Proved), string(s.Method), s.ID)
}

// EndSession ends one.
func (t *peopleTx) EndSession(person, id string) error {
	return t.touch("session", id, `DELETE FROM sessions WHERE id = ? AND person = ?`, id, person)
}

// EndSessions ends all of a person but one.
func (t *peopleTx) EndSessions(person, except string) (int, error) {
	return t.count(`DELETE FROM sessions WHERE person = ? AND id <> ?`, person, except)
}

// AddSignIn keeps a line of the sign-in history.
func (t *peopleTx) AddSignIn(e *people.SignIn) error {
	r, err := t.tx.ExecContext(t.ctx, `INSERT INTO sign_ins (at, person, kind, method, address, agent, note) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		micros(e.At), e.Person, string(e.Kind), string(e.Method), store.Clean(e.From.Address), store.Clean(e.From.Agent), store.Clean(e.Note))
	if err == nil {
		e.ID, err = r.LastInsertId()
	}
	return err
}

// SignIns are the history of a person or of everybody, the newest first.
func (t *peopleTx) SignIns(person string, before int64, limit int) (out []people.SignIn, err error) {
	if limit, err = pageSize(limit); err != nil {
		return nil, err
	}
	query, args := `SELECT id, at, person, kind, method, address, agent, note FROM sign_ins WHERE true`, []any(nil)
	if person != "" {
		query, args = query+` AND person = ?`, append(args, person)
	}
	if before != 0 {
		query, args = query+` AND id < ?`, append(args, before)
	}
	err = t.list(query+` ORDER BY id DESC LIMIT ?`, append(args, limit), func(r *sql.Rows) error {
		var e people.SignIn
		var at int64
		err := r.Scan(&e.ID, &at, &e.Person, &e.Kind, &e.Method, &e.From.Address, &e.From.Agent, &e.Note)
		e.At = fromMicros(at)
		out = append(out, e)
		return err
	})
	return out, err
}

// Strikes are the failed attempts in a lane.
func (t *peopleTx) Strikes(key string) (s people.Strikes, err error) {
	var last int64
	err = t.row(`SELECT count, last FROM strikes WHERE lane = ?`, key).Scan(&s.Count, &last)
	if errors.Is(err, sql.ErrNoRows) {
		return people.Strikes{}, nil
	}
	s.Last = fromMicros(last)
	return s, err
}

// PutStrikes keeps them.
func (t *peopleTx) PutStrikes(key string, s people.Strikes) error {
	if s.Count <= 0 {
		return t.exec(`DELETE FROM strikes WHERE lane = ?`, key)
	}
	if len(key) > 200 {
		return tsujiban.Errorf(tsujiban.CodeInternal, "a lane has a name of %d bytes", len(key))
	}
	return t.exec(`INSERT INTO strikes (lane, count, last) VALUES (?, ?, ?) ON CONFLICT (lane) DO UPDATE SET count = excluded.count, last = excluded.last`, key, s.Count, micros(s.Last))
}
