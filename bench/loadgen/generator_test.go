package loadgen

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// run makes the calls of cfg through a relay that tampers with the messages.
func run(t *testing.T, cfg Config, tamper func(string) []string) Result {
	t.Helper()
	r := startRelay(t, tamper)
	cfg.Proxy = r.address()
	cfg.Carrier = netip.MustParseAddrPort("127.0.0.1:0")
	if cfg.Limit == 0 {
		cfg.Limit = 20 * time.Second
	}
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.carrier = g.Carrier().String()
	res, err := g.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	return res
}

// clean fails the test for anything that a good proxy does not show.
func clean(t *testing.T, r Result, calls int) {
	t.Helper()
	if r.Calls != calls || r.Failed != 0 || r.Order.Sum() != 0 || r.Repeated.Sum() != 0 || len(r.Faults) != 0 {
		t.Errorf("want %d calls and nothing else, have %+v", calls, r)
	}
}

func TestDirect(t *testing.T) {
	g, err := New(Config{Carrier: netip.MustParseAddrPort("127.0.0.1:0"), Calls: 500, Warmup: 50, Outstanding: 20})
	if err != nil {
		t.Fatal(err)
	}
	res, err := g.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	clean(t, res, 500)
	if res.Setup.Count < 480 || res.Answer.Count < 480 || res.MaxOutstanding != 20 {
		t.Errorf("%+v", res)
	}
}

func TestIPv6(t *testing.T) {
	g, err := New(Config{Carrier: netip.MustParseAddrPort("[::1]:0"), Calls: 20, Outstanding: 5})
	if err != nil {
		t.Fatal(err)
	}
	res, err := g.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	clean(t, res, 20)
}

func TestClosedLoopThroughRelay(t *testing.T) {
	marks := 0
	res := run(t, Config{Calls: 400, Warmup: 40, Outstanding: 10, Mark: func(bool) { marks++ }}, nil)
	clean(t, res, 400)
	if res.NoTrying != 0 || marks != 2 || res.PerSecond <= 0 {
		t.Errorf("%d marks, %+v", marks, res)
	}
}

func TestOpenLoopWithTalk(t *testing.T) {
	res := run(t, Config{Calls: 200, Rate: 2000, Talk: 50 * time.Millisecond}, nil)
	clean(t, res, 200)
	if res.Seconds < 0.14 || res.MaxOutstanding < 50 {
		t.Errorf("200 calls at 2,000 per second that talk 50 ms: %+v", res)
	}
}

func TestForATime(t *testing.T) {
	res := run(t, Config{For: 100 * time.Millisecond, WarmFor: 50 * time.Millisecond, Outstanding: 5}, nil)
	clean(t, res, res.Calls)
	if res.Calls == 0 || res.Seconds < 0.1 || res.Seconds > 2 {
		t.Errorf("%+v", res)
	}
}

func TestRefused(t *testing.T) {
	acks := 0
	barred := func(m string) []string {
		switch {
		case strings.HasPrefix(m, "INVITE sip:0102327"):
			return []string{strings.Replace(responseTo(m, "603 Declined"), "CSeq:", "Reason: x\r\nCSeq:", 1)}
		case strings.HasPrefix(m, "ACK sip:0102327"):
			acks++
			return nil
		}
		return []string{m}
	}
	res := run(t, Config{Calls: 50, Outstanding: 1, Dial: []Pattern{"0102327xxxxxxx"}, Refused: []int{403, 603}}, barred)
	clean(t, res, 50)
	if acks < 49 { // the last one may still be on its way
		t.Errorf("%d ACKs to 50 refusals", acks)
	}
	res = run(t, Config{Calls: 5, Outstanding: 1, Dial: []Pattern{"0102327xxxxxxx"}, Refused: []int{403}}, barred)
	if res.Failed != 5 || res.Failures["INVITE answered 603"] != 5 {
		t.Errorf("603 where 403 was expected: %+v", res)
	}
	res = run(t, Config{Calls: 5, Outstanding: 1, Refused: []int{403}}, nil)
	if res.Faults["answered, and should have been refused"] != 5 {
		t.Errorf("no refusal where one was expected: %+v", res)
	}
}

// swap holds back each message that starts with first until the next that starts with second.
func swap(first, second string) func(string) []string {
	var held []string
	return func(m string) []string {
		switch {
		case strings.HasPrefix(m, first):
			held = append(held, m)
			return nil
		case strings.HasPrefix(m, second) && len(held) > 0:
			out := append([]string{m}, held...)
			held = nil
			return out
		}
		return []string{m}
	}
}

func TestOrderIsJudged(t *testing.T) {
	res := run(t, Config{Calls: 10, Outstanding: 1}, swap("ACK ", "BYE "))
	if res.Calls != 10 || res.Order != (Order{ByeBeforeAck: 10}) {
		t.Errorf("ACK and BYE swapped: %+v", res)
	}
	res = run(t, Config{Calls: 10, Outstanding: 1}, swap("SIP/2.0 180", "SIP/2.0 200"))
	if res.Calls != 10 || res.Order != (Order{RingAfterAnswer: 10}) {
		t.Errorf("180 and 200 swapped: %+v", res)
	}
	res = run(t, Config{Calls: 10, Outstanding: 1}, func(m string) []string {
		if strings.HasPrefix(m, "SIP/2.0 180") {
			return nil
		}
		return []string{m}
	})
	if res.Calls != 10 || res.Order != (Order{RingLost: 10}) {
		t.Errorf("180 lost: %+v", res)
	}
}

func TestRepetitions(t *testing.T) {
	// The relay's 100 stops the PBX from repeating the INVITE, as RFC 3261 §17.1.1.2 wants: the call hangs.
	res := run(t, Config{Calls: 1, Outstanding: 1, Limit: time.Second}, func(m string) []string {
		if strings.HasPrefix(m, "INVITE ") {
			return nil
		}
		return []string{m}
	})
	if res.Failed != 1 || res.Failures["unfinished"] != 1 {
		t.Errorf("INVITE lost behind a 100: %+v", res)
	}
	first := true
	res = run(t, Config{Calls: 1, Outstanding: 1}, func(m string) []string {
		if strings.HasPrefix(m, "BYE ") && first {
			first = false
			return nil
		}
		return []string{m}
	})
	if res.Calls != 1 || res.Repeated.Sent != 1 {
		t.Errorf("BYE lost: %+v", res)
	}
	res = run(t, Config{Calls: 1, Outstanding: 1}, func(m string) []string { return []string{m, m} })
	if res.Calls != 1 || res.Repeated.Received < 2 {
		t.Errorf("everything doubled: %+v", res)
	}
}

func TestFaultsAreSeen(t *testing.T) {
	res := run(t, Config{Calls: 3, Outstanding: 1}, func(m string) []string {
		return []string{strings.Replace(m, "a=ptime:20", "a=ptime:30", 1)}
	})
	if res.Faults["body of the INVITE was changed"] != 3 {
		t.Errorf("%+v", res.Faults)
	}
	res = run(t, Config{Calls: 3, Outstanding: 1}, func(m string) []string {
		if strings.HasPrefix(m, "BYE ") {
			return []string{responseTo(m, "481 Call Does Not Exist")}
		}
		return []string{m}
	})
	if res.Failures["BYE answered 481"] != 3 {
		t.Errorf("%+v", res.Failures)
	}
}

func TestConfigIsChecked(t *testing.T) {
	at := netip.MustParseAddrPort("127.0.0.1:0")
	for name, cfg := range map[string]Config{
		"no address":     {Calls: 1},
		"no carrier":     {Calls: 1, Proxy: at},
		"no calls":       {Carrier: at},
		"count and time": {Carrier: at, Calls: 1, For: time.Second},
		"warm-up alone":  {Carrier: at, WarmFor: time.Second, Calls: 1},
		"negative rate":  {Carrier: at, Calls: 1, Rate: -1},
		"bad number":     {Carrier: at, Calls: 1, Dial: []Pattern{"03-1"}},
	} {
		if g, err := New(cfg); err == nil {
			t.Errorf("%s: no error", name)
			if err := g.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestEndsWithItsContext(t *testing.T) {
	g, err := New(Config{Carrier: netip.MustParseAddrPort("127.0.0.1:0"), For: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	res, err := g.Run(ctx)
	if err != nil || res.Calls == 0 || res.Seconds > 10 {
		t.Errorf("%+v, %v", res, err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}
