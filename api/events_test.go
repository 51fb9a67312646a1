package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tsujiban/api"
	"tsujiban/people"
)

// listener reads server-sent events over a real connection.
type listener struct {
	t     *testing.T
	resp  *http.Response
	lines *bufio.Scanner
	never string // a kind that must not come
}

func listen(t *testing.T, url, token, last string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+api.Prefix+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() }) // the test has ended
	if resp.StatusCode == http.StatusOK && resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%v", resp.Header)
	}
	return &listener{t, resp, bufio.NewScanner(resp.Body), ""}
}

// next is the next event of a kind, and its id.
func (l *listener) next(kind string) (id string, e api.Event) {
	l.t.Helper()
	name := ""
	for l.lines.Scan() {
		line := l.lines.Text()
		switch {
		case strings.HasPrefix(line, "id: "):
			id = line[4:]
		case strings.HasPrefix(line, "event: "):
			name = line[7:]
		case strings.HasPrefix(line, "data: "):
			if err := json.Unmarshal([]byte(line[6:]), &e); err != nil {
				l.t.Fatal(err)
			}
			if e.Kind != name {
				l.t.Errorf("event %q has kind %q", name, e.Kind)
			}
			if name == l.never {
				l.t.Errorf("told of %+v", e)
			}
			if name == kind {
				return id, e
			}
		}
	}
	l.t.Fatalf("the stream ended before %q: %v", kind, l.lines.Err())
	return "", e
}

// TestEvents: what happens is told as it happens, again after Last-Event-ID, and only to those whom it concerns.
func TestEvents(t *testing.T) {
	s := newSite(t)
	srv := httptest.NewServer(s.api)
	defer srv.Close()
	defer srv.CloseClientConnections()
	defer http.DefaultClient.CloseIdleConnections()
	staff, own := listen(t, srv.URL, "viewer", ""), listen(t, srv.URL, "customer", "")
	staff.lines.Scan() // the comment that says that it has begun
	own.lines.Scan()
	s.must(http.StatusOK, "analyst", "PUT", "/customers/tenjin-denki/restriction", `{"level":"watch","note":"another's secret"}`)
	s.must(http.StatusOK, "analyst", "PUT", "/customers/hakata-shokai/restriction", `{"level":"restrict","note":"a note of staff"}`)
	first, e := staff.next("restricted")
	if e.Customer != "tenjin-denki" || e.Note != "another's secret" {
		t.Errorf("%+v", e)
	}
	if _, e = staff.next("restricted"); e.Customer != "hakata-shokai" || e.Level != "restrict" {
		t.Errorf("%+v", e)
	}
	if _, e = own.next("restricted"); e.Customer != "hakata-shokai" || e.Note != "" || e.By != "" {
		t.Errorf("a customer hears %+v", e)
	}
	again := listen(t, srv.URL, "viewer", first)
	if _, e = again.next("restricted"); e.Customer != "hakata-shokai" {
		t.Errorf("after %s: %+v", first, e)
	}
	if r := listen(t, srv.URL, "viewer", "no number"); r.resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a wrong id: %d", r.resp.StatusCode)
	}
	for range 8 {
		listen(t, srv.URL, "administrator", "")
	}
	if r := listen(t, srv.URL, "administrator", ""); r.resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a ninth stream: %d", r.resp.StatusCode)
	}
}

// pair asks a second person for everything.
type pair struct{ asked []people.Proposal }

func (p *pair) NeedsSecond(people.Act) bool { return true }

func (p *pair) Propose(_ context.Context, first *people.Person, act people.Act, subject, note string, o people.Order) (people.Proposal, error) {
	v := people.Proposal{ID: int64(len(p.asked) + 1), Act: act, Subject: subject, Note: note, Order: o, By: first.ID, State: people.Waiting, Until: time.Now().Add(time.Hour)}
	err := v.Valid()
	p.asked = append(p.asked, v)
	return v, err
}

// TestSecondPerson: where a second person is asked, a token alone does nothing.
func TestSecondPerson(t *testing.T) {
	s := newSite(t)
	second := &pair{}
	o := s.app.APIOptions(s.tokens)
	o.Second = second
	s.api = api.Handler(o)
	d := readDocument(t, s)
	s.must(http.StatusOK, "analyst", "PUT", "/customers/hakata-shokai/restriction", `{"level":"close","note":"x"}`)
	for _, c := range []struct{ token, id, path, in string }{
		{"analyst", "release-customer", "/customers/hakata-shokai/restriction/release", `{"note":"cleaned"}`},
		{"inquiry-officer", "hand-over-letter", "/looks/1/letter", ""},
		{"inquiry-officer", "hand-over-bundle", "/looks/1/bundle", ""},
		{"administrator", "run-retention", "/retention/runs", `{"dry_run":false}`},
		{"administrator", "release-hold", "/retention/holds/1/release", `{"note":"x"}`},
	} {
		var in any
		if c.in != "" {
			in = c.in
		}
		r := s.must(http.StatusAccepted, c.token, "POST", c.path, in)
		for i := range api.Rows {
			if api.Rows[i].ID == c.id {
				d.check(&api.Rows[i], r)
			}
		}
	}
	if len(second.asked) != 5 || second.asked[0].Order.Method != "DELETE" || second.asked[0].Order.Path != "/v1/customers/hakata-shokai/restriction" {
		t.Errorf("%+v", second.asked)
	}
	var v api.Customer
	s.must(http.StatusOK, "viewer", "GET", "/customers/hakata-shokai", nil).into(t, &v)
	if v.Restriction == nil || v.Restriction.Level != "close" {
		t.Errorf("it is released: %+v", v.Restriction)
	}
	s.must(http.StatusOK, "administrator", "POST", "/retention/runs", `{"dry_run":true}`)
}

// TestWhoDidWhat: what people did, and what they looked at, is told to those only who may see the record of actions.
func TestWhoDidWhat(t *testing.T) {
	s := newSite(t)
	srv := httptest.NewServer(s.api)
	defer srv.Close()
	defer srv.CloseClientConnections()
	defer http.DefaultClient.CloseIdleConnections()
	viewer, administrator := listen(t, srv.URL, "viewer", ""), listen(t, srv.URL, "administrator", "")
	viewer.never = "set"
	viewer.lines.Scan() // the comment that says that it has begun
	administrator.lines.Scan()
	s.must(http.StatusOK, "administrator", "PATCH", "/customers/hakata-shokai", `{"contact":"new@example.jp"}`)
	s.must(http.StatusOK, "analyst", "PUT", "/customers/hakata-shokai/restriction", `{"level":"watch","note":"seen"}`)
	administrator.next("set")
	viewer.next("restricted")
	const told = `"kind":"set"`
	if got := string(s.must(http.StatusOK, "administrator", "GET", "/live", "").body); !strings.Contains(got, told) {
		t.Errorf("an administrator is not told: %s", got)
	}
	for _, role := range []string{"viewer", "analyst"} {
		if got := string(s.must(http.StatusOK, role, "GET", "/live", "").body); strings.Contains(got, told) {
			t.Errorf("a %s is told: %s", role, got)
		}
	}
}
