package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tsujiban"
)

func TestCustomerThereAndBack(t *testing.T) {
	want := tsujiban.Customer{
		ID: "hakata-shokai", Name: "博多商会", International: true, Opened: time.Date(2015, 4, 1, 0, 0, 0, 0, time.UTC),
		Contact: "soumu@hakata.example", Language: tsujiban.English, Numbers: []string{"+81925551234"},
		Limits: tsujiban.Limits{
			CapCall: 12_500_000, CapDay: 20_000 * tsujiban.Unit, CapMonth: 1, Channels: 4, CallsPerSecond: 2, LongestCall: 90 * time.Minute,
			AllowCountries: []string{"US"}, BarCountries: []string{"SL"}, BarPrefixes: []string{"232"}, AllowClasses: []string{"premium"}, Hours: "Mon-Fri 08:00-20:00",
		},
	}
	b, err := json.Marshal(CustomerOf(&want))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), `"cap_call":12.5,"cap_day":20000,"cap_month":0.000001`) || !strings.Contains(string(b), `"longest_call":"1h30m0s"`) {
		t.Errorf("JSON %s", b)
	}
	var shape Customer
	if err := json.Unmarshal(b, &shape); err != nil {
		t.Fatal(err)
	}
	got, err := shape.Customer()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// TestShapesShareNothing: a patch read over a shape must not reach what it was made of.
func TestShapesShareNothing(t *testing.T) {
	c := tsujiban.Customer{Numbers: []string{"+81925551234"}, Limits: tsujiban.Limits{BarCountries: []string{"SL"}}}
	shape := CustomerOf(&c)
	if err := json.Unmarshal([]byte(`{"numbers":["+1"],"limits":{"bar_countries":["US"]}}`), &shape); err != nil {
		t.Fatal(err)
	}
	k := tsujiban.Trunk{Sources: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, HA1MD5: "x"}
	trunk := TrunkOf(&k)
	if err := json.Unmarshal([]byte(`{"sources":["198.51.100.0/24"]}`), &trunk); err != nil {
		t.Fatal(err)
	}
	if c.Numbers[0] != "+81925551234" || c.Limits.BarCountries[0] != "SL" || k.Sources[0].String() != "192.0.2.0/24" {
		t.Errorf("changed: %+v %+v", c, k)
	}
}

func TestTrunkKeepsItsSecret(t *testing.T) {
	b, err := json.Marshal(TrunkOf(&tsujiban.Trunk{ID: "t", Username: "u", HA1MD5: "dad77bd9", HA1SHA256: "eb843d1c"}))
	if err != nil || strings.Contains(string(b), "dad77bd9") || strings.Contains(string(b), "eb843d1c") || !strings.Contains(string(b), `"digest":true`) {
		t.Errorf("JSON %s, %v", b, err)
	}
}

func TestWrongValues(t *testing.T) {
	for _, text := range []string{
		`{"limits":{"cap_day":-1}}`, `{"limits":{"cap_day":"lots"}}`, `{"limits":{"longest_call":"-1h"}}`, `{"limits":{"longest_call":5}}`,
	} {
		var c Customer
		if err := json.Unmarshal([]byte(text), &c); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
	for _, c := range []Customer{{Opened: "1 April"}, {Language: "fr"}} {
		if _, err := c.Customer(); tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// serve answers at a socket as the handler says.
func serve(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	c := NewClient(socket, "sato")
	t.Cleanup(func() {
		c.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return c
}

func TestClient(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(ZoneHeader, "Asia/Tokyo")
		w.Header().Set(CurrencyHeader, "JPY")
		text := `{"by":"` + r.Header.Get(ActingHeader) + `"}`
		switch r.URL.Path {
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
			text = `{"code":"not-found","message":"there is no customer"}`
		case "/broken":
			w.WriteHeader(http.StatusBadGateway)
			text = "not JSON"
		case "/lines":
			text = "1\n2\n3\n"
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Error(err)
		}
	})
	ctx := context.Background()
	var done Done
	if err := c.Do(ctx, http.MethodGet, "/", nil, &done); err != nil || done.By != "sato" {
		t.Errorf("got %+v, %v", done, err)
	}
	if c.Zone().String() != "Asia/Tokyo" || c.Currency() != "JPY" {
		t.Errorf("learnt %v %q", c.Zone(), c.Currency())
	}
	if err := c.Do(ctx, http.MethodGet, "/missing", nil, nil); tsujiban.CodeOf(err) != tsujiban.CodeNotFound || err.Error() != "there is no customer" {
		t.Errorf("got %v", err)
	}
	if err := c.Do(ctx, http.MethodGet, "/broken", nil, nil); tsujiban.CodeOf(err) != tsujiban.CodeInternal {
		t.Errorf("got %v", err)
	}
	got := ""
	if err := c.Stream(ctx, "/lines", func(raw Raw) error {
		got += string(raw)
		return nil
	}); err != nil || got != "123" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestNobodyThere(t *testing.T) {
	err := NewClient(filepath.Join(t.TempDir(), "none"), "").Do(context.Background(), http.MethodGet, "/", nil, nil)
	if tsujiban.CodeOf(err) != tsujiban.CodeUnavailable || !strings.Contains(err.Error(), "tsujiban serve") {
		t.Errorf("got %v", err)
	}
}

// TestDifference: a preview of looser rules spares less than nothing, and can be read all the same.
func TestDifference(t *testing.T) {
	for _, saved := range []tsujiban.Money{-tsujiban.Unit / 2, 0, 20_000 * tsujiban.Unit} {
		b, err := json.Marshal(PreviewDiffer{Customer: "hakata-shokai", Saved: Difference(saved)})
		if err != nil {
			t.Fatal(err)
		}
		var got PreviewDiffer
		if err := json.Unmarshal(b, &got); err != nil || got.Saved != Difference(saved) {
			t.Errorf("%s: %+v, %v", b, got, err)
		}
	}
}
