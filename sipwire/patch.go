package sipwire

// Patch collects changes to a message and writes the changed message in one pass.
// The zero Patch is ready; it is reused after Reset. Inserted bytes are copied.
type Patch struct {
	edits []edit
	text  []byte
}

type edit struct {
	at, end  int // cut the bytes from at to end,
	from, to int // then insert text[from:to]
}

// Reset forgets all changes.
func (p *Patch) Reset() { p.edits, p.text = p.edits[:0], p.text[:0] }

// Insert puts text before offset at. Insertions at the same place stand in the order of the calls.
func (p *Patch) Insert(at int, text ...[]byte) { p.Replace(at, at, text...) }

// Delete cuts the bytes from start to end.
func (p *Patch) Delete(start, end int) { p.Replace(start, end) }

// Replace puts text in the place of the bytes from start to end. A byte that is cut twice is cut; text
// that lands in a place that another change cuts stays.
func (p *Patch) Replace(start, end int, text ...[]byte) {
	from := len(p.text)
	for _, t := range text {
		p.text = append(p.text, t...)
	}
	p.edits = append(p.edits, edit{start, end, from, len(p.text)})
}

// Apply appends src with all changes made.
func (p *Patch) Apply(dst, src []byte) []byte { return p.ApplySpan(dst, src, 0, len(src)) }

// ApplySpan appends src[start:end] with the changes that lie in it; all changes must.
func (p *Patch) ApplySpan(dst, src []byte, start, end int) []byte {
	p.sort()
	off := start
	for i := range p.edits {
		e := &p.edits[i]
		if e.at > off {
			dst = append(dst, src[off:e.at]...)
		}
		dst = append(dst, p.text[e.from:e.to]...)
		off = max(off, e.end)
	}
	return append(dst, src[off:end]...)
}

// sort orders the changes by place; those at one place stay in the order of the calls. There are few
// and most come in order: insertion is quickest.
func (p *Patch) sort() {
	for i := 1; i < len(p.edits); i++ {
		for j := i; j > 0 && p.edits[j].at < p.edits[j-1].at; j-- {
			p.edits[j], p.edits[j-1] = p.edits[j-1], p.edits[j]
		}
	}
}
