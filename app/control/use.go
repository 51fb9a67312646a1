package control

import "time"

// UseSum is calls counted.
type UseSum struct {
	Attempts int     `json:"attempts"`
	Refused  int     `json:"refused,omitempty"`
	Answered int     `json:"answered"`
	TalkS    float64 `json:"talk_s"`
	Charge   Amount  `json:"charge"`
}

// UseAt is the use of one hour or one day, by its beginning.
type UseAt struct {
	At time.Time `json:"at"`
	UseSum
}

// UsePlace is the use towards one destination: a country, or a kind of number at home.
type UsePlace struct {
	Country string `json:"country,omitempty"`
	Class   string `json:"class"`
	Scope   string `json:"scope"`
	UseSum
}

// Use is what a customer used between two instants, and what it has left. Outgoing calls only; running ones cost when they end.
type Use struct {
	Customer string     `json:"customer"`
	From     time.Time  `json:"from"`
	To       time.Time  `json:"to"`
	Hours    []UseAt    `json:"hours,omitempty"` // of a span of at most ten days, and not by=day
	Days     []UseAt    `json:"days"`
	Places   []UsePlace `json:"places"` // the dearest first
	Total    UseSum     `json:"total"`
	Now      Usage      `json:"now"` // today, this month and set aside
	CapDay   Amount     `json:"cap_day"`
	CapMonth Amount     `json:"cap_month"`
	Behind   uint64     `json:"behind"` // entries of the journal that the view does not have yet
}

// Uses are the sums of several customers in a span, in the order that they were asked for. One that is not there is left out.
type Uses struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Uses   []UseOf   `json:"uses"`
	Behind uint64    `json:"behind"` // entries of the journal that the view does not have yet
}

// UseOf is the sum of one of them.
type UseOf struct {
	Customer string `json:"customer"`
	Name     string `json:"name"`
	UseSum
}

// Bill is a customer's itemised bill of one month.
type Bill struct {
	Customer string     `json:"customer"`
	Name     string     `json:"name"`
	Month    string     `json:"month"` // "2026-11"
	Lines    []BillLine `json:"lines"` // in the order of time; calls that are alike are one line
	Days     []UseAt    `json:"days"`
	Places   []UsePlace `json:"places"`
	Total    UseSum     `json:"total"`
	Whole    bool       `json:"whole"`  // whether numbers are whole
	Behind   uint64     `json:"behind"` // entries of the journal that the view does not have yet

	// Of a bill that is asked for by pages; days, destinations and total are of the whole.
	Count    int    `json:"count"`              // lines on all pages
	Folded   int    `json:"folded,omitempty"`   // calls that stand in lines of several, on all pages
	First    int    `json:"first,omitempty"`    // the place of the first line among all, from 0
	Next     string `json:"next,omitempty"`     // cursor of the following page
	Previous string `json:"previous,omitempty"` // cursor of the page before; empty also when that is the first
}

// BillLine is a call, or many that are alike: "14,000 calls of about 30 s to Sierra Leone, ¥175 each".
type BillLine struct {
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Country string    `json:"country,omitempty"`
	Class   string    `json:"class"`
	Scope   string    `json:"scope"`
	Callee  string    `json:"callee,omitempty"` // of a single call
	Call    string    `json:"call,omitempty"`   // of a single call
	Count   int       `json:"count"`
	AboutS  float64   `json:"about_s"` // how long each was, in the mean
	TalkS   float64   `json:"talk_s"`  // of all
	Least   Amount    `json:"least"`   // what the cheapest cost
	Most    Amount    `json:"most"`    // and the dearest
	Charge  Amount    `json:"charge"`  // of all
}
