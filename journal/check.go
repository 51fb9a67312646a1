package journal

import (
	"context"
	"errors"
	"io"
)

// Report is what Check found.
type Report struct {
	Segments int
	Entries  uint64
	Problems []string
}

// Check reads a whole journal and says what is wrong with it. progress may be nil; it gets the entries read so far.
func Check(dir string, progress func(entries uint64)) (Report, error) {
	r, err := OpenReader(dir, 1)
	if err != nil {
		return Report{}, err
	}
	rep := Report{Segments: len(r.segs)}
	defer func() { _ = r.Close() }() // read only
	for {
		_, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return rep, nil
		}
		if err != nil {
			rep.Problems = append(rep.Problems, err.Error())
			return rep, nil
		}
		rep.Entries++
		if progress != nil && rep.Entries%65536 == 0 {
			progress(rep.Entries)
		}
	}
}
