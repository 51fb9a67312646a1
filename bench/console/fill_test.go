package console_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/console/consoletest"
	"tsujiban/journal"
	"tsujiban/ledger"
	"tsujiban/store/sqlite"
)

// The calls lie over the last 30 days. One in twenty is of the customer whose pages are asked for, the others are of a thousand
// customers; one in five goes abroad, one in twenty is refused, four in five are answered.
const (
	days      = 30
	customers = 1000
	own       = 20
	attack    = 500 // of its newest calls are refused as fraud, in a case
)

// mix spreads a count (splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// abroad are countries that calls go to.
var abroad = []struct {
	code uint16
	iso  [2]byte
}{{1, [2]byte{'U', 'S'}}, {886, [2]byte{'T', 'W'}}, {82, [2]byte{'K', 'R'}}, {44, [2]byte{'G', 'B'}}, {232, [2]byte{'S', 'L'}}}

// fill writes a journal with so many calls and makes the calls view of it, as "tsujiban rebuild" does.
func fill(ctx context.Context, c *config.Config, calls int, now time.Time) (err error) {
	j, err := journal.Open(journal.Options{Dir: c.JournalDir(), SegmentBytes: c.Journal.Segment, CommitInterval: 50 * time.Millisecond})
	if err != nil {
		return err
	}
	w := &writer{journal: j}
	begin := now.Add(-days * 24 * time.Hour)
	for i := range calls {
		at := begin.Add(time.Duration(float64(i) / float64(calls) * float64(days*24*time.Hour-time.Hour))).Truncate(time.Microsecond)
		if err := w.call(ctx, i, at, i > calls-own*attack); err != nil {
			return errors.Join(err, j.Close())
		}
	}
	if err := errors.Join(j.Wait(ctx, w.seq), j.Close()); err != nil {
		return err
	}
	rd, err := journal.OpenReader(c.JournalDir(), 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rd.Close()) }()
	s, err := sqlite.Open(ctx, c.StoreFile(), sqlite.WithZone(c.Node.TimeZone))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	n := uint64(0)
	return s.Rebuild(ctx, 1, func(ctx context.Context) (*tsujiban.Event, error) {
		if n++; n > w.seq {
			return nil, io.EOF
		}
		return rd.Next(ctx)
	}, func(sqlite.Progress) {})
}

type writer struct {
	journal *journal.Journal
	ev      tsujiban.Event
	last    tsujiban.CallID
	seq     uint64
}

// append waits when the journal has too much before it.
func (w *writer) append(ctx context.Context, at time.Time, kind tsujiban.EventKind) error {
	w.ev.Kind, w.ev.At, w.ev.Call = kind, at, w.last
	for {
		seq, err := w.journal.Append(&w.ev)
		if err == nil {
			w.seq = seq
			return nil
		}
		if !errors.Is(err, journal.ErrFull) {
			return err
		}
		if err := w.journal.Wait(ctx, w.seq); err != nil {
			return err
		}
	}
}

func (w *writer) call(ctx context.Context, i int, at time.Time, late bool) error {
	h := mix(uint64(i))
	w.last = tsujiban.NextCallID(w.last, at)
	w.ev = tsujiban.Event{}
	a, v := &w.ev.Attempt, &w.ev.Verdict
	id, caller := fmt.Sprintf("customer-%d", h%customers), 81_5012300000+int64(h%customers)
	if i%own == 0 {
		id, caller = string(consoletest.Firm), 81_925551234
	}
	to := tsujiban.Destination{Scope: tsujiban.ScopeDomestic, Class: tsujiban.ClassMobile, Code: 81, ISO: [2]byte{'J', 'P'}}
	callee, charge := 819010000000+int64(mix(h)%80_000_000), 4*tsujiban.Unit
	if h>>40%5 == 0 {
		x := abroad[h>>44%uint64(len(abroad))]
		to = tsujiban.Destination{Scope: tsujiban.ScopeInternational, Class: tsujiban.ClassFixed, Code: x.code, ISO: x.iso}
		callee, charge = int64(x.code)*100_000_000+int64(mix(h)%80_000_000), 175*tsujiban.Unit
	}
	a.At, a.Call, a.Direction, a.Customer, a.Trunk = at, w.last, tsujiban.Out, tsujiban.CustomerID(id), tsujiban.TrunkID(id+"-pbx")
	a.Source = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(h)}), 5060)
	a.Caller, a.Dialled = strconv.AppendInt(nil, caller, 10), strconv.AppendInt(nil, callee, 10)
	a.UserAgent, a.SIPCallID = []byte("Asterisk PBX 20.9.1"), []byte("a84b4c76e66710f2c3@192.0.2.10")
	v.Caller, v.Callee, v.Destination = ledger.Number(caller), ledger.Number(callee), to
	v.Why[0] = tsujiban.Weight{Kind: tsujiban.EvidenceHour, Value: -2.25}
	switch {
	case late && i%own == 0:
		v.Action, v.Reason, v.Weight = tsujiban.Deny, tsujiban.ReasonFraud, 42
		v.Why[1] = tsujiban.Weight{Kind: tsujiban.EvidenceDestination, Value: 44}
	case h>>32%20 == 0:
		v.Action, v.Reason = tsujiban.Deny, tsujiban.ReasonChannels
	}
	denied := v.Action == tsujiban.Deny
	if err := w.append(ctx, at, tsujiban.EventAttempt); err != nil || denied {
		return err
	}
	o := tsujiban.Outcome{Customer: tsujiban.CustomerID(id), Status: 480, By: tsujiban.PartyCallee}
	if h>>24%5 > 0 {
		talk := time.Duration(10+h%600) * time.Second
		w.ev = tsujiban.Event{Dialog: tsujiban.Dialog{Carrier: "carrier-a"}}
		if err := w.append(ctx, at.Add(4*time.Second), tsujiban.EventAnswered); err != nil {
			return err
		}
		o = tsujiban.Outcome{Customer: o.Customer, Status: 200, Talk: talk, Charge: charge, By: tsujiban.PartyCaller, Carrier: "carrier-a"}
	}
	w.ev = tsujiban.Event{Outcome: o}
	return w.append(ctx, at.Add(4*time.Second+o.Talk), tsujiban.EventEnded)
}
