package journal

import (
	"math"
	"net/netip"
	"strconv"
	"time"

	"tsujiban"
)

// MaxLine is the longest JSON of one entry in bytes; the limits of its texts keep it below.
const MaxLine = 128 << 10

// The instants that RFC 3339 can write, in Unix seconds; others count as not known.
const (
	firstSecond = -62135596800 // 0001-01-01
	lastSecond  = 253402300799 // 9999-12-31
)

// AppendEvent appends the event as one line of JSON without newline. The order of the fields is
// fixed; fields that say nothing are left out; which fields are written depends on
// Kind. Instants are cut to microseconds, texts as their limits say. The line always
// reads back with [ParseEvent].
func AppendEvent(dst []byte, ev *tsujiban.Event) []byte {
	var e encoder
	return e.event(dst, ev)
}

// encoder writes events. It remembers the last second that it wrote: at thousands of
// events per second the calendar is worked out once.
type encoder struct {
	second int64
	text   [20]byte // "2006-01-02T15:04:05.", empty when text[0] is 0
}

func (e *encoder) event(b []byte, ev *tsujiban.Event) []byte {
	b = append(b, `{"seq":`...)
	b = strconv.AppendUint(b, ev.Seq, 10)
	b = appendEnum(b, `,"kind":"`, ev.Kind.String())
	b = e.instant(b, `,"at":"`, ev.At)
	if ev.Call != 0 {
		b = append(b, `,"call":"`...)
		b = append(ev.Call.Append(b), '"')
	}
	switch ev.Kind {
	case tsujiban.EventAttempt:
		b = e.attempt(b, ev)
		b = appendVerdict(b, &ev.Verdict)
	case tsujiban.EventRegistered:
		b = e.attempt(b, ev)
	case tsujiban.EventAnswered:
		b = appendDialog(b, &ev.Dialog)
	case tsujiban.EventEnded:
		b = appendOutcome(b, &ev.Outcome)
	case tsujiban.EventRestricted, tsujiban.EventReleased:
		b = e.restriction(b, ev)
	case tsujiban.EventRefused:
		b = appendRefusal(b, &ev.Refusal)
	case tsujiban.EventReplied:
		b = appendField(b, `,"customer":`, ev.Reply.Customer, limitID)
		if ev.Reply.Theirs {
			b = append(b, `,"theirs":true`...)
		}
		b = appendField(b, `,"by":`, ev.Reply.By, limitID)
		b = appendField(b, `,"note":`, ev.Reply.Note, limitNote)
	case tsujiban.EventCase:
		b = appendStep(b, &ev.Step)
	case tsujiban.EventStarted, tsujiban.EventStopped, tsujiban.EventSet:
		b = appendField(b, `,"by":`, ev.By, limitID)
		b = appendField(b, `,"note":`, ev.Note, limitNote)
	case tsujiban.EventStored:
		b = appendField(b, `,"by":`, ev.By, limitID)
		b = appendField(b, `,"note":`, ev.Note, limitRows)
	}
	return append(b, '}')
}

func (e *encoder) attempt(b []byte, ev *tsujiban.Event) []byte {
	a := &ev.Attempt
	if a.Call != 0 && a.Call != ev.Call {
		b = append(b, `,"attempt_call":"`...)
		b = append(a.Call.Append(b), '"')
	}
	if !a.At.Equal(ev.At) {
		b = e.instant(b, `,"attempt_at":"`, a.At)
	}
	if ev.Kind == tsujiban.EventAttempt || a.Direction != tsujiban.Out {
		b = appendEnum(b, `,"direction":"`, a.Direction.String())
	}
	b = appendField(b, `,"customer":`, a.Customer, limitID)
	b = appendField(b, `,"trunk":`, a.Trunk, limitID)
	b = appendAddrPort(b, `,"source":`, a.Source)
	b = appendField(b, `,"dialled":`, a.Dialled, limitDigits)
	b = appendField(b, `,"caller":`, a.Caller, limitDigits)
	b = appendField(b, `,"presented":`, a.Presented, limitDigits)
	b = appendField(b, `,"user_agent":`, a.UserAgent, limitAgent)
	return appendField(b, `,"sip_call_id":`, a.SIPCallID, limitCallID)
}

func appendVerdict(b []byte, v *tsujiban.Verdict) []byte {
	b = appendEnum(b, `,"action":"`, v.Action.String())
	b = appendReason(b, `,"reason":"`, v.Reason)
	b = appendNumber(b, `,"callee_number":"`, v.Callee)
	b = appendNumber(b, `,"caller_number":"`, v.Caller)
	if v.Withheld {
		b = append(b, `,"withheld":true`...)
	}
	b = appendDestination(b, &v.Destination)
	b = appendMoney(b, `,"reserved":"`, v.Reserved)
	b = appendMoney(b, `,"setup":"`, v.Price.Setup)
	b = appendMoney(b, `,"per_minute":"`, v.Price.PerMinute)
	b = appendSeconds(b, `,"increment_s":`, v.Price.Increment)
	b = appendSeconds(b, `,"minimum_s":`, v.Price.Minimum)
	b = appendWeights(b, v.Weight, &v.Why)
	b = appendReach(b, v.Reach)
	b = appendCampaign(b, v.Campaign)
	return appendField(b, `,"rule":`, v.Rule, limitRule)
}

// appendReach writes what a restriction stands against; nothing for all international calls.
func appendReach(b []byte, r tsujiban.Reach) []byte {
	if r == tsujiban.ReachAbroad() {
		return b
	}
	b = append(b, `,"reach":"`...)
	return append(r.Append(b), '"')
}

func appendCampaign(b []byte, c tsujiban.Campaign) []byte {
	if c.Factor == tsujiban.FactorNone || int(c.Factor) >= tsujiban.NumFactors {
		return b
	}
	b = appendEnum(b, `,"factor":"`, c.Factor.String())
	b = append(b, `,"customers":`...)
	return strconv.AppendUint(b, uint64(c.Customers), 10)
}

func appendDestination(b []byte, d *tsujiban.Destination) []byte {
	if d.Scope != 0 {
		b = appendEnum(b, `,"scope":"`, d.Scope.String())
	}
	if d.Class != 0 {
		b = appendEnum(b, `,"class":"`, d.Class.String())
	}
	if d.Code != 0 {
		b = append(b, `,"country_code":`...)
		b = strconv.AppendUint(b, uint64(d.Code), 10)
	}
	if upper(d.ISO[0]) && upper(d.ISO[1]) {
		b = append(b, `,"country":"`...)
		b = append(b, d.ISO[0], d.ISO[1], '"')
	}
	return b
}

func upper(c byte) bool { return c >= 'A' && c <= 'Z' }

func appendDialog(b []byte, d *tsujiban.Dialog) []byte {
	b = appendField(b, `,"sip_call_id":`, d.SIPCallID, limitCallID)
	b = appendField(b, `,"carrier":`, d.Carrier, limitID)
	b = appendLeg(b, `,"caller_leg":{`, &d.Caller)
	return appendLeg(b, `,"callee_leg":{`, &d.Callee)
}

func appendLeg(b []byte, key string, l *tsujiban.Leg) []byte {
	start := len(b)
	b = append(b, key...)
	empty := len(b)
	b = appendField(b, `,"transport":`, l.Transport, limitWord)
	b = appendAddrPort(b, `,"remote":`, l.Remote)
	if l.Local != 0 {
		b = append(b, `,"local":`...)
		b = strconv.AppendInt(b, int64(l.Local), 10)
	}
	b = appendField(b, `,"identity":`, l.Identity, limitURI)
	b = appendField(b, `,"target":`, l.Target, limitURI)
	b = appendField(b, `,"routes":`, l.Routes, limitRoutes)
	if l.CSeq != 0 {
		b = append(b, `,"cseq":`...)
		b = strconv.AppendUint(b, uint64(l.CSeq), 10)
	}
	if len(b) == empty {
		return b[:start]
	}
	// Every field brings its comma; the first one's has to go.
	copy(b[empty:], b[empty+1:])
	b[len(b)-1] = '}'
	return b
}

func appendOutcome(b []byte, o *tsujiban.Outcome) []byte {
	b = appendField(b, `,"customer":`, o.Customer, limitID)
	if o.Status != 0 {
		b = append(b, `,"status":`...)
		b = strconv.AppendInt(b, int64(o.Status), 10)
	}
	b = appendSeconds(b, `,"talk_s":`, o.Talk)
	b = appendMoney(b, `,"charge":"`, o.Charge)
	b = appendReason(b, `,"cut":"`, o.Cut)
	if o.By != 0 {
		b = appendEnum(b, `,"ended_by":"`, o.By.String())
	}
	return appendField(b, `,"carrier":`, o.Carrier, limitID)
}

func (e *encoder) restriction(b []byte, ev *tsujiban.Event) []byte {
	r := &ev.Restriction
	b = appendField(b, `,"customer":`, r.Customer, limitID)
	if r.Level != 0 {
		b = appendEnum(b, `,"level":"`, r.Level.String())
	}
	b = appendReason(b, `,"reason":"`, r.Reason)
	if !r.At.Equal(ev.At) {
		b = e.instant(b, `,"restricted_at":"`, r.At)
	}
	b = appendField(b, `,"by":`, r.By, limitID)
	b = appendField(b, `,"note":`, r.Note, limitNote)
	if r.Call != 0 {
		b = append(b, `,"last_call":"`...)
		b = append(r.Call.Append(b), '"')
	}
	b = appendWeights(b, r.Weight, &r.Why)
	b = appendReach(b, r.Reach)
	return appendCampaign(b, r.Campaign)
}

func appendStep(b []byte, c *tsujiban.CaseStep) []byte {
	b = append(b, `,"case":`...)
	b = strconv.AppendUint(b, c.Case, 10)
	b = appendField(b, `,"customer":`, c.Customer, limitID)
	b = appendEnum(b, `,"act":"`, c.Act.String())
	b = appendField(b, `,"to":`, c.To, limitID)
	b = appendField(b, `,"by":`, c.By, limitID)
	return appendField(b, `,"note":`, c.Note, limitNote)
}

func appendRefusal(b []byte, r *tsujiban.Refusal) []byte {
	if r.Source.IsValid() {
		b = append(b, `,"source":"`...)
		b = append(safeZone(r.Source).AppendTo(b), '"')
	}
	b = appendEnum(b, `,"refused":"`, r.What.String())
	if r.Count != 0 {
		b = append(b, `,"count":`...)
		b = strconv.AppendInt(b, int64(r.Count), 10)
	}
	return appendField(b, `,"user_agent":`, r.UserAgent, limitAgent)
}

// instant writes key, t and a quote; nothing when t is zero or has no place in the calendar.
func (e *encoder) instant(b []byte, key string, t time.Time) []byte {
	sec := t.Unix()
	if t.IsZero() || sec < firstSecond || sec > lastSecond {
		return b
	}
	if sec != e.second || e.text[0] == 0 {
		e.second = sec
		t.UTC().AppendFormat(e.text[:0], "2006-01-02T15:04:05.")
	}
	b = append(b, key...)
	b = append(b, e.text[:]...)
	us := uint32(t.Nanosecond() / 1000)
	hi, lo := us/1000, us%1000
	return append(b, byte('0'+hi/100), byte('0'+hi/10%10), byte('0'+hi%10), byte('0'+lo/100), byte('0'+lo/10%10), byte('0'+lo%10), 'Z', '"')
}

// invalid is what the closed sets call a value outside them.
const invalid = "invalid"

// appendEnum writes a name of a closed set. A value outside its set would make a line
// that nobody can read back; it is left out.
func appendEnum(b []byte, key, name string) []byte {
	if name == invalid {
		return b
	}
	b = append(b, key...)
	b = append(b, name...)
	return append(b, '"')
}

func appendReason(b []byte, key string, r tsujiban.Reason) []byte {
	if r == tsujiban.ReasonNone {
		return b
	}
	return appendEnum(b, key, r.String())
}

func appendField[T ~string | ~[]byte](b []byte, key string, s T, limit int) []byte {
	if len(s) == 0 {
		return b
	}
	return appendText(append(b, key...), s, limit)
}

func appendNumber(b []byte, key string, n tsujiban.Number) []byte {
	if n.IsZero() {
		return b
	}
	b = append(b, key...)
	return append(n.Append(b), '"')
}

func appendMoney(b []byte, key string, m tsujiban.Money) []byte {
	if m == 0 {
		return b
	}
	b = append(b, key...)
	return append(m.Append(b), '"')
}

// appendSeconds writes a time span in seconds as a JSON number with as many decimals as it needs.
func appendSeconds(b []byte, key string, d time.Duration) []byte {
	if d == 0 {
		return b
	}
	return appendScaled(append(b, key...), int64(d), 9)
}

// appendScaled writes v divided by ten to the power of places, with as many decimals as it needs.
func appendScaled(b []byte, v int64, places int) []byte {
	u := uint64(v)
	if v < 0 {
		b = append(b, '-')
		u = -u
	}
	for places > 0 && u%10 == 0 {
		u /= 10
		places--
	}
	var t [24]byte
	i := len(t)
	if places > 0 {
		for ; places > 0; places-- {
			i--
			t[i] = byte('0' + u%10)
			u /= 10
		}
		i--
		t[i] = '.'
	}
	for {
		i--
		t[i] = byte('0' + u%10)
		u /= 10
		if u == 0 {
			return append(b, t[i:]...)
		}
	}
}

func appendWeights(b []byte, sum tsujiban.Decibans, why *[tsujiban.MaxWhy]tsujiban.Weight) []byte {
	if sum == sum && sum != 0 {
		b = appendDecibans(append(b, `,"weight":`...), sum)
	}
	sep := `,"why":[["`
	for i := range why {
		w := &why[i]
		if w.Kind == tsujiban.EvidenceNone || int(w.Kind) >= tsujiban.NumEvidence {
			continue
		}
		b = append(b, sep...)
		b = append(b, w.Kind.String()...)
		b = append(b, '"', ',')
		b = appendDecibans(b, w.Value)
		b = append(b, ']')
		sep = `,["`
	}
	if sep == `,["` {
		b = append(b, ']')
	}
	return b
}

// appendDecibans writes the shortest decimal that reads back as the same value. JSON has
// no words for "no number" and infinity: 0 and the largest value stand for them.
func appendDecibans(b []byte, d tsujiban.Decibans) []byte {
	f := float64(d)
	switch {
	case f != f:
		f = 0
	case f > math.MaxFloat32:
		f = math.MaxFloat32
	case f < -math.MaxFloat32:
		f = -math.MaxFloat32
	}
	// Most weights need few decimals, and scaling is several times faster than the general way. What
	// it writes is checked to read back as the same value.
	if math.Abs(f) < 1e6 {
		if n := roundAway(f * 1e4); tsujiban.Decibans(float64(n)/1e4) == d {
			return appendScaled(b, n, 4)
		}
		if n := roundAway(f * 1e7); tsujiban.Decibans(float64(n)/1e7) == d {
			return appendScaled(b, n, 7)
		}
	}
	return strconv.AppendFloat(b, f, 'g', -1, 32)
}

// roundAway rounds to the nearest whole number, halves away from zero.
func roundAway(f float64) int64 { return int64(f + math.Copysign(0.5, f)) }

func appendAddrPort(b []byte, key string, a netip.AddrPort) []byte {
	if !a.IsValid() {
		return b
	}
	if a.Addr().Zone() != "" {
		a = netip.AddrPortFrom(safeZone(a.Addr()), a.Port())
	}
	b = append(b, key...)
	b = append(b, '"')
	b = a.AppendTo(b)
	return append(b, '"')
}

// safeZone drops the zone of an IPv6 address that is no interface name (RFC 4007 §11.2): it could be any text.
func safeZone(a netip.Addr) netip.Addr {
	z := a.Zone()
	ok := len(z) <= 32
	for i := range len(z) {
		ok = ok && plain[z[i]] && z[i] > ' ' && z[i] != ']' && z[i] != '%'
	}
	if !ok {
		return a.WithZone("")
	}
	return a
}
