package app

import (
	"encoding/json"
	"net/http"
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
