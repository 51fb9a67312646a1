package edge

// outbox holds what one goroutine is about to send. It is filled under Edge.mu. What goes over a stream is
// handed over under it too, so that messages of several goroutines come in the order in which they were
// written; datagrams, which the network may swap anyway, are sent without it.
type outbox struct {
	full  []*conn // streams that take no more
	arena []byte
	items []outItem
	batch *sendBatch // made at the first datagram: most workers of streams send none
}

type outItem struct {
	from, to int // in arena
	flow     flow
}

// add copies p into the outbox.
func (o *outbox) add(f *flow, p []byte) {
	start := len(o.arena)
	o.arena = append(o.arena, p...)
	o.items = append(o.items, outItem{start, len(o.arena), *f})
}

// begin and commit let a message be written straight into the arena: append to what begin returns.
func (o *outbox) begin() []byte { return o.arena }

// commit takes the grown arena and returns the message in it.
func (o *outbox) commit(f *flow, arena []byte) []byte {
	start := len(o.arena)
	o.arena = arena
	o.items = append(o.items, outItem{start, len(arena), *f})
	return arena[start:]
}

// handOver queues what goes over streams. Edge.mu is held.
func (o *outbox) handOver(e *Edge) {
	for i := range o.items {
		it := &o.items[i]
		if it.flow.lis == nil || !it.flow.lis.reliable() || it.to == it.from {
			continue
		}
		if c, ok := e.streams.send(&it.flow, o.arena[it.from:it.to]); !ok {
			e.stats.sendLost.Add(1)
			if c != nil {
				o.full = append(o.full, c)
			}
		}
	}
}

// flush sends the datagrams in order, those of one socket in batches.
func (o *outbox) flush(e *Edge) {
	for i, c := range o.full {
		c.close() // it does not read, and a stream with holes is of no use
		o.full[i] = nil
	}
	o.full = o.full[:0]
	for i := 0; i < len(o.items); {
		it := &o.items[i]
		if it.flow.lis == nil || it.to == it.from || it.flow.lis.reliable() {
			i++
			continue
		}
		if o.batch == nil {
			o.batch = &sendBatch{}
		}
		lis := it.flow.lis
		for ; i < len(o.items) && o.items[i].flow.lis == lis && o.batch.n < batchSize; i++ {
			it := &o.items[i]
			if it.to > it.from {
				o.batch.add(o.arena[it.from:it.to], it.flow.addr)
			}
		}
		if lost := lis.udp.writeBatch(o.batch); lost > 0 {
			e.stats.sendLost.Add(uint64(lost))
		}
	}
	o.arena, o.items = o.arena[:0], o.items[:0]
	if cap(o.arena) > 1<<22 {
		o.arena = nil
	}
}
