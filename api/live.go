package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"tsujiban/app/control"
	"tsujiban/people"
)

// Status says how the program is.
type Status struct {
	Node      string     `json:"node" doc:"Name of this node." example:"guard1"`
	Version   string     `json:"version" example:"1.0.0"`
	Started   time.Time  `json:"started" doc:"When the program was started."`
	Ready     bool       `json:"ready" doc:"Whether calls are taken in."`
	Listeners []string   `json:"listeners" doc:"Where SIP is spoken." example:"[\"udp 192.0.2.10:5060\"]"`
	Carriers  []Carrier  `json:"carriers"`
	Customers int        `json:"customers"`
	Trunks    int        `json:"trunks"`
	Policy    time.Time  `json:"policy" doc:"When the rules in force were made."`
	Journal   JournalNow `json:"journal"`
	Currency  string     `json:"currency" doc:"Of all amounts (ISO 4217)." example:"JPY"`
	Totals    Totals     `json:"totals"`
}

// Carrier is how a carrier is doing.
type Carrier struct {
	ID      string `json:"id" example:"carrier-a"`
	Address string `json:"address" example:"192.0.2.20:5060"`
	Up      bool   `json:"up" doc:"Whether it answers."`
}

// JournalNow is how the journal is doing.
type JournalNow struct {
	Committed uint64 `json:"committed" doc:"The last entry that is on disk."`
	Viewed    uint64 `json:"viewed" doc:"The last entry that searches of calls know."`
	Failing   string `json:"failing,omitempty" doc:"Why it cannot be written."`
	Proven    uint64 `json:"proven" doc:"Entries under the newest signed checkpoint."`
	Unproven  string `json:"unproven,omitempty" doc:"Why the evidence does not follow."`
}

// Totals is the whole in numbers.
type Totals struct {
	Running    int    `json:"running" doc:"Calls that are up or being set up."`
	AtRisk     Money  `json:"at_risk" doc:"Set aside for running calls."`
	Today      Money  `json:"today" doc:"What the calls of today that have ended came to, of all customers."`
	Attempts   uint64 `json:"attempts" doc:"Calls asked for since the start."`
	Denied     uint64 `json:"denied" doc:"Of these: refused."`
	Cut        uint64 `json:"cut" doc:"Running calls that the guard has ended since the start."`
	Restricted int    `json:"restricted" doc:"Customers against whom a restriction stands."`
	Refused    uint64 `json:"refused" doc:"SIP requests of nobody's that were turned away since the start."`
}

// Live is one picture of the running program.
type Live struct {
	At       time.Time     `json:"at"`
	Node     string        `json:"node"`
	Currency string        `json:"currency"`
	Totals   Totals        `json:"totals"`
	Calls    []RunningCall `json:"calls" doc:"The dearest first."`
	Hidden   int           `json:"hidden,omitempty" doc:"How many more calls are running."`
	Notes    []Happening   `json:"notes" doc:"What has just happened, the newest first."`
}

// RunningCall is a call that is up or being set up.
type RunningCall struct {
	Call      string    `json:"call" doc:"Id of the call." example:"06b3k9d1r8000"`
	Customer  string    `json:"customer"`
	Direction string    `json:"direction" enum:"out,in"`
	Caller    string    `json:"caller,omitempty" doc:"Masked."`
	Callee    string    `json:"callee" doc:"Masked." example:"+2327712****"`
	Country   string    `json:"country,omitempty" doc:"ISO 3166-1." example:"SL"`
	Class     string    `json:"class,omitempty" doc:"Kind of number." example:"mobile"`
	Since     time.Time `json:"since" doc:"When it was asked for."`
	Answered  time.Time `json:"answered,omitzero"`
	Cost      Money     `json:"cost" doc:"So far."`
	PerMinute Money     `json:"per_minute"`
	Action    string    `json:"action" doc:"What the guard said: allow, or watch." example:"allow"`
	Weight    float64   `json:"weight" doc:"Weight of evidence in decibans."`
	Reserved  Money     `json:"reserved,omitempty" doc:"Set aside when it was let through."`
}

// Happening is something that staff want to see.
type Happening struct {
	At       time.Time `json:"at"`
	Kind     string    `json:"kind" doc:"deny, watch, cut, restricted, released, replied, set, journal." example:"restricted"`
	Customer string    `json:"customer,omitempty"`
	Call     string    `json:"call,omitempty"`
	Callee   string    `json:"callee,omitempty" doc:"Masked."`
	Country  string    `json:"country,omitempty"`
	Reason   string    `json:"reason,omitempty" doc:"A stable word." example:"fraud"`
	Rule     string    `json:"rule,omitempty"`
	Level    string    `json:"level,omitempty"`
	Reach    string    `json:"reach,omitempty"`
	Campaign *Campaign `json:"campaign,omitempty"`
	Theirs   *bool     `json:"theirs,omitempty" doc:"Of kind replied: whether the customer said that the use was its own."`
	By       string    `json:"by,omitempty"`
	Note     string    `json:"note,omitempty"`
	Weight   float64   `json:"weight,omitempty"`
	Why      []Weight  `json:"why,omitempty"`
	Charge   Money     `json:"charge,omitempty"`
}

// Weight is one observation.
type Weight struct {
	Kind  string  `json:"kind" example:"new-country"`
	Value float64 `json:"value" doc:"Decibans."`
}

// Campaign is what several hijacked customers have in common.
type Campaign struct {
	Factor    string `json:"factor" example:"user-agent"`
	Customers int    `json:"customers"`
}

func (s *server) liveRoutes() {
	register(s, "get-status", note{Summary: "How the program is"}, func(ctx context.Context, c *call, _ *nothing) (*body[Status], error) {
		out := answer(Status{})
		err := c.Office.Do(ctx, http.MethodGet, "/v1/status", nil, &out.Body)
		out.Body.Listeners, out.Body.Carriers = items(out.Body.Listeners), items(out.Body.Carriers)
		return out, err
	})
	register(s, "get-live", note{Summary: "The picture of now", Text: "Running calls and what has just happened. For a stream of what happens see `/events`."}, live)
	register(s, "end-call", note{Summary: "End a running call", Text: "Both parties are hung up on."}, func(ctx context.Context, c *call, in *struct {
		Call string `path:"call" pattern:"^[0-9a-hj-km-np-tv-z]{13}$" doc:"Id of the call."`
		Body Reason
	}) (*body[Done], error) {
		return change(ctx, c, http.MethodDelete, at("/v1/running/", in.Call), control.Order{Note: in.Body.Note})
	})
}

var errEnough = errors.New("enough")

func live(ctx context.Context, c *call, _ *nothing) (*body[Live], error) {
	out := answer(Live{})
	err := c.Office.Stream(ctx, "/v1/live?every=1m", func(line control.Raw) error {
		if err := json.Unmarshal(line, &out.Body); err != nil {
			return err
		}
		return errEnough
	})
	if !errors.Is(err, errEnough) {
		return nil, err
	}
	if !c.May(people.SeeRecord) {
		out.Body.Notes = slices.DeleteFunc(out.Body.Notes, func(n Happening) bool { return n.Kind == kindSet })
	}
	out.Body.Calls, out.Body.Notes = items(out.Body.Calls), items(out.Body.Notes)
	return out, nil
}

// change gives an order and tells what it came to.
func change(ctx context.Context, c *call, method, path string, in any) (*body[Done], error) {
	var d done
	if err := c.Office.Do(ctx, method, path, in, &d); err != nil {
		return nil, err
	}
	return d.out(), nil
}

// at is the path of an order about one thing.
func at(path, id string, rest ...string) string {
	path += url.PathEscape(id)
	for _, r := range rest {
		path += r
	}
	return path
}

// asked writes a query of those parameters that are given.
func asked(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}
