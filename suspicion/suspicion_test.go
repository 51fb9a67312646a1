package suspicion

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tsujiban"
)

var start = time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)

// course is a course of events, numbered as a journal would.
type course struct {
	events []tsujiban.Event
	at     time.Time
	n      int
}

func (k *course) add(ev tsujiban.Event) *tsujiban.Event {
	if k.at.IsZero() {
		k.at = start
	}
	ev.Seq, ev.At = uint64(len(k.events))+1, k.at
	k.events = append(k.events, ev)
	return &k.events[len(k.events)-1]
}

func (k *course) wait(d time.Duration) { k.at = k.at.Add(d) }

// call lets a customer ask for a call to Sierra Leone.
func (k *course) call(customer string, action tsujiban.Action, reason tsujiban.Reason, weight tsujiban.Decibans) tsujiban.CallID {
	if k.at.IsZero() {
		k.at = start
	}
	k.n++
	id := tsujiban.NextCallID(tsujiban.CallID(k.n), k.at) + tsujiban.CallID(k.n)
	callee, err := tsujiban.ParseNumber(fmt.Sprintf("+2327612%04d", k.n%10000))
	if err != nil {
		panic(err)
	}
	ev := tsujiban.Event{Kind: tsujiban.EventAttempt, Call: id}
	ev.Attempt = tsujiban.Attempt{Call: id, Customer: tsujiban.CustomerID(customer), Source: netip.MustParseAddrPort("203.0.113.9:5060"), UserAgent: []byte("friendly\x1b[2J-scanner")}
	ev.Verdict = tsujiban.Verdict{
		Action: action, Reason: reason, Weight: weight, Callee: callee, Reserved: 300 * tsujiban.Unit, Price: tsujiban.Price{PerMinute: 300 * tsujiban.Unit, Increment: time.Minute},
		Destination: tsujiban.Destination{Scope: tsujiban.ScopeInternational, Class: tsujiban.ClassMobile, Code: 232, ISO: [2]byte{'S', 'L'}},
	}
	ev.Verdict.Why[0] = tsujiban.Weight{Kind: tsujiban.EvidenceDestination, Value: weight}
	k.add(ev)
	return id
}

func (k *course) end(customer string, id tsujiban.CallID, talk time.Duration, charge tsujiban.Money, cut tsujiban.Reason) {
	k.add(tsujiban.Event{Kind: tsujiban.EventEnded, Call: id, Outcome: tsujiban.Outcome{Customer: tsujiban.CustomerID(customer), Talk: talk, Charge: charge, Cut: cut}})
}

func (k *course) restrict(customer string, level tsujiban.Level, by string) {
	k.add(tsujiban.Event{Kind: tsujiban.EventRestricted, Restriction: tsujiban.Restriction{Customer: tsujiban.CustomerID(customer), Level: level, Reason: tsujiban.ReasonFraud, By: by}})
}

func (k *course) release(customer string) {
	k.add(tsujiban.Event{Kind: tsujiban.EventReleased, Restriction: tsujiban.Restriction{Customer: tsujiban.CustomerID(customer), By: "sato", Note: "phoned them"}})
}

func (k *course) reply(customer string, theirs bool) {
	k.add(tsujiban.Event{Kind: tsujiban.EventReplied, Reply: tsujiban.Reply{Customer: tsujiban.CustomerID(customer), Theirs: theirs, By: "link"}})
}

func (k *course) staff(id uint64, customer string, act tsujiban.CaseAct, to, note string) {
	k.add(tsujiban.Event{Kind: tsujiban.EventCase, Step: tsujiban.CaseStep{Case: id, Customer: tsujiban.CustomerID(customer), Act: act, To: to, By: "sato", Note: note}})
}

// fold folds the course in batches and keeps what comes of it as a store would: as JSON, read back at each crash.
func (k *course) fold(batch int, crash bool) map[uint64]*Case {
	kept, b := map[uint64][]byte{}, NewBook(nil)
	put := func(c *Case) {
		body, err := json.Marshal(c)
		if err != nil {
			panic(err)
		}
		kept[c.ID] = body
	}
	get := func(id uint64) *Case {
		c := &Case{}
		if err := json.Unmarshal(kept[id], c); err != nil {
			panic(err)
		}
		return c
	}
	for i := range k.events {
		b.Apply(&k.events[i])
		if (i+1)%batch != 0 && i+1 < len(k.events) {
			continue
		}
		changed, late := b.Changes()
		for _, c := range changed {
			put(c)
		}
		for j := range late {
			c := get(late[j].Step.Case)
			c.Note(&late[j])
			put(c)
		}
		if crash {
			var rest []*Case
			for id := range kept {
				rest = append(rest, get(id))
			}
			b = NewBook(rest)
		}
	}
	out := map[uint64]*Case{}
	for id := range kept {
		out[id] = get(id)
	}
	return out
}

func kinds(c *Case) string {
	var out []string
	for _, s := range c.Steps {
		out = append(out, s.Kind)
	}
	return strings.Join(out, " ")
}

// hijack is the night of one firm, and what people did in the morning.
func hijack() *course {
	k := &course{}
	k.call("hakata", tsujiban.Allow, 0, 4)
	first := k.call("hakata", tsujiban.Watch, 0, 14)
	k.wait(40 * time.Second)
	k.end("hakata", first, 32*time.Second, 175*tsujiban.Unit, 0)
	second := k.call("hakata", tsujiban.Watch, 0, 30)
	k.wait(10 * time.Second)
	k.call("hakata", tsujiban.Deny, tsujiban.ReasonFraud, 47)
	k.restrict("hakata", tsujiban.LevelRestrict, guardBy)
	k.end("hakata", second, 10*time.Second, 175*tsujiban.Unit, tsujiban.ReasonFraud)
	for range 300 {
		k.wait(25 * time.Second)
		k.call("hakata", tsujiban.Deny, tsujiban.ReasonRestricted, 47)
	}
	k.staff(2, "hakata", tsujiban.CaseAssigned, "suzuki", "")
	k.staff(2, "hakata", tsujiban.CaseAsked, "", "mail")
	k.reply("hakata", false)
	k.staff(2, "hakata", tsujiban.CaseNoted, "", "PBX had port 5060 open")
	k.wait(5 * time.Hour)
	k.release("hakata")
	return k
}

func TestHijackIsOneCase(t *testing.T) {
	k := hijack()
	cases := k.fold(500, false)
	if len(cases) != 1 {
		t.Fatalf("%d cases", len(cases))
	}
	c := cases[2]
	if c == nil || c.Open() || c.Ending != EndReleased || c.Level != "restrict" || c.Stands != nil || c.Answer != "not-theirs" || c.Assigned != "suzuki" || c.Asked.IsZero() {
		t.Fatalf("%+v", c)
	}
	want := Count{Calls: 303, Refused: 301, Answered: 2, Cut: 1, Talk: 42 * time.Second, Lost: 350 * tsujiban.Unit, Avoided: 301 * 300 * tsujiban.Unit}
	if d := cmp.Diff(want, c.Calls); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if len(c.Groups) != 1 || c.Groups[0].Count != want || c.AtRisk != 0 || len(c.Running) != 0 {
		t.Errorf("groups %+v, at risk %v, %d run", c.Groups, c.AtRisk, len(c.Running))
	}
	if len(c.First) != maxEdge || len(c.Latest) != maxEdge || len(c.Dearest) != 2 || c.Heaviest.Weight != 47 {
		t.Errorf("%d first, %d latest, %d dearest, %+v", len(c.First), len(c.Latest), len(c.Dearest), c.Heaviest)
	}
	if got := kinds(c); got != "opened watch watch deny restricted assigned asked replied noted released closed" {
		t.Errorf("timeline %s", got)
	}
	body, err := json.Marshal(c)
	if err != nil || strings.Contains(string(body), "+23276120001") || strings.Contains(string(body), `\u001b`) || !strings.Contains(string(body), `+2327612****`) {
		t.Errorf("body %s, %v", body, err)
	}
	if len(body) > 16<<10 {
		t.Errorf("the case takes %d bytes", len(body))
	}
}

// TestBatchesDoNotMatter: whatever the batches, and with a crash after each, the cases are the same.
func TestBatchesDoNotMatter(t *testing.T) {
	k := hijack()
	k.call("kyoto", tsujiban.Watch, 0, 12)
	kyoto := uint64(len(k.events))
	k.wait(25 * time.Hour)
	k.call("kyoto", tsujiban.Watch, 0, 12) // another case: a day was quiet
	k.staff(kyoto, "kyoto", tsujiban.CaseNoted, "", "late")
	k.restrict("nara", tsujiban.LevelClose, "sato")
	k.staff(2, "hakata", tsujiban.CaseNoted, "", "long after")
	k.reply("nara", true) // what staff imposed stays
	k.wait(48 * time.Hour)
	k.call("osaka", tsujiban.Watch, 0, 12)
	want := k.fold(len(k.events), false)
	for _, batch := range []int{1, 7, 100} {
		for _, crash := range []bool{false, true} {
			if d := cmp.Diff(want, k.fold(batch, crash)); d != "" {
				t.Errorf("batches of %d, crash %v: -want +got\n%s", batch, crash, d)
			}
		}
	}
	open := 0
	for _, c := range want {
		if c.Open() {
			open++
		}
	}
	if len(want) != 5 || open != 2 {
		t.Errorf("%d cases, %d open", len(want), open)
	}
}

func TestYesClosesWhatTheGuardImposed(t *testing.T) {
	k := &course{}
	k.restrict("hakata", tsujiban.LevelAsk, guardBy)
	k.reply("hakata", true)
	k.wait(time.Hour)
	k.call("hakata", tsujiban.Watch, 0, 11)
	k.staff(3, "hakata", tsujiban.CaseClosed, "", "it was the new branch")
	cases := k.fold(1, false)
	if c := cases[1]; c.Ending != EndTheirs || c.Answer != "theirs" {
		t.Errorf("%+v", c)
	}
	if c := cases[3]; c.Ending != EndNothing || c.Steps[len(c.Steps)-1].Note == "" || kinds(c) != "opened watch closed" {
		t.Errorf("%+v", c)
	}
}

// TestReleaseOfAPart leaves the case open until all is lifted.
func TestReleaseOfAPart(t *testing.T) {
	k := &course{}
	reach, err := tsujiban.ParseReach("53 232")
	if err != nil {
		t.Fatal(err)
	}
	k.add(tsujiban.Event{Kind: tsujiban.EventRestricted, Restriction: tsujiban.Restriction{Customer: "hakata", Level: tsujiban.LevelRestrict, Reach: reach, By: guardBy}})
	k.add(tsujiban.Event{Kind: tsujiban.EventReleased, Restriction: tsujiban.Restriction{Customer: "hakata", Reach: tsujiban.ReachKey(53)}})
	if c := k.fold(1, false)[1]; !c.Open() || c.Stands == nil || c.Stands.Reach != "232" {
		t.Errorf("%+v", c)
	}
	k.add(tsujiban.Event{Kind: tsujiban.EventReleased, Restriction: tsujiban.Restriction{Customer: "hakata", Reach: tsujiban.ReachKey(232)}})
	if c := k.fold(1, false)[1]; c.Open() {
		t.Errorf("%+v", c)
	}
}

// TestBounds: a case of many calls, destinations and notes stays small.
func TestBounds(t *testing.T) {
	k := &course{}
	for i := range 3000 {
		id := k.call("hakata", tsujiban.Watch, 0, 20)
		ev := &k.events[len(k.events)-1]
		ev.Verdict.Destination.ISO = [2]byte{byte('A' + i%26), byte('A' + i/26%26)}
		ev.Attempt.UserAgent = fmt.Appendf(nil, "agent %d", i)
		if i%2 == 0 {
			k.end("hakata", id, time.Second, tsujiban.Unit*tsujiban.Money(i), 0)
		}
		k.staff(1, "hakata", tsujiban.CaseNoted, "", strings.Repeat("x", 10))
	}
	c := k.fold(1000, false)[1]
	sum := 0
	for _, g := range c.Groups {
		sum += g.Calls
	}
	if c.Calls.Calls != 3000 || sum != 3000 || len(c.Groups) != maxGroups || len(c.Steps) != maxSteps || c.Omitted == 0 || len(c.Dearest) != maxDearest || c.Dearest[0].Charge != 2998*tsujiban.Unit {
		t.Errorf("%d calls, %d in %d groups, %d steps, %d omitted, dearest %+v", c.Calls.Calls, sum, len(c.Groups), len(c.Steps), c.Omitted, c.Dearest[:1])
	}
	if len(c.Keys) > 3*maxKeys {
		t.Errorf("%d keys", len(c.Keys))
	}
}

// BenchmarkApplyIdle is what an event costs that concerns no case: nearly all do.
func BenchmarkApplyIdle(b *testing.B) {
	book := NewBook(nil)
	ev := tsujiban.Event{Kind: tsujiban.EventAttempt, At: start}
	b.ReportAllocs()
	for b.Loop() {
		book.Apply(&ev)
	}
}
