package backtest

import (
	"context"
	"time"

	"tsujiban"
	"tsujiban/guard"
	"tsujiban/guard/policy"
	"tsujiban/numbering"
	"tsujiban/rating"
	"tsujiban/replay"
	"tsujiban/trace"
)

// Setup is what a trace is replayed under.
type Setup struct {
	Customers    []trace.Customer
	Deck         *rating.Deck
	Plan         *numbering.Plan
	Location     *time.Location // of the node: hours and days
	Hints        []string       // E.164 prefixes known from past abuse
	Limits       tsujiban.Limits
	Caution      tsujiban.Decibans // 0: the default
	Harm         tsujiban.Money    // 0: the default
	ReleaseAfter time.Duration
	NoEvidence   bool // only rules and caps stop calls
}

// Guard makes a guard for the setup.
func (s *Setup) Guard() (*guard.Guard, error) {
	src := policy.Source{
		Defaults: s.Limits, Rates: s.Deck, Plan: s.Plan, Location: s.Location, Hints: s.Hints, Fraud: policy.FraudEnforce,
		NoRate: policy.NoRateAllow, Caution: s.Caution, Harm: s.Harm,
	}
	if s.NoEvidence {
		src.Fraud = policy.FraudOff
	}
	for i := range s.Customers {
		c := &s.Customers[i]
		src.Customers = append(src.Customers, tsujiban.Customer{ID: c.ID, Name: c.Name, International: c.International, Opened: c.Opened})
	}
	p, err := policy.Compile(src)
	if err != nil {
		return nil, err
	}
	return guard.New(guard.Options{Policy: p}), nil
}

// Play replays a trace against the guard of the setup.
func (s *Setup) Play(ctx context.Context, src trace.Source, o replay.Options, sink func(*replay.Result) error) error {
	g, err := s.Guard()
	if err != nil {
		return err
	}
	return s.PlayJudge(ctx, g, src, o, sink)
}

// PlayJudge replays a trace against any judge.
func (s *Setup) PlayJudge(ctx context.Context, j replay.Judge, src trace.Source, o replay.Options, sink func(*replay.Result) error) error {
	o.ReleaseAfter = s.ReleaseAfter
	return replay.New(j, o, sink).Play(ctx, src)
}

// Summary is what a replay came to.
type Summary struct {
	From, To      time.Time      `json:"-"`
	Calls         int            `json:"calls"`
	Out           int            `json:"calls_out"`
	Denied        int            `json:"denied"`
	Cut           int            `json:"cut"`
	Charged       Yen            `json:"yen"`       // what all calls cost as they would have gone
	Full          Yen            `json:"yen_full"`  // what they cost when nobody stops any
	Saved         Yen            `json:"yen_saved"` // the difference
	Restrictions  int            `json:"restrictions"`
	Restricted    int            `json:"customers_restricted"`
	Reasons       map[string]int `json:"reasons,omitempty"`      // of what was denied or cut
	Refused       map[string]int `json:"rows_refused,omitempty"` // rows that could not be used, by reason
	RefusedTotal  int            `json:"rows_refused_total"`
	Truth         *TruthSummary  `json:"truth,omitempty"`
	restrictedIDs map[tsujiban.CustomerID]bool
}

// Yen is an amount that JSON shows as a number of units.
type Yen tsujiban.Money

// MarshalJSON writes 20000 or 12.5.
func (y Yen) MarshalJSON() ([]byte, error) { return tsujiban.Money(y).Append(nil), nil }

// TruthSummary is what a labelled trace lets be said.
type TruthSummary struct {
	Exposed       Yen `json:"yen_exposed"` // what the stolen calls cost when nobody stops any
	Lost          Yen `json:"yen_lost"`
	HonestCalls   int `json:"honest_calls"`
	HonestHurt    int `json:"honest_calls_denied_or_cut"`
	Customers     int `json:"honest_customers"`
	CustomersHurt int `json:"honest_customers_hurt"`
}

// Add counts a result.
func (s *Summary) Add(r *replay.Result) {
	if s.Calls == 0 {
		s.From = r.Call.Start
		s.Reasons, s.restrictedIDs = map[string]int{}, map[tsujiban.CustomerID]bool{}
	}
	s.Calls++
	s.To = r.Call.Start
	if r.Call.Direction == tsujiban.Out {
		s.Out++
	}
	switch r.Verdict {
	case replay.Deny:
		s.Denied++
		s.Reasons[r.Reason.String()]++
	case replay.Cut:
		s.Cut++
		s.Reasons[r.Reason.String()]++
	}
	s.Charged += Yen(r.Charge)
	s.Full += Yen(r.Full)
	s.Saved = s.Full - s.Charged
}

// Restrict counts a restriction.
func (s *Summary) Restrict(r *tsujiban.Restriction) {
	if r.Level < tsujiban.LevelRestrict {
		return
	}
	if s.restrictedIDs == nil {
		s.restrictedIDs = map[tsujiban.CustomerID]bool{}
	}
	s.Restrictions++
	s.restrictedIDs[r.Customer] = true
	s.Restricted = len(s.restrictedIDs)
}
