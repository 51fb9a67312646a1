package app

import (
	"time"

	"tsujiban/journal"
)

// timedFS tells how long the disk takes for each sync of the journal.
type timedFS struct {
	journal.FS
	sync interface{ Observe(seconds float64) }
}

func (t timedFS) Create(name string) (journal.File, error) {
	f, err := t.FS.Create(name)
	if err != nil {
		return nil, err
	}
	return timedFile{f, t.sync}, nil
}

type timedFile struct {
	journal.File
	sync interface{ Observe(seconds float64) }
}

func (f timedFile) Sync() error {
	start := time.Now() // a measurement; no decision depends on it
	err := f.File.Sync()
	f.sync.Observe(time.Since(start).Seconds())
	return err
}
