package app

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/notify"
	"tsujiban/notify/outbox"
)

func (s *controlServer) noticeRoutes(m *http.ServeMux) {
	m.HandleFunc("GET /v1/notices", s.handle(s.listNotices))
	m.HandleFunc("POST /v1/notices/test", s.handle(s.testNotice))
	m.HandleFunc("POST /v1/notices/{id}/again", s.handle(s.noticeAgain))
	m.HandleFunc("GET /v1/webhooks", s.handle(s.webhooks))
	m.HandleFunc("GET /v1/days", s.handle(s.days))
}

func noticeView(n *outbox.Notice) control.Notice {
	return control.Notice{
		ID: n.ID, Kind: n.Kind.String(), Channel: n.Channel.String(), To: n.To, Customer: string(n.Customer), Made: n.Made, Due: n.Due,
		State: n.State.String(), Tries: n.Tries, Tried: n.Tried, Reason: n.Reason,
	}
}

func (s *controlServer) listNotices(r *http.Request) (any, error) {
	q := outbox.Query{Customer: tsujiban.CustomerID(r.FormValue("customer"))}
	if name := r.FormValue("state"); name != "" {
		st, ok := outbox.ParseState(name)
		if !ok {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "state: there is no %.40q; write waiting, sent or dead", name)
		}
		q.State = &st
	}
	if name := r.FormValue("kind"); name != "" {
		k, ok := outbox.ParseKind(name)
		if !ok {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "kind: there is no %.40q", name)
		}
		q.Kind = &k
	}
	if n := r.FormValue("limit"); n != "" {
		var err error
		if q.Limit, err = strconv.Atoi(n); err != nil || q.Limit < 1 {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "limit: write a number from 1 to %d", outbox.MaxPage)
		}
	}
	list, err := s.app.store.Notices(r.Context(), q)
	if err != nil {
		return nil, err
	}
	count, err := s.app.store.CountNotices(r.Context())
	if err != nil {
		return nil, err
	}
	out := control.Notices{Notices: []control.Notice{}, Counts: map[string]int{"waiting": count[outbox.Waiting], "dead": count[outbox.Dead]}}
	for i := range list {
		out.Notices = append(out.Notices, noticeView(&list[i]))
	}
	return out, nil
}

// noticeAgain sends a notice again that was given up.
func (s *controlServer) noticeAgain(r *http.Request) (any, error) {
	a, id := s.app, r.PathValue("id")
	n, err := a.store.Notice(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if n.State != outbox.Dead {
		return nil, tsujiban.Errorf(tsujiban.CodeConflict, "notice %s is %s; only one that was given up is sent again", n.ID, n.State)
	}
	done, err := a.deed(r.Context(), byOf(r), "notice "+n.ID+": sent again", "notice-again", n.Customer, cut(n.ID, 12), control.Deed{Text: n.To})
	if err != nil {
		return nil, err
	}
	if _, err := a.store.NoticeAgain(r.Context(), id, a.now()); err != nil {
		return nil, err
	}
	a.teller.post.Wake()
	return done, nil
}

// testNotice sends a test to one recipient, or to all of staff's.
func (s *controlServer) testNotice(r *http.Request) (any, error) {
	a := s.app
	var in control.NoticeTest
	if err := read(r, &in); err != nil {
		return nil, err
	}
	var to []notify.Recipient
	switch {
	case in.Mail != "":
		if err := outbox.ValidAddress(in.Mail); err != nil {
			return nil, err
		}
		to = []notify.Recipient{{To: in.Mail, Lang: a.o.Config.Node.Language, Staff: true}}
	case in.Webhook != "":
		to = slices.DeleteFunc(a.teller.staff(), func(x notify.Recipient) bool { return x.Channel != outbox.Webhook || x.To != in.Webhook })
		if len(to) == 0 {
			return nil, tsujiban.Errorf(tsujiban.CodeNotFound, "there is no webhook %.64q in the configuration", in.Webhook)
		}
	default:
		to = a.teller.staff()
	}
	if len(to) == 0 {
		return nil, tsujiban.Errorf(tsujiban.CodeConflict, "nobody is configured to be told; write [mail] with staff in [notify], or a [[webhook]]")
	}
	for i := range to {
		to[i].Kinds = nil // a test is for everybody
		if _, err := a.teller.ways.Load().route(to[i].Channel, to[i].To); err != nil {
			return nil, err
		}
	}
	done, err := a.deed(r.Context(), byOf(r), "test notice to "+strconv.Itoa(len(to))+" recipients", "notice-test", "", "", control.Deed{Count: len(to)})
	if err != nil {
		return nil, err
	}
	ns := a.teller.notices("test "+strconv.FormatUint(done.Seq, 10), outbox.Test, &notify.Facts{At: a.now(), Node: a.o.Config.Node.Name, By: done.By}, to)
	if _, err := a.store.PutNotices(r.Context(), 0, ns); err != nil {
		return nil, err
	}
	a.teller.post.Wake()
	out := control.Notices{Notices: []control.Notice{}}
	for i := range ns {
		out.Notices = append(out.Notices, noticeView(&ns[i]))
	}
	return out, nil
}

// webhooks are those of the configuration, and how much waits for each or was given up.
func (s *controlServer) webhooks(r *http.Request) (any, error) {
	count := map[string]*[2]int{}
	for i, state := range []outbox.State{outbox.Waiting, outbox.Dead} {
		list, err := s.app.store.Notices(r.Context(), outbox.Query{State: &state, Limit: outbox.MaxPage})
		if err != nil {
			return nil, err
		}
		for j := range list {
			if n := &list[j]; n.Channel == outbox.Webhook {
				if count[n.To] == nil {
					count[n.To] = &[2]int{}
				}
				count[n.To][i]++
			}
		}
	}
	hooks, out := s.app.teller.ways.Load().cfg.Webhooks, []control.Webhook{}
	for _, x := range s.app.teller.staff() {
		if x.Channel != outbox.Webhook {
			continue
		}
		v := control.Webhook{ID: x.To, Kinds: []string{}, Language: control.LangName(x.Lang)}
		for _, k := range x.Kinds {
			v.Kinds = append(v.Kinds, k.String())
		}
		for i := range hooks {
			h := &hooks[i]
			if u, err := url.Parse(h.URL); err == nil && h.ID == v.ID {
				v.Host, v.Format, v.Signed = u.Host, h.Format, h.SecretFile != ""
			}
		}
		if n := count[v.ID]; n != nil {
			v.Waiting, v.Dead = n[0], n[1]
		}
		out = append(out, v)
	}
	return out, nil
}

// days tells what customers' lines were used for on one day: ?day=2026-11-25&customer=ID.
func (s *controlServer) days(r *http.Request) (any, error) {
	from, to, err := s.app.daySpan(r.FormValue("day"))
	if err != nil {
		return nil, err
	}
	return s.app.days(r.Context(), from, to, tsujiban.CustomerID(r.FormValue("customer")))
}
