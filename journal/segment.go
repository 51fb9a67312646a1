package journal

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	plainSuffix  = ".journal"
	packedSuffix = ".journal.zst"
	tornSuffix   = ".torn"
	tempSuffix   = ".tmp"
)

// segment is one file, or two while it is being compressed: the plain one then counts; or what was erased.
type segment struct {
	first         uint64 // sequence number of its first entry
	plain, packed bool   // which files there are
	gone          uint64 // its last entry, when it was erased: then there is no file, and it may stand for several; else 0
}

func plainName(dir string, first uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", first, plainSuffix))
}

func packedName(dir string, first uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", first, packedSuffix))
}

// name is the file that counts.
func (s segment) name(dir string) string {
	if s.plain {
		return plainName(dir, s.first)
	}
	return packedName(dir, s.first)
}

// listSegments finds the segments of a directory in order, and the files that an interrupted step left behind.
func listSegments(fsys FS, dir string) (segs []segment, temps []string, err error) {
	names, err := fsys.List(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range names {
		if strings.HasSuffix(n, tempSuffix) {
			temps = append(temps, n)
			continue
		}
		digits, packed := strings.CutSuffix(n, packedSuffix)
		plain := false
		if !packed {
			digits, plain = strings.CutSuffix(n, plainSuffix)
		}
		first, err := strconv.ParseUint(digits, 10, 64)
		if !packed && !plain || len(digits) != 20 || err != nil || first == 0 {
			continue
		}
		if k := len(segs) - 1; k >= 0 && segs[k].first == first {
			segs[k].plain = segs[k].plain || plain
			segs[k].packed = segs[k].packed || packed
			continue
		}
		segs = append(segs, segment{first: first, plain: plain, packed: packed})
	}
	slices.SortFunc(segs, func(a, b segment) int {
		if a.first < b.first {
			return -1
		}
		return 1
	})
	return segs, temps, nil
}
