package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/people"
)

// Event is something that happens, as told in the data of a server-sent event whose name is its kind.
type Event struct {
	ID uint64 `json:"id" doc:"Rises, also over a restart."`
	Happening
	Case *EventCase `json:"case,omitempty" doc:"Of kinds case and step."`
}

// EventCase is what happened to a case of suspicion.
type EventCase struct {
	ID     uint64 `json:"id,omitempty"`
	Act    string `json:"act,omitempty"`
	To     string `json:"to,omitempty"`
	Open   *bool  `json:"open,omitempty"`
	Ending string `json:"ending,omitempty"`
	Calls  int    `json:"calls,omitempty"`
}

// slowReader is how long a reader may take to take an event; after that it is dropped and comes again with Last-Event-ID.
const slowReader = 10 * time.Second

// maxStreams is how many streams one token may have at once.
const maxStreams = 8

var eventType = reflect.TypeFor[Event]()

func (s *server) eventRoutes() {
	n := note{
		Summary: "What happens, as it happens (server-sent events)",
		Text: "Verdicts that staff want to see, restrictions, and cases, in the order in which they happen; the name of an event is its `kind`, its data an `Event`. " +
			"`Last-Event-ID` (or `after`) goes on behind an event; kind `gap` says that those before it are no longer remembered. Every 15 seconds without an event a comment says that the stream lives. " +
			"Who reads too slowly is dropped, and goes on with Last-Event-ID. Resellers and customers hear of their own. At most 8 streams for a token.",
		File: "text/event-stream",
	}
	register(s, "stream-events", n, func(_ context.Context, c *call, in *struct {
		LastID string `header:"Last-Event-ID" maxLength:"20" doc:"The id of the last event that the reader has."`
		After  string `query:"after" maxLength:"20" doc:"The same, for those who cannot set headers."`
	}) (*huma.StreamResponse, error) {
		after := in.LastID
		if after == "" {
			after = in.After
		}
		if _, err := strconv.ParseUint(after, 10, 63); after != "" && err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "Last-Event-ID: this is the id of no event; begin again without one")
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) { s.stream(hc, c, after) }}, nil
	})
	s.huma.OpenAPI().Components.Schemas.Schema(eventType, true, "Event")
}

// stream tells events until the reader goes, is too slow, or the program stops.
func (s *server) stream(hc huma.Context, c *call, after string) {
	r, w := humago.Unwrap(hc)
	if !s.streams.take(c.Token, maxStreams) {
		s.refuse(w, r, problem(tooFast, c.Lang).with("Retry-After", "10"))
		return
	}
	defer s.streams.leave(c.Token)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	rc := http.NewResponseController(w)
	write := func(format string, args ...any) error {
		_ = rc.SetWriteDeadline(s.o.Clock().Add(slowReader)) // where there is no connection nobody is slow
		if _, err := fmt.Fprintf(w, format, args...); err != nil {
			return err
		}
		return rc.Flush()
	}
	defer func() { _ = rc.SetWriteDeadline(time.Time{}) }() // as above
	checked := s.o.Clock()
	err := c.Office.Follow(r.Context(), "/v1/events"+asked("after", after), func() error { return write(": events\n\n") }, func(line control.Raw) error {
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		if now := s.o.Clock(); now.Sub(checked) >= recheck {
			if checked = now; !s.still(r, c) {
				return errEnough // the token was taken back
			}
		}
		switch {
		case e.Kind == "alive":
			return write(": alive\n\n")
		case e.Kind != "gap" && !s.hears(c, &e):
			return nil
		}
		data, err := json.Marshal(&e)
		if err != nil {
			return err
		}
		return write("id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Kind, data)
	})
	if err != nil && r.Context().Err() == nil {
		s.o.Log.Debug("a stream of events ended", slog.Any("error", err))
	}
}

// recheck is how often a stream asks whether its token still is one.
const recheck = 10 * time.Second

// still tells whether the token of a request still is one that may.
func (s *server) still(r *http.Request, c *call) bool {
	caller, p := s.caller(r)
	if p != nil || !rowOf("stream-events").may(caller) {
		return false
	}
	c.Caller = caller
	return true
}

// kindSet is the kind of what people did. It names whom and what somebody asked about: it is for those who may see the record of actions.
const kindSet = "set"

// hears tells whether an event is for the caller, and takes out what is not.
func (s *server) hears(c *call, e *Event) bool {
	if e.Kind == kindSet && !c.May(people.SeeRecord) {
		return false
	}
	if c.Person.Role.Staff() {
		return true
	}
	if e.Customer == "" || !c.Person.Reaches(tsujiban.CustomerID(e.Customer)) {
		return false
	}
	switch e.Kind {
	case "deny", "cut", "restricted", "released", "replied":
		e.Weight, e.Why, e.Campaign, e.By, e.Note, e.Rule, e.Case = 0, nil, nil, "", "", "", nil
		return true
	}
	return false
}

// streams counts those that are open, by token.
type streams struct {
	mu   sync.Mutex
	open map[string]int
}

func (s *streams) take(token string, most int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[token] >= most {
		return false
	}
	s.open[token]++
	return true
}

func (s *streams) leave(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[token]--; s.open[token] == 0 {
		delete(s.open, token)
	}
}
