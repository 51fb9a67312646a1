package policy

import (
	"hash/maphash"

	"tsujiban"
)

// directory finds a customer by its name: a table of places by hash, half empty, made once. A call finds it cold, and
// one line of it is then all that is fetched besides the customer itself; a map's group and its key would be three.
type directory struct {
	seed  maphash.Seed // nobody who chooses names can fill one place
	slots []slot       // a power of two
}

// slot is the upper half of a name's hash, and the customer's place + 1; 0 is an empty slot.
type slot struct{ hash, place uint32 }

func newDirectory(n int) directory {
	size := 8
	for size < 2*n {
		size *= 2
	}
	return directory{seed: maphash.MakeSeed(), slots: make([]slot, size)}
}

// find returns the place of a name among the customers.
func (d *directory) find(customers []Customer, id tsujiban.CustomerID) (int, bool) {
	h := maphash.String(d.seed, string(id))
	for i := h; ; i++ {
		s := d.slots[i&uint64(len(d.slots)-1)]
		if s.place == 0 {
			return 0, false
		}
		if s.hash == uint32(h>>32) && customers[s.place-1].ID == id {
			return int(s.place - 1), true
		}
	}
}

// put notes the place of a name that has none.
func (d *directory) put(id tsujiban.CustomerID, place int) {
	h := maphash.String(d.seed, string(id))
	for i := h; ; i++ {
		if s := &d.slots[i&uint64(len(d.slots)-1)]; s.place == 0 {
			*s = slot{uint32(h >> 32), uint32(place + 1)}
			return
		}
	}
}
