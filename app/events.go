package app

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/store"
)

// The pace of the stream of events.
const (
	eventBatch = 256              // events that are copied at once
	eventAlive = 15 * time.Second // without an event the stream says that it is alive
)

// events tells what happens as it does: what staff want to see, and how cases of suspicion change. after is the id of the last event that the reader
// has; without it the stream begins with what comes next.
func (s *controlServer) events(w http.ResponseWriter, r *http.Request) {
	_, last, _, _ := s.app.desk.events(1<<63, 0)
	if text := r.URL.Query().Get("after"); text != "" {
		after, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			s.fail(w, tsujiban.Errorf(tsujiban.CodeInvalid, "after: %q is not the id of an event", text))
			return
		}
		last = after
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc, flush := json.NewEncoder(w), http.NewResponseController(w)
	if flush.Flush() != nil {
		return
	}
	alive := time.NewTicker(eventAlive)
	defer alive.Stop()
	for {
		list, upTo, missed, more := s.app.desk.events(last, eventBatch)
		if missed {
			list = append([]control.Event{{ID: upTo - uint64(len(list)), Notable: control.Notable{At: s.app.now(), Kind: "gap"}}}, list...)
		}
		for i := range list {
			if enc.Encode(&list[i]) != nil {
				return // the reader is gone
			}
		}
		last = upTo
		if len(list) > 0 {
			if flush.Flush() != nil {
				return
			}
			continue // there may be more already
		}
		select {
		case <-more:
		case <-alive.C:
			if enc.Encode(&control.Event{ID: last, Notable: control.Notable{At: s.app.now(), Kind: "alive"}}) != nil || flush.Flush() != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// actions lists what people have set, newest first.
func (s *controlServer) actions(r *http.Request) (any, error) {
	v := r.URL.Query()
	q := store.ActionQuery{Customer: tsujiban.CustomerID(v.Get("customer")), By: v.Get("by"), Verb: v.Get("verb"), Object: v.Get("object")}
	kinds := v["kind"]
	if len(kinds) == 0 {
		kinds = []string{control.KindSettings} // what others did, and on what ground they looked, is told to who asks for it
	}
	for _, k := range kinds {
		if !slices.Contains(control.Kinds, k) {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "there is no kind %q of actions; write one of %s", k, strings.Join(control.Kinds, ", "))
		}
	}
	for _, k := range control.Kinds {
		switch settings := slices.Contains(kinds, control.KindSettings); {
		case slices.Contains(kinds, k) && !settings:
			q.Verbs = append(q.Verbs, control.DeedVerbs(k)...)
		case !slices.Contains(kinds, k) && settings: // settings have all verbs that no other kind has
			q.Without = append(q.Without, control.DeedVerbs(k)...)
		}
	}
	var err error
	for name, to := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		if text := v.Get(name); text != "" {
			if *to, err = time.Parse(time.RFC3339, text); err != nil {
				return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%s: %q is no time", name, text)
			}
		}
	}
	if q.Limit, err = limitOf(r); err != nil {
		return nil, err
	}
	if text := v.Get("cursor"); text != "" {
		if q.Before, err = strconv.ParseInt(text, 10, 64); err != nil || q.Before <= 0 {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "cursor: %q is not one of a page of actions", text)
		}
	}
	if q.Limit == 0 {
		q.Limit = store.DefaultPage
	}
	list, err := s.app.store.Actions(r.Context(), q)
	if err != nil {
		return nil, err
	}
	out := control.Actions{Actions: []control.Action{}}
	for i := range list {
		x := &list[i]
		out.Actions = append(out.Actions, control.Action{ID: x.ID, At: x.At, By: x.By, Verb: x.Verb, Customer: string(x.Customer), Object: x.Object, Note: x.Note})
	}
	if len(list) == q.Limit {
		out.Next = strconv.FormatInt(list[len(list)-1].ID, 10)
	}
	return out, nil
}
