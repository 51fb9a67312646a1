package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/note"

	"tsujiban"
)

// Attachment is a file that goes with the records of a bundle: the letter, a table.
type Attachment struct {
	Name string // letters of any script, digits, and . - _; no dot in front
	Data []byte
}

// Request says what a bundle is to hold.
type Request struct {
	Entries []uint64  // numbers of the journal, in any order, each once in the bundle
	Made    time.Time // written into the manifest, to the second
	Attach  []Attachment
}

// WriteBundle writes a bundle for the records that a request names, at the checkpoint at which the tree stands; source reads the journal. It
// needs the private key, so the right to read it. Nothing is written that does not verify. Errors: [tsujiban.CodeInvalid] for a request that cannot
// be met, [tsujiban.CodeNotFound] when the journal no longer has an entry, [tsujiban.CodeConflict] when no checkpoint covers one
// yet, [tsujiban.CodeCorrupt] when journal and tree do not agree on one.
func (t *Tree) WriteBundle(ctx context.Context, w io.Writer, source Source, req Request) (*Report, error) {
	entries, err := t.wanted(&req)
	if err != nil {
		return nil, err
	}
	signer, err := t.keys.readSigner(t.dir)
	if err != nil {
		return nil, err
	}
	records, proofs, err := t.records(ctx, source, entries)
	if err != nil {
		return nil, err
	}
	m := manifest{origin: t.head.Origin, made: req.Made.UTC().Truncate(time.Second), size: t.head.Size, root: t.head.Root}
	files := []zipEntry{
		{name: readmeJaName, data: []byte(readmeJa)}, {name: readmeEnName, data: []byte(readmeEn)},
		{name: checkpointName, data: t.head.Note},
	}
	if len(t.keys.rotations) > 0 {
		files = append(files, zipEntry{name: rotationsName, data: joinNotes(t.keys.rotations...)})
	}
	files = append(files, zipEntry{name: recordsName, data: records}, zipEntry{name: proofsName, data: proofs})
	for _, a := range req.Attach {
		files = append(files, zipEntry{name: attachments + a.Name, data: a.Data})
	}
	for _, f := range files {
		m.files = append(m.files, fileOf(f.name, f.data))
	}
	signed, err := note.Sign(&note.Note{Text: m.text()}, signer)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInternal, "signing the manifest: %w", err)
	}
	var out bytes.Buffer
	z := zipWriter{w: &out}
	for _, f := range append([]zipEntry{{name: manifestName, data: signed}}, files...) {
		if err := z.add(f.name, f.data); err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%w", err)
		}
	}
	if err := z.close(); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInternal, "%w", err)
	}
	report := VerifyBundle(out.Bytes(), t.keys.current())
	if !report.OK() {
		return report, tsujiban.Errorf(tsujiban.CodeInternal, "the bundle does not verify, so it is not given out: %s", report.Faults[0].Text(tsujiban.English))
	}
	_, err = w.Write(out.Bytes())
	return report, err
}

// wanted checks a request and gives its entries in order.
func (t *Tree) wanted(req *Request) ([]uint64, error) {
	entries := slices.Compact(slices.Sorted(slices.Values(req.Entries)))
	switch {
	case len(entries) == 0:
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "no entry is named; name those that the bundle is to hold")
	case len(entries) > MaxRecords:
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "a bundle holds %d records at most; make several", MaxRecords)
	case entries[0] == 0:
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "entries are counted from 1")
	case entries[len(entries)-1] > uint64(t.head.Size):
		return nil, tsujiban.Errorf(tsujiban.CodeConflict, "entry %d is not under a checkpoint yet: the newest covers %d entries; try again in some seconds", entries[len(entries)-1], t.head.Size)
	case len(req.Attach) > MaxFiles:
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "a bundle holds %d attached files at most; make several", MaxFiles)
	}
	for i, a := range req.Attach {
		if err := validName(a.Name); err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "attached file: %w; give it another name", err)
		}
		if slices.ContainsFunc(req.Attach[:i], func(b Attachment) bool { return b.Name == a.Name }) {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "two attached files have the name %q", a.Name)
		}
	}
	return entries, nil
}

// records reads and proves entries.
func (t *Tree) records(ctx context.Context, source Source, entries []uint64) (records, proofs []byte, err error) {
	c := cursor{source: source}
	defer func() { err = errors.Join(err, c.close()) }()
	for _, seq := range entries {
		line, err := c.line(ctx, seq)
		if errors.Is(err, errGone) {
			return nil, nil, tsujiban.Errorf(tsujiban.CodeNotFound, "entry %d is no longer in the journal: %w", seq, err)
		}
		if err != nil {
			return nil, nil, err
		}
		p, err := t.Prove(seq)
		if err != nil {
			return nil, nil, err
		}
		if err := checkRecord(p.Hashes, &t.head, p.Index, line); err != nil {
			return nil, nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "entry %d of the journal was changed: it is not the one that the tree has; \"tsujiban evidence check\" says more", seq)
		}
		records = append(append(records, line...), '\n')
		proofs = strconv.AppendInt(proofs, p.Index, 10)
		for _, h := range p.Hashes {
			proofs = append(append(proofs, ' '), h.String()...)
		}
		proofs = append(proofs, '\n')
		if len(records)+len(proofs) > MaxBundle {
			return nil, nil, tsujiban.Errorf(tsujiban.CodeInvalid, "the bundle would be larger than %d MiB; make several", MaxBundle>>20)
		}
	}
	return records, proofs, nil
}

// ParseEntries reads numbers and ranges of entries as people write them: "5,7,10-20". At most MaxRecords.
func ParseEntries(s string) ([]uint64, error) {
	var out []uint64
	for part := range bytes.SplitSeq([]byte(s), []byte(",")) {
		from, to, ranged := bytes.Cut(bytes.TrimSpace(part), []byte("-"))
		a, err1 := strconv.ParseUint(string(from), 10, 63)
		b, err2 := a, error(nil)
		if ranged {
			b, err2 = strconv.ParseUint(string(to), 10, 63)
		}
		if err1 != nil || err2 != nil || a == 0 || b < a {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%.40q names no entries; write numbers and ranges, like 5,7,10-20", part)
		}
		if b-a >= MaxRecords || len(out)+int(b-a) >= MaxRecords {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "a bundle holds %d records at most; make several", MaxRecords)
		}
		for ; a <= b; a++ {
			out = append(out, a)
		}
	}
	return out, nil
}

// Range is entries from..to, both among them.
type Range struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

func (r Range) String() string {
	if r.From == r.To {
		return strconv.FormatUint(r.From, 10)
	}
	return fmt.Sprintf("%d-%d", r.From, r.To)
}
