package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
	"tsujiban/ledger/sheet"
)

func itoa(n int) string { return strconv.Itoa(n) }

// readTable reads a file that is to be sent.
func readTable(name string) (_ []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeNotFound, "%w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err := io.ReadAll(io.LimitReader(f, sheet.MaxFile+1))
	if err == nil && len(data) > sheet.MaxFile {
		err = tsujiban.Errorf(tsujiban.CodeInvalid, "%s: larger than %d MB: send it in parts", name, sheet.MaxFile>>20)
	}
	return data, err
}

func runNumberImport(c *cmd, args []string) error { return c.importTable(args, nil) }

func runDesignations(c *cmd, args []string) error {
	return c.importTable(args, func(in *control.LedgerImport) {
		c.flags.StringVar(&in.Published, "published", "", c.tr("表の公表`日`", "`day` of the table's publication"))
		c.flags.Func("whole", c.tr("この表が漏れなく載せている`番号`（0501* など。載っていない番号帯は未指定になる）", "`numbers` that the table covers whole (0501*): what it does not name there is nobody's"), func(s string) error {
			in.Whole = append(in.Whole, s)
			return nil
		})
	})
}

func (c *cmd) importTable(args []string, more func(*control.LedgerImport)) error {
	var in control.LedgerImport
	fs := c.options(true)
	c.ground(fs, &in.Ground)
	fs.BoolVar(&in.DryRun, "dry-run", false, c.tr("取り込まず、断る行とその理由を一覧にする", "take nothing in, list the lines that would be refused and why"))
	if more != nil {
		more(&in)
	}
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if err := c.hasGround(in.Ground); err != nil {
		return err
	}
	if more != nil && in.Published == "" {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%s", c.tr("-published で表の公表日を書いてください", "write the day of the table's publication with -published"))
	}
	in.Name = filepath.Base(args[0])
	if in.Data, err = readTable(args[0]); err != nil {
		return err
	}
	var done control.LedgerDone
	if err := c.do(http.MethodPost, "/v1/ledger/import", in, &done); err != nil {
		return err
	}
	if err := c.showLedgerDone(&done); err != nil {
		return err
	}
	if len(done.Refused) > 0 {
		return errShown
	}
	return nil
}

// runNumberExport writes beside the file and renames at the end: what has its name is whole.
func runNumberExport(c *cmd, args []string) error {
	query := c.when(c.options(true))
	args, err := c.parse(args, 1, 1)
	if err != nil {
		return err
	}
	rows := 0
	err = writeWhole(args[0], func(f io.Writer) error {
		w, err := sheet.NewWriter(args[0], f)
		if err == nil {
			err = w.Sheet(c.tr("番号台帳", "numbers"))
		}
		if err == nil {
			err = w.Row(control.ExportColumns...)
		}
		if err != nil {
			return err
		}
		rows, err = c.export(query(), w)
		return errors.Join(err, w.Close())
	})
	if err != nil {
		return err
	}
	return c.printf(c.tr("%s: %d 行\n", "%s: %d rows\n"), term.Clean(args[0]), rows)
}

func (c *cmd) export(query string, w sheet.Writer) (rows int, err error) {
	client, err := c.dial()
	if err != nil {
		return 0, err
	}
	defer client.Close()
	end := false
	err = client.Stream(c.ctx, "/v1/ledger/export?"+query, func(line control.Raw) error {
		var e struct {
			control.Exported
			End bool `json:"end"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return tsujiban.Errorf(tsujiban.CodeInternal, "the program's reply cannot be read: %w", err)
		}
		if e.End {
			end = true
			return nil
		}
		rows++
		return w.Row(e.Cells(c.local())...)
	})
	if err == nil && !end {
		err = tsujiban.Errorf(tsujiban.CodeUnavailable, "the export broke off after %d rows: see the program's log, and try again", rows)
	}
	return rows, err
}

// writeWhole writes a file that appears only when it is whole.
func writeWhole(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".tsujiban-*")
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "%w", err)
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
