package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os/user"
	"time"

	"tsujiban"
	"tsujiban/app"
	"tsujiban/app/config"
	"tsujiban/app/control"
	"tsujiban/app/term"
	"tsujiban/journal"
	"tsujiban/store/sqlite"
)

func fileVerbs() []verb {
	return []verb{
		{"rebuild", "-config FILE", say{"通話一覧を記録（ジャーナル）から作り直す（停止中に）", "make the calls view anew from the journal (while stopped)"}, runRebuild},
		{"journal check", "[-config FILE | -dir DIR]", say{"記録に損傷がないか確かめる", "check the journal for damage"}, runJournalCheck},
		{"journal cat", "-ground TEXT [-config FILE | -dir DIR] …", say{"記録を JSON の行で出力する（法的根拠が必要。閲覧は記録される）", "write the journal as lines of JSON (needs a legal ground; the look is recorded)"}, runJournalCat},
	}
}

func runRebuild(c *cmd, args []string) (err error) {
	fs := c.options(false)
	fs.StringVar(&c.config, "config", "", c.tr("設定`ファイル`", "configuration `file`"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	cfg, err := config.Load(c.configFile())
	if err != nil {
		return err
	}
	rd, err := journal.OpenReader(cfg.JournalDir(), 1)
	if err != nil {
		return err
	}
	rd.SkipErased()
	gone, err := journal.ErasedIn(cfg.JournalDir())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rd.Close()) }()
	st, err := sqlite.Open(c.ctx, cfg.StoreFile(), sqlite.WithoutCalls(), sqlite.WithZone(cfg.Node.TimeZone), sqlite.WithErased(func(from, to uint64) bool { return journal.Covered(gone, from, to) }))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	var last uint64
	start := time.Now()
	next := func(ctx context.Context) (*tsujiban.Event, error) {
		ev, err := rd.Next(ctx)
		if err == nil {
			last = ev.Seq
		}
		return ev, err
	}
	err = st.Rebuild(c.ctx, 1, next, func(p sqlite.Progress) {
		switch {
		case p.Index > 0:
			c.errorf(c.tr("索引 %d/%d（%v）\n", "index %d of %d, %v\n"), p.Index, p.Indexes, time.Since(start).Round(time.Second))
		case p.Seq%100_000 == 0:
			c.errorf(c.tr("%d 件（%v）\n", "%d entries, %v\n"), p.Seq, time.Since(start).Round(time.Second))
		}
	})
	if err != nil {
		return err
	}
	if err := c.eraseRebuilt(st, cfg); err != nil {
		return err
	}
	return c.printf(c.tr("記録 %d 件から作り直しました（%v）\n", "made anew from %d entries in %v\n"), last, time.Since(start).Round(10*time.Millisecond))
}

// eraseRebuilt erases from the view what was past its term before it was made anew: the journal may have it still, in a segment
// that has other entries to keep.
func (c *cmd) eraseRebuilt(st *sqlite.Store, cfg *config.Config) error {
	now := time.Now()
	all, err := st.RetentionHolds(c.ctx)
	if err != nil {
		return err
	}
	cases, err := st.Holds(c.ctx, now)
	if err != nil {
		return err
	}
	holds, err := app.Holding(all, cases, now)
	if err != nil {
		return err
	}
	_, err = st.EraseCalls(c.ctx, cfg.Retention.Calls.Before(now), holds, c.ctx.Err)
	return err
}

// journalDir finds the journal that is meant.
func (c *cmd) journalDir(dir string) (string, error) {
	if dir != "" {
		return dir, nil
	}
	cfg, err := config.Load(c.configFile())
	if err != nil {
		return "", err
	}
	return cfg.JournalDir(), nil
}

func (c *cmd) journalFlags() (fs *flag.FlagSet, dir *string) {
	fs = c.options(true)
	return fs, fs.String("dir", "", c.tr("記録の`ディレクトリ`（設定の代わりに）", "`directory` of the journal, instead of a configuration"))
}

func runJournalCheck(c *cmd, args []string) error {
	_, dir := c.journalFlags()
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	where, err := c.journalDir(*dir)
	if err != nil {
		return err
	}
	rep, err := journal.Check(where, func(p journal.Progress) {
		if p.Entries > 0 && p.Entries%1_000_000 == 0 {
			c.errorf(c.tr("区間 %d/%d、%d 件\n", "segment %d of %d, %d entries\n"), p.Segment, p.Segments, p.Entries)
		}
	})
	if err != nil {
		return err
	}
	if c.json {
		err = c.writeJSON(reportOf(&rep))
	} else {
		err = c.showReport(&rep)
	}
	if err == nil && !rep.OK() {
		err = tsujiban.Errorf(tsujiban.CodeCorrupt, "%s: %s", where, c.tr("損傷があります。ディレクトリをそのまま保管し、写しから戻してください", "there is damage; keep the directory as it is and restore it from a copy"))
	}
	return err
}

// showReport tells what was found in a journal.
func (c *cmd) showReport(rep *journal.Report) error {
	t := term.Table{Columns: []term.Column{{Title: c.tr("ファイル", "FILE")}, {Title: c.tr("位置", "OFFSET"), Right: true}, {Title: c.tr("失われた記録", "ENTRIES LOST")}, {Title: c.tr("内容", "WHAT"), Least: 20}}}
	for i := range rep.Problems {
		t.Add(problemCells(&rep.Problems[i], term.Red)...)
	}
	for i := range rep.Notes {
		t.Add(problemCells(&rep.Notes[i], term.Yellow)...)
	}
	if len(t.Rows) > 0 {
		if err := t.Write(c.stdout, c.style); err != nil {
			return err
		}
	}
	if !rep.OK() {
		return nil
	}
	return c.printf(c.tr("%s: 問題ありません（%d 件、%d 区間）\n", "%s: OK (%d entries in %d segments)\n"), rep.Dir, rep.Entries, len(rep.Segments))
}

func problemCells(p *journal.Problem, paint term.Paint) []term.Cell {
	lost := ""
	if p.First > 0 {
		lost = fmt.Sprintf("%d-%d", p.First, p.Last)
	}
	return []term.Cell{{Text: p.File}, {Text: fmt.Sprint(p.Offset)}, {Text: lost, Paint: paint}, {Text: p.What}}
}

// report is a journal's report in JSON.
type report struct {
	Dir      string    `json:"dir"`
	Entries  uint64    `json:"entries"`
	Segments int       `json:"segments"`
	Problems []problem `json:"problems"`
	Notes    []problem `json:"notes"`
}

type problem struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	First  uint64 `json:"first,omitempty"`
	Last   uint64 `json:"last,omitempty"`
	What   string `json:"what"`
}

func reportOf(rep *journal.Report) report {
	out := report{Dir: rep.Dir, Entries: rep.Entries, Segments: len(rep.Segments), Problems: []problem{}, Notes: []problem{}}
	for _, p := range rep.Problems {
		out.Problems = append(out.Problems, problem(p))
	}
	for _, p := range rep.Notes {
		out.Notes = append(out.Notes, problem(p))
	}
	return out
}

func runJournalCat(c *cmd, args []string) (err error) {
	fs, dir := c.journalFlags()
	ground := fs.String("ground", "", c.tr("見る法的根拠の`文`", "legal ground, a `text`"))
	from := fs.Uint64("from", 1, c.tr("この`番号`から", "from this `entry` on"))
	to := fs.Uint64("to", 0, c.tr("この`番号`まで（0: 終わりまで）", "up to this `entry` (0: to the end)"))
	kind := fs.String("kind", "", c.tr("この`種類`だけ（attempt、ended、restricted、set など）", "only entries of this `kind`: attempt, ended, restricted, set, …"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	if _, ok := tsujiban.ParseEventKind(*kind); *kind != "" && !ok {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "there is no kind %q; write attempt, answered, ended, restricted, released, registered, refused, started, stopped or set", *kind)
	}
	if *ground == "" {
		return tsujiban.Errorf(tsujiban.CodeForbidden, "%s", c.tr(
			"記録には通信の秘密が含まれます。見る法的根拠を -ground に書いてください",
			"the journal holds call records, which are secret by law; write the legal ground with -ground"))
	}
	where, err := c.journalDir(*dir)
	if err != nil {
		return err
	}
	rd, err := journal.OpenReader(where, *from)
	if err != nil {
		return err
	}
	rd.SkipErased()
	defer func() { err = errors.Join(err, rd.Close()) }()
	note := fmt.Sprintf("looked into the journal from entry %d; ground: %s", *from, *ground)
	if err := c.recordLook(where, note); err != nil {
		return err
	}
	return c.catLines(rd, *to, *kind)
}

// recordLook records a look into the journal: through the running program, or, when
// there is none, in the journal itself.
func (c *cmd) recordLook(dir, note string) error {
	j, err := journal.Open(journal.Options{Dir: dir})
	if tsujiban.CodeOf(err) == tsujiban.CodeConflict && err != nil {
		return c.do(http.MethodPost, "/v1/looks", control.Order{Note: note}, nil)
	}
	if err != nil {
		return err
	}
	seq, err := j.Append(&tsujiban.Event{Kind: tsujiban.EventSet, At: time.Now().UTC(), By: userName(), Note: note})
	if err == nil {
		err = j.Wait(c.ctx, seq)
	}
	return errors.Join(err, j.Close())
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "?"
}

// catLines writes entries byte for byte, as their hashes are made of. Control characters
// cannot be in them: JSON escapes those.
func (c *cmd) catLines(rd *journal.Reader, to uint64, kind string) error {
	for {
		line, err := rd.Line(c.ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var head struct {
			Seq  uint64 `json:"seq"`
			Kind string `json:"kind"`
		}
		if err := json.Unmarshal(line, &head); err != nil {
			return tsujiban.Errorf(tsujiban.CodeCorrupt, "an entry is not JSON: %w", err)
		}
		if to > 0 && head.Seq > to {
			return nil
		}
		if kind != "" && head.Kind != kind {
			continue
		}
		text := line
		if c.style.Color || c.style.Rows > 0 {
			text = []byte(term.Clean(string(line))) // DEL and C1 stand in JSON as they are
		}
		if _, err := io.Copy(c.stdout, io.MultiReader(bytes.NewReader(text), bytes.NewReader([]byte{'\n'}))); err != nil {
			return err
		}
	}
}
