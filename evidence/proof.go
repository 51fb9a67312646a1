package evidence

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"tsujiban"
)

// maxHashes is the longest proof, in hashes: that of a tree of 2^63 entries.
const maxHashes = 64

// MaxProof is the longest proof with its checkpoint that is read, in bytes.
const MaxProof = MaxNote + 100 + maxHashes*45

// Proof proves that an entry is in a tree (RFC 6962 §2.1.1).
type Proof struct {
	Index      int64 // of the entry, counted from 0: one less than the journal's number
	Hashes     tlog.RecordProof
	Checkpoint []byte // signed note
}

const proofHeader = "c2sp.org/tlog-proof@v1\n"

// Marshal writes the proof as C2SP tlog-proof has it, without extra data.
func (p *Proof) Marshal() []byte {
	b := fmt.Appendf(nil, "%sindex %d\n", proofHeader, p.Index)
	for _, h := range p.Hashes {
		b = append(append(b, h.String()...), '\n')
	}
	return append(append(b, '\n'), p.Checkpoint...)
}

// ParseProof reads what Marshal writes. Extra data is passed over. Errors carry [tsujiban.CodeInvalid].
func ParseProof(b []byte) (*Proof, error) {
	lines, note, err := proofLines(b, proofHeader)
	if err != nil {
		return nil, err
	}
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "the proof has no line with an index")
	}
	index, ok := strings.CutPrefix(lines[0], "index ")
	p := &Proof{Checkpoint: note}
	if p.Index, err = parseSize(index); err != nil || !ok {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%.60q is not the index of a proof", lines[0])
	}
	hashes, err := parseHashes(lines[1:])
	p.Hashes = hashes
	return p, err
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	if len(lines) > maxHashes {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "a proof has %d hashes at most, not %d", maxHashes, len(lines))
	}
	hs := make([]tlog.Hash, len(lines))
	for i, l := range lines {
		h, err := parseHash(l)
		if err != nil {
			return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "the proof's hash %d: %w", i+1, err)
		}
		hs[i] = h
	}
	return hs, nil
}

// proofLines splits a proof into the lines behind its header and the signed note behind the empty line.
func proofLines(b []byte, header string) ([]string, []byte, error) {
	rest, ok := bytes.CutPrefix(b, []byte(header))
	head, note, found := bytes.Cut(rest, []byte("\n\n"))
	if !ok || !found || len(b) > MaxProof {
		return nil, nil, tsujiban.Errorf(tsujiban.CodeInvalid, "it does not begin with %q and go on with a proof and a checkpoint", strings.TrimSpace(header))
	}
	return strings.Split(string(head), "\n"), note, nil
}

// Verify checks that a line, as the journal wrote it, is the entry that the proof speaks of, under a checkpoint signed by one of the
// keys, which it returns. Errors carry [tsujiban.CodeInvalid].
func (p *Proof) Verify(line []byte, keys ...Key) (*Signed, error) {
	s, err := OpenCheckpoint(p.Checkpoint, keys...)
	if err != nil {
		return nil, fmt.Errorf("the checkpoint: %w", err)
	}
	return s, checkRecord(p.Hashes, s, p.Index, line)
}

func checkRecord(p tlog.RecordProof, s *Signed, index int64, line []byte) error {
	if index < 0 || index >= s.Size {
		return invalid(fmt.Sprintf("チェックポイントは %d 件までで、%d 件目を含みません", s.Size, index+1), fmt.Sprintf("the checkpoint covers %d entries, not entry %d", s.Size, index+1))
	}
	if err := tlog.CheckRecord(p, s.Size, s.Root, index, tlog.RecordHash(line)); err != nil {
		return invalid(fmt.Sprintf("記録簿の %d 件目の記録とは違います。記録か証明が変えられています", index+1), fmt.Sprintf("this is not what stands in the journal as entry %d, or the proof was changed", index+1))
	}
	return nil
}

// Consistency proves that a tree is an earlier tree with entries added (RFC 6962 §2.1.2). It is written as
//
//	tsujiban consistency@v1
//	old <entries> <root of the earlier tree>
//	<hash>
//	…
//
//	<the later checkpoint, a signed note>
type Consistency struct {
	OldSize    int64
	OldRoot    tlog.Hash
	Hashes     tlog.TreeProof
	Checkpoint []byte // the later one
}

const consistencyHeader = "tsujiban consistency@v1\n"

// Marshal writes the proof.
func (c *Consistency) Marshal() []byte {
	b := fmt.Appendf(nil, "%sold %d %s\n", consistencyHeader, c.OldSize, c.OldRoot)
	for _, h := range c.Hashes {
		b = append(append(b, h.String()...), '\n')
	}
	return append(append(b, '\n'), c.Checkpoint...)
}

// ParseConsistency reads what Marshal writes. Errors carry [tsujiban.CodeInvalid].
func ParseConsistency(b []byte) (*Consistency, error) {
	lines, note, err := proofLines(b, consistencyHeader)
	if err != nil {
		return nil, err
	}
	words := strings.Split(lines[0], " ")
	if len(words) != 3 || words[0] != "old" {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "the second line does not name size and root of the earlier tree")
	}
	c := &Consistency{Checkpoint: note}
	if c.OldSize, err = parseSize(words[1]); err == nil {
		c.OldRoot, err = parseHash(words[2])
	}
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "the second line: %w", err)
	}
	hashes, err := parseHashes(lines[1:])
	c.Hashes = hashes
	return c, err
}

// Verify checks the proof against the earlier checkpoint, which somebody has kept; both must be signed by one of the keys. It
// returns the later one. Errors carry [tsujiban.CodeInvalid].
func (c *Consistency) Verify(old []byte, keys ...Key) (before, after *Signed, err error) {
	if before, err = OpenCheckpoint(old, keys...); err != nil {
		return nil, nil, fmt.Errorf("the earlier checkpoint: %w", err)
	}
	if after, err = OpenCheckpoint(c.Checkpoint, keys...); err != nil {
		return nil, nil, fmt.Errorf("the later checkpoint: %w", err)
	}
	switch {
	case before.Origin != after.Origin:
		return nil, nil, invalid(fmt.Sprintf("二つのチェックポイントが別々の記録簿のものです: %q と %q", before.Origin, after.Origin), fmt.Sprintf("the checkpoints are of two logs: %q and %q", before.Origin, after.Origin))
	case before.Size != c.OldSize || before.Root != c.OldRoot:
		return nil, nil, invalid(fmt.Sprintf("証明は %d 件・値 %s からのもので、手元のチェックポイントは %d 件・値 %s です。別のチェックポイントのための証明か、相手によって違う記録簿が見せられています", c.OldSize, c.OldRoot, before.Size, before.Root),
			fmt.Sprintf("the proof is about a tree of %d entries with root %s; the earlier checkpoint is about %d entries with root %s: "+
				"either the proof was made for another checkpoint, or the log shows different people different trees", c.OldSize, c.OldRoot, before.Size, before.Root))
	}
	return before, after, c.check(after)
}

func (c *Consistency) check(after *Signed) error {
	bad := invalid("新しい記録簿は、以前の記録簿に書き足したものではありません。途中の記録が変えられたか抜かれたか、証明が変えられています", "the later tree is not the earlier one with entries added: entries were changed or taken away between, or the proof was changed")
	switch {
	case c.OldSize > after.Size:
		return bad
	case c.OldSize == 0:
		empty, err := tlog.TreeHash(0, nil)
		if err != nil || c.OldRoot != empty || len(c.Hashes) != 0 {
			return bad
		}
		return nil
	}
	if err := tlog.CheckTree(c.Hashes, after.Size, after.Root, c.OldSize, c.OldRoot); err != nil {
		return bad
	}
	return nil
}

// Verify tells whether a line is what stood in the journal as an entry, whoever keeps it now: CodeCorrupt when it is not.
func (t *Tree) Verify(seq uint64, line []byte) error {
	p, err := t.Prove(seq)
	if err != nil {
		return err
	}
	if err := checkRecord(p.Hashes, &t.head, p.Index, line); err != nil {
		return tsujiban.Errorf(tsujiban.CodeCorrupt, "entry %d was changed: it is not the one that the tree has", seq)
	}
	return nil
}
