package sheet_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"tsujiban"
	"tsujiban/ledger/sheet"
)

func TestCSVInTheEncodingsOfSpreadsheets(t *testing.T) {
	const text = "番号,事業者\r\n\r\n050-1234,\"甲社,本店\"\r\n"
	sjis, err := japanese.ShiftJIS.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	want := []sheet.Row{{Line: 1, Cells: []string{"番号", "事業者"}}, {Line: 3, Cells: []string{"050-1234", "甲社,本店"}}}
	for what, data := range map[string]string{"UTF-8": text, "with mark": "\ufeff" + text, "Shift_JIS": sjis, "UTF-16": utf16, "tabs": "番号\t事業者\n\n050-1234\t甲社,本店"} {
		tables, err := sheet.Read("a.csv", []byte(data))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if d := cmp.Diff(want, tables[0].Rows); d != "" {
			t.Errorf("%s: %s", what, d)
		}
	}
}

func TestRefused(t *testing.T) {
	bomb := func(size int) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create("xl/worksheets/sheet1.xml")
		if err == nil {
			zeros := make([]byte, 1<<20)
			for range size {
				if _, err = w.Write(zeros); err != nil {
					break
				}
			}
		}
		if err == nil {
			err = z.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	whole := xlsx(t, func(*excelize.File) error { return nil })
	for words, data := range map[string][]byte{
		"is empty":                 nil,
		"neither UTF-8":            []byte("a,b\n\x81\xff\xfe"),
		"a.csv:2: ":                []byte("a,b\n\"c,d\n"),
		"a.csv:1: cell 2":          []byte("a," + strings.Repeat("x", 5000)),
		"old XLS":                  []byte("\xd0\xcf\x11\xe0\xa1\xb1"),
		"cut off":                  whole[:len(whole)/2],
		"unpacks to more than 256": bomb(300),
		"no XLSX that can be read": bomb(1),
		"reaches over": xlsx(t, func(f *excelize.File) error {
			w, err := f.NewStreamWriter("Sheet1")
			if err == nil {
				err = w.SetRow("XFD1048576", []any{"x"})
			}
			if err == nil {
				err = w.Flush()
			}
			return err
		}),
		"a zero byte": []byte("a,b\nc\x00,d"),
	} {
		_, err := sheet.Read("a.csv", data)
		if tsujiban.CodeOf(err) != tsujiban.CodeInvalid || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: got %v", words, err)
		}
	}
}

func xlsx(t testing.TB, fill func(*excelize.File) error) []byte {
	t.Helper()
	f := excelize.NewFile()
	if err := fill(f); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestMergedCells(t *testing.T) {
	data := xlsx(t, func(f *excelize.File) error {
		if err := f.SetSheetRow("Sheet1", "A1", &[]any{"050", "甲社", nil, nil, "乙社"}); err != nil {
			return err
		}
		if err := f.SetSheetRow("Sheet1", "A2", &[]any{nil, "丙社"}); err != nil {
			return err
		}
		if err := f.MergeCell("Sheet1", "A1", "A2"); err != nil {
			return err
		}
		return f.MergeCell("Sheet1", "B1", "D1")
	})
	tables, err := sheet.Read("a.xlsx", data)
	if err != nil {
		t.Fatal(err)
	}
	want := []sheet.Row{{Line: 1, Cells: []string{"050", "甲社", "甲社", "甲社", "乙社"}}, {Line: 2, Cells: []string{"050", "丙社"}}}
	if d := cmp.Diff(want, tables[0].Rows); d != "" {
		t.Error(d)
	}
}

func TestWrittenTablesAreReadBack(t *testing.T) {
	for _, name := range []string{"a.csv", "a.xlsx"} {
		var b bytes.Buffer
		w, err := sheet.NewWriter(name, &b)
		if err == nil {
			err = w.Sheet("番号")
		}
		for _, row := range [][]any{{"number", "count"}, {"+815012340000..+815012349999", 10000}, {"=1+1", int64(2)}} {
			if err == nil {
				err = w.Row(row...)
			}
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		tables, err := sheet.Read(name, b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		rows := tables[0].Rows
		if rows[1].Cells[0] != "+815012340000..+815012349999" || rows[1].Cells[1] != "10000" || !strings.HasSuffix(rows[2].Cells[0], "=1+1") {
			t.Errorf("%s: %+v", name, rows)
		}
		if name == "a.csv" && (rows[3].Cells[0] != sheet.End || rows[3].Cells[1] != "3" || rows[2].Cells[0] != "'=1+1") {
			t.Errorf("%s: %+v", name, rows)
		}
	}
}

func TestSafe(t *testing.T) {
	for _, s := range []string{
		"=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u3000=1", "\u200b=1", "\ufeff=1", "\x00=1", "＝1", "＋A1", "－A1", "＠A1", "−A1", "+", "-", "=", "+81..", "-0x1", "+1E5", "+81(92)",
	} {
		if got := sheet.Safe(s); got != "'"+s {
			t.Errorf("%q is written as %q", s, got)
		}
	}
	for _, s := range []string{"", "'=1", "+81925551234", "+8192555****", "+815012340000..+815012349999", "-12", "-3.5", "0", "博多商会", "a=b", "1-2", "'", "山+川"} {
		if got := sheet.Safe(s); got != s {
			t.Errorf("%q is written as %q", s, got)
		}
	}
}

// FuzzRead: whatever comes is refused as invalid, or is rows in order without empty ones.
func FuzzRead(f *testing.F) {
	f.Add([]byte("番号,事業者\n050,\"甲\n社\"\n"))
	f.Add([]byte("\x94\xd4\x8d\x86,x\n"))
	f.Add(xlsx(f, func(x *excelize.File) error { return x.SetSheetRow("Sheet1", "B2", &[]any{"050", 1, 2.5}) }))
	f.Fuzz(func(t *testing.T, data []byte) {
		tables, err := sheet.Read("a", data)
		if err != nil {
			if tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
				t.Errorf("code of %v", err)
			}
			return
		}
		for _, tab := range tables {
			last := 0
			for _, r := range tab.Rows {
				if r.Line <= last || len(r.Cells) == 0 || r.Cells[len(r.Cells)-1] == "" {
					t.Fatalf("row %+v after line %d", r, last)
				}
				last = r.Line
			}
		}
	})
}
