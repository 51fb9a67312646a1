package fraud

// known is a small set of keys that were seen, the least used of which gives way.
type known [6]struct {
	key  uint32
	hits uint16
}

func (k *known) has(key uint32) bool {
	for i := range k {
		if k[i].key == key && k[i].hits > 0 {
			return true
		}
	}
	return false
}

// fresh is 1 for a key that is new to a set that knows some, else 0.
func (k *known) fresh(key uint32) uint8 {
	if k.empty() || k.has(key) {
		return 0
	}
	return 1
}

func (k *known) empty() bool { return *k == known{} }

func (k *known) learn(key uint32, hits uint16) {
	least := &k[0]
	for i := range k {
		e := &k[i]
		if e.key == key && e.hits > 0 {
			e.hits = min(e.hits, full-hits) + hits
			return
		}
		if e.hits < least.hits {
			least = e
		}
	}
	least.key, least.hits = key, hits
}

func (k *known) merge(o *known) {
	for i := range o {
		if o[i].hits > 0 {
			k.learn(o[i].key, min(o[i].hits, full))
		}
	}
}

func (k *known) fade() {
	for i := range k {
		k[i].hits = faded(k[i].hits)
	}
}

// The size of a customer's book of numbers.
const (
	bookRows  = 64
	bookWays  = 5
	bookAgain = 2 // places in each row for what was met more than once
)

// book is which numbers a customer has to do with: those that it has called or been called by. It keeps some hundred of them by
// 16 bits of a hash: one in ten thousand unknown numbers is taken for a known one. In each row the longest unused
// gives way.
type book [bookRows][bookWays]struct {
	tag   uint16 // 0: empty
	first uint16 // when it was first seen, a bookTime
}

// Times in a book count eight hours each, since 1970, and begin again after sixty years.
const (
	bookUnit  = 8 * hourMillis
	bookKnown = 4 // a number is known when it was first seen so many units ago: a day at least
)

func bookTime(now int64) uint16 { return uint16(now / bookUnit) }

func bookPlace(number uint64) (row int, tag uint16) {
	h := mix(number)
	return int(h % bookRows), uint16(max(h>>48, 1))
}

// mix spreads a number over 64 bits (the finalizer of SplitMix64, Steele, Lea and Flood, 2014).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// has tells whether a number is known: who was called first an hour ago is not known yet.
func (b *book) has(number uint64, now int64) bool {
	row, tag := bookPlace(number)
	for i := range b[row] {
		if e := &b[row][i]; e.tag == tag {
			return bookTime(now)-e.first >= bookKnown
		}
	}
	return false
}

// seen tells whether a number was met at all.
func (b *book) seen(number uint64) bool {
	row, tag := bookPlace(number)
	for i := range b[row] {
		if b[row][i].tag == tag {
			return true
		}
	}
	return false
}

// note takes down that a number was seen.
func (b *book) note(number uint64, now int64) { b.put(number, bookTime(now)) }

// trust makes a number known as of now.
func (b *book) trust(number uint64, now int64) {
	row, _ := bookPlace(number)
	b.put(number, 0)
	b.put(number, 0) // to the front
	b[row][0].first = bookTime(now) - bookKnown
}

// put moves a number to the front of its row. One that was not there comes behind the first two: strangers, whom a call centre meets by the
// hundred, push out one another and not whom the customer has to do with again and again.
func (b *book) put(number uint64, first uint16) {
	row, tag := bookPlace(number)
	r := &b[row]
	i, to := 0, 0
	for i < bookWays-1 && r[i].tag != tag && r[i].tag != 0 {
		i++
	}
	e := r[i]
	if e.tag != tag {
		e.tag, e.first = tag, first
		to = min(i, bookAgain)
	}
	copy(r[to+1:i+1], r[to:i])
	r[to] = e
}

// forget drops the numbers that are not known yet: suspicion has arisen.
func (b *book) forget(now int64) {
	for row := range b {
		r := &b[row]
		n := 0
		for _, e := range r {
			if e.tag != 0 && bookTime(now)-e.first >= bookKnown {
				r[n] = e
				n++
			}
		}
		clear(r[n:])
	}
}
