package control

import "time"

// Profile is what is known of a customer's habits, in plain figures: words are made where it is shown. It is what the guard weighs calls against.
type Profile struct {
	Customer     string               `json:"customer"`
	Known        bool                 `json:"known"`          // false: it never called, all else is empty
	Since        time.Time            `json:"since,omitzero"` // the oldest call on record
	Destinations []ProfileDestination `json:"destinations"`   // abroad, the most called first
	Hours        [7][24]int           `json:"hours"`          // calls by weekday from Monday and hour of the node's clock; old ones fade
	LengthAbroad ProfileLengths       `json:"length_abroad"`
	LengthHome   ProfileLengths       `json:"length_home"`
	Today        int                  `json:"today"` // calls out at home so far today
	FullestDay   int                  `json:"fullest_day"`
	Abroad       float64              `json:"abroad"`   // the share of calls that leave the country, 0 to 1
	New          float64              `json:"new"`      // the share of those that go to new destinations
	Answered     float64              `json:"answered"` // the share of those that reach somebody
	Observed     int                  `json:"observed"` // calls that all this rests on; old ones fade
	History      int                  `json:"history"`  // how far the customer is known by them, in percent
	Learning     bool                 `json:"learning"` // false: calls teach nothing at present, for there is suspicion
	Weights      ProfileWeights       `json:"weights"`
	Sources      []ProfileSeen        `json:"sources"` // of the latest calls
	Agents       []ProfileSeen        `json:"agents"`
}

// ProfileDestination is one destination that the customer calls.
type ProfileDestination struct {
	Key     string    `json:"key"` // as in a reach: "232", "81-shared-cost"
	Country string    `json:"country,omitempty"`
	Share   float64   `json:"share"` // of its calls abroad, 0 to 1
	Calls   int       `json:"calls"`
	Days    int       `json:"days"`
	Trust   int       `json:"trust"` // how far it is the customer's own, in percent
	Last    time.Time `json:"last"`
	Heard   time.Time `json:"heard,omitzero"` // the last call in from there
	Weight  float64   `json:"weight"`         // decibans
}

// ProfileLengths is answered calls by how long they talked.
type ProfileLengths struct {
	BoundsS []int `json:"bounds_s"` // upper bounds in seconds; the last kind has none
	Calls   []int `json:"calls"`
}

// ProfileWeights are the sums of evidence, in decibans.
type ProfileWeights struct {
	Abroad float64 `json:"abroad"`
	Home   float64 `json:"home"`
	Source float64 `json:"source"`
}

// ProfileSeen is an address or a device that the latest calls came from.
type ProfileSeen struct {
	Value string    `json:"value"`
	Calls int       `json:"calls"`
	Last  time.Time `json:"last"`
	Known bool      `json:"known"` // one of the customer's own by now
}
