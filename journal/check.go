package journal

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"tsujiban"
)

// Report is what [Check] found.
type Report struct {
	Dir      string
	Segments []SegmentReport
	Entries  uint64    // that were read and hold what was written
	Erased   []Range   // that were taken out at the end of their term, as the journal's own record says
	Problems []Problem // damage; none when all is well
	Notes    []Problem // what a crash left and the next start clears up: nothing durable is touched
}

// SegmentReport is one segment of a report.
type SegmentReport struct {
	File        string // its name in the directory
	First, Last uint64 // entries; Last is First-1 when it holds none
	Bytes       int64  // before compression
	Stored      int64  // size of the file
	Packed      bool   // compressed
	Damaged     bool
}

// Problem is one place where something is wrong.
type Problem struct {
	File        string
	Offset      int64  // in bytes before compression
	First, Last uint64 // entries that are lost; 0 when none is, or it is not known
	What        string
}

// Progress says how far Check has come.
type Progress struct {
	Segment, Segments int // the one at hand, from 1, and how many there are
	Entries           uint64
}

// OK tells whether no damage was found.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

// progressEvery is after how many entries Check says how far it is.
const progressEvery = 10_000

// Check reads a whole journal, every frame and every line, and lists what is wrong; it changes nothing and may run while a
// program writes the journal. progress may be nil. The error says only that the check could not be made.
func Check(dir string, progress func(Progress)) (Report, error) {
	return CheckLines(dir, progress, nil)
}

// CheckLines is [Check], and hands every whole entry to each, in order: its number, file, offset in bytes before compression, and line, valid until
// each returns. each may be nil.
func CheckLines(dir string, progress func(Progress), each func(seq uint64, file string, offset int64, line []byte)) (Report, error) {
	c := checker{fs: OS, rep: Report{Dir: dir}, progress: progress, each: each}
	segs, left, temps, err := listJournal(c.fs, dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c.rep, tsujiban.Errorf(tsujiban.CodeNotFound, "there is no journal: %w", err)
	case tsujiban.CodeOf(err) == tsujiban.CodeCorrupt && err != nil:
		// Without the record nothing is known to be erased: what is missing is said to be.
		c.problem(Problem{File: erasedName, What: err.Error()})
		if segs, temps, err = listSegments(c.fs, dir); err != nil {
			return c.rep, tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the journal: %w", err)
		}
	case err != nil:
		return c.rep, tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the journal: %w", err)
	}
	c.segs = segs
	for i := range segs {
		if segs[i].gone != 0 {
			c.erased(i)
			continue
		}
		if err := c.segment(i); err != nil {
			return c.rep, tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the journal: %w", err)
		}
	}
	for _, s := range left {
		c.note(Problem{File: filepath.Base(s.name(dir)), What: "it was erased; removed at the next start"})
	}
	for _, t := range temps {
		c.note(Problem{File: t, What: "an unfinished file; removed at the next start"})
	}
	return c.rep, c.setAside()
}

type checker struct {
	fs       FS
	segs     []segment
	rep      Report
	progress func(Progress)
	each     func(seq uint64, file string, offset int64, line []byte)
	ev       tsujiban.Event
}

func (c *checker) problem(p Problem) { c.rep.Problems = append(c.rep.Problems, p) }

func (c *checker) note(p Problem) { c.rep.Notes = append(c.rep.Notes, p) }

func (c *checker) tell(i int) {
	if c.progress != nil {
		c.progress(Progress{Segment: i + 1, Segments: len(c.segs), Entries: c.rep.Entries})
	}
}

// erased enters what was erased.
func (c *checker) erased(i int) {
	s := c.segs[i]
	c.rep.Erased = append(c.rep.Erased, Range{s.first, s.gone})
	if i == 0 && s.first != 1 {
		c.problem(Problem{File: filepath.Base(plainName(c.rep.Dir, 1)), First: 1, Last: s.first - 1, What: missingSegment})
	}
}

const missingSegment = "the segment is missing"

// segment checks segs[i]. Errors are those of the file system.
func (c *checker) segment(i int) error {
	s, end := c.segs[i], uint64(0)
	if i+1 < len(c.segs) {
		end = c.segs[i+1].first
	}
	c.tell(i)
	f, err := openSegment(c.fs, c.rep.Dir, s)
	if errors.Is(err, fs.ErrNotExist) && s.plain {
		s.plain = false // compressed in the meantime
		f, err = openSegment(c.fs, c.rep.Dir, s)
	}
	sr := SegmentReport{File: filepath.Base(s.name(c.rep.Dir)), First: s.first, Last: s.first - 1, Packed: !s.plain}
	damage := len(c.rep.Problems)
	switch {
	case tsujiban.CodeOf(err) == tsujiban.CodeCorrupt:
		c.header(i, end, err)
	case err != nil:
		return err
	default:
		err = c.frames(f, &sr, i, end)
		size, err2 := f.file.Size()
		sr.Stored = size
		if err := errors.Join(err, err2, f.close()); err != nil {
			return err
		}
	}
	sr.Damaged = len(c.rep.Problems) > damage
	c.rep.Segments = append(c.rep.Segments, sr)
	return nil
}

// header reports a header that cannot be read: with the last segment a crash may be the cause.
func (c *checker) header(i int, end uint64, err error) {
	p := Problem{File: filepath.Base(c.segs[i].name(c.rep.Dir)), First: c.segs[i].first, What: errHeader.Error()}
	if end != 0 {
		p.Last = end - 1
	} else if _, err := findEnd(c.fs, c.rep.Dir, c.segs); err == nil {
		c.note(Problem{File: p.File, What: "a file cut short before its first entry; replaced at the next start"})
		return
	}
	if !errors.Is(err, errHeader) {
		p.What = reason(err)
	}
	c.problem(p)
}

// reason is the text of what lies beneath an error of corrupt, without the advice.
func reason(err error) string {
	s, _, _ := strings.Cut(err.Error(), "; put a copy")
	if _, rest, ok := strings.Cut(s, ": damaged at byte "); ok {
		_, s, _ = strings.Cut(rest, ": ")
	}
	return s
}

func (c *checker) frames(f *frames, sr *SegmentReport, i int, end uint64) error {
	before := segment{}
	if i > 0 {
		before = c.segs[i-1]
	}
	if err := chained(c.rep.Dir, c.segs[i], f.prev, before); err != nil {
		p := Problem{File: sr.File, What: reason(err)}
		if f.prev > max(before.first, before.gone) {
			p = Problem{File: filepath.Base(plainName(c.rep.Dir, f.prev)), First: f.prev, Last: f.first - 1, What: missingSegment}
		}
		c.problem(p)
	}
	for end == 0 || f.pos < end {
		at := f.at
		line, err := f.entry()
		if err != nil {
			if done, err := c.damage(f, sr, at, end, err); done || err != nil {
				return err
			}
			continue
		}
		if err := ParseEvent(line, &c.ev); err != nil {
			c.problem(Problem{File: sr.File, Offset: at, First: f.pos - 1, Last: f.pos - 1, What: err.Error()})
		}
		if c.each != nil {
			c.each(f.pos-1, sr.File, at, line)
		}
		c.rep.Entries++
		sr.Last = f.pos - 1
		sr.Bytes = f.at
		if c.rep.Entries%progressEvery == 0 {
			c.tell(i)
		}
	}
	return nil
}

// damage deals with a place where no whole entry stands. It is done when nothing readable follows in the segment.
func (c *checker) damage(f *frames, sr *SegmentReport, at int64, end uint64, cause error) (done bool, err error) {
	if tsujiban.CodeOf(cause) != tsujiban.CodeCorrupt {
		return true, cause
	}
	if end == 0 && errors.Is(cause, errEnd) && c.quietEnd(f, sr, at) {
		return true, nil
	}
	lost := Problem{File: sr.File, Offset: at, First: f.pos, What: reason(cause)}
	if f.at > at { // a whole entry, of another number than is expected
		f.lo -= f.size
		f.at = at
	}
	next, err := f.resync(end)
	if tsujiban.CodeOf(err) == tsujiban.CodeCorrupt {
		next, err = 0, nil // the compressed stream cannot be read further
	}
	if err != nil {
		return true, err
	}
	if next == 0 && end == 0 && f.zip == nil {
		c.note(Problem{File: sr.File, Offset: at, What: "an unfinished write at the end; moved aside at the next start"})
		return true, nil
	}
	switch {
	case next != 0:
		lost.Last = next - 1
	case end != 0:
		lost.Last = end - 1
	}
	c.problem(lost)
	return next == 0, nil
}

// quietEnd tells whether nothing but room stands behind the last entry.
func (c *checker) quietEnd(f *frames, sr *SegmentReport, at int64) bool {
	sr.Bytes = max(sr.Bytes, at)
	if f.zip != nil {
		return true
	}
	rest, err := f.rest(f.at)
	return err == nil && allZero(rest)
}

// resync looks for the next whole entry behind a place where none stands, and moves before it. It returns
// its number, 0 when there is none. In the last segment (end 0) only an entry counts behind which it was known that all
// before it is durable.
func (f *frames) resync(end uint64) (uint64, error) {
	for {
		if f.hi-f.lo < MaxLine+frameSize && !f.eof {
			if err := f.fill(); err != nil {
				return 0, err
			}
			continue
		}
		if f.lo == f.hi {
			return 0, nil
		}
		line, mark, _, state := readFrame(f.buf[f.lo:f.hi])
		if state == frameWhole {
			seq, ok := lineSeq(line)
			if ok && seq > f.pos && (end == 0 && mark == markBatch || end != 0 && seq < end) {
				f.pos = seq
				return seq, nil
			}
		}
		f.lo++
		f.at++
	}
}

// setAside lists what earlier starts have moved aside.
func (c *checker) setAside() error {
	names, err := c.fs.List(c.rep.Dir)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the journal: %w", err)
	}
	for _, n := range names {
		if strings.HasSuffix(n, tornSuffix) {
			c.note(Problem{File: n, What: "an unfinished write that a start moved aside"})
		}
	}
	return nil
}
