package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// UseSum is calls counted.
type UseSum struct {
	Attempts int     `json:"attempts"`
	Refused  int     `json:"refused,omitempty"`
	Answered int     `json:"answered"`
	TalkS    float64 `json:"talk_s"`
	Charge   Money   `json:"charge"`
}

// UseAt is the use of one hour or one day.
type UseAt struct {
	At time.Time `json:"at" doc:"Its beginning."`
	UseSum
}

// UsePlace is the use towards one destination.
type UsePlace struct {
	Country string `json:"country,omitempty"`
	Class   string `json:"class"`
	Scope   string `json:"scope"`
	UseSum
}

// Use is what a customer used between two instants. Outgoing calls; running ones cost when they end.
type Use struct {
	Customer string     `json:"customer"`
	From     time.Time  `json:"from"`
	To       time.Time  `json:"to"`
	Hours    []UseAt    `json:"hours,omitempty" doc:"Of at most ten days."`
	Days     []UseAt    `json:"days"`
	Places   []UsePlace `json:"places" doc:"The dearest first."`
	Total    UseSum     `json:"total"`
	Now      Usage      `json:"now"`
	CapDay   Money      `json:"cap_day"`
	CapMonth Money      `json:"cap_month"`
	Behind   uint64     `json:"behind,omitempty" doc:"Entries of the journal that this does not know yet."`
}

// Bill is a customer's itemised bill of one month. Numbers are masked.
type Bill struct {
	Customer string     `json:"customer"`
	Name     string     `json:"name"`
	Month    string     `json:"month" example:"2026-11"`
	Lines    []BillLine `json:"lines" doc:"In the order of time; calls that are alike are one line."`
	Days     []UseAt    `json:"days"`
	Places   []UsePlace `json:"places"`
	Total    UseSum     `json:"total"`
	Behind   uint64     `json:"behind,omitempty"`
}

// BillLine is a call, or many that are alike.
type BillLine struct {
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Country string    `json:"country,omitempty"`
	Class   string    `json:"class"`
	Scope   string    `json:"scope"`
	Callee  string    `json:"callee,omitempty" doc:"Of a single call; masked."`
	Call    string    `json:"call,omitempty"`
	Count   int       `json:"count" example:"14000"`
	AboutS  float64   `json:"about_s" doc:"How long each was, in the mean."`
	TalkS   float64   `json:"talk_s" doc:"Of all."`
	Least   Money     `json:"least"`
	Most    Money     `json:"most"`
	Charge  Money     `json:"charge"`
}

// Profile is what is known of a customer's habits: what the guard weighs calls against.
type Profile struct {
	Customer     string               `json:"customer"`
	Known        bool                 `json:"known" doc:"false: it never called, all else is empty."`
	Since        time.Time            `json:"since,omitzero"`
	Destinations []ProfileDestination `json:"destinations" doc:"Abroad, the most called first."`
	Hours        [][]int              `json:"hours" doc:"Calls by weekday from Monday and hour of the node's clock; old ones fade."`
	LengthAbroad ProfileLengths       `json:"length_abroad"`
	LengthHome   ProfileLengths       `json:"length_home"`
	Today        int                  `json:"today"`
	FullestDay   int                  `json:"fullest_day"`
	Abroad       float64              `json:"abroad" doc:"The share of calls that leave the country."`
	New          float64              `json:"new" doc:"The share of those that go to new destinations."`
	Answered     float64              `json:"answered"`
	Observed     int                  `json:"observed" doc:"Calls that all this rests on; old ones fade."`
	History      int                  `json:"history" doc:"How far the customer is known by them, in percent."`
	Learning     bool                 `json:"learning" doc:"false: calls teach nothing at present, for there is suspicion."`
}

// ProfileDestination is one destination that the customer calls.
type ProfileDestination struct {
	Key     string    `json:"key" example:"232"`
	Country string    `json:"country,omitempty"`
	Share   float64   `json:"share"`
	Calls   int       `json:"calls"`
	Days    int       `json:"days"`
	Trust   int       `json:"trust" doc:"How far it is the customer's own, in percent."`
	Last    time.Time `json:"last"`
	Weight  float64   `json:"weight"`
}

// ProfileLengths is answered calls by how long they talked.
type ProfileLengths struct {
	BoundsS []int `json:"bounds_s" doc:"Upper bounds in seconds; the last kind has none."`
	Calls   []int `json:"calls"`
}

// Overview is the picture of the desk: outgoing calls over time and over the world.
type Overview struct {
	At        time.Time       `json:"at"`
	Currency  string          `json:"currency"`
	Hours     []OverviewHour  `json:"hours" doc:"The last 48, the oldest first."`
	Places    []OverviewPlace `json:"places" doc:"Now and in the last 24 hours, the dearest first."`
	Customers []OverviewRisk  `json:"customers" doc:"Those with the most at stake."`
	Totals    Totals          `json:"totals"`
	Journal   JournalNow      `json:"journal"`
	Behind    uint64          `json:"behind,omitempty"`
}

// OverviewHour is one hour.
type OverviewHour struct {
	At       time.Time `json:"at"`
	Attempts int       `json:"attempts"`
	Denied   int       `json:"denied"`
	Answered int       `json:"answered"`
	Charge   Money     `json:"charge"`
}

// OverviewPlace is a destination.
type OverviewPlace struct {
	Country   string `json:"country,omitempty"`
	Scope     string `json:"scope"`
	Running   int    `json:"running"`
	AtRisk    Money  `json:"at_risk"`
	PerMinute Money  `json:"per_minute"`
	Attempts  int    `json:"attempts"`
	Denied    int    `json:"denied"`
	Charge    Money  `json:"charge"`
}

// OverviewRisk is a customer and what is at stake.
type OverviewRisk struct {
	Customer string  `json:"customer"`
	Name     string  `json:"name"`
	Running  int     `json:"running"`
	AtRisk   Money   `json:"at_risk"`
	Day      Money   `json:"day" doc:"Charged in the last 24 hours."`
	Hour     Money   `json:"hour" doc:"And in the last one."`
	Denied   int     `json:"denied"`
	Weight   float64 `json:"weight"`
	Level    string  `json:"level"`
}

// billQuery says which bill.
type billQuery struct {
	CustomerPath
	Month  string `query:"month" pattern:"^[0-9]{4}-[0-9]{2}$" doc:"This month when absent." example:"2026-11"`
	Ground string `query:"ground" maxLength:"400" doc:"Of staff: why they look. The customer's own bill is a ground."`
}

func (s *server) useRoutes() {
	register(s, "get-use", note{Summary: "What a customer used", Text: "This month, unless a span is given."}, func(ctx context.Context, c *call, in *struct {
		CustomerPath
		From time.Time `query:"from"`
		To   time.Time `query:"to"`
	}) (*body[Use], error) {
		out := answer(Use{})
		err := c.Office.Do(ctx, http.MethodGet, at("/v1/customers/", in.Customer, "/use")+asked("from", stamp(in.From), "to", stamp(in.To)), nil, &out.Body)
		v := &out.Body
		v.Days, v.Places = items(v.Days), items(v.Places)
		if !c.Person.Role.Staff() {
			v.Now.Weight = 0
		}
		return out, err
	})
	register(s, "get-bill", note{Summary: "A customer's itemised bill of a month", Text: "Calls that are alike are one line. Numbers are masked. That it was looked at is recorded."}, func(ctx context.Context, c *call, in *billQuery) (*body[Bill], error) {
		out := answer(Bill{})
		err := c.Office.Do(ctx, http.MethodGet, at("/v1/customers/", in.Customer, "/bill")+asked("month", in.Month, "ground", in.Ground), nil, &out.Body)
		v := &out.Body
		v.Lines, v.Days, v.Places = items(v.Lines), items(v.Days), items(v.Places)
		return out, err
	})
	register(s, "get-bill-table", note{Summary: "A customer's itemised bill as a table (CSV)", Text: "A line for each call. Numbers are masked; no cell is a formula. That it was looked at is recorded.", File: "text/csv"},
		func(ctx context.Context, c *call, in *billQuery) (*huma.StreamResponse, error) {
			return s.download(ctx, c, "text/csv; charset=utf-8", http.MethodGet, at("/v1/customers/", in.Customer, "/bill.csv")+asked("month", in.Month, "ground", in.Ground), nil)
		})
	register(s, "get-profile", note{Summary: "What is known of a customer's habits"}, func(ctx context.Context, c *call, in *CustomerPath) (*body[Profile], error) {
		out := answer(Profile{})
		err := c.Office.Do(ctx, http.MethodGet, at("/v1/customers/", in.Customer, "/profile"), nil, &out.Body)
		v := &out.Body
		v.Destinations, v.Hours = items(v.Destinations), items(v.Hours)
		for _, l := range []*ProfileLengths{&v.LengthAbroad, &v.LengthHome} {
			l.BoundsS, l.Calls = items(l.BoundsS), items(l.Calls)
		}
		return out, err
	})
	register(s, "get-overview", note{Summary: "The picture of the desk"}, func(ctx context.Context, c *call, _ *nothing) (*body[Overview], error) {
		out := answer(Overview{})
		err := c.Office.Do(ctx, http.MethodGet, "/v1/overview", nil, &out.Body)
		v := &out.Body
		v.Hours, v.Places, v.Customers = items(v.Hours), items(v.Places), items(v.Customers)
		return out, err
	})
}
