package store

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tsujiban"
)

// MaxText is the most bytes that a view keeps of one text out of a SIP message.
const MaxText = 256

// Clean makes text out of a SIP message fit for a view: valid UTF-8 without control
// characters (U+FFFD stands in their place), at most MaxText bytes.
func Clean[T ~string | ~[]byte](s T) string {
	plain := len(s) <= MaxText
	for i := 0; plain && i < len(s); i++ {
		plain = s[i] >= ' ' && s[i] < 0x7f
	}
	if plain {
		return string(s)
	}
	var b strings.Builder
	for _, r := range string(s[:min(len(s), 4*MaxText)]) {
		if unicode.IsControl(r) {
			r = utf8.RuneError
		}
		if b.Len()+utf8.RuneLen(r) > MaxText {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Attempted makes the call of an EventAttempt. A refused call is over at once.
func Attempted(ev *tsujiban.Event) Call {
	a, v := &ev.Attempt, &ev.Verdict
	c := Call{
		ID: ev.Call, At: ev.At, Direction: a.Direction,
		Customer: a.Customer, Trunk: a.Trunk, Source: a.Source,
		Presented: Clean(a.Caller), Dialled: Clean(a.Dialled), Caller: v.Caller, Callee: v.Callee, Withheld: v.Withheld,
		Destination: v.Destination, Action: v.Action, Reason: v.Reason, Rule: Clean(v.Rule), Weight: v.Weight,
		UserAgent: Clean(a.UserAgent), SIPCallID: Clean(a.SIPCallID), Entries: Entries{Asked: ev.Seq},
	}
	for _, w := range v.Why {
		if w.Kind != tsujiban.EvidenceNone {
			c.Why = append(c.Why, w)
		}
	}
	if v.Action == tsujiban.Deny {
		c.Ended, c.Status = ev.At, v.Reason.SIPStatus()
	}
	return c
}

// Answer folds an EventAnswered into the call.
func (c *Call) Answer(ev *tsujiban.Event) {
	c.Answered, c.Entries.Answered = ev.At, ev.Seq
	if ev.Dialog.Carrier != "" {
		c.Carrier = ev.Dialog.Carrier
	}
}

// End folds an EventEnded into the call.
func (c *Call) End(ev *tsujiban.Event) {
	o := &ev.Outcome
	c.Entries.Ended = ev.Seq
	c.Ended, c.Status, c.Talk, c.Charge, c.Cut, c.By = ev.At, o.Status, o.Talk, o.Charge, o.Cut, o.By
	if o.Carrier != "" {
		c.Carrier = o.Carrier
	}
}
