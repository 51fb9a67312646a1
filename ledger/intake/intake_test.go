package intake_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/ledger/intake"
	"tsujiban/ledger/sheet"
	"tsujiban/numbering"
)

var jst = time.FixedZone("JST", 9*3600)

func plan(t testing.TB) *numbering.Plan {
	t.Helper()
	p, err := numbering.New("JP")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func tables(t testing.TB, text string) []sheet.Table {
	t.Helper()
	ts, err := sheet.Read("a.csv", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

// grid050 has the layout of the table of 050 numbers: digits in front, ten columns, notes under it.
const grid050 = `特定IP電話番号（050）の指定状況,,,,,,,,,,
（令和8年10月1日現在）,,,,,,,,,,
番号,０,１,２,３,４,５,６,７,８,９
050-100,甲通信,甲通信,,乙電話,－,甲通信,甲通信,甲通信,甲通信,甲通信
050-101,未指定,丙テレコム,丙テレコム,丙テレコム,丙テレコム,丙テレコム,丙テレコム,丙テレコム,丙テレコム,丙テレコム
注 「－」は未指定の番号,,,,,,,,,,
`

func TestGrid(t *testing.T) {
	pub, err := intake.Designations(plan(t), tables(t, grid050), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(pub.Rows) != 20 {
		t.Fatalf("%d blocks", len(pub.Rows))
	}
	for i, want := range map[int]string{0: "+815010000000..+815010009999 甲通信 4", 2: "+815010020000..+815010029999  4", 3: "+815010030000..+815010039999 乙電話 4", 4: "+815010040000..+815010049999  4", 10: "+815010100000..+815010109999  5", 19: "+815010190000..+815010199999 丙テレコム 5"} {
		r := pub.Rows[i]
		if got := fmt.Sprint(r.Range, " ", r.Carrier, " ", r.Line); got != want {
			t.Errorf("row %d is %q, want %q", i, got, want)
		}
	}
}

// TestGridOfXLSX has the layout of the table of mobile numbers: the first digits merged over rows, a key that the spreadsheet took for a number.
func TestGridOfXLSX(t *testing.T) {
	f := excelize.NewFile()
	put := func(cell string, row ...any) {
		if err := f.SetSheetRow("Sheet1", cell, &row); err != nil {
			t.Fatal(err)
		}
	}
	put("A1", "音声伝送携帯電話番号の指定状況")
	put("A3", "0A0", "CD", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	put("A4", 90, "10", "甲", "甲", "甲", "甲", "甲", "甲", "甲", "甲", "甲", "乙")
	put("A5", nil, "11", "乙", "乙", nil, "乙", "乙", "乙", "乙", "乙", "乙", "乙")
	if err := f.MergeCell("Sheet1", "A4", "A5"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	ts, err := sheet.Read("mobile.xlsx", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	pub, err := intake.Designations(plan(t), ts, nil)
	if err != nil || len(pub.Rows) != 20 {
		t.Fatalf("%d blocks, %v", len(pub.Rows), err)
	}
	if r := pub.Rows[9]; r.Range.String() != "+819010900000..+819010999999" || r.Carrier != "乙" {
		t.Errorf("row 9 is %+v", r)
	}
	if r := pub.Rows[12]; r.Range.String() != "+819011200000..+819011299999" || r.Carrier != "" {
		t.Errorf("row 12 is %+v", r)
	}
}

func TestListForm(t *testing.T) {
	const text = `固定電話番号の指定状況,,,,,,,
番号区画コード,MA,番号,市外局番,市内局番,指定事業者,使用状況,備考
441,福岡,092200,092,200,西日本電信,使用中,
441,福岡,92201,092,201,甲通信,,
441,福岡,,092,202,,,未指定
`
	pub, err := intake.Designations(plan(t), tables(t, text), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range pub.Rows {
		got = append(got, r.Range.String()+" "+r.Carrier)
	}
	if want := []string{"+81922000000..+81922009999 西日本電信", "+81922010000..+81922019999 甲通信", "+81922020000..+81922029999 "}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestDesignationsRefused(t *testing.T) {
	head := "番号,0,1,2,3,4,5,6,7,8,9\n"
	for words, text := range map[string]string{
		"is no designation table":             "a,b\n1,2\n",
		"a head and no rows":                  head,
		"a.csv:3: 0501000 stands there twice": head + "050-1000,a\n0501000,b\n",
		"a.csv:2: \"000\" is not":             head + "000,a\n",
		"a.csv:2: the first digits":           head + "050-10x,a\n",
		"a.csv:2: \"05010000000\" is not":     head + "05010000000,a\n",
		"a.csv:2: number: \"011222333444":     "番号,事業者\n011222333444,甲\n",
		"more than ten columns":               head + "050-100,a,a,a,a,a,a,a,a,a,a,a\n",
	} {
		_, err := intake.Designations(plan(t), tables(t, text), nil)
		if tsujiban.CodeOf(err) != tsujiban.CodeInvalid || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: got %v", words, err)
		}
	}
}

func reader(t testing.TB) *intake.Reader {
	return &intake.Reader{Plan: plan(t), Zone: jst, Now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
}

func TestLists(t *testing.T) {
	numbers := "番号,操作,開始日,契約者,卸元,転送\n０５０−１２３４*,払出,2026/4/1,,甲通信,\n050-1234-5678,割当,2026年4月2日,hakata,,有\n"
	out, err := reader(t).Lists(tables(t, numbers))
	if err != nil || len(out.Changes) != 2 {
		t.Fatalf("%+v, %v", out, err)
	}
	c := out.Changes[1]
	if c.Verb != ledger.VerbAssign || c.Holder != "hakata" || !c.Forwarding || c.Line != 3 || !c.From.Equal(time.Date(2026, 4, 1, 15, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", c)
	}
	holders := "id,name,法人番号,parent,reseller,check_what,check_how,check_by,check_at\nhakata,博多商会,7000-0120-50002,top,no,登記事項証明書,対面,sato,2026-03-01\ntop,上,,,yes,,,,\n"
	out, err = reader(t).Lists(tables(t, holders))
	if err != nil || len(out.Holders) != 2 || out.Holders[0].Holder.ID != "top" || out.Holders[1].Holder.Corporate != "7000012050002" || len(out.Holders[1].Holder.Checks) != 1 {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestListsRefused(t *testing.T) {
	for words, text := range map[string]string{
		"neither a column number":          "a,b\n1,2\n",
		"unknown column \"wrong\"":         "number,wrong\n05012345678,x\n",
		"the column number is there twice": "number,番号\n05012345678,x\n",
		"a.csv:3: from: \"2026-02-30\"":    "number,from,source\n05012345678,2026-02-01,a\n05012345679,2026-02-30,a\n",
		"a.csv:2: number: \"0501\"":        "number,source\n0501,a\n",
		"a.csv:2: verb: there is no":       "number,verb\n05012345678,steal\n",
		"a.csv:2: source: must be given":   "number\n05012345678\n",
		"a.csv:2: forwarding: \"maybe\"":   "number,holder,forwarding\n05012345678,a,maybe\n",
		"there are 2: was the file cut":    "number,source\n05012345678,a\n#end,3\n",
		"a head and no rows":               "number,source\n",
		"a.csv:2: has 3 cells":             "number,source\n05012345678,a,b\n",
		"a.csv:3: parent: the chain":       "id,name,parent,reseller\na,A,b,yes\nb,B,a,yes\n",
		"a.csv:3: holder \"a\" stands":     "id,name\na,A\na,A2\n",
		"a.csv:2: corporate":               "id,name,corporate\na,A,7000012050003\n",
		"a.csv:2: check: how":              "id,name,check_what\na,A,passport\n",
	} {
		_, err := reader(t).Lists(tables(t, text))
		if tsujiban.CodeOf(err) != tsujiban.CodeInvalid || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: got %v", words, err)
		}
	}
}

// FuzzTables: whatever a table says is refused as invalid, or is blocks and changes that are valid.
func FuzzTables(f *testing.F) {
	f.Add(grid050)
	f.Add("番号,事業者\n092200,甲\n")
	f.Add("number,verb,from,holder,source,forwarding\n0501234*,add,2026-04-01,,a,no\n#end,2\n")
	f.Add("id,name,parent,reseller,corporate\na,A,b,yes,\nb,B,a,yes,7000012050002\n")
	p := plan(f)
	f.Fuzz(func(t *testing.T, text string) {
		ts, err := sheet.Read("a.csv", []byte(text))
		if err != nil {
			return
		}
		pub, err := intake.Designations(p, ts, nil)
		if err != nil && tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("code of %v", err)
		}
		for _, d := range pub.Rows {
			if err == nil && (d.Range.Count() < 10 || len(d.Range.Blocks()) != 1) {
				t.Errorf("%+v is no block", d)
			}
		}
		r := reader(t)
		out, err := r.Lists(ts)
		if err != nil && tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("code of %v", err)
		}
		for i := range out.Changes {
			if err := out.Changes[i].Valid(r.Now); err != nil {
				t.Error(err)
			}
		}
	})
}

// published are tables laid out as the ministry's files are: a title, what the table is of, the date, how it is read, wide digits over the columns, and the first
// digits in one word; the list of fixed numbers, which has the date over its head. Carriers are made up.
var published = map[string]struct {
	text string
	rows int
	some map[int]string
}{
	"050": {`,,,,,,,,電気通信番号指定状況,,
・ＩＰ電話の番号（０５０－ＣＤＥＦ－××××）,,,,,,,,,,
,,,,,,,,(令和8年10月1日現在),,
"表の""番号""列の部分は０５０－CDＥＦのＥコードまでを、１行目の０～９はＦコードを示します。",,,,,,,,,,
番号,０,１,２,３,４,５,６,７,８,９
050100,甲通信,甲通信,,乙電話,乙電話,乙電話,乙電話,乙電話,乙電話,丙　テレコム
050101,,,,,,,,,,
050102,甲通信,甲通信,甲通信,甲通信,甲通信,甲通信,甲通信,甲通信,甲通信,甲通信
`, 30, map[int]string{0: "+815010000000..+815010009999 甲通信", 2: "+815010020000..+815010029999 ", 9: "+815010090000..+815010099999 丙　テレコム", 15: "+815010150000..+815010159999 "}},
	"mobile": {`,,,,,,,,電気通信番号指定状況,,
・携帯電話の番号（０９０－ＣＤＥ－ＦＧＨＪＫ）,,,,,,,,,,
,,,,,,,,,,
※電話番号から契約している携帯電話会社を調べることはできますか？,,,,,,,,,,
,,,,,,,,(令和8年10月1日現在),,
"表の""番号""列の部分は０９０－CDコードを、１行目の０～９はＥコードを示します。",,,,,,,,,,
番号,０,１,２,３,４,５,６,７,８,９
09010,甲,甲,甲,甲,甲,甲,甲,甲,甲,甲
09011,乙,甲,甲,乙,乙,乙,乙,乙,乙,
`, 20, map[int]string{10: "+819011000000..+819011099999 乙", 19: "+819011900000..+819011999999 "}},
	"freephone": {`,,,,,,,,電気通信番号指定状況,,
・着信課金用電話番号（０１２０－ＤＥＦ－×××）,,,,,,,,,,
,,,,,,,,(令和8年10月1日現在),,
"表の""番号""列の部分は０１２０－DＥＦのＥコードまでを、１行目の０～９はＦコードを示します。",,,,,,,,,,
番号,０,１,２,３,４,５,６,７,８,９
012000,甲,甲,甲,甲,甲,甲,甲,甲,甲,甲
`, 10, map[int]string{3: "+81120003000..+81120003999 甲"}},
	"fixed": {`,,,,,,,(令和8年10月1日現在)
番号区画コード,MA,番号,市外局番,市内局番,指定事業者,使用状況,備考
001,札幌,011200,011,200,甲東日本,使用中,
001,札幌,011201,011,201,,,
001,札幌,011202,011,202,甲東日本,使用予定,
`, 3, map[int]string{0: "+81112000000..+81112009999 甲東日本", 1: "+81112010000..+81112019999 "}},
}

func TestPublishedLayouts(t *testing.T) {
	for name, c := range published {
		pub, err := intake.Designations(plan(t), tables(t, c.text), nil)
		if err != nil || len(pub.Rows) != c.rows {
			t.Errorf("%s: %d blocks, %v", name, len(pub.Rows), err)
			continue
		}
		for i, want := range c.some {
			if got := fmt.Sprint(pub.Rows[i].Range, " ", pub.Rows[i].Carrier); got != want {
				t.Errorf("%s: row %d is %q, want %q", name, i, got, want)
			}
		}
	}
}
