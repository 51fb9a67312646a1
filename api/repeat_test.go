package api_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"tsujiban/api"
)

const trunk = `{"id":"t1","customer":"tenjin-denki","sources":["198.51.100.7/32"]}`

// TestRepeatedRequests: what comes twice is done once, also across a restart.
func TestRepeatedRequests(t *testing.T) {
	s := newSite(t)
	key := []string{api.KeyHeader, "9b1deb4d-3b7d"}
	first := s.must(http.StatusCreated, "administrator", "POST", "/trunks", trunk, key...)
	again := s.must(http.StatusCreated, "administrator", "POST", "/trunks", trunk, key...)
	if string(first.body) != string(again.body) || first.header.Get("Location") != again.header.Get("Location") || again.header.Get("Idempotency-Replayed") != "true" || first.header.Get("Idempotency-Replayed") != "" {
		t.Errorf("%s %s %v", first.body, again.body, again.header)
	}
	if p := s.must(http.StatusUnprocessableEntity, "administrator", "POST", "/trunks", `{"id":"t2","customer":"tenjin-denki"}`, key...).problem(t); p.Code != "idempotency-key-reused" {
		t.Errorf("%+v", p)
	}
	if p := s.must(http.StatusUnprocessableEntity, "administrator", "DELETE", "/trunks/t1", nil, key...).problem(t); p.Code != "idempotency-key-reused" {
		t.Errorf("%+v", p)
	}
	s.must(http.StatusConflict, "administrator", "POST", "/trunks", trunk) // without a key it is another request
	s.stop()
	s.start()
	if r := s.must(http.StatusCreated, "administrator", "POST", "/trunks", trunk, key...); string(r.body) != string(first.body) {
		t.Errorf("after a restart: %s", r.body)
	}

	// What was refused can be put right under the same key.
	s.must(http.StatusUnprocessableEntity, "administrator", "POST", "/trunks", `{"id":"T"}`, api.KeyHeader, "k2")
	s.must(http.StatusNotFound, "administrator", "DELETE", "/trunks/nobody", nil, api.KeyHeader, "k2")
	s.must(http.StatusOK, "administrator", "DELETE", "/trunks/t1", nil, api.KeyHeader, "k2")
	s.must(http.StatusOK, "administrator", "DELETE", "/trunks/t1", nil, api.KeyHeader, "k2")

	// Somebody else's key is another key, and a right that is missing is missing again.
	s.must(http.StatusForbidden, "analyst", "DELETE", "/trunks/t1", nil, api.KeyHeader, "k2")
	s.must(http.StatusOK, "analyst", "PUT", "/customers/tenjin-denki/restriction", `{"level":"watch","note":"x"}`, api.KeyHeader, "k2")

	// Whole numbers are not kept.
	reveal := `{"ground":"test","reason":"test"}`
	s.must(http.StatusOK, "analyst", "POST", "/calls/reveal", reveal, api.KeyHeader, "k3")
	if p := s.must(http.StatusConflict, "analyst", "POST", "/calls/reveal", reveal, api.KeyHeader, "k3").problem(t); p.Code != "answer-not-kept" {
		t.Errorf("%+v", p)
	}
	for _, wrong := range []string{"", "a b", "日本", string(make([]byte, 129))} {
		if p := s.must(http.StatusBadRequest, "analyst", "POST", "/calls/search", `{"ground":"x"}`, api.KeyHeader, wrong).problem(t); p.Code != "idempotency-key-invalid" {
			t.Errorf("%q: %+v", wrong, p)
		}
	}
}

// TestManyAtOnce: of many same requests at once one is carried out; the others hear that it runs, or how it ended.
func TestManyAtOnce(t *testing.T) {
	s := newSite(t)
	statuses := make([]int, 20)
	var wg sync.WaitGroup
	for i := range statuses {
		wg.Go(func() {
			statuses[i] = s.do("administrator", "POST", "/customers", `{"id":"once","name":"一度"}`, api.KeyHeader, "same").status
		})
	}
	wg.Wait()
	count := map[int]int{}
	for _, st := range statuses {
		count[st]++
	}
	if count[http.StatusCreated] == 0 || count[http.StatusCreated]+count[http.StatusConflict] != len(statuses) {
		t.Errorf("%v", count)
	}
	s.must(http.StatusCreated, "administrator", "POST", "/customers", `{"id":"once","name":"一度"}`, api.KeyHeader, "same")
}

// TestKeysAge: after a day a key is free; who uses too many is told so.
func TestKeysAge(t *testing.T) {
	s := newSite(t)
	now := s.clock()
	s.clock = func() time.Time { return now }
	s.stop()
	s.start()
	look := func(status int, key string) {
		t.Helper()
		s.must(status, "analyst", "PUT", "/customers/tenjin-denki/restriction", `{"level":"watch","note":"x"}`, api.KeyHeader, key)
	}
	look(http.StatusOK, "old")
	now = now.Add(api.KeepReplies + time.Second)
	if r := s.must(http.StatusOK, "analyst", "PUT", "/customers/tenjin-denki/restriction", `{"level":"ask","note":"another"}`, api.KeyHeader, "old"); r.header.Get("Idempotency-Replayed") != "" {
		t.Error("a key of yesterday is remembered")
	}
}
