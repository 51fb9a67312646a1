package journal

import (
	"bytes"
	"encoding/json"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"tsujiban"
)

// text draws any valid text that is short enough to be kept whole.
func text(t *rapid.T, limit int, label string) string {
	s := rapid.StringN(0, limit, limit).Draw(t, label)
	return strings.ToValidUTF8(s, "?")
}

func some(t *rapid.T, limit int, label string) []byte {
	if s := text(t, limit, label); s != "" {
		return []byte(s)
	}
	return nil
}

func instant(t *rapid.T, label string) time.Time {
	if rapid.IntRange(0, 9).Draw(t, label+" none") == 0 {
		return time.Time{}
	}
	return time.UnixMicro(rapid.Int64Range(firstSecond*1e6+1, lastSecond*1e6+999999).Draw(t, label)).UTC()
}

func below[T ~uint8](t *rapid.T, n int, label string) T {
	return T(rapid.IntRange(0, n-1).Draw(t, label))
}

func addr(t *rapid.T, label string) netip.Addr {
	switch rapid.IntRange(0, 4).Draw(t, label+" family") {
	case 0:
		return netip.Addr{}
	case 1:
		return netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, label)))
	case 2:
		return netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, label))).WithZone("eth0.1")
	}
	return netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, label)))
}

func addrPort(t *rapid.T, label string) netip.AddrPort {
	if a := addr(t, label); a.IsValid() {
		return netip.AddrPortFrom(a, rapid.Uint16().Draw(t, label+" port"))
	}
	return netip.AddrPort{}
}

func number(t *rapid.T, label string) tsujiban.Number {
	digits := rapid.StringMatching(`[0-9]{0,15}`).Draw(t, label)
	n, err := tsujiban.NumberFromDigits(digits)
	if rapid.Bool().Draw(t, label+" local") {
		n, err = tsujiban.LocalNumber(digits)
	}
	if err != nil {
		return tsujiban.Number{}
	}
	return n
}

func money(t *rapid.T, label string) tsujiban.Money {
	return tsujiban.Money(rapid.Int64().Draw(t, label))
}

func span(t *rapid.T, label string) time.Duration {
	return time.Duration(rapid.Int64().Draw(t, label))
}

func decibans(t *rapid.T, label string) tsujiban.Decibans {
	f := rapid.Float32().Filter(func(f float32) bool { return !math.IsNaN(float64(f)) && !math.IsInf(float64(f), 0) }).Draw(t, label)
	if rapid.Bool().Draw(t, label+" plain") {
		f = float32(math.Round(float64(rapid.Float32Range(-40, 40).Draw(t, label))*100) / 100)
	}
	return tsujiban.Decibans(f) + 0 // no negative zero: it says the same
}

func why(t *rapid.T) (w [tsujiban.MaxWhy]tsujiban.Weight) {
	for i := range rapid.IntRange(0, tsujiban.MaxWhy).Draw(t, "whys") {
		w[i] = tsujiban.Weight{Kind: 1 + below[tsujiban.Evidence](t, tsujiban.NumEvidence-1, "evidence"), Value: decibans(t, "value")}
	}
	return w
}

func reach(t *rapid.T) tsujiban.Reach {
	r := tsujiban.ReachHome().Without(tsujiban.ReachHome())
	for range rapid.IntRange(0, 10).Draw(t, "reach") {
		r = r.With(tsujiban.ReachKey(uint16(rapid.IntRange(1, 1<<15-1).Filter(func(k int) bool { return k&(1<<14-1) != 0 }).Draw(t, "key"))))
	}
	if rapid.Bool().Draw(t, "home") {
		r = r.With(tsujiban.ReachHome())
	}
	if rapid.Bool().Draw(t, "abroad") {
		r = r.With(tsujiban.ReachAbroad())
	}
	return r
}

func campaign(t *rapid.T) tsujiban.Campaign {
	f := below[tsujiban.Factor](t, tsujiban.NumFactors, "factor")
	if f == tsujiban.FactorNone {
		return tsujiban.Campaign{}
	}
	return tsujiban.Campaign{Factor: f, Customers: rapid.Uint16().Draw(t, "customers")}
}

func leg(t *rapid.T, label string) tsujiban.Leg {
	return tsujiban.Leg{
		Transport: rapid.SampledFrom([]string{"", "udp", "tcp", "tls"}).Draw(t, label+" transport"), Remote: addrPort(t, label+" remote"),
		Local: rapid.Int().Draw(t, label+" local"), CSeq: rapid.Uint32().Draw(t, label+" cseq"),
		Identity: some(t, limitURI, label+" identity"), Target: some(t, limitURI, label+" target"), Routes: some(t, limitRoutes, label+" routes"),
	}
}

// drawEvent draws an event as the encoder keeps it: in the kinds' own fields, instants in microseconds, texts within their limits.
func drawEvent(t *rapid.T) *tsujiban.Event {
	ev := &tsujiban.Event{
		Seq: rapid.Uint64().Draw(t, "seq"), Kind: 1 + below[tsujiban.EventKind](t, tsujiban.NumEvents-1, "kind"),
		At: instant(t, "at"), Call: tsujiban.CallID(rapid.Uint64().Draw(t, "call")),
	}
	switch ev.Kind {
	case tsujiban.EventAttempt, tsujiban.EventRegistered:
		ev.Attempt = tsujiban.Attempt{
			Call: ev.Call, At: ev.At, Direction: below[tsujiban.Direction](t, tsujiban.NumDirections, "direction"), Customer: tsujiban.CustomerID(text(t, limitID, "customer")),
			Trunk: tsujiban.TrunkID(text(t, limitID, "trunk")), Source: addrPort(t, "source"), Dialled: some(t, limitDigits, "dialled"),
			Caller: some(t, limitDigits, "caller"), Presented: some(t, limitDigits, "presented"), UserAgent: some(t, limitAgent, "agent"), SIPCallID: some(t, limitCallID, "call id"),
		}
		if other := tsujiban.CallID(rapid.Uint64().Draw(t, "other call")); other != 0 {
			ev.Attempt.Call = other
		}
		if at := instant(t, "attempt at"); !at.IsZero() {
			ev.Attempt.At = at
		}
		if ev.Kind == tsujiban.EventAttempt {
			ev.Verdict = verdict(t)
		}
	case tsujiban.EventAnswered:
		ev.Dialog = tsujiban.Dialog{SIPCallID: some(t, limitCallID, "call id"), Carrier: tsujiban.CarrierID(text(t, limitID, "carrier")), Caller: leg(t, "caller"), Callee: leg(t, "callee")}
	case tsujiban.EventEnded:
		ev.Outcome = tsujiban.Outcome{
			Customer: tsujiban.CustomerID(text(t, limitID, "customer")), Status: rapid.Int().Draw(t, "status"), Talk: span(t, "talk"), Charge: money(t, "charge"),
			Cut: below[tsujiban.Reason](t, tsujiban.NumReasons, "cut"), By: below[tsujiban.Party](t, 4, "by"), Carrier: tsujiban.CarrierID(text(t, limitID, "carrier")),
		}
	case tsujiban.EventRestricted, tsujiban.EventReleased:
		ev.Restriction = tsujiban.Restriction{
			Customer: tsujiban.CustomerID(text(t, limitID, "customer")), Level: below[tsujiban.Level](t, 5, "level"), Reason: below[tsujiban.Reason](t, tsujiban.NumReasons, "reason"),
			At: ev.At, By: text(t, limitID, "by"), Note: text(t, limitNote, "note"), Call: tsujiban.CallID(rapid.Uint64().Draw(t, "last call")), Weight: decibans(t, "weight"), Why: why(t),
			Reach: reach(t), Campaign: campaign(t),
		}
	case tsujiban.EventReplied:
		ev.Reply = tsujiban.Reply{Customer: tsujiban.CustomerID(text(t, limitID, "customer")), Theirs: rapid.Bool().Draw(t, "theirs"), By: text(t, limitID, "by"), Note: text(t, limitNote, "note")}
	case tsujiban.EventCase:
		ev.Step = tsujiban.CaseStep{
			Case: rapid.Uint64().Draw(t, "case"), Customer: tsujiban.CustomerID(text(t, limitID, "customer")), Act: below[tsujiban.CaseAct](t, tsujiban.NumCaseActs, "act"),
			To: text(t, limitID, "to"), By: text(t, limitID, "by"), Note: text(t, limitNote, "note"),
		}
	case tsujiban.EventRefused:
		ev.Refusal = tsujiban.Refusal{Source: addr(t, "source"), What: below[tsujiban.RefusalKind](t, tsujiban.NumRefusals, "what"), Count: rapid.Int().Draw(t, "count"), UserAgent: text(t, limitAgent, "agent")}
	default:
		ev.By, ev.Note = text(t, limitID, "by"), text(t, limitNote, "note")
	}
	return ev
}

func verdict(t *rapid.T) tsujiban.Verdict {
	v := tsujiban.Verdict{
		Action: below[tsujiban.Action](t, 3, "action"), Reason: below[tsujiban.Reason](t, tsujiban.NumReasons, "reason"), Callee: number(t, "callee"), Caller: number(t, "caller"),
		Destination: tsujiban.Destination{Scope: below[tsujiban.Scope](t, 4, "scope"), Class: below[tsujiban.Class](t, tsujiban.NumClasses, "class"), Code: rapid.Uint16().Draw(t, "code")},
		Withheld:    rapid.Bool().Draw(t, "withheld"), Reserved: money(t, "reserved"), Weight: decibans(t, "weight"), Why: why(t), Reach: reach(t), Campaign: campaign(t), Rule: text(t, limitRule, "rule"),
		Price: tsujiban.Price{Setup: money(t, "setup"), PerMinute: money(t, "per minute"), Increment: span(t, "increment"), Minimum: span(t, "minimum")},
	}
	if iso := rapid.StringMatching(`[A-Z]{2}|`).Draw(t, "iso"); iso != "" {
		v.Destination.ISO = [2]byte([]byte(iso))
	}
	return v
}

// checkLine fails unless the line is what every line has to be.
func checkLine(t interface{ Fatalf(string, ...any) }, line []byte) {
	if !json.Valid(line) || !utf8.Valid(line) || len(line) > MaxLine {
		t.Fatalf("%d bytes, not a line of JSON: %q", len(line), line)
	}
	for _, r := range string(line) {
		if r < ' ' || r == 0x7f || unsafeRune(r) {
			t.Fatalf("the line holds %U: %q", r, line)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ev := drawEvent(t)
		line := AppendEvent(nil, ev)
		checkLine(t, line)
		if seq, ok := lineSeq(line); !ok || seq != ev.Seq {
			t.Fatalf("the line's number reads as %d", seq)
		}
		var back tsujiban.Event
		if err := ParseEvent(line, &back); err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		if !reflect.DeepEqual(*ev, back) {
			t.Fatalf("wrote\n%+v\nread\n%+v\n%s", *ev, back, line)
		}
		if again := AppendEvent(nil, &back); !bytes.Equal(again, line) {
			t.Fatalf("wrote\n%s\nthen\n%s", line, again)
		}
	})
}

// Whatever parties send, however long, makes a line that is bounded and reads back.
func TestHostileText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SliceOfN(rapid.Byte(), 1, 8).Draw(t, "piece")
		evil := bytes.Repeat(piece, rapid.IntRange(0, 1200).Draw(t, "times"))
		s := string(evil)
		for _, ev := range []tsujiban.Event{
			{Kind: tsujiban.EventAttempt, Attempt: tsujiban.Attempt{Customer: tsujiban.CustomerID(s), Trunk: tsujiban.TrunkID(s), Dialled: evil, Caller: evil, UserAgent: evil, SIPCallID: evil}, Verdict: tsujiban.Verdict{Rule: s}},
			{Kind: tsujiban.EventAnswered, Dialog: tsujiban.Dialog{
				SIPCallID: evil, Carrier: tsujiban.CarrierID(s),
				Caller: tsujiban.Leg{Transport: s, Identity: evil, Target: evil, Routes: evil}, Callee: tsujiban.Leg{Transport: s, Identity: evil, Target: evil, Routes: evil},
			}},
			{Kind: tsujiban.EventRefused, Refusal: tsujiban.Refusal{Source: netip.IPv6LinkLocalAllNodes().WithZone(s), UserAgent: s}},
			{Kind: tsujiban.EventRestricted, Restriction: tsujiban.Restriction{Customer: tsujiban.CustomerID(s), By: s, Note: s}},
			{Kind: tsujiban.EventSet, By: s, Note: s},
		} {
			line := AppendEvent(nil, &ev)
			checkLine(t, line)
			var back tsujiban.Event
			if err := ParseEvent(line, &back); err != nil {
				t.Fatalf("%v\n%s", err, line)
			}
			second := AppendEvent(nil, &back)
			if err := ParseEvent(second, &back); err != nil {
				t.Fatalf("%v\n%s", err, second)
			}
			if third := AppendEvent(nil, &back); !bytes.Equal(third, second) {
				t.Fatalf("wrote\n%s\nthen\n%s", second, third)
			}
		}
	})
}

// Values outside their sets are bugs elsewhere; they must not make lines that nobody can read back.
func TestValuesOutsideTheirSets(t *testing.T) {
	for k := range tsujiban.NumEvents {
		ev := tsujiban.Event{
			Kind: tsujiban.EventKind(k), At: time.Unix(1<<60, 0), Call: 1<<64 - 1,
			Attempt: tsujiban.Attempt{Direction: 99, At: time.Unix(-1<<60, 0)},
			Verdict: tsujiban.Verdict{
				Action: 99, Reason: 250, Weight: tsujiban.Decibans(math.NaN()), Why: [tsujiban.MaxWhy]tsujiban.Weight{{Kind: 99, Value: 1}, {Kind: 1, Value: tsujiban.Decibans(math.Inf(-1))}},
				Destination: tsujiban.Destination{Scope: 99, Class: 99, ISO: [2]byte{'"', '\n'}},
			},
			Outcome:     tsujiban.Outcome{Cut: 250, By: 99},
			Restriction: tsujiban.Restriction{Level: 99, Reason: 250, Weight: tsujiban.Decibans(math.Inf(1))},
			Refusal:     tsujiban.Refusal{What: 99},
		}
		line := AppendEvent(nil, &ev)
		checkLine(t, line)
		if err := ParseEvent(line, new(tsujiban.Event)); (err != nil) != (k == 0) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestParseEventIsStrict(t *testing.T) {
	for _, c := range []struct{ line, err string }{
		{`{"seq":1,"kind":"set","later":{"a":[1,-2.5e3,"x",null,true,{}]},"note":"n"}`, ""},
		{`{ "seq" : 1 , "kind" : "set" , "note" : "\u3042\ud83d\ude00\/" }`, ""},
		{``, `byte 0, field "": want '{'`},
		{`{"seq":1}`, "no kind of event"},
		{`{"seq":-1,"kind":"set"}`, `field "seq": want a whole number`},
		{`{"seq":1.5,"kind":"set"}`, `field "seq"`},
		{`{"seq":"1","kind":"set"}`, `field "seq"`},
		{`{"seq":18446744073709551616,"kind":"set"}`, `field "seq"`},
		{`{"seq":1,"kind":"sat"}`, `field "kind": a name that this version does not know: "sat"`},
		{`{"seq":1,"kind":"set","at":"2026-02-30T00:00:00.000000Z"}`, `field "at": want an instant`},
		{`{"seq":1,"kind":"set","at":"2026-02-03T00:00:60.000000Z"}`, `field "at"`},
		{`{"seq":1,"kind":"set","call":"0123456789abi"}`, `field "call": not a call id`},
		{`{"seq":1,"kind":"set","note":7}`, `field "note": want '"'`},
		{"{\"seq\":1,\"kind\":\"set\",\"note\":\"a\nb\"}", "a control character"},
		{"{\"seq\":1,\"kind\":\"set\",\"note\":\"a\xffb\"}", "not UTF-8"},
		{`{"seq":1,"kind":"set","note":"\x"}`, "an unknown escape"},
		{`{"seq":1,"kind":"set","note":"n"`, "want ','"},
		{`{"seq":1,"kind":"set"} x`, "more text after the entry"},
		{`{"seq":1,"kind":"set",}`, `want '"'`},
		{`{"seq":1,"kind":"ended","charge":"1.0000001"}`, `field "charge"`},
		{`{"seq":1,"kind":"ended","charge":"9223372036854.775808"}`, `field "charge"`},
		{`{"seq":1,"kind":"ended","talk_s":1e3}`, `field "talk_s"`},
		{`{"seq":1,"kind":"ended","talk_s":01}`, `field "talk_s"`},
		{`{"seq":1,"kind":"attempt","country":"jp"}`, `field "country"`},
		{`{"seq":1,"kind":"attempt","country_code":70000}`, `field "country_code"`},
		{`{"seq":1,"kind":"attempt","callee_number":"+8131234567890123"}`, `field "callee_number"`},
		{`{"seq":1,"kind":"attempt","withheld":"yes"}`, `field "withheld"`},
		{`{"seq":1,"kind":"attempt","source":"1.2.3.4"}`, `field "source"`},
		{`{"seq":1,"kind":"attempt","why":[["hour",1],["nothing",2]]}`, `field "why"`},
		{`{"seq":1,"kind":"attempt","why":[` + strings.Repeat(`["hour",1],`, 12) + `["hour",1]]}`, "more than 12"},
		{`{"seq":1,"kind":"set","deep":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, "nested deeper"},
		{`{"seq":1,"kind":"set","note":"` + strings.Repeat("x", MaxLine) + `"}`, "longer than"},
	} {
		err := ParseEvent([]byte(c.line), new(tsujiban.Event))
		switch {
		case c.err == "" && err != nil:
			t.Errorf("%.80s: %v", c.line, err)
		case c.err != "" && (tsujiban.CodeOf(err) != tsujiban.CodeInvalid || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%.80s: got %v, want %s", c.line, err, c.err)
		}
	}
}

// The line is the record that others verify: it must not change between versions.
func TestLineIsStable(t *testing.T) {
	evs := callEvents()
	want := [3]string{
		`{"seq":0,"kind":"attempt","at":"2026-11-22T02:26:59.123456Z","call":"0sa5b8xpc0000","direction":"out","customer":"hakata-shokai","trunk":"hakata-1","source":"192.0.2.17:5060","dialled":"01023277123456","caller":"0312345678","user_agent":"Asterisk PBX 20.6.0","sip_call_id":"a84b4c76e66710.1234567890@pbx.hakata-shokai.example","action":"watch","callee_number":"+23277123456","caller_number":"+81312345678","scope":"international","class":"mobile","country_code":232,"country":"SL","reserved":"17.5","per_minute":"175","increment_s":6,"weight":7.3125,"why":[["destination",4.7712],["hour",2.2185],["rate",1.25],["carried",-0.9273]],"rule":"watch 5"}`,
		`{"seq":0,"kind":"answered","at":"2026-11-22T02:26:59.123856Z","call":"0sa5b8xpc0000","sip_call_id":"a84b4c76e66710.1234567890@pbx.hakata-shokai.example","carrier":"carrier-a","caller_leg":{"transport":"udp","remote":"192.0.2.17:5060","identity":"\"Hakata\" <sip:0312345678@pbx.hakata-shokai.example>;tag=1928301774","target":"sip:0312345678@192.0.2.17:5060","cseq":101},"callee_leg":{"transport":"udp","remote":"192.0.2.17:5070","identity":"\"Hakata\" <sip:01023277123456@pbx.hakata-shokai.example>;tag=1928301774","target":"sip:01023277123456@192.0.2.17:5070","cseq":101}}`,
		`{"seq":0,"kind":"ended","at":"2026-11-22T02:26:59.124056Z","call":"0sa5b8xpc0000","customer":"hakata-shokai","status":200,"talk_s":32.012345,"charge":"105","ended_by":"caller","carrier":"carrier-a"}`,
	}
	for i := range evs {
		if got := string(AppendEvent(nil, &evs[i])); got != want[i] {
			t.Errorf("got\n%s\nwant\n%s", got, want[i])
		}
	}
}

func TestEncodingAllocatesNothing(t *testing.T) {
	evs := callEvents()
	evs[1].Dialog.Caller.Identity = []byte("\"\x00\xff\u2028博多商会\" <sip:x>")
	buf := make([]byte, 0, 4096)
	var e encoder
	for i := range evs {
		if n := testing.AllocsPerRun(100, func() { buf = e.event(buf[:0], &evs[i]) }); n != 0 {
			t.Errorf("%s: %v allocations", evs[i].Kind, n)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	evs := callEvents()
	for i := range evs {
		f.Add(AppendEvent(nil, &evs[i]))
	}
	f.Add([]byte(`{"seq":7,"kind":"restricted","customer":"a","level":"restrict","reason":"fraud","weight":31.5,"why":[["hour",1]],"x":[{"y":null}]}`))
	f.Add([]byte(`{"seq":7,"kind":"refused","source":"fe80::1%eth0","refused":"flood","count":3,"user_agent":"friendly-scanner"}`))
	f.Add([]byte(`{ "kind" : "set", "note":"\ud83d\ude00\ud83d\u0000" }`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var ev, back tsujiban.Event
		if err := ParseEvent(line, &ev); err != nil {
			if tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
				t.Fatal(err)
			}
			return
		}
		if !json.Valid(line) {
			t.Fatalf("read what is no JSON: %q", line)
		}
		own := AppendEvent(nil, &ev)
		checkLine(t, own)
		if err := ParseEvent(own, &back); err != nil {
			t.Fatalf("%v\n%s", err, own)
		}
		again := AppendEvent(nil, &back)
		if err := ParseEvent(again, &ev); err != nil {
			t.Fatal(err)
		}
		if third := AppendEvent(nil, &ev); !bytes.Equal(third, again) {
			t.Fatalf("wrote\n%s\nthen\n%s", again, third)
		}
	})
}
