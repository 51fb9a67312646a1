package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/signin"
	"tsujiban/people"
)

// staffRoutes are the orders about people. Those that change somebody are for who stands at the socket: at the console the
// pages do it, which ask for a fresh proof of who it is.
func (s *controlServer) staffRoutes(m *http.ServeMux) {
	for pattern, f := range map[string]func(*http.Request) (any, error){
		"GET /v1/staff":                 s.listStaff,
		"POST /v1/staff":                s.inviteStaff,
		"POST /v1/staff/{id}/{do}":      s.changeStaff,
		"GET /v1/proposals":             s.proposals,
		"POST /v1/proposals/{proposal}": s.decide,
		"GET /v1/tokens":                s.tokens,
		"DELETE /v1/tokens/{token}":     s.endToken,
	} {
		m.HandleFunc(pattern, s.handle(f))
	}
}

func (s *controlServer) listStaff(r *http.Request) (any, error) {
	all, err := s.app.door.Persons(r.Context())
	if err != nil {
		return nil, err
	}
	out := make([]control.Staff, len(all))
	for i := range all {
		if out[i], err = s.staff(r.Context(), &all[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *controlServer) staff(ctx context.Context, p *people.Person) (control.Staff, error) {
	v := control.Staff{ID: p.ID, Login: p.Login, Name: p.Name, Role: p.Role.String(), Language: control.LangName(p.Language), Created: p.Created, Disabled: p.Disabled}
	for _, c := range p.Customers {
		v.Customers = append(v.Customers, string(c))
	}
	a, err := s.app.door.Account(ctx, p.ID)
	if err != nil {
		return v, err
	}
	v.Secured, v.Sessions = a.Secured(), len(a.Sessions)
	for _, e := range a.SignIns {
		if e.Kind == people.SignedInKind {
			v.SignedIn = e.At
			break
		}
	}
	return v, nil
}

// atSocket is who changes staff by an order.
func (s *controlServer) atSocket(r *http.Request) (people.Actor, error) {
	if _, inside := control.PersonOf(r.Context()); inside {
		return people.Actor{}, tsujiban.Errorf(tsujiban.CodeForbidden, "people are changed on the page Staff, which asks who you are")
	}
	return people.Actor{Name: byOf(r)}, nil
}

func (s *controlServer) inviteStaff(r *http.Request) (any, error) {
	by, err := s.atSocket(r)
	if err != nil {
		return nil, err
	}
	var in control.Staff
	if err := read(r, &in); err != nil {
		return nil, err
	}
	role, ok := people.ParseRole(in.Role)
	if !ok {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "role: there is no %q; write one of %s", in.Role, people.RoleList())
	}
	lang, err := control.ParseLang(in.Language)
	if err != nil {
		return nil, err
	}
	if s.app.pages.base == nil {
		return nil, noConsole()
	}
	var customers []tsujiban.CustomerID
	for _, c := range in.Customers {
		id := tsujiban.CustomerID(c)
		if !s.app.known(id) {
			return nil, noCustomer(c)
		}
		customers = append(customers, id)
	}
	p, link, err := s.app.door.Invite(r.Context(), by, in.Login, in.Name, role, lang, customers)
	if err != nil {
		return nil, err
	}
	return s.linked(&p, people.LinkInvite, link), nil
}

func noConsole() error {
	return tsujiban.Errorf(tsujiban.CodeUnavailable, "links lead to the console, and it is off; write listen under [console]")
}

func (s *controlServer) linked(p *people.Person, purpose people.Purpose, link string) control.StaffLink {
	return control.StaffLink{ID: p.ID, Login: p.Login, Purpose: string(purpose), Link: signin.Link(s.app.pages.base, purpose, link)}
}

// locker is who keeps people out: who stands at the socket, or a person whose right to it was asked for before the order came.
func (s *controlServer) locker(r *http.Request) (people.Actor, error) {
	if _, inside := control.PersonOf(r.Context()); !inside {
		return s.atSocket(r)
	}
	p, err := s.self(r)
	return people.Actor{Name: p.ID}, err
}

// self is the person who gives an order inside the program.
func (s *controlServer) self(r *http.Request) (people.Person, error) {
	login, inside := control.PersonOf(r.Context())
	if !inside {
		return people.Person{}, tsujiban.Errorf(tsujiban.CodeForbidden, "this is about the own account of somebody who signed in; who stands at the socket has none")
	}
	return s.app.door.Find(r.Context(), login)
}

func (s *controlServer) changeStaff(r *http.Request) (any, error) {
	allowed := s.atSocket
	if do := r.PathValue("do"); do == "disable" || do == "signout" {
		allowed = s.locker
	}
	by, err := allowed(r)
	if err != nil {
		return nil, err
	}
	d, ctx := s.app.door, r.Context()
	p, err := d.Find(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	said := func(format string, args ...any) control.Done {
		return control.Done{By: by.Name, Note: "staff " + p.Login + ": " + fmt.Sprintf(format, args...)}
	}
	switch r.PathValue("do") {
	case "disable":
		if p, err = d.Disable(ctx, by, p.ID); err != nil {
			return nil, err
		}
		return said("disabled; sessions, tokens and links are ended"), nil
	case "enable":
		if p, err = d.Enable(ctx, by, p.ID); err != nil {
			return nil, err
		}
		return said("enabled"), nil
	case "signout":
		n, err := d.EndSessions(ctx, by, p.ID)
		if err != nil {
			return nil, err
		}
		return said("%d sessions ended", n), nil
	case "link":
		if s.app.pages.base == nil {
			return nil, noConsole()
		}
		link, purpose, err := d.NewLink(ctx, by, p.ID)
		if err != nil {
			return nil, err
		}
		return s.linked(&p, purpose, link), nil
	}
	return nil, tsujiban.Errorf(tsujiban.CodeNotFound, "nothing is known to do as %q; write disable, enable, signout or link", r.PathValue("do"))
}

// tokens are those of the person who asks. What they are made of is not told, and not known.
func (s *controlServer) tokens(r *http.Request) (any, error) {
	p, err := s.self(r)
	if err != nil {
		return nil, err
	}
	a, err := s.app.door.Account(r.Context(), p.ID)
	if err != nil {
		return nil, err
	}
	out := make([]control.Token, len(a.Tokens))
	for i := range a.Tokens {
		t := &a.Tokens[i]
		out[i] = control.Token{ID: t.ID, Name: t.Name, Scopes: []string{}, Created: t.Created, Until: t.Until, Used: t.Used}
		for _, right := range t.Scopes {
			out[i].Scopes = append(out[i].Scopes, right.String())
		}
	}
	return out, nil
}

func (s *controlServer) endToken(r *http.Request) (any, error) {
	p, err := s.self(r)
	if err != nil {
		return nil, err
	}
	id := r.PathValue("token")
	if err := s.app.door.EndOwnToken(r.Context(), &people.Caller{Person: p}, id); err != nil {
		return nil, err
	}
	return control.Done{By: byOf(r), Note: "token " + id + " is ended"}, nil
}

// The two-person rule: an order that a person gives at the console or by the API, and for which a second person is asked, is
// kept as a proposal and carried out when that person agrees. Who stands at the socket is the operator and is not asked.

type agreedKey struct{}

// twoPersons puts orders aside that need a second person.
func (s *controlServer) twoPersons(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		login, inside := control.PersonOf(r.Context())
		if !inside || r.Method == http.MethodGet || r.Context().Value(agreedKey{}) != nil {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(io.LimitReader(r.Body, maxProposed+1))
		if err != nil {
			s.fail(w, tsujiban.Errorf(tsujiban.CodeInvalid, "request: %w", err))
			return
		}
		act, subject := s.actOf(r, body)
		if act == "" || !s.app.door.NeedsSecond(act) {
			r.Body = readCloser{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
			next.ServeHTTP(w, r)
			return
		}
		if act == people.ActHandOver {
			id, err := s.claim(r, login)
			if err != nil {
				s.fail(w, err)
				return
			}
			if id > 0 {
				s.claimed(w, r, id, next)
				return
			}
		}
		s.fail(w, s.propose(r, login, act, subject, body))
	})
}

const maxProposed = 64 << 10

// claim finds out whether a second person has agreed that this one hands this over. A file has to reach who asked for it, so it
// is not made when the second person agrees, but when the first asks again.
func (s *controlServer) claim(r *http.Request, login string) (int64, error) {
	first, err := s.app.door.Find(r.Context(), login)
	if err != nil {
		return 0, err
	}
	return s.app.door.Claim(r.Context(), &first, people.Order{Method: r.Method, Path: r.URL.RequestURI()}, "handed over "+s.app.now().In(s.app.cfg.Node.TimeZone).Format(time.DateTime))
}

// claimed carries the order out; one that fails can be given again.
func (s *controlServer) claimed(w http.ResponseWriter, r *http.Request, id int64, next http.Handler) {
	told := &answered{ResponseWriter: w}
	next.ServeHTTP(told, r)
	if told.code < 300 {
		return
	}
	if err := s.app.door.Outcome(context.WithoutCancel(r.Context()), id, ""); err != nil {
		s.app.log.Error("a hand-over that failed cannot be asked for again", slog.Any("error", err))
	}
}

// answered remembers what a handler answered.
type answered struct {
	http.ResponseWriter
	code int
}

func (s *answered) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

type readCloser struct {
	io.Reader
	io.Closer
}

// actOf tells for which act a second person may be asked, and what it is about.
func (s *controlServer) actOf(r *http.Request, body []byte) (people.Act, string) {
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case r.Method == http.MethodDelete && len(path) == 4 && path[1] == "customers" && path[3] == "restriction":
		if u, _ := s.app.guard.Usage(tsujiban.CustomerID(path[2])); u.Restriction != nil && u.Restriction.Level == tsujiban.LevelClose {
			return people.ActReleaseClosed, path[2]
		}
	case r.Method == http.MethodPost && len(path) == 4 && path[1] == "looks":
		return people.ActHandOver, path[2] + " " + path[3]
	case r.Method == http.MethodDelete && len(path) == 4 && path[1] == "retention" && path[2] == "holds":
		return people.ActRetention, "hold " + path[3]
	case r.Method == http.MethodPost && len(path) == 2 && path[1] == "retention":
		var in struct {
			DryRun bool `json:"dry_run"`
		}
		if json.Unmarshal(body, &in) == nil && in.DryRun {
			return "", ""
		}
		return people.ActRetention, "erase now"
	}
	return "", ""
}

// propose keeps the order; the error says that it waits.
func (s *controlServer) propose(r *http.Request, login string, act people.Act, subject string, body []byte) error {
	if len(body) > maxProposed {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "the order is larger than %d bytes and cannot wait for a second person", maxProposed)
	}
	first, err := s.app.door.Find(r.Context(), login)
	if err != nil {
		return err
	}
	var note struct {
		Note string `json:"note"`
	}
	_ = json.Unmarshal(body, &note) // an order without a note has none
	if len(bytes.TrimSpace(body)) == 0 {
		body = nil
	}
	p, err := s.app.door.Propose(r.Context(), &first, act, subject, note.Note, people.Order{Method: r.Method, Path: r.URL.RequestURI(), Body: body})
	if err != nil {
		return err
	}
	return control.Waiting(p.ID, p.Until.In(s.app.cfg.Node.TimeZone))
}

func (s *controlServer) proposals(r *http.Request) (any, error) {
	list, err := s.app.door.Proposals(r.Context(), r.URL.Query().Get("all") != "")
	if err != nil {
		return nil, err
	}
	out := make([]control.Proposal, len(list))
	for i := range list {
		out[i] = proposalOf(&list[i])
	}
	return out, nil
}

func proposalOf(p *people.Proposal) control.Proposal {
	return control.Proposal{
		ID: p.ID, Act: string(p.Act), Subject: p.Subject, Note: p.Note, By: p.By, At: p.At, Until: p.Until,
		State: string(p.State), Second: p.Second, Decided: p.Decided, Answer: p.Answer, Outcome: p.Outcome,
	}
}

// decide is what the second person says, or the first who takes it back. What is agreed to is carried out here, in the
// first person's name.
func (s *controlServer) decide(r *http.Request) (any, error) {
	login, inside := control.PersonOf(r.Context())
	if !inside {
		return nil, tsujiban.Errorf(tsujiban.CodeForbidden, "a second person is somebody who signed in at the console; who stands at this socket gives the order itself")
	}
	id, err := strconv.ParseInt(r.PathValue("proposal"), 10, 64)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%q is no proposal", r.PathValue("proposal"))
	}
	var in control.Decision
	if err := read(r, &in); err != nil {
		return nil, err
	}
	d, ctx := s.app.door, r.Context()
	who, err := d.Find(ctx, login)
	if err != nil {
		return nil, err
	}
	var p people.Proposal
	switch in.Say {
	case "approve", "decline":
		p, err = d.Decide(ctx, &who, id, in.Say == "approve", in.Note)
	case "withdraw":
		p, err = d.Withdraw(ctx, &who, id)
	default:
		err = tsujiban.Errorf(tsujiban.CodeInvalid, "say: write approve, decline or withdraw")
	}
	if err != nil {
		return nil, err
	}
	if p.State == people.Approved && p.Act != people.ActHandOver {
		p.Outcome = s.carryOut(ctx, &p)
		if err := d.Outcome(ctx, p.ID, p.Outcome); err != nil {
			return nil, err
		}
	}
	return proposalOf(&p), nil
}

// carryOut gives the order that was agreed to, and tells what came of it.
func (s *controlServer) carryOut(ctx context.Context, p *people.Proposal) string {
	first, err := s.app.door.Find(ctx, p.By)
	if err == nil && !first.Disabled.IsZero() {
		err = tsujiban.Errorf(tsujiban.CodeForbidden, "%s, who proposed this, may no longer sign in", p.By)
	}
	var done control.Done
	if err == nil {
		var body any
		if p.Order.Body != nil {
			body = p.Order.Body
		}
		err = s.app.Office(first.Login).Do(context.WithValue(ctx, agreedKey{}, true), p.Order.Method, p.Order.Path, body, &done)
	}
	if err != nil {
		return "not done: " + err.Error()
	}
	if done.Note == "" {
		return "done"
	}
	return done.Note
}
