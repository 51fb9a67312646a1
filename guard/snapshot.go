package guard

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"time"
	"unsafe"

	"tsujiban"
	"tsujiban/guard/fraud"
	"tsujiban/guard/spend"
)

// A snapshot is the state that the journal gave up to some entry, so that a start need not read all of
// it: Restore and then Apply of the entries that follow give the same state, to the bit, as Apply of all. Most of it is memory as it lies;
// a program that lays it out otherwise refuses the snapshot, and the journal is read from its beginning.

// memory is what of a customer is kept as it lies.
type memory struct {
	books spend.Books
	pace  spend.Pace
}

// layout names the form of a snapshot.
func layout() uint64 {
	return fraud.Layout(reflect.TypeFor[memory](), reflect.TypeFor[sums](), reflect.TypeFor[spend.Slip]())
}

// kept is a running call in a snapshot.
type kept struct {
	Call        tsujiban.CallID
	Customer    tsujiban.CustomerID
	Direction   tsujiban.Direction
	Destination tsujiban.Destination
	Callee      tsujiban.Number
	Price       tsujiban.Price
	Asked       time.Time
	Answered    time.Time
	Cut         tsujiban.Reason
	Slip, Trace []byte
}

// ErrLayout says that a snapshot was written by a program that lays its memory out otherwise.
var ErrLayout = tsujiban.Errorf(tsujiban.CodeConflict, "the snapshot of the guard's state is of another version")

// maxSnapshotText bounds a text or list in a snapshot, in bytes.
const maxSnapshotText = 1 << 30

// Snapshot writes the state. It is for a guard that folds the journal and judges nothing: what was set aside beyond first stretches is
// not kept, as it is not by the journal.
func (g *Guard) Snapshot(to io.Writer) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	w := &snapshotWriter{w: bufio.NewWriterSize(to, 1<<16)}
	w.number(layout())
	w.raw(rawOf(&g.sums))
	w.raw(g.model.Raw())
	ids := slices.Sorted(maps.Keys(g.customers))
	w.number(uint64(len(ids)))
	for _, id := range ids {
		c := g.customers[id]
		w.text([]byte(id))
		w.raw(rawOf(&memory{c.books, c.pace}))
		w.raw(c.fraud.Raw())
		w.json(c.restriction)
	}
	var calls []kept
	for _, id := range slices.Sorted(maps.Keys(g.calls.byID)) {
		k := g.calls.find(id)
		calls = append(calls, kept{k.id, k.customer.id, k.direction, k.destination, k.callee, k.price, k.asked, k.answered, k.cut, rawOf(&k.slip), k.trace.Raw()})
	}
	w.json(calls)
	if w.err == nil {
		w.err = w.w.Flush()
	}
	return w.err
}

// Restore makes a guard of a snapshot. Errors: ErrLayout, those of the reader, and CodeCorrupt for what is no snapshot.
func Restore(o Options, from io.Reader) (*Guard, error) {
	g := New(o)
	r := &snapshotReader{r: bufio.NewReaderSize(from, 1<<16)}
	if r.number() != layout() && r.err == nil {
		return nil, ErrLayout
	}
	r.raw(rawOf(&g.sums))
	r.raw(g.model.Raw())
	for n := r.number(); n > 0 && r.err == nil; n-- {
		c := g.customer(tsujiban.CustomerID(r.text()))
		var m memory
		r.raw(rawOf(&m))
		c.books, c.pace = m.books, m.pace
		r.raw(c.fraud.Raw())
		r.json(&c.restriction)
	}
	var calls []kept
	r.json(&calls)
	if r.err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "reading a snapshot of the guard's state: %w", r.err)
	}
	for i := range calls {
		g.take(&calls[i])
	}
	g.SetPolicy(o.Policy) // its caution counts, not that of the snapshot
	return g, nil
}

// take puts a running call back. The books and the sums hold it already.
func (g *Guard) take(k *kept) {
	c := g.customer(k.Customer)
	n := g.calls.add(k.Call, c, k.Direction)
	n.destination, n.callee, n.price, n.asked, n.cut = k.Destination, k.Callee, k.Price, k.Asked, k.Cut
	n.paid = spend.First(k.Price)
	if copy(n.trace.Raw(), k.Trace); n.abroad() {
		c.abroad++
	}
	copy(rawOf(&n.slip), k.Slip)
	if !k.Answered.IsZero() {
		n.answer(k.Answered)
		n.clock.believe = true
	}
}

func rawOf[T any](p *T) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(p)), unsafe.Sizeof(*p)) }

type snapshotWriter struct {
	w   *bufio.Writer
	err error
}

func (w *snapshotWriter) raw(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
}

func (w *snapshotWriter) number(n uint64) { w.raw(binary.LittleEndian.AppendUint64(nil, n)) }

func (w *snapshotWriter) text(b []byte) {
	w.number(uint64(len(b)))
	w.raw(b)
}

func (w *snapshotWriter) json(v any) {
	b, err := json.Marshal(v)
	if w.err == nil {
		w.err = err
	}
	w.text(b)
}

type snapshotReader struct {
	r   *bufio.Reader
	err error
}

func (r *snapshotReader) raw(b []byte) {
	if r.err == nil {
		_, r.err = io.ReadFull(r.r, b)
	}
}

func (r *snapshotReader) number() uint64 {
	var b [8]byte
	r.raw(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

func (r *snapshotReader) text() []byte {
	n := r.number()
	if r.err == nil && n > maxSnapshotText {
		r.err = fmt.Errorf("a text of %d bytes", n)
	}
	if r.err != nil {
		return nil
	}
	b := make([]byte, 0, min(n, 1<<16))
	for len(b) < int(n) && r.err == nil { // grown as it comes: a torn file must not claim a gigabyte
		part := make([]byte, min(int(n)-len(b), 1<<16))
		r.raw(part)
		b = append(b, part...)
	}
	return b
}

func (r *snapshotReader) json(v any) {
	b := r.text()
	if r.err == nil {
		r.err = json.Unmarshal(b, v)
	}
}
