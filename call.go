package tsujiban

import (
	"errors"
	"net/netip"
	"time"
)

// CallID names one call for ever: 42 bits of milliseconds since 2020 and 22 bits
// of count, so that later calls have larger ids. Written as 13 characters.
type CallID uint64

const callAlphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's base 32: no i, l, o, u

// CallEpoch is the instant that CallID counts from, in Unix milliseconds (2020-01-01 UTC).
const CallEpoch = 1577836800000

// NextCallID returns the id for a call at the given instant. It is always larger
// than last, also when the clock has been set back.
func NextCallID(last CallID, at time.Time) CallID {
	id := CallID(max(at.UnixMilli()-CallEpoch, 0)) << 22
	return max(id, last+1)
}

// Append appends the 13 characters of the id.
func (c CallID) Append(b []byte) []byte {
	for shift := 60; shift >= 0; shift -= 5 {
		b = append(b, callAlphabet[c>>shift&31])
	}
	return b
}

func (c CallID) String() string { return string(c.Append(nil)) }

// ErrCallID is returned for text that is not 13 characters of a call id.
var ErrCallID = errors.New("not a call id of 13 characters")

// ParseCallID reads what String writes.
func ParseCallID[T ~string | ~[]byte](s T) (CallID, error) {
	if len(s) != 13 {
		return 0, ErrCallID
	}
	var v uint64
	for i := range len(s) {
		d := callDigit(s[i])
		if d < 0 || i == 0 && d > 15 {
			return 0, ErrCallID
		}
		v = v<<5 | uint64(d)
	}
	return CallID(v), nil
}

// callDigits is the value of each character, -1 for those that stand for none.
var callDigits = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i := range len(callAlphabet) {
		t[callAlphabet[i]] = int8(i)
	}
	return t
}()

func callDigit(c byte) int { return int(callDigits[c]) }

// MarshalText writes what String returns.
func (c CallID) MarshalText() ([]byte, error) { return c.Append(nil), nil }

// UnmarshalText reads what ParseCallID reads.
func (c *CallID) UnmarshalText(b []byte) error {
	v, err := ParseCallID(b)
	*c = v
	return err
}

// CustomerID is the operator's own name for a customer: "hakata-shokai".
type CustomerID string

// TrunkID is the operator's own name for a trunk, the link to one PBX.
type TrunkID string

// CarrierID is the name of a carrier in the configuration.
type CarrierID string

// Direction of a call, seen from the customer.
type Direction uint8

// The directions. New ones go at the end: the names are written in journals.
const (
	Out    Direction = iota // from the customer's PBX to the network
	In                      // from the network to the customer's PBX
	Inside                  // between the customer's PBX and a phone of its own that registered through the guard: no line is used
	numDirections
)

// NumDirections is the count of directions.
const NumDirections = int(numDirections)

var directionNames = [numDirections]string{"out", "in", "inside"}

func (d Direction) String() string { return name(directionNames[:], uint8(d)) }

// ParseDirection finds a direction by its name.
func ParseDirection(s string) (Direction, bool) {
	i, ok := index(directionNames[:], s)
	return Direction(i), ok
}

// Attempt is a call that is asked for. The byte slices point into the message that
// asked; they are valid until the function that got the Attempt returns.
type Attempt struct {
	Call      CallID
	At        time.Time // wall clock, UTC
	Direction Direction
	Customer  CustomerID
	Trunk     TrunkID
	Source    netip.AddrPort // where the INVITE came from
	Dialled   []byte         // digits as dialled: the user part of the Request-URI, unescaped
	Caller    []byte         // caller number: user part of P-Asserted-Identity, else of From
	Presented []byte         // user part of From when Caller came from P-Asserted-Identity: what the callee is shown
	UserAgent []byte
	SIPCallID []byte
}

// Action is what is done with an attempt.
type Action uint8

// The actions.
const (
	Allow Action = iota
	Watch        // allow, and look closely
	Deny
)

var actionNames = []string{"allow", "watch", "deny"}

func (a Action) String() string { return name(actionNames, uint8(a)) }

// ParseAction finds an action by its name.
func ParseAction(s string) (Action, bool) {
	i, ok := index(actionNames, s)
	return Action(i), ok
}

// Verdict is the guard's answer to an Attempt, with all that is needed to explain it.
type Verdict struct {
	Action      Action
	Reason      Reason
	Callee      Number // the number dialled, as far as it could be read
	Destination Destination
	Caller      Number // the caller's number, zero when none or unreadable
	Withheld    bool   // 184 was dialled: the caller's number is not to be shown
	Reserved    Money  // set aside for the first stretch of the call
	Price       Price
	Weight      Decibans // the largest sum of evidence over the scopes of this call
	Why         [MaxWhy]Weight
	Reach       Reach    // denied for fraud: what is restricted from now on
	Campaign    Campaign // what the call has in common with strange calls of other customers
	Rule        string   // the rule that decided, for people: "cap-day 20000", "country 232"; a constant or a string of the policy
}

// Price is what a call costs.
type Price struct {
	Setup     Money         // once, when it is answered
	PerMinute Money         // charged by increments
	Increment time.Duration // the step in which the carrier charges; 0 when there is no price
	Minimum   time.Duration // shortest time charged
}

// Charge is the cost of an answered call that lasted talk.
func (p Price) Charge(talk time.Duration) Money {
	if p.Increment <= 0 {
		return 0
	}
	t := max(talk, p.Minimum)
	steps := (t + p.Increment - 1) / p.Increment
	step := p.PerMinute.Times(int64(p.Increment / time.Millisecond))
	if step == MaxMoney {
		return MaxMoney
	}
	// Rounded up at the end, never per step: 0.1 yen per second stays 6 yen a minute.
	total := step.Times(int64(steps))
	if total == MaxMoney {
		return MaxMoney
	}
	return ((total + 59_999) / 60_000).Add(p.Setup)
}

// Decibans is a weight of evidence: ten times the decimal logarithm of a likelihood
// ratio. +10 makes "hijacked" ten times more likely than before, -10 ten times less.
type Decibans float32

// MaxWhy is how many observations a verdict carries.
const MaxWhy = 12

// Weight is one observation with the evidence it gives.
type Weight struct {
	Kind  Evidence
	Value Decibans
}

// Evidence names a kind of observation; a closed set.
type Evidence uint8

// The kinds of observation. New ones go at the end: the names are written in journals.
const (
	EvidenceNone Evidence = iota
	EvidenceDestination
	EvidenceHint
	EvidenceHour
	EvidenceRate
	EvidenceAdjacency
	EvidenceDuration
	EvidenceEqualDurations
	EvidenceAnswerRate
	EvidenceConcurrency
	EvidenceSource
	EvidenceUserAgent
	EvidenceRegistration
	EvidenceOverlap
	EvidencePrice
	EvidenceCarried // what earlier calls in this scope left behind
	EvidenceCampaign
	EvidenceSpending
	numEvidence
)

// NumEvidence is the count of kinds, for tables indexed by Evidence.
const NumEvidence = int(numEvidence)

var evidenceRows = [numEvidence]struct{ code, ja, en string }{
	EvidenceNone:           {"none", "", ""},
	EvidenceDestination:    {"destination", "この契約者がほとんど掛けない宛先", "a destination this customer hardly ever calls"},
	EvidenceHint:           {"hint", "不正利用の報告がある宛先", "a destination known from past abuse"},
	EvidenceHour:           {"hour", "この契約者には珍しい時間帯", "an unusual hour for this customer"},
	EvidenceRate:           {"rate", "いつもより短い発信間隔", "calls follow each other faster than usual"},
	EvidenceAdjacency:      {"adjacency", "隣り合う番号への連続発信", "neighbouring numbers one after the other"},
	EvidenceDuration:       {"duration", "いつもと違う通話時間", "an unusual length of call"},
	EvidenceEqualDurations: {"equal-durations", "ほぼ同じ長さの通話の繰り返し", "calls of nearly the same length, again and again"},
	EvidenceAnswerRate:     {"answer-rate", "応答率の偏り", "an unusual share of answered calls"},
	EvidenceConcurrency:    {"concurrency", "いつもより多い同時通話", "more calls at once than usual"},
	EvidenceSource:         {"source", "初めて見る発信元アドレス", "a source address never seen before"},
	EvidenceUserAgent:      {"user-agent", "初めて見る機器（User-Agent）", "a device (User-Agent) never seen before"},
	EvidenceRegistration:   {"registration", "直前の登録の異常", "unusual registrations just before"},
	EvidenceOverlap:        {"overlap", "着信中に始まった発信（DISAの疑い）", "a call out during a call in (DISA)"},
	EvidencePrice:          {"price", "高額な宛先", "an expensive destination"},
	EvidenceCarried:        {"carried", "これまでの通話の積み重ね", "what earlier calls left behind"},
	EvidenceCampaign:       {"campaign", "他の契約者でも同じ動き", "the same is seen at other customers"},
	EvidenceSpending:       {"spending", "知らない番号への通話料がいつもより多い", "more money than usual to unknown numbers"},
}

// String is the kind's stable code.
func (e Evidence) String() string {
	if e < numEvidence {
		return evidenceRows[e].code
	}
	return "invalid"
}

// ParseEvidence finds a kind by its code.
func ParseEvidence(s string) (Evidence, bool) {
	for i := range evidenceRows {
		if evidenceRows[i].code == s {
			return Evidence(i), true
		}
	}
	return 0, false
}

// Text says the kind to a person.
func (e Evidence) Text(l Lang) string {
	switch {
	case e >= numEvidence:
		return "?"
	case l == English:
		return evidenceRows[e].en
	}
	return evidenceRows[e].ja
}
