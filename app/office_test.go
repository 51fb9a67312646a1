package app

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/store"
)

// TestOffice: orders from inside the program bear the person's name, and nobody at the socket can pretend to be there.
func TestOffice(t *testing.T) {
	r := newSite(t).start()
	var done control.Done
	sato := r.Office("佐藤 花子\x1b[2J")
	if err := sato.Do(t.Context(), http.MethodPatch, "/v1/customers/hakata-shokai", map[string]string{"name": "博多商事"}, &done); err != nil || done.By != "佐藤 花子[2J (console)" {
		t.Fatalf("by %q, %v", done.By, err)
	}
	if sato.Zone().String() != "Asia/Tokyo" || sato.Currency() != "JPY" {
		t.Errorf("zone %v, currency %q", sato.Zone(), sato.Currency())
	}
	frames := 0
	if err := sato.Stream(t.Context(), "/v1/live?every=100ms", func(control.Raw) error {
		if frames++; frames == 2 {
			return context.Canceled
		}
		return nil
	}); err == nil || frames != 2 {
		t.Errorf("%d frames, %v", frames, err)
	}
	var short []bool
	if err := sato.Stream(t.Context(), "/v1/live?every=100ms&calls=200ms", func(raw control.Raw) error {
		var f control.Frame
		if err := json.Unmarshal(raw, &f); err != nil {
			return err
		}
		if short = append(short, f.NoCalls); len(short) == 4 {
			return context.Canceled
		}
		return nil
	}); err == nil || !slices.Equal(short, []bool{false, true, false, true}) {
		t.Errorf("pictures without calls: %v, %v", short, err)
	}
	if err := sato.Do(t.Context(), http.MethodGet, "/v1/customers/nobody", nil, nil); tsujiban.CodeOf(err) != tsujiban.CodeNotFound {
		t.Errorf("got %v", err)
	}

	// The same orders through the socket, with every header that looks as if it came from inside.
	socket := r.App.o.Config.Control.Socket
	forger := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}}
	defer forger.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, "http://tsujiban/v1/customers/hakata-shokai", strings.NewReader(`{"name":"博多"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(control.ActingHeader, "佐藤 花子 (console)")
	req.Header.Set("Tsujiban-Person", "佐藤 花子")
	resp, err := forger.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	actions, err := r.store.Actions(t.Context(), store.ActionQuery{Customer: "hakata-shokai"})
	if err != nil || len(actions) < 2 {
		t.Fatalf("%+v, %v", actions, err)
	}
	if by := actions[0].By; strings.HasSuffix(by, "(console)") {
		t.Errorf("a caller at the socket is recorded as %q", by)
	}
	if by := actions[1].By; by != "佐藤 花子[2J (console)" {
		t.Errorf("who sits at the console is recorded as %q", by)
	}
	office := r.Office("sato")
	r.stop()
	if err := office.Do(context.Background(), http.MethodGet, "/v1/status", nil, nil); tsujiban.CodeOf(err) != tsujiban.CodeUnavailable {
		t.Errorf("after the stop: %v", err)
	}
}

// BenchmarkOffice is what an order costs a page.
func BenchmarkOffice(b *testing.B) {
	m := http.NewServeMux()
	m.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"by":"x"}`)) })
	c := control.NewLocal(m, "")
	for b.Loop() {
		var done control.Done
		if err := c.As("sato").Do(b.Context(), http.MethodGet, "/", nil, &done); err != nil {
			b.Fatal(err)
		}
	}
}
