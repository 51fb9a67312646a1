package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/app/control"
	"tsujiban/app/term"
	"tsujiban/evidence"
	"tsujiban/journal"
)

func evidenceVerbs() []verb {
	return []verb{
		{"evidence check", "[-config FILE]", say{"記録・木・署名をすべて照合し、誤りをひとつずつ示す", "prove journal, tree and signatures against each other, and name everything that is wrong"}, runEvidenceCheck},
		{"evidence checkpoint", "[-config FILE]", say{"最新の署名つきチェックポイントを出力する", "write the newest signed checkpoint"}, runEvidenceCheckpoint},
		{"evidence public-key", "[-all] [-config FILE]", say{"署名を確かめるための公開鍵を出力する", "write the public key that signatures are verified with"}, runEvidenceKey},
		{"evidence prove", "ENTRY [-config FILE]", say{"記録1件が入っていることの証明を出力する（記録そのものは含まない）", "write the proof that an entry is in the journal (without the entry)"}, runEvidenceProve},
		{"evidence consistency", "CHECKPOINT|ENTRIES [-config FILE]", say{"以前のチェックポイントから書き換えなく続いていることの証明を出力する", "write the proof that the journal goes on from an earlier checkpoint, with nothing rewritten"}, runEvidenceConsistency},
		{"evidence bundle", "-entries LIST -out FILE -ground TEXT [-attach FILE]", say{"記録と証明をひとつの証明ファイルにする（法的根拠が必要。閲覧は記録される）", "put entries and their proofs into a bundle (needs a legal ground; the look is recorded)"}, runEvidenceBundle},
		{"evidence rotate-key", "[-config FILE]", say{"署名の鍵を新しくする", "hand over to a new signing key"}, runEvidenceRotate},
		{"verify", "FILE -key KEY [-old CHECKPOINT]", say{"受け取った証明ファイルを確かめる（公開鍵のほかに何も要らない）", "verify a bundle that was handed over (needs nothing but the public key)"}, runVerify},
	}
}

// evidenceDirs are where the configuration keeps journal and tree.
func (c *cmd) evidenceDirs() (dir, journalDir string, err error) {
	cfg, err := config.Load(c.configFile())
	if err != nil {
		return "", "", err
	}
	return cfg.EvidenceDir(), cfg.JournalDir(), nil
}

func (c *cmd) openTree() (*evidence.Tree, string, error) {
	dir, journalDir, err := c.evidenceDirs()
	if err != nil {
		return nil, "", err
	}
	t, err := evidence.OpenTree(dir)
	return t, journalDir, err
}

func journalSource(dir string) evidence.Source {
	return func(from uint64) (evidence.Lines, error) { return journal.OpenReader(dir, from) }
}

// wholeReport is what "evidence check" says in JSON.
type wholeReport struct {
	*evidence.CheckReport
	Journal report `json:"journal"`
	Kept    int    `json:"kept"`  // entries that outlived their segment, and are as signed
	Calls   int    `json:"calls"` // calls of the view that are as the journal has them
	Rows    int    `json:"rows"`  // likewise, rows of the store that are as the journal has a receipt of them, or as it makes them
}

func runEvidenceCheck(c *cmd, args []string) error {
	c.options(true)
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	dir, journalDir, err := c.evidenceDirs()
	if err != nil {
		return err
	}
	bar := term.NewBar(c.stderr, term.StyleOf(c.stderr, c.getenv), c.tr("照合中", "checking"))
	var segments journal.Report
	var erased time.Time // calls from before it were erased, as the journal says
	report, err := evidence.Check(dir, func(each func(uint64, string, int64, []byte)) (err error) {
		segments, err = journal.CheckLines(journalDir, nil, func(seq uint64, file string, at int64, line []byte) {
			if t := callsErased(line); t.After(erased) {
				erased = t
			}
			each(seq, file, at, line)
		})
		return err
	}, bar.Show)
	bar.End()
	if err != nil {
		return err
	}
	kept, err := c.checkKept(dir, report)
	if err != nil {
		return err
	}
	same, err := c.checkStore(report, segments.OK(), erased)
	if err != nil {
		return err
	}
	// What was erased by statement is missing and yet in order.
	segments.Problems = slices.DeleteFunc(segments.Problems, func(p journal.Problem) bool {
		return p.First > 0 && report.ErasedAll(p.First, p.Last)
	})
	if c.json {
		err = c.writeJSON(wholeReport{report, reportOf(&segments), kept, same.calls, same.rows})
	} else if err = c.showReport(&segments); err == nil {
		err = c.printf("%s", report.Text(c.lang))
		if err == nil && kept > 0 && report.OK() {
			err = c.printf(c.tr("消去した区間から残した閲覧・操作の記録 %d 件も、署名されたとおりです\n", "%d looks and actions that outlived their segments are as signed, too\n"), kept)
		}
		if err == nil && same.calls > 0 && report.OK() {
			err = c.printf(c.tr("通話一覧の %d 件も、記録簿のとおりです\n", "%d calls of the store are as the journal has them, too\n"), same.calls)
		}
		if err == nil && same.rows > 0 && report.OK() {
			err = c.printf(c.tr("設定・番号台帳・照会などの %d 行も、記録簿の控えのとおりです\n", "%d rows of settings, ledger, inquiries and the like are as the journal has them, too\n"), same.rows)
		}
	}
	if err == nil && (!report.OK() || !segments.OK()) {
		err = tsujiban.Errorf(tsujiban.CodeCorrupt, "%s: %s", dir, c.tr(
			"記録・木・署名が合いません。両方のディレクトリをそのまま保管し、だれが触れたかを調べてください", "journal, tree and signatures do not fit; keep both directories as they are, and find out who touched them"))
	}
	return err
}

func runEvidenceCheckpoint(c *cmd, args []string) error {
	c.options(true)
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	t, _, err := c.openTree()
	if err != nil {
		return err
	}
	return c.printf("%s", t.Checkpoint().Note)
}

func runEvidenceKey(c *cmd, args []string) error {
	fs := c.options(true)
	all := fs.Bool("all", false, c.tr("以前の鍵も、古い順に出力", "the earlier keys, too, the oldest first"))
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	t, _, err := c.openTree()
	if err != nil {
		return err
	}
	keys := t.Keys()
	if !*all {
		keys = keys[len(keys)-1:]
	}
	for _, k := range keys {
		if err := c.printf("# %s %s\n%s\n", c.tr("指紋", "fingerprint"), k.Fingerprint(), k); err != nil {
			return err
		}
	}
	return nil
}

func runEvidenceProve(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	seq, err := strconv.ParseUint(args[0], 10, 63)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%q is not the number of an entry", args[0])
	}
	t, _, err := c.openTree()
	if err != nil {
		return err
	}
	p, err := t.Prove(seq)
	if err != nil {
		return err
	}
	return c.printf("%s", p.Marshal())
}

func runEvidenceConsistency(c *cmd, args []string) error {
	c.options(true)
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	t, _, err := c.openTree()
	if err != nil {
		return err
	}
	size, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		msg, err := readAtMost(args[0], evidence.MaxNote)
		if err != nil {
			return err
		}
		old, err := evidence.OpenCheckpoint(msg, t.Keys()...)
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		if _, err := t.At(msg); err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		size = old.Size
	}
	p, err := t.Consistency(size)
	if err != nil {
		return err
	}
	return c.printf("%s", p.Marshal())
}

func runEvidenceBundle(c *cmd, args []string) error {
	fs := c.options(true)
	list := fs.String("entries", "", c.tr("記録の`番号`（5,7,10-20 のように）", "`numbers` of entries, like 5,7,10-20"))
	out := fs.String("out", "", c.tr("書き出す`ファイル`（すでにあるファイルには書きません）", "`file` to write; one that is there is not overwritten"))
	ground := fs.String("ground", "", c.tr("見る法的根拠の`文`", "legal ground, a `text`"))
	var attach []string
	fs.Func("attach", c.tr("添付する`ファイル`（何度でも指定できます）", "`file` to attach; may be given several times"), func(s string) error {
		attach = append(attach, s)
		return nil
	})
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	if *ground == "" {
		return tsujiban.Errorf(tsujiban.CodeForbidden, "%s", c.tr(
			"記録には通信の秘密が含まれます。渡す法的根拠を -ground に書いてください",
			"a bundle holds call records, which are secret by law; write the legal ground with -ground"))
	}
	if *out == "" {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("書き出すファイルを -out に書いてください", "write the file with -out"))
	}
	entries, err := evidence.ParseEntries(*list)
	if err != nil {
		return err
	}
	req := evidence.Request{Entries: entries, Made: time.Now()}
	for _, name := range attach {
		data, err := readAtMost(name, evidence.MaxBundle)
		if err != nil {
			return err
		}
		req.Attach = append(req.Attach, evidence.Attachment{Name: filepath.Base(name), Data: data})
	}
	t, journalDir, err := c.openTree()
	if err != nil {
		return err
	}
	// Made first and shown last: nothing leaves the machine before the look is recorded.
	var bundle bytes.Buffer
	report, err := t.WriteBundle(c.ctx, &bundle, journalSource(journalDir), req)
	if err != nil {
		return err
	}
	if err := c.recordLook(journalDir, fmt.Sprintf("bundle of the entries %s; ground: %s", *list, *ground)); err != nil {
		return err
	}
	if err := writeNew(*out, bundle.Bytes()); err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(report)
	}
	return c.printf(c.tr("%s: 記録 %d 件（署名された %d 件まで、鍵の指紋 %s）\n", "%s: %d entries (of %d that are signed for; fingerprint of the key %s)\n"), *out, report.Records, report.Entries, report.Key)
}

// writeNew writes a file that only this user may read, and leaves one that is there alone.
func writeNew(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return tsujiban.Errorf(tsujiban.CodeExists, "%s is there already; name another file", name)
	}
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return tsujiban.Errorf(tsujiban.CodeUnavailable, "%w", errors.Join(err, os.Remove(name)))
	}
	return nil
}

// readAtMost reads a file that somebody named.
func readAtMost(name string, limit int64) (data []byte, err error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, tsujiban.Errorf(tsujiban.CodeNotFound, "%s: no such file; name the right one", name)
	}
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "%w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = tsujiban.Errorf(tsujiban.CodeInvalid, "%s is larger than %d bytes: it is no such file", name, limit)
	}
	return data, err
}

func runEvidenceRotate(c *cmd, args []string) error {
	c.options(true)
	if _, err := c.parse(args, 0, 0); err != nil {
		return err
	}
	key, err := c.rotate()
	if err != nil {
		return err
	}
	if c.json {
		return c.writeJSON(key)
	}
	return c.printf(c.tr("新しい鍵で署名しています。公開鍵を渡した相手に、次の鍵を知らせてください\n# 指紋 %s\n%s\n", "signed with a new key from now on; tell it to those who have the old one\n# fingerprint %s\n%s\n"), key.Fingerprint, key.Key)
}

// rotate asks the running program, or, when there is none, does it itself.
func (c *cmd) rotate() (key control.NewKey, err error) {
	dir, journalDir, err := c.evidenceDirs()
	if err != nil {
		return key, err
	}
	j, err := journal.Open(journal.Options{Dir: journalDir})
	if tsujiban.CodeOf(err) == tsujiban.CodeConflict && err != nil {
		return key, c.do(http.MethodPost, "/v1/evidence/key", nil, &key)
	}
	if err != nil {
		return key, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	l, err := evidence.Open(c.ctx, evidence.Options{Dir: dir, Source: func(from uint64) (evidence.Lines, error) { return j.Reader(from), nil }}, j.Committed())
	if err != nil {
		return key, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	k, err := l.Rotate()
	if err != nil {
		return key, err
	}
	key = control.NewKey{Key: k.String(), Fingerprint: k.Fingerprint()}
	key.Seq, err = j.Append(&tsujiban.Event{Kind: tsujiban.EventSet, At: time.Now().UTC(), By: userName(), Note: "evidence: the key is now " + k.Fingerprint()})
	if err == nil {
		err = j.Wait(c.ctx, key.Seq)
	}
	return key, err
}
