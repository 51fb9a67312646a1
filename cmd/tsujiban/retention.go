package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/app/control"
	"tsujiban/app/term"
	"tsujiban/evidence"
	"tsujiban/retention"
	"tsujiban/store"
	"tsujiban/store/sqlite"
)

func retentionVerbs() []verb {
	return []verb{
		{"retention show", "[-json]", say{"保存期間、いちばん古い記録、消去済みの範囲、保全", "terms, what is past them, what was erased, and the holds"}, runRetentionShow},
		{"retention run", "[-dry-run] [-json]", say{"保存期間を過ぎた記録をいま消す（毎日自動でも行われる）", "erase now what is past its term (it is done daily by itself)"}, runRetentionRun},
		{"retention hold", "-kind KIND -ground TEXT [-number N] [-customer ID] [-from DAY] [-to DAY] [-until DAY]", say{"記録を消さずに残す（保全）", "keep records from being erased"}, runRetentionHold},
		{"retention release", "HOLD -note TEXT", say{"保全を期日より前に終える", "end a hold before its date"}, runRetentionRelease},
	}
}

func runRetentionRun(c *cmd, args []string) error {
	fs := c.options(true)
	dry := fs.Bool("dry-run", false, c.tr("何が消えるかを示すだけで、消さない", "only say what would be erased"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	var out control.RetentionRun
	if err := c.do(http.MethodPost, "/v1/retention", map[string]bool{"dry_run": *dry}, &out); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(out)
	}
	title := c.tr("消去", "ERASED")
	if *dry {
		title = c.tr("消去される数", "WOULD ERASE")
	}
	if err := c.retentionKinds(out.Kinds, title); err != nil {
		return err
	}
	if len(out.Segments) == 0 {
		return nil
	}
	if err := c.printf("\n"); err != nil {
		return err
	}
	t := term.Table{Columns: []term.Column{{Title: c.tr("記録", "ENTRIES")}, {Title: c.tr("いつから", "FROM")}, {Title: c.tr("いつまで", "TO")}, {Title: c.tr("残す閲覧記録", "LOOKS KEPT"), Right: true}, {Title: c.tr("扱い", "WHAT"), Least: 12}}}
	for _, s := range out.Segments {
		what, paint := c.tr("消去しました", "erased"), term.Plain
		switch {
		case s.Held > 0:
			what, paint = fmt.Sprintf(c.tr("残ります: %d 件が保全中（%s）", "stays: %d entries under a hold (%s)"), s.Held, c.holdNames(s.Holds)), term.Yellow
		case s.Stays == control.StaysRunning:
			what, paint = c.tr("残ります: ここで始まった通話が続いています", "stays: a call that began in it is running"), term.Yellow
		case s.Stays != "":
			what, paint = c.tr("残ります: 一覧か証明がまだ取り込んでいません", "stays: the calls view or the evidence has not taken it in yet"), term.Yellow
		case *dry:
			what = c.tr("消去されます", "would be erased")
		case !s.Erased:
			what, paint = c.tr("残ります: 途中で保全されました", "stays: a hold came meanwhile"), term.Yellow
		}
		t.Add(term.Cell{Text: fmt.Sprintf("%d-%d", s.First, s.Last)}, term.Cell{Text: c.at(s.From)}, term.Cell{Text: c.at(s.To)}, term.Cell{Text: itoa(s.Kept)}, term.Cell{Text: what, Paint: paint})
	}
	return t.Write(c.stdout, c.style)
}

// holdNames names holds; a negative one is the preservation request of an inquiry.
func (c *cmd) holdNames(ids []int64) string {
	var out []string
	for _, id := range ids {
		if id < 0 {
			out = append(out, fmt.Sprintf(c.tr("照会案件%d", "inquiry %d"), -id))
		} else {
			out = append(out, fmt.Sprintf(c.tr("保全%d", "hold %d"), id))
		}
	}
	return strings.Join(out, c.tr("、", ", "))
}

func (c *cmd) retentionKinds(kinds []control.RetentionKind, title string) error {
	t := term.Table{Columns: []term.Column{{Title: c.tr("種類", "KIND")}, {Title: c.tr("保存期間", "TERM"), Right: true}, {Title: c.tr("これより前", "BEFORE")}, {Title: title, Right: true},
		{Title: c.tr("保全中", "HELD"), Right: true}, {Title: c.tr("いちばん古いもの", "OLDEST")}}}
	for _, k := range kinds {
		name := k.Kind
		if kind, ok := retention.ParseKind(k.Kind); ok {
			name = kind.Text(c.lang)
		}
		t.Row(name, k.Term, c.at(k.Before), itoa(k.Erased), itoa(k.Held), c.at(k.Oldest))
	}
	return t.Write(c.stdout, c.style)
}

func runRetentionShow(c *cmd, args []string) error {
	c.options(true)
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	var s control.RetentionState
	if err := c.do(http.MethodGet, "/v1/retention", nil, &s); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(s)
	}
	if err := c.retentionKinds(s.Kinds, c.tr("期間を過ぎた数", "PAST TERM")); err != nil {
		return err
	}
	var gone []string
	for _, g := range s.Gone {
		gone = append(gone, fmt.Sprintf("%d-%d", g.First, g.Last))
	}
	var p term.Pairs
	p.Add(c.tr("前回", "last run"), c.at(s.Ran))
	next := c.at(s.Next)
	if !s.Next.After(time.Now()) {
		next = c.tr("まもなく", "within a minute")
	}
	p.Add(c.tr("次回", "next run"), next)
	p.Add(c.tr("消去済みの記録", "entries erased"), strings.Join(gone, " "))
	p.Paint(c.tr("問題", "trouble"), s.Failing, term.Red)
	if err := c.printf("\n"); err != nil {
		return err
	}
	if err := p.Write(c.stdout, c.style); err != nil {
		return err
	}
	if len(s.Holds) == 0 {
		return c.printf("\n%s\n", c.tr("保全はありません。", "There are no holds."))
	}
	if err := c.printf("\n"); err != nil {
		return err
	}
	return c.holdTable(s.Holds)
}

func (c *cmd) holdTable(holds []control.Hold) error {
	t := term.Table{Columns: []term.Column{{Title: c.tr("保全", "HOLD"), Right: true}, {Title: c.tr("対象", "WHAT"), Least: 16}, {Title: c.tr("根拠", "GROUND"), Least: 16}, {Title: c.tr("期限", "UNTIL")}, {Title: c.tr("設定者", "BY")}}}
	for _, h := range holds {
		what := strings.Join(nonEmpty(h.Number, h.Customer), " ")
		if h.From != "" || h.To != "" {
			what += fmt.Sprintf(" %s..%s", c.whenText(h.From), c.whenText(h.To))
		}
		ground := h.Ground
		if g, err := retention.ParseGround(h.Kind); err == nil {
			ground = g.Text(c.lang) + ": " + h.Ground
		}
		until, paint := c.whenText(h.Until), term.Plain
		switch {
		case h.Released != "":
			until, paint = c.tr("解除 ", "released ")+c.whenText(h.Released), term.Dim
		case !h.Stands:
			until, paint = until+c.tr(" 終了", " over"), term.Dim
		}
		name := fmt.Sprint(h.ID)
		if h.ID < 0 {
			name = c.holdNames([]int64{h.ID})
		}
		t.Add(term.Cell{Text: name}, term.Cell{Text: strings.TrimSpace(what)}, term.Cell{Text: ground}, term.Cell{Text: until, Paint: paint}, term.Cell{Text: h.By})
	}
	return t.Write(c.stdout, c.style)
}

func nonEmpty(texts ...string) (out []string) {
	for _, s := range texts {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// whenText is an instant of the program for people.
func (c *cmd) whenText(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return s
	}
	return c.at(t)
}

func runRetentionHold(c *cmd, args []string) error {
	var h control.Hold
	fs := c.options(true)
	fs.StringVar(&h.Kind, "kind", "", c.tr("根拠の`種類`: preservation（保全要請、30日まで）、warrant（令状）、consent（本人の申し出）、court（裁判所・係争）", "`kind` of ground: preservation (30 days at most), warrant, consent, court"))
	fs.StringVar(&h.Ground, "ground", "", c.tr("文書の名前と番号などの`文`", "document and its number, a `text`"))
	fs.StringVar(&h.Number, "number", "", c.tr("発信者または着信先の`番号`", "`number` of either party"))
	fs.StringVar(&h.Customer, "customer", "", c.tr("`契約者`", "`customer`"))
	fs.StringVar(&h.From, "from", "", c.tr("この`日時`からの通話", "calls from this `day` or time on"))
	fs.StringVar(&h.To, "to", "", c.tr("この`日時`より前の通話", "calls before this `day` or time"))
	fs.StringVar(&h.Until, "until", "", c.tr("残す`期限`（省略すると根拠で許される最長）", "`day` on which the hold ends; as long as the ground allows when left out"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	if h.Kind == "" || h.Ground == "" {
		return tsujiban.Errorf(tsujiban.CodeForbidden, "%s", c.tr("保存期間を超えて残すには根拠が必要です。-kind と -ground に書いてください", "to keep records beyond their term takes a ground; write -kind and -ground"))
	}
	return c.change(http.MethodPost, "/v1/retention/holds", h)
}

func runRetentionRelease(c *cmd, args []string) error {
	var o control.Order
	c.options(true)
	c.flags.StringVar(&o.Note, "note", "", c.tr("終える理由の`文`（記録されます）", "why it ends: a `text` for the record"))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	return c.change(http.MethodDelete, "/v1/retention/holds/"+url.PathEscape(args[0]), o)
}

// checkKept compares the entries that outlived their segment with the tree, and adds what differs to the report. It returns how
// many are as they were signed.
func (c *cmd) checkKept(dir string, report *evidence.CheckReport) (n int, err error) {
	cfg, err := config.Load(c.configFile())
	if err != nil {
		return 0, err
	}
	if _, err := os.Stat(cfg.StoreFile()); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	tree, err := evidence.OpenTree(dir)
	if err != nil {
		return 0, nil // what is wrong with it was said
	}
	st, err := sqlite.Open(c.ctx, cfg.StoreFile(), sqlite.WithoutCalls())
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	err = st.KeptEntries(c.ctx, func(e store.KeptEntry) error {
		if err := tree.Verify(e.Seq, e.Line); err != nil {
			report.Faults = append(report.Faults, evidence.Fault{File: filepath.Base(cfg.StoreFile()), Entry: e.Seq,
				Ja: "消去した区間から残した記録が、署名されたものと違います", En: "an entry that outlived its segment is not what was signed: " + err.Error()})
			return nil
		}
		n++
		return nil
	})
	return n, err
}
