package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"tsujiban"
)

// Erasure says that entries were taken out of the journal at the end of their term. Their leaf hashes stay in the tree. It is kept as a
// signed note, erased/<first>-<last>:
//
//	tsujiban erasure@v1
//	<log>
//	entries <first>-<last>
//	time <instant>
//	why <one line>
type Erasure struct {
	Range
	At  time.Time `json:"at"`
	Why string    `json:"why"`
}

const (
	erasureHeader = "tsujiban erasure@v1"
	maxWhy        = 1000 // bytes
)

func (e *Erasure) text(origin string) string {
	return fmt.Sprintf("%s\n%s\nentries %d-%d\ntime %s\nwhy %s\n", erasureHeader, origin, e.From, e.To, e.At.UTC().Format(time.RFC3339), e.Why)
}

func parseErasure(text, origin string) (*Erasure, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != 5 || lines[0] != erasureHeader || lines[1] != origin {
		return nil, errors.New("it is no statement of an erasure of this log")
	}
	entries, ok1 := strings.CutPrefix(lines[2], "entries ")
	at, ok2 := strings.CutPrefix(lines[3], "time ")
	why, ok3 := strings.CutPrefix(lines[4], "why ")
	first, last, ok4 := strings.Cut(entries, "-")
	from, err1 := parseSize(first)
	to, err2 := parseSize(last)
	t, err3 := parseTime(at)
	if err := errors.Join(err1, err2, err3); err != nil || !ok1 || !ok2 || !ok3 || !ok4 || from < 1 || to < from {
		return nil, errors.New("it does not say which entries were erased, when and why")
	}
	return &Erasure{Range{uint64(from), uint64(to)}, t, why}, nil
}

// Erase states that entries are taken out of the journal, and why; it is to be called before the journal drops them. When it returns, the
// tiles that keep their leaf hashes, and the statement, are on disk. The entries must be under a checkpoint.
func (l *Log) Erase(r Range, why string) error {
	switch {
	case r.From == 0 || r.To < r.From:
		return tsujiban.Errorf(tsujiban.CodeInvalid, "entries %d to %d: name the first and the last that are erased", r.From, r.To)
	case r.To > uint64(l.head.Size):
		return tsujiban.Errorf(tsujiban.CodeConflict, "entry %d is not under a checkpoint yet, so it cannot be erased", r.To)
	case why == "" || len(why) > maxWhy || strings.ContainsFunc(why, func(c rune) bool { return c < ' ' }):
		return tsujiban.Errorf(tsujiban.CodeInvalid, "say in one line of at most %d bytes why the entries are erased", maxWhy)
	}
	if err := l.Sync(); err != nil {
		return err
	}
	e := Erasure{r, l.o.Clock().UTC().Truncate(time.Second), why}
	msg, err := note.Sign(&note.Note{Text: e.text(l.signer.Name())}, l.signer)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "signing the statement: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(l.o.Dir, erasedDir), 0o750); err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "stating an erasure: %w", err)
	}
	return put(l.o.Dir, erasureName(r), 0o644, true, msg)
}

func erasureName(r Range) string {
	return filepath.Join(erasedDir, fmt.Sprintf("%020d-%020d", r.From, r.To))
}

// Erasures reads the signed statements of erasure that a directory has, in the order of their entries. What is no statement signed by
// a key of the log is left out: [Check] names it. There need not be a tree yet.
func Erasures(dir string) ([]Erasure, error) {
	ring, err := readKeyring(dir)
	if err != nil {
		if _, serr := os.Stat(filepath.Join(dir, erasedDir)); errors.Is(serr, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	es, err := readErasures(dir, ring.keys, func(string, error) {})
	if err != nil {
		err = tsujiban.Errorf(tsujiban.CodeUnavailable, "reading the statements of erasure: %w", err)
	}
	return es, err
}

// readErasures reads all statements. What is wrong with one is told to bad.
func readErasures(dir string, keys []Key, bad func(file string, err error)) ([]Erasure, error) {
	entries, err := os.ReadDir(filepath.Join(dir, erasedDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Erasure
	for _, e := range entries {
		name := filepath.Join(erasedDir, e.Name())
		b, err := readLimited(filepath.Join(dir, name), MaxNote)
		if err != nil {
			bad(name, err)
			continue
		}
		text, by, err := openNote(b, MaxNote, keys)
		if err != nil {
			bad(name, err)
			continue
		}
		s, err := parseErasure(text, by[0].Name())
		if err == nil && erasureName(s.Range) != name {
			err = errors.New("it is about other entries than its name says")
		}
		if err != nil {
			bad(name, err)
			continue
		}
		out = append(out, *s)
	}
	return out, nil
}
