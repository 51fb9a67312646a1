package edge

// Timer values of RFC 3261 §17 in milliseconds.
const (
	t1      = 500
	t2      = 4_000
	t4      = 5_000
	t1x64   = 64 * t1 // Timers B, D, F, H, J, L and M
	tickMS  = 20
	wheelSz = 2048 // slots: 41 s a round, so that the 32 s timers are found once
)

// timer is embedded in what waits. It is in at most one slot of the wheel.
type timer struct {
	prev, next *timer
	due        int64 // milliseconds since the edge was made
	relay      *relay
	call       *call
}

// wheel is a hashed timing wheel (Varghese and Lauck, 1987): setting and stopping a timer cost the
// same however many there are. Guarded by Edge.mu.
type wheel struct {
	slots [wheelSz]timer // heads of rings
	due   timer          // head of the ring that is being fired
	tick  int64          // the last tick worked through
}

func (w *wheel) init() {
	for i := range w.slots {
		h := &w.slots[i]
		h.prev, h.next = h, h
	}
}

// set arms t for the instant due, in place of any earlier setting.
func (w *wheel) set(t *timer, due int64) {
	w.stop(t)
	tick := max(due/tickMS+1, w.tick+1)
	t.due = due
	h := &w.slots[tick%wheelSz]
	t.prev, t.next = h.prev, h
	h.prev.next, h.prev = t, t
}

// stop disarms t.
func (w *wheel) stop(t *timer) {
	if t.next == nil {
		return
	}
	t.prev.next, t.next.prev = t.next, t.prev
	t.prev, t.next = nil, nil
}

// advance calls fire for every timer that is due at the instant now.
func (w *wheel) advance(now int64, fire func(*timer)) {
	last := now / tickMS
	if last-w.tick > wheelSz {
		w.tick = last - wheelSz
	}
	for w.tick < last {
		w.tick++
		h := &w.slots[w.tick%wheelSz]
		// What fires may set timers, also into this slot for a later round: the ring is
		// taken off first.
		due := &w.due
		due.prev, due.next = due, due
		for t := h.next; t != h; {
			next := t.next
			if t.due < now {
				t.prev.next, t.next.prev = t.next, t.prev
				t.prev, t.next = due.prev, due
				due.prev.next, due.prev = t, t
			}
			t = next
		}
		for due.next != due {
			t := due.next
			w.stop(t)
			fire(t)
		}
	}
}
