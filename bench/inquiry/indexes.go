package main

import (
	"slices"
	"strconv"
	"sync"

	"tsujiban"
)

func (c *call) caller() int64 {
	if c.out {
		return c.mine
	}
	return c.other
}

func (c *call) callee() int64 {
	if c.out {
		return c.other
	}
	return c.mine
}

// customerRanks are the places of customers in the order of their names.
func customerRanks() []int64 {
	names := customerNames()
	byName := slices.Clone(names)
	slices.Sort(byName)
	ranks := make([]int64, len(names))
	for i, name := range names {
		at, _ := slices.BinarySearch(byName, name)
		ranks[i] = int64(at)
	}
	return ranks
}

var customerNames = sync.OnceValue(func() []string {
	names := make([]string, numbers/10)
	for i := range names {
		names[i] = "customer-" + strconv.Itoa(i)
	}
	return names
})

func customerName(i int) string { return customerNames()[i] }

// sorted are the calls in the order of a key and of time: counted out, eleven bits at a time (an LSD radix sort). All keys have to be so long in digits
// that their order is that of their texts.
func (l *loading) sorted(key func(*call) int64) []uint32 {
	const bits = 11
	keys := make([]uint32, l.size)
	var most uint32
	for i := range keys {
		c := callAt(i, l.size)
		k := key(&c)
		if k >= firstNumber {
			k -= firstNumber
			if k >= numbers { // the others' begin far behind ours
				k += firstNumber - firstOther + numbers
			}
		}
		keys[i] = uint32(k)
		most = max(most, keys[i])
	}
	from, to := make([]uint32, l.size), make([]uint32, l.size)
	for i := range from {
		from[i] = uint32(i)
	}
	for shift := 0; most>>shift > 0; shift += bits {
		var starts [1 << bits]int
		for _, k := range keys {
			starts[k>>shift&(1<<bits-1)]++
		}
		sum := 0
		for i, n := range starts {
			starts[i], sum = sum, sum+n
		}
		for _, i := range from {
			at := &starts[keys[i]>>shift&(1<<bits-1)]
			to[*at] = i
			*at++
		}
		from, to = to, from
	}
	return from
}

// entry appends the columns of an index for a call; the rowid follows them.
type entry func(r *record, c *call, asked uint32)

// index writes an index of some of the calls, in an order, or in that of time.
func (l *loading) index(name string, order []uint32, some func(*call) bool, columns entry) error {
	t := l.tree(name)
	var r record
	for n := range l.size {
		i := n
		if order != nil {
			i = int(order[n])
		}
		c := callAt(i, l.size)
		if some != nil && !some(&c) {
			continue
		}
		r.reset()
		columns(&r, &c, l.asked[i])
		r.int(c.id())
		t.add(0, r.bytes())
	}
	return t.finish()
}

// id is the call's, whatever the one before has: no two are asked for in one millisecond.
func (c *call) id() int64 { return int64(tsujiban.NextCallID(0, c.at)) }

func onlyStart(r *record, c *call, _ uint32) { r.int(c.at.UnixMicro()) }

func customerAndStart(r *record, c *call, _ uint32) {
	r.text(customerName(c.customer))
	onlyStart(r, c, 0)
}

// party is what the indexes of numbers have of a call (store/sqlite/migrations/calls/00007_brief.sql).
func (l *loading) party(own func(*call) int64) entry {
	var b []byte
	return func(r *record, c *call, asked uint32) {
		n := own(c)
		b = strconv.AppendInt(append(b[:0], '+'), n, 10)
		r.text(string(b))
		onlyStart(r, c, 0)
		r.int(c.id())
		r.int(c.talk.Milliseconds())
		r.text(customerName(c.customer))
		r.int(c.mine + c.other - n)
		direction, verdict, reason, status := "", "", "", 200
		if !c.out {
			direction = tsujiban.In.String()
		}
		switch {
		case c.denied:
			verdict, reason, status = tsujiban.Deny.String(), tsujiban.ReasonChannels.String(), tsujiban.ReasonChannels.SIPStatus()
		case c.talk == 0:
			status = 480
		}
		r.text(direction)
		r.text(verdict)
		r.text(reason)
		r.int(0)
		r.int(int64(status))
		switch setup := ringing.Microseconds(); {
		case c.denied:
			r.null()
			r.int(0)
			r.int(int64(asked))
			r.int(0)
			r.int(0)
		case c.talk == 0:
			r.null()
			r.int(setup)
			r.int(int64(asked))
			r.int(0)
			r.int(1)
		default:
			r.int(setup)
			r.int(setup + c.talk.Microseconds())
			r.int(int64(asked))
			r.int(1)
			r.int(2)
		}
	}
}
