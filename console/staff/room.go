package staff

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/signin"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// room is what its handlers share.
type room struct {
	door *people.Door
	base *url.URL // of links
}

// Room shows the pages. base is where people reach the console.
func Room(door *people.Door, base *url.URL) ui.Room {
	m := &room{door, base}
	see, change := people.SeeStaff, people.ChangeStaff
	return ui.Room{
		Name: "staff", Files: files,
		Menu: []ui.Item{
			{Path: "/proposals", Word: "second.menu", Icon: "notify", Right: people.Approve, Order: 80},
			{Path: "/staff", Word: "staff.menu", Icon: "staff", Key: "s", Right: see, Order: 90},
		},
		Routes: []ui.Route{
			{Method: "GET", Path: "/staff", Right: see, Handle: m.list},
			{Method: "POST", Path: "/staff", Right: change, Handle: m.invite},
			{Method: "GET", Path: "/staff/{id}", Right: see, Handle: m.show},
			{Method: "POST", Path: "/staff/{id}", Right: change, Handle: m.change},
			{Method: "POST", Path: "/staff/{id}/{do}", Right: change, Handle: m.do},
			{Method: "POST", Path: "/staff/{id}/tokens/end", Right: change, Handle: m.endToken},
			{Method: "GET", Path: "/proposals", Right: people.Approve, Handle: m.proposals},
			{Method: "POST", Path: "/proposals/{proposal}", Right: people.Approve, Handle: m.decide},
		},
	}
}

// line is one person in the list.
type line struct {
	people.Person
	Secured  bool
	SignedIn people.SignIn // the last one; zero: never
	Sessions int
}

func (m *room) list(r *ui.Request) error { return m.page(r, form{Role: "viewer", Language: "ja"}, nil) }

func (m *room) page(r *ui.Request, in form, wrong ui.Fields) error {
	all, err := m.door.Persons(r.Context())
	if err != nil {
		return err
	}
	var lines []line
	for i := range all {
		a, err := m.door.Account(r.Context(), all[i].ID)
		if err != nil {
			return err
		}
		l := line{Person: all[i], Secured: a.Secured(), Sessions: len(a.Sessions)}
		for _, e := range a.SignIns {
			if e.Kind == people.SignedInKind {
				l.SignedIn = e
				break
			}
		}
		lines = append(lines, l)
	}
	data := map[string]any{"People": lines, "Form": in, "Roles": roles(r)}
	if wrong != nil {
		return r.Again("list", data, wrong)
	}
	return r.Page("list", data)
}

// roles are the options of a choice.
func roles(r *ui.Request) (options []any) {
	for _, role := range people.Roles {
		options = append(options, map[string]any{"value": role.String(), "text": roleWord(r, role)})
	}
	return options
}

func roleWord(r *ui.Request, role people.Role) string {
	switch role {
	case people.Viewer:
		return r.T("role.viewer")
	case people.Analyst:
		return r.T("role.analyst")
	case people.InquiryOfficer:
		return r.T("role.inquiry-officer")
	case people.Administrator:
		return r.T("role.administrator")
	case people.Reseller:
		return r.T("role.reseller")
	}
	return r.T("role.customer")
}

// form is what is typed about a person.
type form struct {
	Login     string `form:"login" max:"254"`
	Name      string `form:"name" max:"300" need:"yes"`
	Role      string `form:"role" max:"40" need:"yes"`
	Language  string `form:"language" max:"2"`
	Customers string `form:"customers" max:"20000"`
}

func (f *form) parse(r *ui.Request, wrong ui.Fields) (role people.Role, lang tsujiban.Lang, customers []tsujiban.CustomerID) {
	role, ok := people.ParseRole(f.Role)
	if !ok {
		wrong["role"] = r.T("staff.no-role")
	}
	if f.Language == "en" {
		lang = tsujiban.English
	}
	for _, c := range strings.FieldsFunc(f.Customers, func(c rune) bool { return c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '、' }) {
		var known control.CustomerState
		if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/customers/"+url.PathEscape(c), nil, &known); err != nil {
			wrong["customers"] = r.T("staff.no-customer", c)
			continue
		}
		customers = append(customers, tsujiban.CustomerID(known.ID))
	}
	return role, lang, customers
}

// said puts an error of a form beside its field; nil when it belongs to none.
func said(r *ui.Request, err error) ui.Fields {
	field, _, _ := strings.Cut(err.Error(), ": ")
	switch code := tsujiban.CodeOf(err); {
	case code == tsujiban.CodeExists:
		return ui.Fields{"login": r.T("staff.taken")}
	case code != tsujiban.CodeInvalid:
		return nil
	case field == "login":
		return ui.Fields{"login": r.T("staff.no-mail")}
	case field == "name":
		return ui.Fields{"name": r.T("staff.no-name")}
	case field == "customers":
		return ui.Fields{"customers": r.T("staff.reach-wrong")}
	}
	return nil
}

func (m *room) actor(r *ui.Request) (people.Actor, error) {
	c, err := signin.Caller(r, m.door)
	return people.Actor{Name: r.Person.ID, Caller: c}, err
}

func (m *room) invite(r *ui.Request) error {
	var in form
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	role, lang, customers := in.parse(r, wrong)
	if len(wrong) > 0 {
		return m.page(r, in, wrong)
	}
	by, err := m.actor(r)
	if err != nil {
		return err
	}
	p, link, err := m.door.Invite(r.Context(), by, in.Login, in.Name, role, lang, customers)
	if err != nil {
		if f := said(r, err); f != nil {
			return m.page(r, in, f)
		}
		_, err = signin.Prove(r, err, "/staff")
		return err
	}
	return r.Page("link", map[string]any{"Who": &p, "New": true, "Link": signin.Link(m.base, people.LinkInvite, link)})
}

func (m *room) show(r *ui.Request) error { return m.person(r, nil, nil) }

func (m *room) person(r *ui.Request, in *form, wrong ui.Fields) error {
	a, err := m.door.Account(r.Context(), r.PathValue("id"))
	if err != nil {
		if tsujiban.CodeOf(err) == tsujiban.CodeNotFound {
			err = r.Errorf(tsujiban.CodeNotFound, "staff.nobody")
		}
		return err
	}
	if in == nil {
		in = &form{Name: a.Person.Name, Role: a.Person.Role.String(), Language: control.LangName(a.Person.Language)}
		for _, c := range a.Person.Customers {
			in.Customers += string(c) + "\n"
		}
	}
	data := map[string]any{"Account": &a, "Form": in, "Roles": roles(r), "Secured": a.Secured(), "Role": roleWord(r, a.Person.Role)}
	if wrong != nil {
		return r.Again("person", data, wrong)
	}
	return r.Page("person", data)
}

func (m *room) change(r *ui.Request) error {
	var in form
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	role, lang, customers := in.parse(r, wrong)
	if len(wrong) > 0 {
		return m.person(r, &in, wrong)
	}
	by, err := m.actor(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	_, err = m.door.Change(r.Context(), by, id, "now "+role.String()+" "+strings.Join(strings.Fields(in.Customers), " "), func(p *people.Person) error {
		p.Name, p.Role, p.Language, p.Customers = in.Name, role, lang, customers
		return nil
	})
	if err != nil {
		if f := said(r, err); f != nil {
			return m.person(r, &in, f)
		}
		return m.failed(r, err)
	}
	return r.Done("/staff/"+id, "staff.changed")
}

// failed says what package people refuses in the words of the room.
func (m *room) failed(r *ui.Request, err error) error {
	if tsujiban.CodeOf(err) == tsujiban.CodeConflict && strings.Contains(err.Error(), "last administrator") {
		return r.Errorf(tsujiban.CodeConflict, "staff.last")
	}
	_, err = signin.Prove(r, err, "/staff/"+url.PathEscape(r.PathValue("id")))
	return err
}

func (m *room) do(r *ui.Request) error {
	by, err := m.actor(r)
	if err != nil {
		return err
	}
	ctx, id := r.Context(), r.PathValue("id")
	word := ""
	switch r.PathValue("do") {
	case "disable":
		_, err = m.door.Disable(ctx, by, id)
		word = "staff.disabled"
	case "enable":
		_, err = m.door.Enable(ctx, by, id)
		word = "staff.enabled"
	case "signout":
		_, err = m.door.EndSessions(ctx, by, id)
		word = "staff.signed-out"
	case "link":
		link, purpose, err := m.door.NewLink(ctx, by, id)
		if err != nil {
			return m.failed(r, err)
		}
		p, err := m.door.Find(ctx, id)
		if err != nil {
			return err
		}
		return r.Page("link", map[string]any{"Who": &p, "New": purpose == people.LinkInvite, "Link": signin.Link(m.base, purpose, link)})
	default:
		return r.Errorf(tsujiban.CodeNotFound, "staff.nobody")
	}
	if err != nil {
		return m.failed(r, err)
	}
	return r.Done("/staff/"+id, word)
}

func (m *room) endToken(r *ui.Request) error {
	var in struct {
		Token string `form:"token" max:"40" need:"yes"`
	}
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	by, err := m.actor(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	if err := m.door.EndToken(r.Context(), by, id, in.Token); err != nil {
		return m.failed(r, err)
	}
	return r.Done("/staff/"+id, "staff.token-ended")
}

func (m *room) proposals(r *ui.Request) error {
	list, err := m.door.Proposals(r.Context(), true)
	if err != nil {
		return err
	}
	var waiting, over []people.Proposal
	for _, p := range list {
		if p.State == people.Waiting {
			waiting = append(waiting, p)
		} else if len(over) < 50 {
			over = append(over, p)
		}
	}
	all, err := m.door.Persons(r.Context())
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, p := range all {
		names[p.ID] = p.Name
	}
	return r.Page("proposals", map[string]any{"Waiting": waiting, "Over": over, "Me": r.Person.ID, "Names": names})
}

func (m *room) decide(r *ui.Request) error {
	var in struct {
		Say  string `form:"say" max:"20" need:"yes"`
		Note string `form:"note" max:"2000"`
	}
	if _, err := r.Decode(&in); err != nil {
		return err
	}
	c, err := signin.Caller(r, m.door)
	if err != nil {
		return err
	}
	if done, err := signin.Prove(r, m.door.Fresh(c), "/proposals"); done || err != nil {
		return err
	}
	id, err := strconv.ParseInt(r.PathValue("proposal"), 10, 64)
	if err != nil {
		return r.Errorf(tsujiban.CodeNotFound, "second.gone")
	}
	var out control.Proposal
	err = r.Office.Do(r.Context(), http.MethodPost, "/v1/proposals/"+strconv.FormatInt(id, 10), control.Decision{Say: in.Say, Note: in.Note}, &out)
	switch code := tsujiban.CodeOf(err); {
	case err == nil:
		return r.Done("/proposals", "second.decided")
	case code == tsujiban.CodeForbidden:
		return r.Errorf(code, "second.own")
	case code == tsujiban.CodeConflict, code == tsujiban.CodeNotFound:
		return r.Errorf(code, "second.gone")
	}
	return err
}
