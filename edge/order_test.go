package edge

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tsujiban"
)

// TestOrder has many PBXs, over UDP and TCP, make calls of no length all at once, while the edge is looked at, cut, and
// given new carriers and directories: no BYE overtakes its ACK, no 200 its 180, and no promise to the desk is broken.
func TestOrder(t *testing.T) {
	const perPBX = 40
	l := newLab(t)
	l.realTime = true
	desk := newCommittingDesk(l.desk)
	l.opt.Desk, l.opt.Clock = desk, time.Now
	carrier := l.carrier("carrier", "udp", 1, 0)
	l.start()
	desk.journal()

	ctx, cancel := context.WithCancel(t.Context())
	var others, pbxs sync.WaitGroup
	judge := &orderJudge{acked: map[string]bool{}}
	others.Go(func() { judge.answer(t, carrier) })
	others.Go(func() { l.meddle(ctx) })
	for i := range 12 {
		network := "udp"
		if i%3 == 2 {
			network = "tcp"
		}
		a := l.agent("pbx"+strings.Repeat("'", i), network)
		pbxs.Go(func() { callInARow(t, a, perPBX) })
	}
	pbxs.Wait()
	cancel()
	l.stop() // closes the carrier's socket
	others.Wait()
	desk.close()
	l.desk.settled()
	if judge.calls != 12*perPBX {
		t.Errorf("the carrier saw %d calls", judge.calls)
	}
}

// callInARow makes calls one after another, each ended as soon as it is answered.
func callInARow(t *testing.T, a *agent, n int) {
	for range n {
		m := a.newInvite("", "0312345678")
		d := a.dialogs[""]
		a.sendTo(a.edgeAddr(), m)
		seen := ""
		for d.final == nil {
			raw, err := a.readRaw(patience)
			if err != nil {
				t.Errorf("%s waits for an answer, after %s: %v", a.name, seen, err)
				return
			}
			r, err := parseMessage(raw)
			if err != nil {
				t.Error(err)
				return
			}
			if r.get("Call-ID") == d.callID {
				seen += " " + r.what()
				a.note("", r)
			}
		}
		// The 100 is ours and may be late: another goroutine passes on what the carrier says.
		if strings.Replace(seen, " 100", "", 1) != " 180 200" {
			t.Errorf("%s: the answers came in the order%s", a.name, seen)
		}
		a.sendTo(a.edgeAddr(), a.within(d, "ACK"))
		a.sendTo(a.edgeAddr(), a.within(d, "BYE"))
		for {
			raw, err := a.readRaw(patience)
			if err != nil {
				t.Errorf("%s waits for the end: %v", a.name, err)
				return
			}
			if strings.Contains(raw, d.callID) && strings.Contains(raw, " BYE\r\n") {
				break
			}
		}
	}
}

// orderJudge is a carrier that answers every call at once.
type orderJudge struct {
	acked map[string]bool
	calls int
}

func (j *orderJudge) answer(t *testing.T, a *agent) {
	for {
		raw, err := a.readRaw(patience)
		if err != nil {
			return // closed: the test is over
		}
		m, err := parseMessage(raw)
		if err != nil {
			t.Error(err)
			return
		}
		id := m.get("Call-ID")
		d := &dialog{local: m.get("To") + ";tag=callee", requests: map[string]*message{}}
		reply := func(status int) { a.sendTo(a.from, a.response(d, m, status)) }
		switch m.method() {
		case "INVITE":
			if _, again := j.acked[id]; again {
				continue
			}
			j.acked[id] = false
			j.calls++
			reply(100)
			reply(180)
			reply(200)
		case "ACK":
			j.acked[id] = true
		case "BYE":
			if !j.acked[id] {
				t.Errorf("the BYE of %s came before its ACK", id)
			}
			reply(200)
		}
	}
}

// meddle uses everything that other goroutines may use while calls run.
func (l *lab) meddle(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		for _, c := range l.edge.Live(nil) {
			if c.Customer != "firm" {
				l.t.Errorf("a call of %s", c.Customer)
			}
		}
		l.edge.Stats()
		l.edge.Carriers()
		l.edge.Cut(tsujiban.CallID(i), tsujiban.ReasonStaff) // of a call that there is not
		l.setDirectory()
		if err := l.edge.SetCarriers(l.opt.Carriers); err != nil {
			l.t.Error(err)
		}
		<-time.After(time.Millisecond)
	}
}

// TestServeEnds holds that Serve returns while everything is going on, more than once in a program's life, and
// takes no lasting harm from journal commits and cuts that come later.
func TestServeEnds(t *testing.T) {
	for i := range 5 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			l := newLab(t)
			l.realTime = true
			l.opt.Clock = time.Now
			carrier := l.carrier("carrier", "tcp", 1, time.Second)
			l.start()
			for _, network := range []string{"udp", "tcp"} {
				a := l.agent("pbx"+strings.Repeat("'", len(network)-1+i%2), network)
				a.sendTo(a.edgeAddr(), a.newInvite("", "0312345678"))
				if got := a.read().what(); got != "100" {
					t.Fatal(got)
				}
			}
			go func() { _ = carrier.ln.Close() }() // dialling it may fail, or not
			l.edge.Committed(1, nil)
			l.stop()
			l.edge.Committed(2, nil)
			l.edge.Cut(l.desk.call(0).attempt.Call, tsujiban.ReasonStaff)
		})
	}
}
