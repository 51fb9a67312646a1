package sipwire

import "slices"

// Patch collects changes to a message and writes the changed message in one pass.
// The zero Patch is ready; it is reused after Reset. Inserted bytes are copied.
type Patch struct {
	edits []edit
	text  []byte
}

type edit struct {
	at, del  int // cut del bytes at offset at,
	from, to int // then insert text[from:to]
}

// Reset forgets all changes.
func (p *Patch) Reset() { p.edits, p.text = p.edits[:0], p.text[:0] }

// Insert puts text before offset at. Insertions at the same place stand in the order of the calls.
func (p *Patch) Insert(at int, text ...[]byte) { p.Replace(at, at, text...) }

// Delete cuts the bytes from start to end.
func (p *Patch) Delete(start, end int) { p.Replace(start, end) }

// Replace puts text in the place of the bytes from start to end. Changed places must not overlap.
func (p *Patch) Replace(start, end int, text ...[]byte) {
	from := len(p.text)
	for _, t := range text {
		p.text = append(p.text, t...)
	}
	p.edits = append(p.edits, edit{start, end - start, from, len(p.text)})
}

// Apply appends src with all changes made.
func (p *Patch) Apply(dst, src []byte) []byte {
	slices.SortStableFunc(p.edits, func(a, b edit) int { return a.at - b.at })
	off := 0
	for _, e := range p.edits {
		dst = append(dst, src[off:e.at]...)
		dst = append(dst, p.text[e.from:e.to]...)
		off = e.at + e.del
	}
	return append(dst, src[off:]...)
}

// ApplySpan appends src[start:end] with the changes that lie in it; all changes must.
func (p *Patch) ApplySpan(dst, src []byte, start, end int) []byte {
	for i := range p.edits {
		p.edits[i].at -= start
	}
	return p.Apply(dst, src[start:end])
}
