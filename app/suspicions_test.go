package app

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"tsujiban/app/control"
)

// TestEventsFollow: who listens hears of a restriction, a refusal and the case; after a break it goes on where it was; what
// is gone is said.
func TestEventsFollow(t *testing.T) {
	r := newSite(t).start()
	heard := make(chan control.Event, 100)
	office := r.Office("sato")
	listen := func(path string) {
		_ = office.Stream(t.Context(), path, func(line control.Raw) error {
			var ev control.Event
			if err := json.Unmarshal(line, &ev); err != nil {
				return err
			}
			heard <- ev
			return nil
		})
	}
	go listen("/v1/events?after=0")
	next := func(kind string) control.Event {
		t.Helper()
		for {
			select {
			case ev := <-heard:
				if ev.Kind == kind {
					return ev
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("no %s comes", kind)
			}
		}
	}
	if err := r.do(http.MethodPost, "/v1/customers/hakata-shokai/ask", control.Order{Note: "by phone"}, nil); err != nil {
		t.Fatal(err)
	}
	asked := next("restricted")
	if asked.Level != "ask" || asked.Customer != "hakata-shokai" {
		t.Errorf("%+v", asked)
	}
	if ev := next("step"); ev.Case == nil || ev.Case.Act != "asked" || ev.ID <= asked.ID {
		t.Errorf("%+v", ev)
	}
	opened := next("case")
	if opened.Case == nil || opened.Case.Open == nil || !*opened.Case.Open {
		t.Fatalf("%+v", opened)
	}
	if err := office.Do(t.Context(), http.MethodPost, "/v1/customers/hakata-shokai/answer", control.Answer{Note: "no"}, nil); err != nil {
		t.Fatal(err)
	}
	if ev := next("restricted"); ev.Level != "restrict" {
		t.Errorf("%+v", ev)
	}
	go listen("/v1/events?after=1")
	if ev := next("gap"); ev.ID == 0 {
		t.Errorf("%+v", ev)
	}
	if err := office.Stream(t.Context(), "/v1/events?after=x", nil); err == nil {
		t.Error("after=x was taken")
	}
}

// TestNoEndsRunningCalls: "that was not us" restricts, also where nothing stood, and ends what is up; who answered is a named person or a link.
func TestNoEndsRunningCalls(t *testing.T) {
	r := newSite(t).start()
	r.pbx.talkTo(r.guard, r.carrier, "01012125550100")
	if err := r.Office("link to soumu@hakata.example").Do(t.Context(), http.MethodPost, "/v1/customers/hakata-shokai/answer", control.Answer{Note: "the link in the mail"}, nil); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*phone{r.carrier, r.pbx} {
		p.answer(p.expect("BYE "), "200 OK")
	}
	r.ended()
	r.pbx.invite(r.guard, "01012125550100", "0925551234")
	r.pbx.expect("SIP/2.0 603")
	var list control.Suspicions
	if err := r.do(http.MethodGet, "/v1/cases?open=true", nil, &list); err != nil || len(list.Cases) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	c := list.Cases[0]
	if c.Stands == nil || c.Stands.By != "link to soumu@hakata.example (console)" || c.Cut != 1 || c.Lost == 0 || c.Refused != 1 || c.Name != "博多商会" {
		t.Errorf("%+v, stands %+v", c, c.Stands)
	}
	// The answer of a customer does not lift what a person said; staff release it.
	if err := r.do(http.MethodPost, "/v1/customers/hakata-shokai/answer", control.Answer{Theirs: true, Note: "on second thought"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := r.do(http.MethodDelete, "/v1/customers/hakata-shokai/restriction", control.Order{Note: "checked"}, nil); err != nil {
		t.Fatal(err)
	}
	var whole control.SuspicionCase
	if err := r.do(http.MethodGet, "/v1/cases/"+strconv.FormatUint(c.ID, 10), nil, &whole); err != nil || whole.Ending != "released" || len(whole.Dearest) != 1 || whole.Dearest[0].Reason != "fraud" {
		t.Errorf("%+v, %v", whole, err)
	}
}
