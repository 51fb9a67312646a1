package journal

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tsujiban"
)

// Segments are the entries of the closed segments that are there, in order: what [Journal.Erase] can take out.
func (j *Journal) Segments() []Range {
	j.tail.Lock()
	defer j.tail.Unlock()
	var out []Range
	for i, s := range j.tail.segs {
		if s.gone == 0 && i+1 < len(j.tail.segs) {
			out = append(out, Range{s.first, j.tail.segs[i+1].first - 1})
		}
	}
	return out
}

// Erased are the entries that were taken out, in order; ranges that touch are joined.
func (j *Journal) Erased() []Range {
	j.tail.Lock()
	defer j.tail.Unlock()
	var out []Range
	for _, s := range j.tail.segs {
		if s.gone != 0 {
			out = append(out, Range{s.first, s.gone})
		}
	}
	return out
}

// First is the oldest entry that is there, or the next one when there is none.
func (j *Journal) First() uint64 {
	if e := j.Erased(); len(e) > 0 && e[0].First == 1 {
		return e[0].Last + 1
	}
	return 1
}

// ErasedIn reads which entries were taken out of a journal that a program may have open.
func ErasedIn(dir string) ([]Range, error) { return readErased(OS, dir) }

// Covered tells whether all entries from..to are in the ranges, which are in order.
func Covered(rs []Range, from, to uint64) bool {
	i, ok := slices.BinarySearchFunc(rs, from, func(r Range, seq uint64) int { return cmp.Compare(r.First, seq) })
	if !ok {
		i--
	}
	return i >= 0 && from <= to && to <= rs[i].Last
}

// Roll has the next entry begin a new segment, so that what comes later can be kept longer than what stands there now. With
// nothing in the present segment, or a journal that stands still, nothing happens.
func (j *Journal) Roll() { j.disk.roll.Store(true) }

// Erase takes whole closed segments out of the journal: those that hold the entries r.First..r.Last, and no others. When it
// returns without error their files are gone, and the directory says so durably. Stopped by a crash or a full disk it has
// happened or not as soon as its record is on disk; the next start removes what is left then. What entries need
// is the caller's to know. Errors: [tsujiban.CodeInvalid] when the range does not begin and end where closed segments do;
// [tsujiban.CodeUnavailable] when the disk does not work: what is missing may be called for again.
func (j *Journal) Erase(ctx context.Context, r Range) error {
	o := erasure{r, make(chan error, 1)}
	select {
	case j.packer.erasures <- o:
	case <-j.packer.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-o.reply:
		return err
	case <-j.packer.done:
		select {
		case err := <-o.reply:
			return err
		default:
			return ErrClosed
		}
	}
}

// erasure is a range to be taken out. It is done by the packer: nobody else touches the files of closed segments.
type erasure struct {
	Range
	reply chan error // cap 1
}

func (p *packer) erase(o erasure) { o.reply <- p.takeOut(o.Range) }

func (p *packer) takeOut(r Range) error {
	left, all, ok := p.tail.without(r, false)
	if !ok {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "entries %d to %d are not whole closed segments of the journal: only those are erased", r.First, r.Last)
	}
	// From here on it has happened.
	if err := writeErased(p.o.FS, p.o.Dir, all); err != nil {
		return err
	}
	p.tail.without(r, true)
	if err := removeSegments(p.o.FS, p.o.Dir, left); err != nil {
		return err
	}
	return removeTorn(p.o.FS, p.o.Dir, all)
}

// removeTorn removes what crashes left behind unfinished writes among entries that were erased: it holds the same.
func removeTorn(fsys FS, dir string, erased []Range) error {
	names, err := fsys.List(dir)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the journal's directory: %w", err)
	}
	removed := false
	for _, n := range names {
		digits, torn := strings.CutSuffix(n, tornSuffix)
		digits, _, _ = strings.Cut(digits, "-")
		seq, err := strconv.ParseUint(digits, 10, 64)
		if !torn || err != nil || !Covered(erased, seq, seq) {
			continue
		}
		if err := fsys.Remove(filepath.Join(dir, n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return tsujiban.Errorf(tsujiban.CodeUnavailable, "removing an unfinished write: %w", err)
		}
		removed = true
	}
	if !removed {
		return nil
	}
	return fsys.SyncDir(dir)
}
