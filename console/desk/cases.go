package desk

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/ui"
)

// casesPage lists cases of suspicion and shows each of them.
type casesPage struct {
	office *control.Client
	live   liveCases
}

// How the pages of cases follow what happens: at most so often, and at least so often, since money at stake changes without an event.
const (
	caseAtMost  = 500 * time.Millisecond
	caseAtLeast = 10 * time.Second
	casesShown  = 50
)

// Which cases a list shows.
const (
	showOpen   = "open"
	showMine   = "mine"
	showClosed = "closed"
	showAll    = "all"
)

// caseList is a page of cases.
type caseList struct {
	control.Suspicions
	Show     string
	Customer string
	Cursor   string
	More     string // address of the following page
	Live     bool   // whether the list follows what happens
	Tabs     []tab
}

type tab struct {
	Path, Show string
	Now        bool
}

func (p *casesPage) list(r *ui.Request) error {
	l, err := p.read(r)
	if err != nil {
		return err
	}
	return r.Page("cases", l)
}

// read asks for the cases that the address names.
func (p *casesPage) read(r *ui.Request) (*caseList, error) {
	var in struct {
		Show     string `form:"show" max:"10"`
		Customer string `form:"customer" max:"64"`
		Cursor   string `form:"cursor" max:"200"`
	}
	if wrong, err := r.Decode(&in); err != nil || len(wrong) > 0 {
		return nil, errors.Join(err, wrongAddress(r, wrong))
	}
	l := &caseList{Show: in.Show, Customer: in.Customer, Cursor: in.Cursor}
	q := url.Values{"limit": {strconv.Itoa(casesShown)}}
	switch in.Show {
	case showClosed:
		q.Set("open", "false")
	case showMine:
		q.Set("open", "true")
		q.Set("assigned", assignee(r.Person.Login))
	case showAll:
	default:
		l.Show = showOpen
		q.Set("open", "true")
	}
	if in.Customer != "" {
		q.Set("customer", in.Customer)
	}
	if in.Cursor != "" {
		q.Set("cursor", in.Cursor)
	}
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/cases?"+q.Encode(), nil, &l.Suspicions); err != nil {
		return nil, err
	}
	l.Live = l.Show == showOpen && in.Customer == "" && in.Cursor == ""
	for _, show := range []string{showOpen, showMine, showClosed, showAll} {
		l.Tabs = append(l.Tabs, tab{Path: l.path(show, ""), Show: show, Now: show == l.Show})
	}
	if l.Next != "" {
		l.More = l.path(l.Show, l.Next)
	}
	return l, nil
}

func wrongAddress(r *ui.Request, wrong ui.Fields) error {
	if len(wrong) == 0 {
		return nil
	}
	return r.Errorf(tsujiban.CodeInvalid, "cases.address")
}

func (l *caseList) path(show, cursor string) string {
	q := url.Values{}
	for name, v := range map[string]string{"show": show, "customer": l.Customer, "cursor": cursor} {
		if v != "" && v != showOpen {
			q.Set(name, v)
		}
	}
	if len(q) == 0 {
		return "/cases"
	}
	return "/cases?" + q.Encode()
}

// watch follows the open cases for everybody who has the list open.
func (p *casesPage) watch(ctx context.Context, show func(...ui.Part)) error {
	return p.follow(ctx, func(*control.Event) bool { return true }, func() error {
		l := &caseList{Show: showOpen, Live: true}
		q := "/v1/cases?open=true&limit=" + strconv.Itoa(casesShown)
		if err := p.office.Do(ctx, http.MethodGet, q, nil, &l.Suspicions); err != nil {
			return err
		}
		if l.Next != "" {
			l.More = l.path(l.Show, l.Next)
		}
		show(ui.Part{Name: "list", Data: l})
		return nil
	})
}

// follow calls renew at once, after events that concern it, and now and then, until ctx is done.
func (p *casesPage) follow(ctx context.Context, concerns func(*control.Event) bool, renew func() error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stale := make(chan struct{}, 1)
	heard := make(chan error, 1)
	go func() {
		heard <- p.office.Stream(ctx, "/v1/events", func(line control.Raw) error {
			var ev control.Event
			if err := json.Unmarshal(line, &ev); err != nil {
				return err
			}
			if ev.Kind == "gap" || ev.Kind == "case" && concerns(&ev) {
				select {
				case stale <- struct{}{}:
				default: // it is known already
				}
			}
			return nil
		})
		cancel()
	}()
	err := renewing(ctx, stale, renew)
	cancel()
	return errors.Join(err, <-heard)
}

func renewing(ctx context.Context, stale <-chan struct{}, renew func() error) error {
	slow := time.NewTicker(caseAtLeast)
	defer slow.Stop()
	for {
		if err := renew(); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		select {
		case <-time.After(caseAtMost): // events that come together are one
		case <-ctx.Done():
			return nil
		}
		select {
		case <-stale:
		case <-slow.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// assignee is a person's name as cases keep it.
func assignee(login string) string {
	const most = 64 // characters; see app
	if r := []rune(login); len(r) > most {
		return string(r[:most])
	}
	return login
}
