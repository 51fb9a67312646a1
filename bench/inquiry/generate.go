package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/store"
	"tsujiban/store/sqlite"
)

// The operator of the bench holds ten blocks of 050 numbers, 050-1230 to 050-1239, whose hundred thousand numbers its customers use; a
// hundred of them (busy) are call centres that make a tenth of all calls. The calls lie over half a year, as retention has it.
const (
	firstNumber = 815012300000
	numbers     = 100_000
	firstOther  = 819010000000 // 090-1000-0000
	days        = 180
	ringing     = 4 * time.Second
)

// busy is how many call centres there are: with a tenth of them each makes as many calls as in a store ten times as large.
var busy = 100

var begin = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

// mix spreads a count (splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// call is one call of the bench, as a function of its index alone.
type call struct {
	at       time.Time
	mine     int64 // the operator's number
	other    int64
	out      bool
	denied   bool
	talk     time.Duration // 0: not answered
	customer int
}

func callAt(i, size int) call {
	h := mix(uint64(i))
	c := call{at: begin.Add(time.Duration(float64(i) / float64(size) * float64(days*24*time.Hour))).Truncate(time.Microsecond)}
	n := int64(h % numbers)
	if h>>32%10 == 0 {
		n = int64(h>>16%uint64(busy)) * int64(numbers/busy)
	}
	c.mine, c.customer = firstNumber+n, int(n/10)
	g := mix(h)
	c.other = firstOther + int64(g%80_000_000)
	c.out = g>>40%3 > 0
	switch k := g >> 32 % 20; {
	case k == 0:
		c.denied = true
	case k > 4:
		c.talk = time.Duration(10+mix(g)%600) * time.Second
	}
	return c
}

// events turns calls into the events of a journal, the end of each right behind it: for the view it makes no difference.
type events struct {
	size, call, step int
	seq              uint64
	last             tsujiban.CallID
	of               call // the one that g.call is
	ev               tsujiban.Event
	buf              [2][32]byte
	made             store.Call // see whole
}

func (g *events) Next(context.Context) (*tsujiban.Event, error) {
	for g.call < g.size {
		if g.step == 0 {
			g.of = callAt(g.call, g.size)
		}
		c, step := &g.of, g.step
		g.step++
		switch {
		case step == 0:
			g.attempt(c)
		case step == 1 && c.talk > 0:
			g.ev = tsujiban.Event{Kind: tsujiban.EventAnswered, At: c.at.Add(ringing), Call: g.last, Dialog: tsujiban.Dialog{Carrier: "carrier-a"}}
		case step == 2 && !c.denied:
			g.ev = tsujiban.Event{Kind: tsujiban.EventEnded, At: c.at.Add(ringing + c.talk), Call: g.last}
			g.ev.Outcome = tsujiban.Outcome{Status: 200, Talk: c.talk, Charge: 4 * tsujiban.Unit, By: tsujiban.PartyCaller, Carrier: "carrier-a"}
			if c.talk == 0 {
				g.ev.Outcome = tsujiban.Outcome{Status: 480, By: tsujiban.PartyCallee}
			}
		case step > 2:
			g.call, g.step = g.call+1, 0
			continue
		default:
			continue
		}
		g.seq++
		g.ev.Seq = g.seq
		return &g.ev, nil
	}
	return nil, io.EOF
}

func (g *events) attempt(c *call) {
	g.last = tsujiban.NextCallID(g.last, c.at)
	caller, callee, way := c.other, c.mine, tsujiban.In
	if c.out {
		caller, callee, way = c.mine, c.other, tsujiban.Out
	}
	g.ev = tsujiban.Event{Kind: tsujiban.EventAttempt, At: c.at, Call: g.last}
	a, v := &g.ev.Attempt, &g.ev.Verdict
	a.Direction, a.Customer = way, tsujiban.CustomerID(customerName(c.customer))
	a.Trunk = tsujiban.TrunkID(a.Customer + "-pbx")
	a.Source = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, byte(c.customer >> 8), byte(c.customer)}), 5060)
	a.Caller, a.Dialled = strconv.AppendInt(g.buf[0][:0], caller, 10), strconv.AppendInt(g.buf[1][:0], callee, 10)
	a.UserAgent, a.SIPCallID = []byte("Asterisk PBX 20.9.1"), []byte("a84b4c76e66710f2c3@192.0.2.10")
	v.Caller, v.Callee = ledger.Number(caller), ledger.Number(callee)
	v.Destination = tsujiban.Destination{Scope: tsujiban.ScopeDomestic, Class: tsujiban.ClassMobile, Code: 81, ISO: [2]byte{'J', 'P'}}
	v.Why[0] = tsujiban.Weight{Kind: tsujiban.EvidenceHour, Value: -2.25}
	if c.denied {
		v.Action, v.Reason = tsujiban.Deny, tsujiban.ReasonChannels
	}
}

// makeStore makes the store unless it is there, and says how long that took or once did.
func makeStore(ctx context.Context, o options) (took time.Duration, err error) {
	done := filepath.Join(o.dir, "done")
	if b, err := os.ReadFile(done); err == nil {
		return time.ParseDuration(string(b))
	}
	if o.made {
		return 0, fmt.Errorf("there is no store in %s that is whole", o.dir)
	}
	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return 0, err
	}
	if err := clean(o.dir); err != nil {
		return 0, err
	}
	begun := time.Now()
	path := filepath.Join(o.dir, "store.db")
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		return 0, err
	}
	err = makeLedger(ctx, s.Ledger())
	if err == nil && o.driver {
		g, tell := &events{size: o.size}, newTeller(o.size)
		err = s.Rebuild(ctx, 1, g.Next, func(p sqlite.Progress) {
			if p.Index > 0 {
				tell.index(p)
			} else {
				tell.rows(g.call)
			}
		})
		err = errors.Join(err, s.Close())
	} else if err = errors.Join(err, s.Close()); err == nil {
		err = errors.Join(load(ctx, o, filepath.Join(o.dir, "store.calls.db")), opens(ctx, path))
	}
	if err != nil {
		return 0, err
	}
	took = time.Since(begun)
	return took, os.WriteFile(done, []byte(took.String()), 0o600)
}

// clean removes what a run left that was stopped.
func clean(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "store*"))
	for _, name := range names {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// opens sees that the program takes the file, and has it keep a WAL again.
func opens(ctx context.Context, path string) error {
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	return s.Close()
}

// teller says how far it is.
type teller struct {
	size, told int
	start      time.Time
}

func newTeller(size int) *teller { return &teller{size: size, start: time.Now()} }

func (t *teller) rows(calls int) {
	done := calls * 50 / t.size
	if done <= t.told {
		return
	}
	t.told = done
	took := time.Since(t.start)
	left := time.Duration(float64(took) * (rowsAndIndexes*float64(t.size)/float64(calls) - 1))
	fmt.Fprintf(os.Stderr, "%s: %d%% of %d calls, %s; whole at about %s\n", time.Now().Format(time.TimeOnly), done*2, t.size, took.Round(time.Second), time.Now().Add(left).Format("15:04"))
}

func (t *teller) index(p sqlite.Progress) {
	fmt.Fprintf(os.Stderr, "%s: index %d of %d, %s\n", time.Now().Format(time.TimeOnly), p.Index, p.Indexes, time.Since(t.start).Round(time.Second))
}

// rowsAndIndexes is how much longer the whole takes than the rows alone.
const rowsAndIndexes = 2

// makeLedger gives the numbers to their customers, and every other block of 050 to a carrier.
func makeLedger(ctx context.Context, l *sqlite.Ledger) error {
	from := begin.AddDate(-1, 0, 0)
	o := &ledger.Order{Entry: ledger.Entry{By: "bench", Verb: "import", Ground: "bench"}}
	o.Changes = append(o.Changes, ledger.Change{Verb: ledger.VerbAdd, Ranges: []ledger.Range{{First: firstNumber, Last: firstNumber + numbers - 1}}, Source: "Carrier A", From: from})
	for i := range int64(numbers / 10) {
		id := tsujiban.CustomerID("customer-" + strconv.FormatInt(i, 10))
		o.Holders = append(o.Holders, ledger.HolderChange{Holder: ledger.Holder{ID: id, Name: "契約者" + strconv.FormatInt(i, 10)}, Window: ledger.Window{From: from}})
		o.Screens = append(o.Screens, ledger.Screening{Holder: id, Outcome: ledger.ScreenPassed})
		o.Changes = append(o.Changes, ledger.Change{Verb: ledger.VerbAssign, Ranges: []ledger.Range{{First: firstNumber + 10*i, Last: firstNumber + 10*i + 9}}, Holder: id, From: from})
	}
	if _, err := l.Do(ctx, o); err != nil {
		return err
	}
	p := &ledger.Publication{Published: from}
	for i := range int64(9000) {
		block := 815010000000 + 10_000*i
		p.Rows = append(p.Rows, ledger.Designation{Range: ledger.Range{First: block, Last: block + 9999}, Carrier: "Carrier " + string(rune('A'+i%20))})
	}
	_, err := l.Publish(ctx, p, &ledger.Order{Entry: ledger.Entry{By: "bench", Verb: "designations", Ground: "bench"}})
	return err
}
