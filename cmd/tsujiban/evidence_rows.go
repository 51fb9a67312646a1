package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/evidence"
	"tsujiban/journal"
	"tsujiban/ledger"
	"tsujiban/store"
	"tsujiban/store/sqlite"
)

// receiptReader gathers the receipts of the store in the order of the journal: those of segments that were erased are kept in the store itself.
type receiptReader struct {
	kept []store.KeptEntry
	all  sqlite.Receipts
}

func newReceiptReader(ctx context.Context, st *sqlite.Store) (*receiptReader, error) {
	r := &receiptReader{}
	return r, st.KeptEntries(ctx, func(e store.KeptEntry) error {
		if e.Lasting {
			r.kept = append(r.kept, e)
		}
		return nil
	})
}

func (r *receiptReader) take(ev *tsujiban.Event) error {
	if err := r.before(ev.Seq); err != nil {
		return err
	}
	if ev.Kind != tsujiban.EventStored {
		return nil
	}
	return r.all.Add(ev.Seq, ev.Note)
}

// before takes in what is kept of the entries before one. What is kept of that one is there twice, when a segment was being erased.
func (r *receiptReader) before(seq uint64) error {
	for len(r.kept) > 0 && r.kept[0].Seq <= seq {
		e := r.kept[0]
		r.kept = r.kept[1:]
		var ev tsujiban.Event
		if e.Seq == seq || journal.ParseEvent(e.Line, &ev) != nil || ev.Kind != tsujiban.EventStored {
			continue // that a line is not what was signed was said
		}
		if err := r.all.Add(ev.Seq, ev.Note); err != nil {
			return err
		}
	}
	return nil
}

func (r *receiptReader) rest(ctx context.Context, next func(context.Context) (*tsujiban.Event, error)) error {
	for {
		if _, err := next(ctx); errors.Is(err, io.EOF) {
			return r.before(1 << 63)
		} else if err != nil {
			return err
		}
	}
}

// rowFaults says what is wrong with rows of the store.
func (c *cmd) rowFaults(report *evidence.CheckReport, storeFile string, faults, back []sqlite.RowFault) {
	files := map[string]string{"settings": filepath.Base(storeFile)}
	for _, kind := range []string{"calls", "ledger"} {
		files[kind] = strings.TrimSuffix(filepath.Base(storeFile), ".db") + "." + kind + ".db"
	}
	made, kept := false, false
	for i := range faults {
		f := &faults[i]
		ja, en := rowFaultText(f)
		report.Faults = append(report.Faults, evidence.Fault{File: files[f.File], Entry: f.Entry, Ja: ja, En: en})
		made, kept = made || f.File == "calls", kept || f.File != "calls"
	}
	for i := range back {
		f := &back[i]
		n := itoa(f.Count)
		report.Notes = append(report.Notes, evidence.Fault{File: files[f.File], Entry: f.Entry,
			Ja: "この記録の前に、ファイルが " + n + " 件前の変更の時点に戻されています（バックアップから戻したときなど）",
			En: "before this entry the file was put back by " + n + " changes, as from a backup"})
	}
	if made {
		report.Faults = append(report.Faults, evidence.Fault{File: files["calls"],
			Ja: "原因を調べた後、停止して \"tsujiban rebuild\" を実行すると、記録簿から作り直せます", En: "when it is known who touched it: \"tsujiban rebuild\", while stopped, makes it anew from the journal"})
	}
	if kept {
		report.Faults = append(report.Faults, evidence.Fault{File: files["settings"],
			Ja: "設定と番号台帳は記録簿から作り直せません。原因を調べ、最後のバックアップと比べてください", En: "settings and ledger cannot be made anew from the journal: find out who touched them, and compare with the last backup"})
	}
}

func rowFaultText(f *sqlite.RowFault) (ja, en string) {
	n := itoa(f.Count)
	switch f.Kind {
	case sqlite.FileBehind:
		return "記録簿に控えのある変更 " + n + " 件が、ファイルにありません（以前の状態に戻されています）", n + " changes that the journal has a receipt of are not in the file: it was put back to an earlier state"
	case sqlite.FileAhead:
		return "記録簿に控えのない変更が " + n + " 件あります", n + " changes of the file have no receipt in the journal"
	}
	row := f.Table + " " + rowName(f.Table, f.Key)
	if f.To != "" {
		row += " – " + rowName(f.Table, f.To)
		switch f.Kind {
		case sqlite.RowMissing:
			return "表 " + row + " の " + n + " 行のうち、失われた行があります", "of the " + n + " rows " + row + " some are missing"
		case sqlite.RowAdded:
			return "表 " + row + " の " + n + " 行に、控えのない行が加わっています", "among the " + n + " rows " + row + " are some that the journal has no receipt of"
		case sqlite.RowHidden:
			return "表 " + row + " の " + n + " 行について、取り消しの印が控えと違います", "of the " + n + " rows " + row + " that were withdrawn, some are not, or are others"
		}
		return "表 " + row + " の " + n + " 行のうち、控えと違う行があります", "of the " + n + " rows " + row + " some are not as the journal has them"
	}
	switch f.Kind {
	case sqlite.RowMissing:
		return "表 " + row + " の行がありません", "row " + row + " is missing"
	case sqlite.RowAdded:
		return "表 " + row + " の行は記録簿に控えがありません", "row " + row + " is in no receipt of the journal"
	case sqlite.RowHidden:
		return "表 " + row + " の行の取り消しの印が、記録簿の控えと違います", "row " + row + ": whether it was withdrawn is not as the journal has it"
	}
	return "表 " + row + " の行が記録簿の控えと違います", "row " + row + " is not as the journal has it"
}

// rowName is a key for people: of the ledger's blocks, the numbers and since when.
func rowName(table, key string) string {
	block, rest, ok := strings.Cut(key, "/")
	start, _, _ := strings.Cut(rest, "/")
	b, err := strconv.ParseInt(block, 10, 64)
	at, err2 := strconv.ParseInt(start, 10, 64)
	if !ok || err != nil || err2 != nil || table != "numbers" && table != "designations" {
		return key
	}
	return key + " (" + ledger.Block(b).Range().String() + ", " + time.UnixMicro(at).UTC().Format(time.RFC3339) + ")"
}

// sumFaultText names a sum that is not what the calls come to.
func sumFaultText(f *sqlite.SumFault) (ja, en string) {
	day, of, in := f.From.Format("2006-01-02"), "日別の集計", "the sum of "
	if f.Table == "billed" {
		day, of, in = f.From.Format("2006-01"), "請求明細の行", "the line of the bill of "
	}
	ja, en = of+" "+day+" "+string(f.Customer)+"（"+f.Table+" "+f.Key+"）", in+string(f.Customer)+", "+day+" ("+f.Table+" "+f.Key+")"
	switch f.Kind {
	case sqlite.RowMissing:
		return ja + "がありません。通話一覧には通話があります", en + " is missing, though the store has calls of it"
	case sqlite.RowAdded:
		return ja + "に当たる通話が、通話一覧にありません", en + " is there, and the store has no calls of it"
	}
	return ja + "が通話一覧の通話と合いません", en + " is not what the calls of the store come to"
}
