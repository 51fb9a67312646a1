package journal

import (
	"math"
	"net/netip"
	"strconv"
	"time"

	"tsujiban"
)

// ParseEvent reads a line that [AppendEvent] wrote into *ev, which is overwritten. Fields that it does
// not know are skipped: a later version may have written them. Everything else is strict: types,
// ranges and names of closed sets. Byte slices of the event may point into line. Errors carry
// [tsujiban.CodeInvalid] and say which field and byte is wrong.
func ParseEvent(line []byte, ev *tsujiban.Event) error {
	*ev = tsujiban.Event{}
	s := scanner{b: line}
	if len(line) > MaxLine {
		s.fail("the line is longer than " + strconv.Itoa(MaxLine) + " bytes")
		return s.err()
	}
	s.want('{')
	for first := true; ; {
		name := s.field(&first)
		if name == nil {
			break
		}
		s.event(name, ev)
		if s.what != "" {
			s.key = string(name)
			break
		}
	}
	s.space()
	if s.i < len(line) {
		s.fail("more text after the entry")
	}
	if s.what != "" {
		return s.err()
	}
	return complete(ev)
}

// complete gives the fields back that the encoder leaves out because others say the same.
func complete(ev *tsujiban.Event) error {
	switch ev.Kind {
	case tsujiban.EventNone:
		return tsujiban.Errorf(tsujiban.CodeInvalid, "journal line: no kind of event")
	case tsujiban.EventAttempt, tsujiban.EventRegistered:
		if ev.Attempt.Call == 0 {
			ev.Attempt.Call = ev.Call
		}
		if ev.Attempt.At.IsZero() {
			ev.Attempt.At = ev.At
		}
	case tsujiban.EventRestricted, tsujiban.EventReleased:
		if ev.Restriction.At.IsZero() {
			ev.Restriction.At = ev.At
		}
	}
	return nil
}

// event reads the value of one field. Which part of the event it belongs to depends on the kind, which
// stands before all fields that need it.
func (s *scanner) event(name []byte, ev *tsujiban.Event) {
	switch string(name) {
	case "seq":
		ev.Seq = s.unsigned()
	case "kind":
		ev.Kind = enum(s, kinds)
	case "at":
		ev.At = s.instant()
	case "call":
		ev.Call = s.call()
	default:
		switch ev.Kind {
		case tsujiban.EventAttempt:
			if !s.attempt(name, &ev.Attempt) && !s.verdict(name, &ev.Verdict) {
				s.skip(0)
			}
		case tsujiban.EventRegistered:
			if !s.attempt(name, &ev.Attempt) {
				s.skip(0)
			}
		case tsujiban.EventAnswered:
			s.dialog(name, &ev.Dialog)
		case tsujiban.EventEnded:
			s.outcome(name, &ev.Outcome)
		case tsujiban.EventRestricted, tsujiban.EventReleased:
			s.restriction(name, &ev.Restriction)
		case tsujiban.EventRefused:
			s.refusal(name, &ev.Refusal)
		case tsujiban.EventReplied:
			s.reply(name, &ev.Reply)
		case tsujiban.EventCase:
			s.step(name, &ev.Step)
		case tsujiban.EventStarted, tsujiban.EventStopped, tsujiban.EventSet, tsujiban.EventStored:
			s.setting(name, ev)
		default:
			s.skip(0)
		}
	}
}

func (s *scanner) attempt(name []byte, a *tsujiban.Attempt) bool {
	switch string(name) {
	case "attempt_call":
		a.Call = s.call()
	case "attempt_at":
		a.At = s.instant()
	case "direction":
		a.Direction = enum(s, directions)
	case "customer":
		a.Customer = tsujiban.CustomerID(s.text())
	case "trunk":
		a.Trunk = tsujiban.TrunkID(s.text())
	case "source":
		a.Source = s.addrPort()
	case "dialled":
		a.Dialled = s.bytes()
	case "caller":
		a.Caller = s.bytes()
	case "presented":
		a.Presented = s.bytes()
	case "user_agent":
		a.UserAgent = s.bytes()
	case "sip_call_id":
		a.SIPCallID = s.bytes()
	default:
		return false
	}
	return true
}

func (s *scanner) verdict(name []byte, v *tsujiban.Verdict) bool {
	switch string(name) {
	case "action":
		v.Action = enum(s, actions)
	case "reason":
		v.Reason = enum(s, reasons)
	case "callee_number":
		v.Callee = s.telephone()
	case "caller_number":
		v.Caller = s.telephone()
	case "withheld":
		v.Withheld = s.boolean()
	case "scope":
		v.Destination.Scope = enum(s, scopes)
	case "class":
		v.Destination.Class = enum(s, classes)
	case "country_code":
		v.Destination.Code = uint16(s.whole(0, math.MaxUint16))
	case "country":
		v.Destination.ISO = s.country()
	case "reserved":
		v.Reserved = s.money()
	case "setup":
		v.Price.Setup = s.money()
	case "per_minute":
		v.Price.PerMinute = s.money()
	case "increment_s":
		v.Price.Increment = s.seconds()
	case "minimum_s":
		v.Price.Minimum = s.seconds()
	case "weight":
		v.Weight = s.decibans()
	case "why":
		s.why(&v.Why)
	case "reach":
		v.Reach = s.reach()
	case "factor":
		v.Campaign.Factor = enum(s, factors)
	case "customers":
		v.Campaign.Customers = uint16(s.whole(0, 1<<16-1))
	case "rule":
		v.Rule = string(s.text())
	default:
		return false
	}
	return true
}

func (s *scanner) dialog(name []byte, d *tsujiban.Dialog) {
	switch string(name) {
	case "sip_call_id":
		d.SIPCallID = s.bytes()
	case "carrier":
		d.Carrier = tsujiban.CarrierID(s.text())
	case "caller_leg":
		s.leg(&d.Caller)
	case "callee_leg":
		s.leg(&d.Callee)
	default:
		s.skip(0)
	}
}

func (s *scanner) leg(l *tsujiban.Leg) {
	s.want('{')
	for first := true; ; {
		switch name := s.field(&first); string(name) {
		case "":
			if name == nil {
				return
			}
			s.skip(0)
		case "transport":
			l.Transport = string(s.text())
		case "remote":
			l.Remote = s.addrPort()
		case "local":
			l.Local = int(s.whole(math.MinInt, math.MaxInt))
		case "identity":
			l.Identity = s.bytes()
		case "target":
			l.Target = s.bytes()
		case "routes":
			l.Routes = s.bytes()
		case "cseq":
			l.CSeq = uint32(s.whole(0, math.MaxUint32))
		default:
			s.skip(0)
		}
	}
}

func (s *scanner) outcome(name []byte, o *tsujiban.Outcome) {
	switch string(name) {
	case "customer":
		o.Customer = tsujiban.CustomerID(s.text())
	case "status":
		o.Status = int(s.whole(math.MinInt, math.MaxInt))
	case "talk_s":
		o.Talk = s.seconds()
	case "charge":
		o.Charge = s.money()
	case "cut":
		o.Cut = enum(s, reasons)
	case "ended_by":
		o.By = enum(s, parties)
	case "carrier":
		o.Carrier = tsujiban.CarrierID(s.text())
	default:
		s.skip(0)
	}
}

func (s *scanner) restriction(name []byte, r *tsujiban.Restriction) {
	switch string(name) {
	case "customer":
		r.Customer = tsujiban.CustomerID(s.text())
	case "level":
		r.Level = enum(s, levels)
	case "reason":
		r.Reason = enum(s, reasons)
	case "restricted_at":
		r.At = s.instant()
	case "by":
		r.By = string(s.text())
	case "note":
		r.Note = string(s.text())
	case "last_call":
		r.Call = s.call()
	case "weight":
		r.Weight = s.decibans()
	case "why":
		s.why(&r.Why)
	case "reach":
		r.Reach = s.reach()
	case "factor":
		r.Campaign.Factor = enum(s, factors)
	case "customers":
		r.Campaign.Customers = uint16(s.whole(0, 1<<16-1))
	default:
		s.skip(0)
	}
}

func (s *scanner) refusal(name []byte, r *tsujiban.Refusal) {
	switch string(name) {
	case "source":
		t := s.text()
		a, err := netip.ParseAddr(string(t))
		if err != nil {
			s.fail("want an IP address")
		}
		r.Source = a
	case "refused":
		r.What = enum(s, refusals)
	case "count":
		r.Count = int(s.whole(math.MinInt, math.MaxInt))
	case "user_agent":
		r.UserAgent = string(s.text())
	default:
		s.skip(0)
	}
}

func (s *scanner) reply(name []byte, r *tsujiban.Reply) {
	switch string(name) {
	case "customer":
		r.Customer = tsujiban.CustomerID(s.text())
	case "theirs":
		r.Theirs = s.boolean()
	case "by":
		r.By = string(s.text())
	case "note":
		r.Note = string(s.text())
	default:
		s.skip(0)
	}
}

func (s *scanner) step(name []byte, c *tsujiban.CaseStep) {
	switch string(name) {
	case "case":
		c.Case = s.unsigned()
	case "customer":
		c.Customer = tsujiban.CustomerID(s.text())
	case "act":
		c.Act = enum(s, caseActs)
	case "to":
		c.To = string(s.text())
	case "by":
		c.By = string(s.text())
	case "note":
		c.Note = string(s.text())
	default:
		s.skip(0)
	}
}

func (s *scanner) setting(name []byte, ev *tsujiban.Event) {
	switch string(name) {
	case "by":
		ev.By = string(s.text())
	case "note":
		ev.Note = string(s.text())
	default:
		s.skip(0)
	}
}

// bytes reads a text as a byte slice: nil when it is empty, as the encoder leaves empty ones out.
func (s *scanner) bytes() []byte {
	if t := s.text(); len(t) > 0 {
		return t
	}
	return nil
}

func (s *scanner) instant() time.Time {
	t := s.text()
	if s.what != "" {
		return time.Time{}
	}
	at, ok := parseInstant(t)
	if !ok {
		s.fail("want an instant such as 2026-11-22T02:26:59.123456Z")
	}
	return at
}
