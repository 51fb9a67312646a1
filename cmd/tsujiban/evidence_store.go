package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/evidence"
	"tsujiban/journal"
	"tsujiban/retention"
	"tsujiban/store/sqlite"
)

// callsErased is the instant before which an entry of the journal says that calls were erased from the view; zero for any other entry.
func callsErased(line []byte) time.Time {
	_, rest, ok := bytes.Cut(line, []byte(`"note":"retention: `+retention.Calls.String()+` from before `))
	if ok {
		text, _, _ := bytes.Cut(rest, []byte(" "))
		if at, err := time.Parse(time.RFC3339, string(text)); err == nil {
			return at.Add(time.Second) // it is written in whole seconds
		}
	}
	return time.Time{}
}

// checkStore holds the calls of the store against the journal, and looks through the files of the store; what is wrong goes into the report. It returns
// how many calls are as the journal has them. A journal that is damaged proves nothing of the store.
func (c *cmd) checkStore(report *evidence.CheckReport, sound bool, erased time.Time) (same int, err error) {
	cfg, err := config.Load(c.configFile())
	if err != nil {
		return 0, err
	}
	callsFile := strings.TrimSuffix(cfg.StoreFile(), ".db") + ".calls.db"
	if _, err := os.Stat(callsFile); errors.Is(err, fs.ErrNotExist) || !sound {
		return 0, nil
	}
	fault := func(entry uint64, ja, en string) {
		report.Faults = append(report.Faults, evidence.Fault{File: filepath.Base(callsFile), Entry: entry, Ja: ja, En: en})
	}
	st, err := sqlite.Open(c.ctx, cfg.StoreFile())
	if err == nil {
		defer func() { err = errors.Join(err, st.Close()) }()
		err = st.Check(c.ctx)
	}
	if tsujiban.CodeOf(err) == tsujiban.CodeCorrupt && err != nil {
		fault(0, err.Error(), err.Error())
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	rd, err := journal.OpenReader(cfg.JournalDir(), 1)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rd.Close()) }()
	rd.SkipErased()
	if term := cfg.Retention.Calls.Before(time.Now()); term.After(erased) {
		erased = term
	}
	cmp, err := st.CompareCalls(c.ctx, erased, func(ctx context.Context) (*tsujiban.Event, error) { return rd.Next(ctx) })
	if err != nil {
		return 0, err
	}
	for _, d := range cmp.Differences {
		id, columns := d.Call.String(), strings.Join(d.Columns, ", ")
		switch {
		case d.Missing:
			fault(d.Entry, "通話 "+id+" が通話一覧にありません", "call "+id+" is missing in the calls of the store")
		case d.Entry == 0:
			fault(0, "通話一覧の通話 "+id+" は記録簿にありません", "call "+id+" is in the calls of the store, and in no entry of the journal")
		default:
			fault(d.Entry, "通話一覧の通話 "+id+" が記録簿と違います: "+columns, "call "+id+" is not in the store as the journal has it: "+columns)
		}
	}
	if cmp.More > 0 {
		more := itoa(cmp.More)
		fault(0, "ほかに "+more+" 件が違います", more+" calls more differ")
	}
	sums, err := st.CompareDays(c.ctx)
	if err != nil {
		return 0, err
	}
	if sums > 0 {
		n := itoa(sums)
		fault(0, "日別・宛先別の集計のうち "+n+" 件が通話一覧の通話と合いません", n+" sums by day and destination are not what the calls of the store come to")
	}
	if len(cmp.Differences) > 0 || sums > 0 {
		fault(0, "原因を調べた後、停止して \"tsujiban rebuild\" を実行すると、通話一覧を記録簿から作り直せます", "when it is known who touched it: \"tsujiban rebuild\", while stopped, makes the calls anew from the journal")
	}
	return cmp.Same, nil
}
