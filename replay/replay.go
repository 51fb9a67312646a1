package replay

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"time"

	"tsujiban"
	"tsujiban/guard"
	"tsujiban/trace"
)

// Judge is what a trace is played against. The methods are those of guard.Guard.
type Judge interface {
	Decide(*tsujiban.Attempt, *tsujiban.Verdict)
	Answered(id tsujiban.CallID, at time.Time) (next time.Time)
	Extend(id tsujiban.CallID, at time.Time) (next time.Time, cut tsujiban.Reason)
	Ended(id tsujiban.CallID, at time.Time, o *tsujiban.Outcome)
	Effects([]guard.Effect) []guard.Effect
	ReleaseReach(id tsujiban.CustomerID, reach tsujiban.Reach, at time.Time) bool
}

// Options of a replay.
type Options struct {
	// ReleaseAfter lifts every restriction so long after it was imposed, as if somebody had done so without asking; 0: a
	// restriction stays until the replay ends.
	ReleaseAfter time.Duration
	// OnRestriction, when set, is told of every restriction that the judge imposes.
	OnRestriction func(*tsujiban.Restriction)
	// OnReject, when set, is told of every row that could not be used; an error from it ends the replay.
	OnReject func(*trace.RowError) error
	// OnProgress, when set, is called now and then with the count of calls read so far.
	OnProgress func(calls int, at time.Time)
}

// Result is what became of one call.
type Result struct {
	Call    trace.Call
	ID      tsujiban.CallID // the guard's
	Verdict Outcome
	Talk    time.Duration // what remains of it
	Charge  tsujiban.Money
	Full    tsujiban.Money // what it costs when nobody stops it
	Weight  tsujiban.Decibans
	Reason  tsujiban.Reason
	Scope   tsujiban.Scope
	Key     uint16 // Destination.Key
	Country [2]byte
	Why     [tsujiban.MaxWhy]tsujiban.Weight // of a call that was denied for the evidence it gave
}

// Outcome is what was done with a call.
type Outcome uint8

// The outcomes.
const (
	Allow Outcome = iota
	Deny
	Cut
)

func (o Outcome) String() string { return [...]string{"allow", "deny", "cut"}[o] }

// place is a call on its way.
type place struct {
	Result
	answered int64 // milliseconds; 0: not yet
	end      int64 // when it ends if nobody cuts it
	over     bool
	gen      uint32 // how often the place was taken
}

// Player plays one trace. It is used once.
type Player struct {
	judge   Judge
	o       Options
	places  []place
	free    []int32
	order   []int32 // places in the order of their calls, from head on
	head    int
	queue   queue
	seq     uint64
	last    tsujiban.CallID
	byID    map[tsujiban.CallID]int32
	attempt tsujiban.Attempt
	verdict tsujiban.Verdict
	effects []guard.Effect
	stands  map[tsujiban.CustomerID]tsujiban.Reach
	lifts   []lift
	sink    func(*Result) error
}

// lift is a release that is planned.
type lift struct {
	customer tsujiban.CustomerID
	reach    tsujiban.Reach
}

// New makes a player. sink gets every call's result, in the order of the trace; the result is valid until it returns.
func New(j Judge, o Options, sink func(*Result) error) *Player {
	return &Player{judge: j, o: o, sink: sink, byID: map[tsujiban.CallID]int32{}, stands: map[tsujiban.CustomerID]tsujiban.Reach{}}
}

// Play plays the whole trace. Errors: those of the source, of the sink and of the context.
func (p *Player) Play(ctx context.Context, src trace.Source) error {
	const look = 1 << 14 // calls between two looks at the context
	for n := 0; ; n++ {
		slot := p.take()
		err := src.Next(&p.places[slot].Call)
		var row *trace.RowError
		switch {
		case errors.Is(err, io.EOF):
			p.free = append(p.free, slot)
			return p.finish()
		case errors.As(err, &row):
			p.free = append(p.free, slot)
			if p.o.OnReject != nil {
				if err := p.o.OnReject(row); err != nil {
					return err
				}
			}
			continue
		case err != nil:
			return err
		}
		start := p.places[slot].Call.Start.UnixMilli()
		if err := p.until(start); err != nil {
			return err
		}
		p.ask(slot, start)
		if n%look == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if p.o.OnProgress != nil {
				p.o.OnProgress(n, p.places[slot].Call.Start)
			}
		}
	}
}

// take returns a free place.
func (p *Player) take() int32 {
	if n := len(p.free); n > 0 {
		slot := p.free[n-1]
		p.free = p.free[:n-1]
		return slot
	}
	p.places = append(p.places, place{})
	return int32(len(p.places) - 1)
}

// finish lets time run until every call has ended.
func (p *Player) finish() error {
	for len(p.queue) > 0 {
		d := p.queue.pop()
		if d.step == stepRelease && len(p.byID) == 0 {
			continue
		}
		p.do(&d)
	}
	return p.emit()
}

// until does what is due before the next call is asked for.
func (p *Player) until(at int64) error {
	for len(p.queue) > 0 && p.queue[0].at <= at {
		d := p.queue.pop()
		p.do(&d)
	}
	return p.emit()
}

// emit hands on the results of the oldest calls as far as they are over.
func (p *Player) emit() error {
	for p.head < len(p.order) {
		slot := p.order[p.head]
		if !p.places[slot].over {
			break
		}
		if err := p.sink(&p.places[slot].Result); err != nil {
			return err
		}
		p.places[slot] = place{gen: p.places[slot].gen + 1}
		p.free = append(p.free, slot)
		p.head++
	}
	if p.head >= 1024 && 2*p.head >= len(p.order) {
		p.order, p.head = p.order[:copy(p.order, p.order[p.head:])], 0
	}
	return nil
}

func (p *Player) plan(at int64, s step, slot int32) {
	p.seq++
	d := due{at: at, seq: p.seq, slot: slot, step: s}
	if s != stepRelease {
		d.gen = p.places[slot].gen
	}
	p.queue.push(d)
}

// ask has a call judged.
func (p *Player) ask(slot int32, start int64) {
	k := &p.places[slot]
	c := &k.Call
	p.order = append(p.order, slot)
	a := &p.attempt
	p.last = tsujiban.NextCallID(p.last, c.Start)
	*a = tsujiban.Attempt{
		Call: p.last, At: c.Start, Direction: c.Direction, Customer: c.Customer,
		Dialled: append(a.Dialled[:0], c.Callee...), Caller: append(a.Caller[:0], c.Caller...), UserAgent: append(a.UserAgent[:0], c.UserAgent...),
	}
	if c.Source.IsValid() {
		a.Source = netip.AddrPortFrom(c.Source, 5060)
	}
	v := &p.verdict
	p.judge.Decide(a, v)
	k.ID = p.last
	k.Weight, k.Reason, k.Scope, k.Key, k.Country = v.Weight, v.Reason, v.Destination.Scope, v.Destination.Key(), v.Destination.ISO
	if c.Direction == tsujiban.Out && c.Talk > 0 {
		k.Full = v.Price.Charge(c.Talk)
	}
	if v.Action == tsujiban.Deny {
		k.Verdict, k.Why, k.over = Deny, v.Why, true
		p.settle(c.Start)
		return
	}
	k.Reason = tsujiban.ReasonNone
	k.end = start + (c.Setup + c.Talk).Milliseconds()
	p.byID[k.ID] = slot
	if c.Talk > 0 {
		p.plan(start+c.Setup.Milliseconds(), stepAnswer, slot)
	} else {
		p.plan(k.end, stepEnd, slot)
	}
	p.settle(c.Start)
}

// do takes one step.
func (p *Player) do(d *due) {
	at := time.UnixMilli(d.at).UTC()
	if d.step == stepRelease {
		l := &p.lifts[d.slot]
		if left := p.stands[l.customer].Without(l.reach); left.Empty() {
			delete(p.stands, l.customer)
		} else {
			p.stands[l.customer] = left
		}
		p.judge.ReleaseReach(l.customer, l.reach, at)
		p.settle(at)
		return
	}
	k := &p.places[d.slot]
	if k.over || k.gen != d.gen {
		return
	}
	switch d.step {
	case stepAnswer:
		k.answered = max(d.at, 1)
		p.plan(k.end, stepEnd, d.slot)
		p.extend(d.slot, p.judge.Answered(k.ID, at))
	case stepExtend:
		next, cut := p.judge.Extend(k.ID, at)
		if cut != tsujiban.ReasonNone {
			p.over(d.slot, d.at, cut)
		} else {
			p.extend(d.slot, next)
		}
	case stepEnd:
		p.over(d.slot, d.at, tsujiban.ReasonNone)
	}
	p.settle(at)
}

// extend plans when the judge is asked again, if the call lives that long.
func (p *Player) extend(slot int32, next time.Time) {
	if next.IsZero() {
		return
	}
	if at := next.UnixMilli(); at < p.places[slot].end {
		p.plan(at, stepExtend, slot)
	}
}

// over ends a call.
func (p *Player) over(slot int32, at int64, cut tsujiban.Reason) {
	k := &p.places[slot]
	o := tsujiban.Outcome{Customer: k.Call.Customer, Status: 200, Cut: cut}
	if k.answered == 0 {
		o.Status = 487
	}
	delete(p.byID, k.ID)
	p.judge.Ended(k.ID, time.UnixMilli(at).UTC(), &o)
	k.Talk, k.Charge = o.Talk, o.Charge
	if cut != tsujiban.ReasonNone {
		k.Verdict, k.Reason = Cut, cut
	}
	k.over = true
}

// settle does what the judge brought about besides its answer.
func (p *Player) settle(at time.Time) {
	for {
		// The end of a call that is cut may bring about more.
		p.effects = p.judge.Effects(p.effects[:0])
		if len(p.effects) == 0 {
			return
		}
		for i := range p.effects {
			e := &p.effects[i]
			if e.Restriction != nil {
				p.restricted(e.Restriction, at)
			}
			if slot, ok := p.byID[e.Cut]; ok && e.Cut != 0 {
				p.over(slot, at.UnixMilli(), e.Reason)
			}
		}
	}
}

// restricted plans the release of what a restriction adds to what stood.
func (p *Player) restricted(r *tsujiban.Restriction, at time.Time) {
	if p.o.OnRestriction != nil {
		p.o.OnRestriction(r)
	}
	if p.o.ReleaseAfter <= 0 || r.Level < tsujiban.LevelRestrict {
		return
	}
	before, ok := p.stands[r.Customer]
	added := r.Reach
	if ok {
		added = r.Reach.Without(before)
	}
	p.stands[r.Customer] = r.Reach
	if added.Empty() {
		return
	}
	p.lifts = append(p.lifts, lift{r.Customer, added})
	p.plan(at.Add(p.o.ReleaseAfter).UnixMilli(), stepRelease, int32(len(p.lifts)-1))
}
