package edge

// keyIndex finds relays by their key: buckets of one cache line each, by linear hashing (Litwin, VLDB 1980). At
// each insertion at most one bucket is split, so no call ever waits for a table to grow, and a removal leaves
// nothing behind. (A Go map took 3 µs for each removal out of 600,000 keys that come and go: an eighth of the CPU at
// saturation; chains through the relays half of that, since each step is a miss of the cache.)
// Keys are hashes under secret seeds, so nobody can fill one bucket.
type keyIndex struct {
	chunks [][]bucket
	over   []bucket // what did not fit
	unused []uint32 // of over
	mask   uint32   // buckets before the round of splitting, less one
	split  uint32   // the next bucket to be split
	n      int      // relays
}

// bucket holds entries without gaps: the low half of the key's first hash, and slot + 1.
type bucket struct {
	hash [bucketSize]uint32
	slot [bucketSize]uint32
	more uint32 // 1 + the index in over of the bucket that follows; 0 for none
	_    uint32
}

const (
	bucketSize   = 7
	bucketLoad   = 4  // entries a bucket in the mean, from which on buckets are split
	bucketChunk  = 16 // 4 MB, of which only the buckets in use take memory
	firstBuckets = 1 << 12
)

func (x *keyIndex) init() {
	*x = keyIndex{chunks: [][]bucket{onHugePages[bucket](1 << bucketChunk)}, mask: firstBuckets - 1}
}

// home is the bucket of a hash.
func (x *keyIndex) home(hash uint32) uint32 {
	if c := hash & x.mask; c >= x.split {
		return c
	}
	return hash & (x.mask<<1 | 1)
}

func (x *keyIndex) bucket(i uint32) *bucket { return &x.chunks[i>>bucketChunk][i&(1<<bucketChunk-1)] }

func (x *keyIndex) next(b *bucket) *bucket {
	if b.more == 0 {
		return nil
	}
	return &x.over[b.more-1]
}

// add puts an entry at the end of its bucket.
func (x *keyIndex) add(hash, slot uint32) {
	b, _ := x.last(hash)
	i := b.len()
	if i == bucketSize {
		if len(x.unused) == 0 {
			x.over = append(x.over, bucket{})
			x.unused = append(x.unused, uint32(len(x.over)))
			b, _ = x.last(hash) // it may have moved
		}
		b.more = x.unused[len(x.unused)-1]
		x.unused = x.unused[:len(x.unused)-1]
		b, i = x.next(b), 0
	}
	b.hash[i], b.slot[i] = hash, slot
}

// last is the last bucket of a hash, and the one before it.
func (x *keyIndex) last(hash uint32) (b, before *bucket) {
	b = x.bucket(x.home(hash))
	for b.more != 0 {
		b, before = x.next(b), b
	}
	return b, before
}

func (b *bucket) len() int {
	n := 0
	for n < bucketSize && b.slot[n] != 0 {
		n++
	}
	return n
}

// remove takes an entry out; the last one of its bucket takes its place.
func (x *keyIndex) remove(hash, slot uint32) {
	b := x.bucket(x.home(hash))
	at := b.find(slot)
	for at < 0 {
		b = x.next(b)
		at = b.find(slot)
	}
	last, before := x.last(hash)
	i := last.len() - 1
	b.hash[at], b.slot[at] = last.hash[i], last.slot[i]
	last.hash[i], last.slot[i] = 0, 0
	if i == 0 && before != nil {
		x.unused = append(x.unused, before.more)
		before.more = 0
	}
}

func (b *bucket) find(slot uint32) int {
	for i, s := range &b.slot {
		if s == slot {
			return i
		}
	}
	return -1
}

// grow splits a bucket when they are full enough.
func (x *keyIndex) grow() {
	if x.n <= bucketLoad*(int(x.mask)+1+int(x.split)) {
		return
	}
	from, to := x.split, x.split+x.mask+1
	if int(to>>bucketChunk) == len(x.chunks) {
		x.chunks = append(x.chunks, onHugePages[bucket](1<<bucketChunk))
	}
	if x.split++; x.split > x.mask {
		x.mask, x.split = x.mask<<1|1, 0
	}
	old := *x.bucket(from)
	*x.bucket(from) = bucket{}
	for {
		for i := range old.len() {
			x.add(old.hash[i], old.slot[i])
		}
		if old.more == 0 {
			return
		}
		at := old.more
		old = x.over[at-1]
		x.over[at-1] = bucket{}
		x.unused = append(x.unused, at)
	}
}

func (t *relays) lookup(k txnKey) *relay {
	hash := uint32(k.a)
	for b := t.byKey.bucket(t.byKey.home(hash)); b != nil; b = t.byKey.next(b) {
		for i, h := range &b.hash {
			if h != hash || b.slot[i] == 0 {
				continue
			}
			if r := t.at(b.slot[i] - 1); r.key == k {
				return r
			}
		}
	}
	return nil
}

// index puts a relay under a key that no other has.
func (t *relays) index(r *relay, k txnKey) {
	r.key, r.keyed = k, true
	t.byKey.n++
	t.byKey.add(uint32(k.a), r.slot+1)
	t.byKey.grow()
}

// unindex takes a relay out again.
func (t *relays) unindex(r *relay) {
	if !r.keyed {
		return
	}
	r.keyed = false
	t.byKey.n--
	t.byKey.remove(uint32(r.key.a), r.slot+1)
}
