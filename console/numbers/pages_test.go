package numbers_test

import (
	"archive/zip"
	"bytes"
	"regexp"
	"strings"
	"testing"

	"tsujiban/console/consoletest"
	"tsujiban/ledger/sheet"
	"tsujiban/people"
)

// TestLedger is a number's life through the pages: received, a holder screened, assigned, suspended on request, taken back.
func TestLedger(t *testing.T) {
	site := consoletest.Start(t, "")
	v := site.Visit(t, people.Administrator)
	v.Get("/numbers").Has(t, 200, "台帳にはまだ何もありません")
	v.Post("/numbers/change", "verb", "add", "numbers", "050-1232-*", "source", "=cmd|calc", "do", "yes").Has(t, 422, "入力してください")
	v.Post("/numbers/change", "verb", "add", "numbers", "050-1232-*", "source", "=cmd|calc", "ground", "通知書 3", "do", "try").Has(t, 200, "問題ありません")
	v.Get("/numbers?q=05012320000").Has(t, 200, "台帳になし")
	v.Post("/numbers/change", "verb", "add", "numbers", "050-1232-*", "source", "=cmd|calc", "ground", "通知書 3", "do", "yes").Has(t, 303)
	v.Get("/numbers?q=%EF%BC%90501232-0000").Has(t, 200, "在庫", "通知書 3") // a wide zero
	v.Get("/numbers?q=05012320000&believed=2020-01-01").Has(t, 200, "台帳になし")
	r := v.Post("/numbers/export", "format", "csv")
	r.Has(t, 200, "'=cmd|calc", "#end")
	r = v.Post("/numbers/export", "format", "xlsx")
	r.Has(t, 200)
	if !strings.HasPrefix(r.Body, "PK") || !strings.Contains(r.Header.Get("Content-Disposition"), "numbers.xlsx") {
		t.Errorf("%v %.10q", r.Header, r.Body)
	}
	v.Post("/numbers/export", "format", "csv", "at", "いつか").Has(t, 400)

	v.Post("/numbers/holders/new", "id", "hakata", "name", "<b>博多</b>商会", "corporate", "123", "ground", "申込書 1").Has(t, 400, "corporate")
	v.Post("/numbers/holders/new", "id", "hakata", "name", "<b>博多</b>商会", "address", "福岡市", "ground", "申込書 1").Has(t, 303)
	r = v.Get("/numbers/holders/hakata")
	r.Has(t, 200, "&lt;b&gt;博多", "未審査")
	r.HasNot(t, "<b>博多")
	v.Post("/numbers/holders/hakata/edit", "name", "<b>博多</b>商会", "address", "福岡市", "ground", "x").Has(t, 400, "変わった項目がありません")
	v.Post("/numbers/holders/hakata/edit", "name", "博多商会", "address", "福岡市", "ground", "登記").Has(t, 303)
	v.Post("/numbers/holders/hakata/check", "what", "登記事項証明書", "how", "対面", "ground", "申込書 1").Has(t, 303)
	v.Get("/numbers/holders/hakata").Has(t, 200, "博多商会", "登記事項証明書")
	v.Post("/numbers/change", "verb", "assign", "numbers", "050-1232-0001", "holder", "hakata", "ground", "申込書 1", "do", "yes").Has(t, 403, "まだ審査を受けていません")

	answers := []string{"ground", "申込書 1"}
	for k, a := range good {
		answers = append(answers, "a-"+k, a)
	}
	v.Post("/numbers/holders/hakata/screen", append(answers, "a-colour", "red")...).Has(t, 400, "という質問はありません")
	v.Post("/numbers/holders/hakata/screen", append(answers, "a-met", "no")...).Has(t, 303)
	v.Post("/numbers/holders/hakata/screen", answers...).Has(t, 303)
	v.Get("/numbers/holders/hakata/screen").Has(t, 200, "審査の結果: 承認", "これまでの審査")
	v.Post("/numbers/holders/hakata/decide", "decide", "pass", "reason", "上司").Has(t, 409, "人の判断は要りません")
	v.Post("/numbers/change", "verb", "assign", "numbers", "050-1232-0001", "holder", "hakata", "ground", "申込書 1", "do", "yes").Has(t, 303)
	v.Get("/numbers?q=05012320001").Has(t, 200, "利用中", "博多商会")
	v.Get("/numbers/holders?q=博多").Has(t, 303)

	v.Post("/numbers/suspensions/new", "numbers", "050-1232-0001", "agency", "福岡県警察本部", "request_no", "捜二-88", "date", "2026-11-20", "ground", "要請書").Has(t, 303)
	v.Get("/numbers/suspensions/1").Has(t, 200, "利用停止中", "契約者と卸元の情報を要請元へ報告", "未完了")
	v.Post("/numbers/suspensions/1/steps/3/letter").Has(t, 200, "福岡県警察本部", "捜二-88")
	v.Post("/numbers/suspensions/1/steps/3/letter", "text", "yes").Has(t, 200, "福岡県警察本部")
	v.Post("/numbers/suspensions/1/steps/1/letter").Has(t, 400, "書面は要りません")
	v.Post("/numbers/suspensions/1/steps/3/done", "note", "電子メールで報告").Has(t, 303)
	v.Post("/numbers/suspensions/1/lift", "ground", "要請の取下げ").Has(t, 303)
	v.Get("/numbers/suspensions").Has(t, 200, "利用停止の案件はありません")

	v.Get("/numbers/annual?year=2026").Has(t, 200, "番号使用状況", "2026年6月30日")
	v.Get("/numbers/annual?year=2030").Has(t, 409, "まだ終わっていません")
	v.Post("/numbers/annual", "year", "2026", "format", "csv").Has(t, 200, "番号の内訳", "#end")
	v.Get("/numbers/entries/999/undo").Has(t, 404, "お探しの記入はありません")

	v.Post("/numbers/change", "verb", "add", "numbers", "050-1233-*", "source", "Carrier A", "ground", "誤り", "do", "yes").Has(t, 303)
	m := newest.FindStringSubmatch(v.Get("/numbers/entries").Body)
	if m == nil {
		t.Fatal("no entry can be undone")
	}
	v.Get(m[1]).Has(t, 200, "誤り")
	v.Post(m[1], "ground", "").Has(t, 422)
	v.Post(m[1], "ground", "番号帯の間違い").Has(t, 303)
	v.Post(m[1], "ground", "番号帯の間違い").Has(t, 409, "すでに取り消されています")
	v.Get("/numbers?q=05012330000").Has(t, 200, "台帳になし")
}

var newest = regexp.MustCompile(`href="(/numbers/entries/[0-9]+/undo)"`)

var sum = regexp.MustCompile(`name="sum" value="([0-9a-f]{64})"`)

// TestImport: a table is tried first, every line that would be refused is listed, and what was tried is what is taken in.
func TestImport(t *testing.T) {
	site := consoletest.Start(t, "")
	v := site.Visit(t, people.Administrator)
	bad := "番号,払出元\n050-1232-0001,Carrier A\n電話なし,Carrier A\n12,Carrier A\n"
	good := "番号,払出元\n050-1232-0001,Carrier A\n050-1232-0002,Carrier A\n"
	v.Upload("/numbers/import", "file", "n.csv", nil, "ground", "x").Has(t, 422, "ファイルを選んでください")
	r := v.Upload("/numbers/import", "file", "n.csv", []byte(bad), "ground", "通知書 3")
	r.Has(t, 200, "2 行を受け付けられません", "電話なし")
	if sum.MatchString(r.Body) {
		t.Error("a table that is refused can be taken in")
	}
	r = v.Upload("/numbers/import", "file", "../../<script>\u202e.csv", []byte(good), "ground", "通知書 3")
	r.Has(t, 200, "問題ありません", "&lt;script&gt;")
	r.HasNot(t, "<script>\u202e", "../")
	m := sum.FindStringSubmatch(r.Body)
	if m == nil {
		t.Fatal(r.Main())
	}
	v.Get("/numbers?q=05012320001").Has(t, 200, "台帳になし")
	v.Post("/numbers/import/do", "sum", strings.Repeat("0", 64)).Has(t, 409, "もう一度ファイルを選んで")
	v.Post("/numbers/import/do", "sum", m[1]).Has(t, 303)
	v.Get("/numbers?q=05012320001").Has(t, 200, "在庫")
	v.Post("/numbers/import/do", "sum", m[1]).Has(t, 409) // once

	for name, data := range map[string][]byte{"image.png": []byte("\x89PNG\r\n\x1a\n\x00\x00\x00"), "old.xls": []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "cut.xlsx": []byte("PK\x03\x04xxxx"), "bomb.xlsx": bomb(t)} {
		r := v.Upload("/numbers/import", "file", name, data, "ground", "x")
		if r.Status != 400 {
			t.Errorf("%s: %d\n%s", name, r.Status, r.Main())
		}
	}
	v.Upload("/numbers/import", "file", "large.csv", make([]byte, sheet.MaxFile+2<<20), "ground", "x").Has(t, 400, "送信内容が大きすぎます")
}

// bomb is a small file that unpacks to 300 MB.
func bomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("xl/worksheets/sheet1.xml")
	zeros := make([]byte, 1<<20)
	for range 300 {
		if err == nil {
			_, err = w.Write(zeros)
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

// TestRights: who may look may not change, and who may not look is refused.
func TestRights(t *testing.T) {
	site := consoletest.Start(t, "")
	for _, role := range []people.Role{people.Viewer, people.Reseller, people.CustomerRole} {
		site.Visit(t, role).Get("/numbers").Has(t, 403)
	}
	for _, role := range []people.Role{people.Analyst, people.InquiryOfficer} {
		v := site.Visit(t, role)
		v.Get("/numbers").Has(t, 200)
		v.Post("/numbers/change", "verb", "add", "numbers", "0501232*", "source", "A", "ground", "x", "do", "yes").Has(t, 403)
		v.Post("/numbers/export", "format", "csv").Has(t, 403)
		v.Upload("/numbers/import", "file", "n.csv", []byte("x"), "ground", "x").Has(t, 403)
		v.Get("/numbers/annual?year=2026").Has(t, 403)
	}
}
