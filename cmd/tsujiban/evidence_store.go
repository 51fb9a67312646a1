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

// checked is how much of the store is as the journal has it.
type checked struct{ calls, rows int }

// checkStore holds the calls of the store, and what else is folded from the journal, against the journal, and every other row against its receipt; and looks
// through the files of the store. What is wrong goes into the report. A journal that is damaged proves nothing of the store.
func (c *cmd) checkStore(report *evidence.CheckReport, sound bool, erased time.Time) (same checked, err error) {
	cfg, err := config.Load(c.configFile())
	if err != nil {
		return same, err
	}
	callsFile := strings.TrimSuffix(cfg.StoreFile(), ".db") + ".calls.db"
	if _, err := os.Stat(callsFile); errors.Is(err, fs.ErrNotExist) || !sound {
		return same, nil
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
		return same, nil
	}
	if err != nil {
		return same, err
	}
	view, err := st.ViewStore(c.ctx) // before the journal: what it says of is in there
	if err != nil {
		return same, err
	}
	defer view.Close()
	receipts, err := newReceiptReader(c.ctx, st)
	if err != nil {
		return same, err
	}
	rd, err := journal.OpenReader(cfg.JournalDir(), 1)
	if err != nil {
		return same, err
	}
	defer func() { err = errors.Join(err, rd.Close()) }()
	rd.SkipErased()
	if term := cfg.Retention.Calls.Before(time.Now()); term.After(erased) {
		erased = term
	}
	next := func(ctx context.Context) (*tsujiban.Event, error) {
		ev, err := rd.Next(ctx)
		if err == nil {
			err = receipts.take(ev)
		}
		return ev, err
	}
	cmp, err := st.CompareCalls(c.ctx, erased, next)
	if err != nil {
		return same, err
	}
	if err := receipts.rest(c.ctx, next); err != nil {
		return same, err
	}
	rows, faults, err := view.Compare(c.ctx, &receipts.all)
	if err != nil {
		return same, err
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
		return same, err
	}
	for i := range sums.Rows {
		ja, en := sumFaultText(&sums.Rows[i])
		fault(0, ja, en)
	}
	if sums.More > 0 {
		more := itoa(sums.More)
		fault(0, "ほかに集計 "+more+" 行が通話一覧の通話と合いません", more+" sums more are not what the calls of the store come to")
	}
	if len(cmp.Differences) > 0 || sums.Count() > 0 {
		fault(0, "原因を調べた後、停止して \"tsujiban rebuild\" を実行すると、通話一覧を記録簿から作り直せます", "when it is known who touched it: \"tsujiban rebuild\", while stopped, makes the calls anew from the journal")
	}
	c.rowFaults(report, cfg.StoreFile(), append(cmp.Rows, faults...), receipts.all.Back)
	return checked{cmp.Same, rows + cmp.SameRows}, nil
}
