package edge

// keyIndex finds relays by their key: chains through the relays themselves, by linear hashing (Litwin, VLDB 1980). At
// each insertion at most one chain is split, so no call ever waits for a table to grow, and a removal leaves
// nothing behind. (A Go map took 3 µs for each removal out of 600,000 keys that come and go: an eighth of the CPU at saturation.)
// Keys are hashes under secret seeds, so nobody can fill one chain.
type keyIndex struct {
	heads [][]uint32 // slot + 1 of each chain's first relay; 0 when it is empty
	mask  uint32     // chains before the round of splitting, less one
	split uint32     // the next chain to be split
	n     int        // relays
}

const headBits = 12

func (x *keyIndex) init() {
	*x = keyIndex{heads: [][]uint32{make([]uint32, 1<<headBits)}, mask: 1<<headBits - 1}
}

func (x *keyIndex) chain(k txnKey) uint32 {
	h := uint32(k.a)
	if c := h & x.mask; c >= x.split {
		return c
	}
	return h & (x.mask<<1 | 1)
}

func (x *keyIndex) head(chain uint32) *uint32 {
	return &x.heads[chain>>headBits][chain&(1<<headBits-1)]
}

func (t *relays) lookup(k txnKey) *relay {
	for s := *t.byKey.head(t.byKey.chain(k)); s != 0; {
		r := t.at(s - 1)
		if r.key == k {
			return r
		}
		s = r.next
	}
	return nil
}

// index puts a relay under a key that no other has.
func (t *relays) index(r *relay, k txnKey) {
	x := &t.byKey
	r.key, r.keyed = k, true
	h := x.head(x.chain(k))
	r.next, *h = *h, r.slot+1
	x.n++
	if x.n > int(x.mask)+1+int(x.split) {
		t.splitChain()
	}
}

// splitChain adds a chain and moves there what belongs to it.
func (t *relays) splitChain() {
	x := &t.byKey
	from, to := x.split, x.split+x.mask+1
	if int(to>>headBits) == len(x.heads) {
		x.heads = append(x.heads, make([]uint32, 1<<headBits))
	}
	if x.split++; x.split > x.mask {
		x.mask, x.split = x.mask<<1|1, 0
	}
	at, moved := x.head(from), x.head(to)
	for *at != 0 {
		r := t.at(*at - 1)
		if x.chain(r.key) == from {
			at = &r.next
			continue
		}
		slot := *at
		*at, r.next, *moved = r.next, *moved, slot
	}
}

// unindex takes a relay out again.
func (t *relays) unindex(r *relay) {
	if !r.keyed {
		return
	}
	at := t.byKey.head(t.byKey.chain(r.key))
	for *at != r.slot+1 {
		at = &t.at(*at - 1).next
	}
	*at, r.next, r.keyed = r.next, 0, false
	t.byKey.n--
}
