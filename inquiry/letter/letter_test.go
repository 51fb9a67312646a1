package letter_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/inquiry"
	"tsujiban/inquiry/letter"
	"tsujiban/ledger"
	"tsujiban/numbering"
)

var (
	tokyo = time.FixedZone("JST", 9*3600)
	day   = time.Date(2026, 11, 20, 0, 0, 0, 0, tokyo)
)

// answer is one to the story's question, as the desk gives it.
func answer(t *testing.T, kind inquiry.Kind) *inquiry.Answer {
	t.Helper()
	p, err := numbering.New("JP")
	if err != nil {
		t.Fatal(err)
	}
	a := &inquiry.Answer{
		Look: 7, Looked: kind.Allows(inquiry.LookCalls), Finding: inquiry.FoundNone,
		Case: inquiry.Case{ID: 3, Kind: kind, Agency: "福岡県警察本部", Officer: "捜査第二課　山田警部補", Document: "令状 第123号", Date: "2026-11-21", Days: 30,
			Numbers: []string{"+815012325678"}, Until: day.AddDate(0, 0, 30)},
		Question: inquiry.Question{Number: "050-1232-5678", From: day, To: day.AddDate(0, 0, 1), Talked: inquiry.Length(50 * time.Minute)},
		Subject: inquiry.Subject{
			Given: "050-1232-5678", Number: "+815012325678", Digits: "05012325678", Ours: true,
			Designated: ledger.Designated{Known: true, Carrier: "甲通信株式会社", Published: day.AddDate(0, -2, 0)},
			Held:       []ledger.Position{{Value: ledger.Value{State: ledger.StateTest}, From: day.AddDate(-3, 0, 0)}},
		},
	}
	for i, n := range inquiry.NearNumbers(p, "050-1232-5678") {
		b := inquiry.Beside{Near: n, Designated: ledger.Designated{Known: true, Carrier: "乙電話株式会社"}}
		if b.Ours = strings.HasPrefix(n.Digits, "0501232"); b.Ours {
			b.Looked, b.Designated.Carrier = true, "甲通信株式会社"
			b.Chain = []ledger.Link{{ID: "secret", Name: "無関係商店"}}
			b.Matching = i % 2
		}
		a.Near = append(a.Near, b)
	}
	return a
}

func options() letter.Options {
	return letter.Options{From: "株式会社辻番電話　通信管理部", Zone: tokyo, Now: day.AddDate(0, 0, 4), Log: "tsujiban/guard1/5be3a10c", Seqs: []uint64{4123}}
}

func all(l *letter.Letter) string {
	var b strings.Builder
	for _, p := range l.Parts {
		b.WriteString(p.Title + "\n" + strings.Join(append(p.Text, p.After...), "\n") + "\n")
		for _, r := range p.Pairs {
			b.WriteString(r[0] + "=" + r[1] + "\n")
		}
		if p.Table != nil {
			for _, r := range p.Table.Rows {
				b.WriteString(strings.Join(r, "|") + "\n")
			}
		}
	}
	return b.String()
}

func TestReply(t *testing.T) {
	a := answer(t, inquiry.KindWarrant)
	text := all(letter.Reply(a, options()))
	for _, want := range []string{"電話番号=050-1232-5678", "期間=2026年11月20日（終日）", "通話時間=約50分", "状態=社内試験用", "該当する通話の記録はありません", "050-1234-5678|7桁目 2→4（聞き違い・隣のキー）|乙電話株式会社", "第4123号"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	// Nothing of other customers, nor that a number of ours beside it has such a call.
	if strings.Contains(text, "無関係商店") || strings.Contains(text, "050-1232-5679") {
		t.Errorf("the letter says too much:\n%s", text)
	}

	a.Finding, a.Calls = inquiry.FoundCall, []inquiry.Call{
		{At: day.Add(13 * time.Hour), Caller: "+815012325678", Callee: "+819011122222", Talk: inquiry.Length(49*time.Minute + 12*time.Second), Result: inquiry.Connected, Fits: true},
		{At: day.Add(15 * time.Hour), Caller: "+815012325678", Callee: "+819033334444", Result: inquiry.Denied},
	}
	text = all(letter.Reply(a, options()))
	if !strings.Contains(text, "2026/11/20 13:00:00|050-1232-5678|090-1112-2222|49分12秒|通話") || strings.Contains(text, "3333") || strings.Contains(text, "ご確認") || !strings.Contains(text, "発着信は2件") {
		t.Errorf("only the call that fits is told in full:\n%s", text)
	}

	own := answer(t, inquiry.KindConsent)
	own.Case.Agency, own.Case.Officer = "", ""
	own.Subject.Held[0].Chain = []ledger.Link{{ID: "hakata", Name: "博多商会"}}
	if to := letter.Reply(own, options()).To; len(to) != 1 || to[0] != "博多商会　様" {
		t.Errorf("a customer's own: %q", to)
	}
	if text = all(letter.Reply(answer(t, inquiry.KindInquiry), options())); !strings.Contains(text, "通話記録は通信の秘密です") {
		t.Errorf("a written inquiry:\n%s", text)
	}
	if text = all(letter.Reply(answer(t, inquiry.KindPreservation), options())); !strings.Contains(text, "2026年12月20日 00時00分00秒までの30日間") || strings.Contains(text, "通話について") {
		t.Errorf("a preservation request:\n%s", text)
	}
}

func pdf(t *testing.T, a *inquiry.Answer) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := letter.Reply(a, options()).PDF(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPDF: another program reads the letter, its font is embedded, and it is the same every time.
func TestPDF(t *testing.T) {
	a := answer(t, inquiry.KindWarrant)
	a.Case.Officer += "𠮷" // a character that no common font has
	one := pdf(t, a)
	if !bytes.Equal(one, pdf(t, a)) {
		t.Error("the same letter is not the same file")
	}
	if len(one) > 400<<10 {
		t.Errorf("%d bytes", len(one))
	}
	name := filepath.Join(t.TempDir(), "letter.pdf")
	if err := os.WriteFile(name, one, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", name, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext (Debian's poppler-utils): %v", err)
	}
	for _, want := range []string{"令状に基づく通話記録に関する回答書", "福岡県警察本部御中", "山田警部補〓殿", "050-1234-5678", "記録はありません。", "以上"} {
		if !strings.Contains(strings.Join(strings.Fields(string(text)), ""), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	fonts, err := exec.CommandContext(t.Context(), "pdffonts", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range strings.Split(strings.TrimSpace(string(fonts)), "\n")[2:] {
		if !strings.Contains(l, "yes") {
			t.Errorf("a font is not embedded: %s", l)
		}
	}
	if keep := os.Getenv("TSUJIBAN_LETTER"); keep != "" { // to look at it
		if err := os.WriteFile(keep, one, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzPDF: text from documents, ledgers and calls breaks no letter.
func FuzzPDF(f *testing.F) {
	f.Add("福岡県警察本部", "令状 123", "050-1232-5678")
	f.Add("\x00\xff", strings.Repeat("あ、", 500), strings.Repeat("9", 300))
	f.Add("Łódź 𠮷野家 👮", "(paren) \\ <x>", "{nb}")
	f.Fuzz(func(t *testing.T, agency, document, number string) {
		a := answer(t, inquiry.KindWarrant)
		a.Near = a.Near[:3]
		a.Case.Agency, a.Case.Document, a.Subject.Given, a.Subject.Digits = agency, document, number, ""
		a.Calls = []inquiry.Call{{ID: tsujiban.CallID(1), At: day, Caller: number, Callee: agency, Fits: true, Result: inquiry.Connected}}
		if !bytes.HasPrefix(pdf(t, a), []byte("%PDF-")) {
			t.Fatal("no PDF")
		}
	})
}
