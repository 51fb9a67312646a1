package journal

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tsujiban"
)

// Range is entries First..Last, both among them.
type Range struct {
	First, Last uint64
}

// The file "erased" beside the segments says which entries were taken out of the journal at the end of their term, so that a
// journal with a hole is told from one that lost something:
//
//	tsujiban-journal-erased 1
//	1-41212
//	90311-101112
//	5be3a10c                    CRC-32C of what stands above
//
// It is written before the first segment goes: a crash in between leaves segments that the next start removes.
const (
	erasedName = "erased"
	erasedLead = "tsujiban-journal-erased 1\n"
)

var errErased = errors.New("it is no record of what was erased")

// readErased reads the record of what was erased; nothing when there is none.
func readErased(fsys FS, dir string) ([]Range, error) {
	name := filepath.Join(dir, erasedName)
	b, err := readFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rs, err := parseErased(b)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeCorrupt, "%s: %w; put a copy of the file in its place. The program itself makes it anew at its next start when it is removed, "+
			"from the signed statements that the evidence has", name, err)
	}
	return rs, nil
}

func parseErased(b []byte) ([]Range, error) {
	body, ok := bytes.CutPrefix(b, []byte(erasedLead))
	at := len(body) - 9
	if !ok || at < 0 || body[len(body)-1] != '\n' {
		return nil, errErased
	}
	if sum, ok := getHex(body[at:]); !ok || crc32.Checksum(b[:len(b)-9], castagnoli) != sum {
		return nil, fmt.Errorf("%w: its check sum is wrong", errErased)
	}
	var out []Range
	for line := range strings.Lines(string(body[:at])) {
		first, last, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "-")
		a, err1 := strconv.ParseUint(first, 10, 64)
		z, err2 := strconv.ParseUint(last, 10, 64)
		if !ok || err1 != nil || err2 != nil || a == 0 || z < a || len(out) > 0 && a <= out[len(out)-1].Last+1 {
			return nil, errErased
		}
		out = append(out, Range{a, z})
	}
	return out, nil
}

// writeErased makes the record durable.
func writeErased(fsys FS, dir string, rs []Range) error {
	b := []byte(erasedLead)
	for _, r := range rs {
		b = fmt.Appendf(b, "%d-%d\n", r.First, r.Last)
	}
	b = fmt.Appendf(b, "%08x\n", crc32.Checksum(b, castagnoli))
	return writeFile(fsys, dir, filepath.Join(dir, erasedName), b)
}

// union puts ranges in order and joins those that touch.
func union(rs ...Range) []Range {
	slices.SortFunc(rs, func(a, b Range) int { return cmp.Compare(a.First, b.First) })
	var out []Range
	for _, r := range rs {
		if k := len(out) - 1; k >= 0 && r.First <= out[k].Last+1 {
			out[k].Last = max(out[k].Last, r.Last)
			continue
		}
		out = append(out, r)
	}
	return out
}

// weave puts what was erased in its place among the segments. left are segments that are still there although all of
// them was erased. bad are ranges that do not fit the segments: a segment is erased whole or not at all, the last never.
func weave(segs []segment, erased []Range) (out, left []segment, bad []Range) {
	for _, r := range erased {
		if !fits(segs, r) {
			bad = append(bad, r)
			continue
		}
		out = append(out, segment{first: r.First, gone: r.Last})
	}
	whole := slices.Clone(out)
	for _, s := range segs {
		if slices.ContainsFunc(whole, func(g segment) bool { return g.first <= s.first && s.first <= g.gone }) {
			left = append(left, s)
		} else {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b segment) int { return cmp.Compare(a.first, b.first) })
	return out, left, bad
}

// fits tells whether a range begins and ends where segments do, as far as there are any.
func fits(segs []segment, r Range) bool {
	for i, s := range segs {
		if s.first < r.First || s.first > r.Last {
			continue
		}
		if i+1 == len(segs) || segs[i+1].first > r.Last+1 {
			return false // it goes on behind the range
		}
	}
	return len(segs) > 0 && r.Last < segs[len(segs)-1].first
}

// listJournal lists the segments with what was erased in its place; see listSegments and weave. The record is read after the
// names: a program may erase meanwhile, and writes the record first.
func listJournal(fsys FS, dir string) (segs, left []segment, temps []string, err error) {
	files, temps, err := listSegments(fsys, dir)
	if err != nil {
		return nil, nil, nil, err
	}
	erased, err := readErased(fsys, dir)
	if err != nil {
		return nil, nil, nil, err
	}
	segs, left, bad := weave(files, erased)
	if len(bad) > 0 {
		return nil, nil, nil, misfit(dir, bad[0])
	}
	return segs, left, temps, nil
}

func misfit(dir string, r Range) error {
	return tsujiban.Errorf(tsujiban.CodeCorrupt, "%s says that the entries %d to %d were erased, and the segments do not fit that; put copies of segments and record back that belong together",
		filepath.Join(dir, erasedName), r.First, r.Last)
}

// settleErased lists the segments at a start. What the record or a signed statement says is erased may be missing; what is
// still there of it, because an erasure was interrupted, is removed.
func (j *Journal) settleErased() (segs []segment, err error) {
	files, temps, err := listSegments(j.o.FS, j.o.Dir)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the journal's directory: %w", err)
	}
	j.removeLeft(temps)
	noted, err := readErased(j.o.FS, j.o.Dir)
	if err != nil && len(j.o.Erased) == 0 {
		return nil, err
	}
	segs, left, bad := weave(files, noted)
	if len(bad) > 0 {
		return nil, misfit(j.o.Dir, bad[0])
	}
	all := union(append(slices.Clone(noted), j.o.Erased...)...)
	if !slices.Equal(all, noted) || err != nil {
		var odd []Range
		if segs, left, odd = weave(files, all); len(odd) > 0 {
			// Statements about another state of this journal, such as one that a copy was put back over: not one segment goes by them.
			j.o.Logger.Warn("signed statements of erasure do not fit the journal's segments; the evidence has to tell", slog.Uint64("first", odd[0].First), slog.Uint64("last", odd[0].Last))
			all = slices.DeleteFunc(all, func(r Range) bool { return slices.Contains(odd, r) })
			all = union(append(slices.Clone(noted), all...)...)
			if segs, left, odd = weave(files, all); len(odd) > 0 {
				return nil, misfit(j.o.Dir, odd[0])
			}
		}
		if err := writeErased(j.o.FS, j.o.Dir, all); err != nil {
			j.o.Logger.Warn("the record of what was erased cannot be written; it is tried again at the next start", slog.Any("error", err))
			return segs, nil
		}
	}
	if len(all) > 0 {
		if err := removeTorn(j.o.FS, j.o.Dir, all); err != nil {
			j.o.Logger.Warn("what stood behind unfinished writes and was erased cannot be removed; it is tried again at the next start", slog.Any("error", err))
		}
	}
	if len(left) > 0 {
		j.o.Logger.Info("an erasure that was interrupted is brought to its end", slog.Int("segments", len(left)))
		if err := removeSegments(j.o.FS, j.o.Dir, left); err != nil {
			j.o.Logger.Warn("segments that were erased cannot be removed; it is tried again at the next start", slog.Any("error", err))
		}
	}
	return segs, nil
}

func (j *Journal) removeLeft(temps []string) {
	for _, t := range temps {
		if err := j.o.FS.Remove(filepath.Join(j.o.Dir, t)); err != nil {
			j.o.Logger.Warn("a leftover file cannot be removed", slog.String("file", t), slog.Any("error", err))
		}
	}
}

// removeSegments removes the files of segments, the oldest first.
func removeSegments(fsys FS, dir string, segs []segment) error {
	for _, s := range segs {
		for _, name := range []string{plainName(dir, s.first), packedName(dir, s.first)} {
			if err := fsys.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return tsujiban.Errorf(tsujiban.CodeUnavailable, "removing a segment that was erased: %w", err)
			}
		}
	}
	if len(segs) == 0 {
		return nil
	}
	return fsys.SyncDir(dir)
}
