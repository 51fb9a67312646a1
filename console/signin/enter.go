package signin

import (
	"net/url"

	"tsujiban"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// entry is what the forms of signing in have in common.
type entry struct {
	Login    string `form:"login" max:"254"`
	Password string `form:"password" max:"1024"`
	Code     string `form:"code" max:"40"`
	Pending  string `form:"pending" max:"1024"`
	To       string `form:"to" max:"2000"`
}

func (m *room) page(in entry) map[string]any {
	in.Password = ""
	return map[string]any{"Form": in, "Passkeys": m.keys != nil, "OIDC": m.oidcName(), "Back": url.QueryEscape(in.To)}
}

func (m *room) oidcName() string {
	if m.OIDC == nil {
		return ""
	}
	return m.OIDC.Name
}

func (m *room) show(r *ui.Request) error {
	var in entry
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	if r.Person != nil {
		return r.Redirect(in.To)
	}
	return r.Page("signin", m.page(entry{To: ui.Inside(in.To)}))
}

func (m *room) password(r *ui.Request) error {
	var in entry
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	// A password may begin or end with a space; the form's own reading trims.
	in.Password = r.PostForm.Get("password")
	if len(wrong) > 0 {
		return r.Again("signin", m.page(in), wrong)
	}
	e, err := m.Door.Password(r.Context(), in.Login, in.Password, device(r), From(r))
	if err != nil {
		return m.again(r, "signin", m.page(in), err, "password")
	}
	if e.Pending != "" {
		return r.Page("factor", m.page(entry{Pending: e.Pending, To: in.To}))
	}
	return m.entered(r, e, in.To)
}

func (m *room) factor(r *ui.Request) error {
	var in entry
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return r.Again("factor", m.page(in), wrong)
	}
	e, err := m.Door.Factor(r.Context(), in.Pending, in.Code, device(r), From(r))
	if err != nil {
		return m.again(r, "factor", m.page(in), err, "code")
	}
	return m.entered(r, e, in.To)
}

// newcomer is the form of a link.
type newcomer struct {
	Login string `form:"login" max:"254" need:"yes"`
	Name  string `form:"name" max:"300" need:"yes"`
}

func (m *room) showFirst(r *ui.Request) error {
	if _, _, err := m.Door.Link(r.Context(), r.PathValue("link"), people.LinkFirst); err != nil {
		return m.spent(r, err)
	}
	return r.Page("first", map[string]any{"Form": newcomer{}, "Min": people.MinPassword})
}

// spent says of a link that it is good no longer.
func (m *room) spent(r *ui.Request, err error) error {
	if tsujiban.CodeOf(err) == tsujiban.CodeForbidden {
		return r.Errorf(tsujiban.CodeNotFound, "link.spent")
	}
	return err
}

func (m *room) first(r *ui.Request) error {
	var in newcomer
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	data := map[string]any{"Form": in, "Min": people.MinPassword}
	password := m.newPassword(r, wrong)
	if len(wrong) > 0 {
		return r.Again("first", data, wrong)
	}
	e, err := m.Door.First(r.Context(), r.PathValue("link"), in.Login, in.Name, password, r.Lang, From(r))
	if err != nil {
		if w := m.wrong(r, err, "password"); w != nil && tsujiban.CodeOf(err) == tsujiban.CodeInvalid {
			return r.Again("first", data, w)
		}
		return m.spent(r, err)
	}
	return m.entered(r, e, "/account")
}

// newPassword reads a new password, typed twice; empty when the person wants a passkey instead.
func (m *room) newPassword(r *ui.Request, wrong ui.Fields) string {
	password := r.PostForm.Get("password")
	if password != r.PostForm.Get("again") {
		wrong["again"] = r.T("signin.differs")
	}
	if password == "" && m.keys == nil {
		wrong["password"] = r.T("form.needed")
	}
	return password
}

func (m *room) link(purpose people.Purpose) func(*ui.Request) error {
	return func(r *ui.Request) error {
		_, p, err := m.Door.Link(r.Context(), r.PathValue("link"), purpose)
		if err != nil {
			return m.spent(r, err)
		}
		return r.Page("accept", map[string]any{"Invited": &p, "New": purpose == people.LinkInvite, "Min": people.MinPassword, "Passkeys": m.keys != nil})
	}
}

func (m *room) accept(purpose people.Purpose) func(*ui.Request) error {
	return func(r *ui.Request) error {
		_, p, err := m.Door.Link(r.Context(), r.PathValue("link"), purpose)
		if err != nil {
			return m.spent(r, err)
		}
		data := map[string]any{"Invited": &p, "New": purpose == people.LinkInvite, "Min": people.MinPassword, "Passkeys": m.keys != nil}
		wrong, err := r.Decode(&struct{}{})
		if err != nil {
			return err
		}
		password := m.newPassword(r, wrong)
		if len(wrong) > 0 {
			return r.Again("accept", data, wrong)
		}
		e, err := m.Door.Accept(r.Context(), r.PathValue("link"), purpose, password, From(r))
		if err != nil {
			if w := m.wrong(r, err, "password"); w != nil && tsujiban.CodeOf(err) == tsujiban.CodeInvalid {
				return r.Again("accept", data, w)
			}
			return m.spent(r, err)
		}
		return m.entered(r, e, "/account")
	}
}

func (m *room) showProve(r *ui.Request) error {
	var in entry
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	return m.provePage(r, in, nil)
}

func (m *room) provePage(r *ui.Request, in entry, failed error) error {
	a, err := m.Door.Account(r.Context(), r.Person.ID)
	if err != nil {
		return err
	}
	data := m.page(entry{To: ui.Inside(in.To)})
	data["Account"] = &a
	data["Passkeys"] = m.keys != nil && len(a.Passkeys) > 0
	if failed != nil {
		return m.again(r, "prove", data, failed, "password")
	}
	return r.Page("prove", data)
}

func (m *room) prove(r *ui.Request) error {
	var in entry
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	c, err := Caller(r, m.Door)
	if err != nil {
		return err
	}
	if err := m.Door.Prove(r.Context(), c, r.PostForm.Get("password"), in.Code, device(r), From(r)); err != nil {
		return m.provePage(r, in, err)
	}
	return proved(r, in.To)
}

// proved leads on after a proof: to the form that waits for it, or to a page.
func proved(r *ui.Request, to string) error {
	if r.HasKept(to) {
		return r.Redirect("/prove/on?to=" + url.QueryEscape(ui.Inside(to)))
	}
	return r.Redirect(to)
}

// goOn shows a button that sends the form again which asked for the proof. It is not sent by itself: who comes here sees what is about to be done.
func (m *room) goOn(r *ui.Request) error {
	to := ui.Inside(r.URL.Query().Get("to"))
	k := r.Kept()
	if k == nil {
		return r.Redirect(to)
	}
	return r.Page("goon", map[string]any{"Kept": k, "To": to})
}
