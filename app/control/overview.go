package control

import "time"

// Overview is the desk's picture: money over time and over the world, who is at risk, how the carriers do. Outgoing calls only.
type Overview struct {
	At        time.Time       `json:"at"`
	Currency  string          `json:"currency"`
	Hours     []OverviewHour  `json:"hours"`     // the last 48, oldest first, by the hour's beginning; empty ones too
	Places    []OverviewPlace `json:"places"`    // now and in the last 24 hours, the dearest first
	Customers []OverviewRisk  `json:"customers"` // the twenty with the most at stake
	Carriers  []CarrierHealth `json:"carriers"`
	Totals    Totals          `json:"totals"`
	Journal   JournalNow      `json:"journal"`
	Behind    uint64          `json:"behind"` // entries of the journal that the hours do not have yet
}

// OverviewHour is one hour: calls count when they were asked for, money when they ended.
type OverviewHour struct {
	At       time.Time `json:"at"`
	Attempts int       `json:"attempts"`
	Denied   int       `json:"denied"`
	Answered int       `json:"answered"`
	Charge   Amount    `json:"charge"`
}

// OverviewPlace is a destination.
type OverviewPlace struct {
	Country   string `json:"country,omitempty"` // empty: none, such as satellites
	Scope     string `json:"scope"`
	Running   int    `json:"running"`
	AtRisk    Amount `json:"at_risk"`    // set aside for those
	PerMinute Amount `json:"per_minute"` // what those cost together
	Attempts  int    `json:"attempts"`   // in the last 24 hours, as the following
	Denied    int    `json:"denied"`
	Charge    Amount `json:"charge"`
}

// OverviewRisk is a customer and what is at stake.
type OverviewRisk struct {
	Customer    string  `json:"customer"`
	Name        string  `json:"name"`
	Running     int     `json:"running"`
	AtRisk      Amount  `json:"at_risk"`
	Day         Amount  `json:"day"`  // charged in the last 24 hours
	Hour        Amount  `json:"hour"` // and in the last one
	Denied      int     `json:"denied"`
	Weight      float64 `json:"weight"`
	Level       string  `json:"level"`
	Restriction string  `json:"restriction,omitempty"` // who imposed what stands
}

// CarrierHealth is how a carrier is doing.
type CarrierHealth struct {
	Carrier
	Running  int     `json:"running"`
	Calls    int     `json:"calls"`    // that ended in the last 24 hours
	Answered int     `json:"answered"` // of them
	Rate     float64 `json:"rate"`     // answered to ended, 0 when there were none
	Charge   Amount  `json:"charge"`
}
