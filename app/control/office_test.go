package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"tsujiban"
)

// orders answers as the program does: with the person it hears from, a stream, a failure, a panic.
func orders(ended chan<- error) http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /who", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(ZoneHeader, "Asia/Tokyo")
		w.Header().Set(CurrencyHeader, "JPY")
		person, ok := PersonOf(r.Context())
		var in map[string]string
		err := json.NewDecoder(r.Body).Decode(&in)
		_ = json.NewEncoder(w).Encode(Done{By: person, Note: fmt.Sprint(in["say"], ok, err)})
	})
	m.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		for n := 0; ; n++ {
			if _, err := fmt.Fprintf(w, "%d\n", n); err != nil || http.NewResponseController(w).Flush() != nil {
				break
			}
		}
		<-r.Context().Done()
		ended <- context.Cause(r.Context())
	})
	m.HandleFunc("GET /waits", func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		ended <- context.Cause(r.Context())
	})
	m.HandleFunc("GET /large", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"note":"`+strings.Repeat("x", 1<<20)+`"}`)
	})
	m.HandleFunc("GET /missing", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"code":"not-found","message":"there is no customer"}`)
	})
	m.HandleFunc("GET /panics", func(http.ResponseWriter, *http.Request) { panic("a bug") })
	m.HandleFunc("GET /silent", func(http.ResponseWriter, *http.Request) {})
	return m
}

func TestInsideClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		sato := NewLocal(orders(ended), "佐藤")
		ctx := t.Context()
		for _, c := range []struct {
			client *Client
			want   string
		}{{sato, "佐藤"}, {sato.As("鈴木"), "鈴木"}, {sato, "佐藤"}} {
			var done Done
			if err := c.client.Do(ctx, http.MethodPost, "/who", map[string]string{"say": "hi"}, &done); err != nil || done.By != c.want || done.Note != "hitrue <nil>" {
				t.Errorf("got %+v, %v", done, err)
			}
		}
		if z := sato.As("田中").Zone().String(); z != "Asia/Tokyo" || sato.Currency() != "JPY" {
			t.Errorf("learnt %q %q", z, sato.Currency())
		}
		var large Done
		if err := sato.Do(ctx, http.MethodGet, "/large", nil, &large); err != nil || len(large.Note) != 1<<20 {
			t.Errorf("got %d bytes, %v", len(large.Note), err)
		}
		if err := sato.Do(ctx, http.MethodGet, "/missing", nil, nil); tsujiban.CodeOf(err) != tsujiban.CodeNotFound || err.Error() != "there is no customer" {
			t.Errorf("got %v", err)
		}
		if err := sato.Do(ctx, http.MethodGet, "/panics", nil, nil); err == nil || !strings.Contains(err.Error(), "a bug") {
			t.Errorf("got %v", err)
		}
		if err := sato.Do(ctx, http.MethodGet, "/silent", nil, nil); err != nil {
			t.Errorf("got %v", err)
		}
	})
}

// TestInsideStreamEnds: who stops reading ends the handler, and so does a context that is done, before the headers and after.
func TestInsideStreamEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		c := NewLocal(orders(ended), "sato")
		enough, n := errors.New("enough"), 0
		err := c.Stream(t.Context(), "/stream", func(Raw) error {
			if n++; n == 3 {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) || n != 3 {
			t.Errorf("got %v after %d", err, n)
		}
		<-ended
		ctx, cancel := context.WithCancel(t.Context())
		err = c.Stream(ctx, "/stream", func(Raw) error {
			cancel()
			return nil
		})
		if err != nil {
			t.Errorf("a stream that was left: %v", err)
		}
		<-ended
		ctx, cancel = context.WithCancel(t.Context())
		go cancel()
		if err := c.Do(ctx, http.MethodGet, "/waits", nil, nil); tsujiban.CodeOf(err) != tsujiban.CodeUnavailable || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		<-ended
	})
}
