package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	lib "modernc.org/sqlite/lib"

	"tsujiban"
	"tsujiban/people"
)

// ChangePeople runs f in one transaction ([people.Store]).
func (s *Store) ChangePeople(ctx context.Context, f func(people.Tx) error) error {
	return s.settings.change(ctx, "change what is kept of people", func(tx *sql.Tx) error {
		return f(&peopleTx{ctx: ctx, tx: tx, db: s.settings})
	})
}

// ViewPeople runs f over one state of what is kept; what f tries to change is refused.
func (s *Store) ViewPeople(ctx context.Context, f func(people.Tx) error) error {
	const doing = "read what is kept of people"
	tx, err := s.settings.read.BeginTx(ctx, nil)
	if err != nil {
		return s.settings.explain(ctx, doing, err)
	}
	err = f(&peopleTx{ctx: ctx, tx: tx, db: s.settings})
	_ = tx.Rollback() // nothing was changed
	return s.settings.explain(ctx, doing, err)
}

// peopleTx is a [people.Tx].
type peopleTx struct {
	ctx context.Context // of the transaction, which is over when f returns
	tx  *sql.Tx
	db  *database
}

func (t *peopleTx) exec(query string, args ...any) error {
	_, err := t.tx.ExecContext(t.ctx, query, args...)
	return err
}

// touch is exec of a statement that must find a row.
func (t *peopleTx) touch(what, id, query string, args ...any) error {
	n, err := t.count(query, args...)
	if err == nil && n == 0 {
		return tsujiban.Errorf(tsujiban.CodeNotFound, "%s %q does not exist", what, id)
	}
	return err
}

func (t *peopleTx) count(query string, args ...any) (int, error) {
	r, err := t.tx.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	n, err := r.RowsAffected()
	return int(n), err
}

func (t *peopleTx) row(query string, args ...any) *sql.Row {
	return t.tx.QueryRowContext(t.ctx, query, args...)
}

func (t *peopleTx) list(query string, args []any, scan func(*sql.Rows) error) error {
	return t.db.list(t.ctx, "read what is kept of people", t.tx, query, args, scan)
}

// taken makes CodeExists of the violation of a unique column.
func taken(err error, format string, args ...any) error {
	if constraint(err, lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY) {
		return tsujiban.Errorf(tsujiban.CodeExists, format, args...)
	}
	return err
}

type scanner interface{ Scan(...any) error }

const personColumns = `id, login, name, role, language, customers, created, disabled`

func personArgs(p *people.Person) ([]any, error) {
	list := make([]string, len(p.Customers))
	for i, c := range p.Customers {
		list[i] = string(c)
	}
	customers, err := listText(list)
	return []any{p.ID, p.Login, p.Name, p.Role.String(), languageCode(p.Language), customers, micros(p.Created), nullMicros(p.Disabled)}, err
}

func scanPerson(r scanner) (p people.Person, err error) {
	var role, language, customers string
	var created int64
	var disabled sql.NullInt64
	if err := r.Scan(&p.ID, &p.Login, &p.Name, &role, &language, &customers, &created, &disabled); err != nil {
		return p, err
	}
	var ok bool
	if p.Role, ok = people.ParseRole(role); !ok {
		return p, unknown("role", role)
	}
	if p.Language, err = parseLanguage(language); err != nil {
		return p, err
	}
	list, err := parseList(customers)
	for _, c := range list {
		p.Customers = append(p.Customers, tsujiban.CustomerID(c))
	}
	p.Created, p.Disabled = fromMicros(created), fromNullMicros(disabled)
	return p, err
}

// AddPerson keeps a new person.
func (t *peopleTx) AddPerson(p *people.Person) error {
	if err := p.Valid(); err != nil {
		return err
	}
	args, err := personArgs(p)
	if err != nil {
		return err
	}
	return taken(t.exec(`INSERT INTO persons (`+personColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, args...), "login %s is taken; \"tsujiban staff list\" shows by whom", p.Login)
}

// PutPerson changes one that is there.
func (t *peopleTx) PutPerson(p *people.Person) error {
	if err := p.Valid(); err != nil {
		return err
	}
	args, err := personArgs(p)
	if err != nil {
		return err
	}
	return taken(t.touch("person", p.ID, `UPDATE persons SET (`+personColumns+`) = (?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?`, append(args, p.ID)...), "login %s is taken; \"tsujiban staff list\" shows by whom", p.Login)
}

// Person finds one by id.
func (t *peopleTx) Person(id string) (people.Person, error) {
	p, err := scanPerson(t.row(`SELECT `+personColumns+` FROM persons WHERE id = ?`, id))
	return p, foundOne(err, "person", id)
}

// PersonByLogin finds one by login.
func (t *peopleTx) PersonByLogin(login string) (people.Person, error) {
	p, err := scanPerson(t.row(`SELECT `+personColumns+` FROM persons WHERE login = ?`, login))
	return p, foundOne(err, "login", login)
}

// Persons are all, by login.
func (t *peopleTx) Persons() (out []people.Person, err error) {
	err = t.list(`SELECT `+personColumns+` FROM persons ORDER BY login`, nil, func(r *sql.Rows) error {
		p, err := scanPerson(r)
		out = append(out, p)
		return err
	})
	return out, err
}

// Administrators counts those who may sign in.
func (t *peopleTx) Administrators() (n int, err error) {
	err = t.row(`SELECT count(*) FROM persons WHERE role = ? AND disabled IS NULL`, people.Administrator.String()).Scan(&n)
	return n, err
}

// Notices are what a person chose.
func (t *peopleTx) Notices(person string) (n people.Notices, err error) {
	var language, kinds string
	err = t.row(`SELECT person, mail, language, quiet_from, quiet_to, kinds FROM notices WHERE person = ?`, person).Scan(&n.Person, &n.Mail, &language, &n.QuietFrom, &n.QuietTo, &kinds)
	if err := foundOne(err, "choice of notices of", person); err != nil {
		return n, err
	}
	if n.Language, err = parseLanguage(language); err != nil {
		return n, err
	}
	return n, json.Unmarshal([]byte(kinds), &n.Kinds)
}

// PutNotices keeps what a person chose.
func (t *peopleTx) PutNotices(n *people.Notices) error {
	if err := n.Valid(); err != nil {
		return err
	}
	kinds := n.Kinds
	if kinds == nil {
		kinds = []people.NoticeKind{}
	}
	b, err := json.Marshal(kinds)
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO notices (person, mail, language, quiet_from, quiet_to, kinds) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (person) DO UPDATE SET (mail, language, quiet_from, quiet_to, kinds) = (excluded.mail, excluded.language, excluded.quiet_from, excluded.quiet_to, excluded.kinds)`,
		n.Person, n.Mail, languageCode(n.Language), int64(n.QuietFrom), int64(n.QuietTo), string(b))
}

// AddProposal keeps a new proposal and sets its ID.
func (t *peopleTx) AddProposal(p *people.Proposal) error {
	if err := p.Valid(); err != nil {
		return err
	}
	r, err := t.tx.ExecContext(t.ctx, `INSERT INTO proposals (act, subject, method, path, body, note, actor, at, until, state, second, decided, answer, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', NULL, '', '')`,
		string(p.Act), p.Subject, p.Order.Method, p.Order.Path, string(p.Order.Body), p.Note, p.By, micros(p.At), micros(p.Until), string(p.State))
	if err == nil {
		p.ID, err = r.LastInsertId()
	}
	return err
}

const proposalColumns = `id, act, subject, method, path, body, note, actor, at, until, state, second, decided, answer, outcome`

func scanProposal(r scanner) (p people.Proposal, err error) {
	var at, until int64
	var decided sql.NullInt64
	var body string
	err = r.Scan(&p.ID, &p.Act, &p.Subject, &p.Order.Method, &p.Order.Path, &body, &p.Note, &p.By, &at, &until, &p.State, &p.Second, &decided, &p.Answer, &p.Outcome)
	if body != "" {
		p.Order.Body = json.RawMessage(body)
	}
	p.At, p.Until, p.Decided = fromMicros(at), fromMicros(until), fromNullMicros(decided)
	return p, err
}

// Proposal finds one.
func (t *peopleTx) Proposal(id int64) (people.Proposal, error) {
	p, err := scanProposal(t.row(`SELECT `+proposalColumns+` FROM proposals WHERE id = ?`, id))
	return p, foundOne(err, "proposal", fmt.Sprint(id))
}

// PutProposal keeps how far a proposal is.
func (t *peopleTx) PutProposal(p *people.Proposal) error {
	return t.touch("proposal", fmt.Sprint(p.ID), `UPDATE proposals SET state = ?, second = ?, decided = ?, answer = ?, outcome = ? WHERE id = ?`,
		string(p.State), p.Second, nullMicros(p.Decided), p.Answer, p.Outcome, p.ID)
}

// Proposals are those that wait, or the newest.
func (t *peopleTx) Proposals(all bool) (out []people.Proposal, err error) {
	err = t.list(`SELECT `+proposalColumns+` FROM proposals WHERE ? OR state = 'waiting' ORDER BY id DESC LIMIT 1000`, []any{all}, func(r *sql.Rows) error {
		p, err := scanProposal(r)
		out = append(out, p)
		return err
	})
	return out, err
}

// Sweep deletes what is over.
func (t *peopleTx) Sweep(now time.Time, terms people.Terms) error {
	terms = terms.Filled()
	at := func(d time.Duration) int64 { return micros(now.Add(-d)) }
	return errors.Join(
		t.exec(`DELETE FROM sessions WHERE seen < ? OR began < ?`, at(terms.Idle), at(terms.Absolute)),
		t.exec(`DELETE FROM tokens WHERE until < ?`, micros(now)),
		t.exec(`DELETE FROM used_links WHERE until < ?`, micros(now)),
		t.exec(`DELETE FROM strikes WHERE last < ?`, at(people.ForgetStrikes)),
		t.exec(`DELETE FROM sign_ins WHERE at < ?`, at(terms.History)),
		t.exec(`UPDATE proposals SET state = 'expired', decided = until WHERE state = 'waiting' AND until <= ?`, micros(now)),
	)
}
