package replay

// step is what is due for a call.
type step uint8

// In the order in which steps of one instant are taken: what ends makes room first.
const (
	stepEnd step = iota
	stepRelease
	stepAnswer
	stepExtend
)

// due is one step at an instant in milliseconds.
type due struct {
	at   int64
	seq  uint64 // steps of one instant and kind go in the order in which they were planned
	slot int32
	gen  uint32 // of the place: a step that outlives its call does nothing
	step step
}

func (d *due) before(o *due) bool {
	switch {
	case d.at != o.at:
		return d.at < o.at
	case d.step != o.step:
		return d.step < o.step
	}
	return d.seq < o.seq
}

// queue is a binary heap. It is written out because it is the inner loop of a replay: container/heap
// costs an interface and an allocation for each push.
type queue []due

func (q *queue) push(d due) {
	h := append(*q, d)
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !h[i].before(&h[up]) {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
	*q = h
}

func (q *queue) pop() due {
	h := *q
	first := h[0]
	n := len(h) - 1
	h[0] = h[n]
	h = h[:n]
	i := 0
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < n; c++ {
			if h[c].before(&h[least]) {
				least = c
			}
		}
		if least == i {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	*q = h
	return first
}
