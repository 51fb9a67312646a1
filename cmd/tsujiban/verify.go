package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/term"
	"tsujiban/evidence"
)

func runVerify(c *cmd, args []string) error {
	fs := c.options(false)
	keyArg := fs.String("key", "", c.tr("公開鍵、またはその`ファイル`", "public key, or the `file` that it is in"))
	oldFile := fs.String("old", "", c.tr("手元にある以前のチェックポイントの`ファイル`", "`file` with the earlier checkpoint that you have kept"))
	recordFile := fs.String("record", "", c.tr("証明が1件だけのとき、その記録の`ファイル`", "`file` with the record, for a proof of a single one"))
	fs.BoolVar(&c.json, "json", false, c.tr("プログラム向けに JSON で出力", "write JSON, for programs"))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if *keyArg == "" {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("渡した相手の公開鍵を -key に書いてください", "write the public key of who handed it over with -key"))
	}
	keys, err := readKeys(*keyArg)
	if err != nil {
		return err
	}
	data, err := readAtMost(args[0], evidence.MaxBundle)
	if err != nil {
		return err
	}
	switch {
	case *oldFile != "":
		return c.verifyConsistency(data, *oldFile, keys)
	case *recordFile != "":
		return c.verifyProof(data, *recordFile, keys)
	}
	report := evidence.VerifyBundle(data, keys...)
	if c.json {
		err = c.writeJSON(report)
	} else {
		err = c.printf("%s", cleanReport(report.Text(c.lang)))
	}
	if err == nil && !report.OK() {
		err = tsujiban.Errorf(tsujiban.CodeInvalid, "%s: %s", args[0], c.tr("証明ファイルとして正しくありません", "the bundle does not hold"))
	}
	return err
}

// cleanReport makes foreign text safe to print line by line.
func cleanReport(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = term.Clean(l)
	}
	return strings.Join(lines, "\n")
}

// explained is an error in the words of the run's language.
func (c *cmd) explained(err error) error {
	return tsujiban.Errorf(tsujiban.CodeOf(err), "%s", evidence.Explain(err, c.lang))
}

// readKeys reads a key that was given as it is, or a file of keys.
func readKeys(arg string) ([]evidence.Key, error) {
	if k, err := evidence.ParseKey(arg); err == nil {
		return []evidence.Key{k}, nil
	}
	text, err := readAtMost(arg, 64<<10)
	if err != nil {
		return nil, fmt.Errorf("-key: %w", err)
	}
	keys, err := evidence.ParseKeys(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", arg, err)
	}
	return keys, nil
}

func (c *cmd) verifyConsistency(data []byte, oldFile string, keys []evidence.Key) error {
	old, err := readAtMost(oldFile, evidence.MaxNote)
	if err != nil {
		return err
	}
	p, err := evidence.ParseConsistency(data)
	if err != nil {
		return err
	}
	before, after, err := p.Verify(old, keys...)
	if err != nil {
		return c.explained(err)
	}
	return c.printf(c.tr(
		"%s の記録は、手元のチェックポイント（%d 件）から今回のチェックポイント（%d 件）まで、書き換えも抜けもなく続いています。\n増えた %d 件の内容については何も証明されません。\n",
		"The journal of %s goes on from the checkpoint that you kept (%d entries) to this one (%d entries) with nothing rewritten and nothing taken away.\nIt proves nothing of what the %d entries between say.\n"),
		after.Origin, before.Size, after.Size, after.Size-before.Size)
}

func (c *cmd) verifyProof(data []byte, recordFile string, keys []evidence.Key) error {
	line, err := readAtMost(recordFile, 1<<20)
	if err != nil {
		return err
	}
	p, err := evidence.ParseProof(data)
	if err != nil {
		return err
	}
	s, err := p.Verify(bytes.TrimSuffix(line, []byte("\n")), keys...)
	if err != nil {
		return c.explained(err)
	}
	return c.printf(c.tr(
		"この記録は、%s の記録の %d 件目に、このとおりの内容で入っていました（署名 %s、その時点で %d 件）。\nほかの記録については何も証明されません。\n",
		"This record stood in the journal of %s as entry %d, word for word (signed %s, %d entries then).\nIt proves nothing of any other record.\n"),
		s.Origin, p.Index+1, s.Time.UTC().Format(time.RFC3339), s.Size)
}
