// Package letter writes the reply to an inquiry: what it says ([Reply]), and the page that it stands on ([Letter.PDF]).
//
// A letter goes to an agency, so it says no more than the ground allows: nothing of other customers, nothing of whether a number of ours
// beside the one that was asked about has such a call. It names the numbers one slip away that other carriers hold, which is public, and asks
// whether the number was taken down right.
package letter

import (
	"fmt"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/inquiry"
	"tsujiban/ledger"
)

// Letter is a reply, as a structure.
type Letter struct {
	No      string    `json:"no"` // our number of it
	Date    time.Time `json:"date"`
	To      []string  `json:"to"`
	From    string    `json:"from"`
	Subject string    `json:"subject"`
	Intro   string    `json:"intro"`
	Parts   []Part    `json:"parts"`
}

// Part is a numbered section.
type Part struct {
	Title string      `json:"title"`
	Text  []string    `json:"text,omitempty"` // paragraphs
	Pairs [][2]string `json:"pairs,omitempty"`
	Table *Table      `json:"table,omitempty"`
	After []string    `json:"after,omitempty"` // paragraphs below the table
}

// Table is rows under titles; Widths are shares.
type Table struct {
	Titles []string   `json:"titles"`
	Widths []float64  `json:"widths"`
	Rows   [][]string `json:"rows"`
}

// Options are what a letter needs besides the answer.
type Options struct {
	From string // who we are
	Zone *time.Location
	Now  time.Time
	Log  string   // the journal's name, and its entries that say what was looked up
	Seqs []uint64 // likewise
}

// nearNamed is how many numbers one slip away a letter names.
const nearNamed = 30

type writer struct {
	Options
	a *inquiry.Answer
}

// Reply writes the letter to an answer, whose numbers must not be masked. It is in Japanese: those who get it are.
func Reply(a *inquiry.Answer, o Options) *Letter {
	w := writer{o, a}
	c := &a.Case
	l := &Letter{
		No: fmt.Sprintf("照会回答 第%d-%d号", c.ID, a.Look), Date: o.Now.In(o.Zone), From: o.From, Subject: subjects[c.Kind],
		Intro: fmt.Sprintf("%s付け「%s」について、下記のとおり回答します。", w.paperDay(c.Date), c.Document),
	}
	for _, to := range []struct{ name, title string }{{c.Agency, "御中"}, {c.Officer, "殿"}} {
		if to.name != "" {
			l.To = append(l.To, to.name+"　"+to.title)
		}
	}
	if held := a.Subject.Held; len(l.To) == 0 && len(held) > 0 && len(held[len(held)-1].Chain) > 0 {
		l.To = []string{held[len(held)-1].Chain[0].Name + "　様"} // a customer that asks for its own calls
	}
	l.Parts = append(l.Parts, w.asked(), w.number())
	if a.Case.Kind != inquiry.KindPreservation {
		l.Parts = append(l.Parts, w.calls())
	} else {
		l.Parts = append(l.Parts, w.kept())
	}
	if p, ok := w.near(); ok {
		l.Parts = append(l.Parts, p)
	}
	l.Parts = append(l.Parts, w.record())
	return l
}

var subjects = map[inquiry.Kind]string{
	inquiry.KindInquiry: "照会に対する回答書", inquiry.KindWarrant: "令状に基づく通話記録に関する回答書", inquiry.KindConsent: "本人の同意に基づく通話記録の開示について",
	inquiry.KindEmergency: "人命に関わる緊急の照会に対する回答書", inquiry.KindPreservation: "記録の保全について（回答）",
}

// paperDay is a day on paper, "2026-11-20".
func (w *writer) paperDay(s string) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	return t.Format("2006年1月2日")
}

func (w *writer) at(t time.Time) string {
	return t.In(w.Zone).Format("2006年1月2日 15時04分05秒")
}

func (w *writer) span() string {
	from, to := w.a.Question.From.In(w.Zone), w.a.Question.To.In(w.Zone)
	const minute = "2006年1月2日 15時04分"
	if to.Equal(from.AddDate(0, 0, 1)) && from.Equal(time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, w.Zone)) {
		return from.Format("2006年1月2日") + "（終日）"
	}
	return from.Format(minute) + "から" + to.Format(minute) + "まで"
}

// length writes a length of time: 50分, 1時間2分3秒.
func length(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	out := ""
	if s >= 3600 {
		out = fmt.Sprintf("%d時間", s/3600)
	}
	if m := s / 60 % 60; m > 0 {
		out += fmt.Sprintf("%d分", m)
	}
	if s%60 > 0 || out == "" {
		out += fmt.Sprintf("%d秒", s%60)
	}
	return out
}

// digits writes a number as people in Japan read it.
func digits(s string) string {
	if n, err := tsujiban.ParseNumber(s); err == nil && !n.IsLocal() {
		s = inquiry.HomeDigits(n)
	}
	if len(s) == 11 && s[0] == '0' {
		return s[:3] + "-" + s[3:7] + "-" + s[7:]
	}
	return s
}

func (w *writer) asked() Part {
	q := &w.a.Question
	p := Part{Title: "照会の内容", Pairs: [][2]string{{"電話番号", given(&w.a.Subject)}, {"期間", w.span()}}}
	if q.Talked > 0 {
		p.Pairs = append(p.Pairs, [2]string{"通話時間", "約" + length(time.Duration(q.Talked))})
	}
	if w.a.Other != nil {
		p.Pairs = append(p.Pairs, [2]string{"相手方", given(w.a.Other)})
	}
	return p
}

func given(s *inquiry.Subject) string {
	if s.Digits != "" {
		return digits(s.Digits)
	}
	return s.Given
}

// number says whose it was.
func (w *writer) number() Part {
	s := &w.a.Subject
	p := Part{Title: "電話番号について"}
	if s.Number == "" {
		p.Text = append(p.Text, fmt.Sprintf("「%s」は、電話番号として存在しません（桁数または番号の体系が合いません）。", s.Given))
		return p
	}
	if s.Ours {
		p.Text = append(p.Text, "当該期間において、当社が提供し、または管理していた番号です。")
	} else {
		p.Text = append(p.Text, "当該期間において、当社の番号ではありません。")
	}
	if d := &s.Designated; d.Known {
		carrier := d.Carrier
		if carrier == "" {
			carrier = "なし（指定されていない番号）"
		}
		p.Pairs = append(p.Pairs, [2]string{"番号の指定先", carrier + "（" + d.Published.In(w.Zone).Format("2006年1月2日") + "公表の指定状況による）"})
	}
	for i := range s.Held {
		h := &s.Held[i]
		state := h.State.Text(tsujiban.Japanese)
		if len(s.Held) > 1 {
			state = w.at(h.From) + "から " + state
		}
		p.Pairs = append(p.Pairs, [2]string{"状態", state})
		for j := range h.Chain {
			p.Pairs = append(p.Pairs, holder(&h.Chain[j], j)...)
		}
	}
	if w.a.Case.Kind == inquiry.KindPreservation {
		p.After = append(p.After, "契約者に関する情報は、保全要請によっては開示できません。")
	}
	return p
}

func holder(k *ledger.Link, level int) (out [][2]string) {
	who := "契約者"
	if level > 0 {
		who = fmt.Sprintf("卸元（%d段目）", level)
	}
	for _, f := range [][2]string{{who, k.Name}, {"　法人番号", k.Corporate}, {"　代表者", k.Representative}, {"　所在地", k.Address}, {"　連絡先", k.Phone}} {
		if f[1] != "" {
			out = append(out, f)
		}
	}
	return out
}

// calls says which calls fit, and of the others only how many there are.
func (w *writer) calls() Part {
	a := w.a
	p := Part{Title: "通話について"}
	switch {
	case a.Subject.Number == "":
		p.Text = append(p.Text, "存在しない番号のため、通話の記録はありません。")
		return p
	case !a.Looked:
		p.Text = append(p.Text, a.Case.Kind.Refusal(inquiry.LookCalls, tsujiban.Japanese)+"。")
		return p
	}
	fits := a.Matching()
	connected, denied := 0, 0
	for i := range a.Calls {
		switch a.Calls[i].Result {
		case inquiry.Connected, inquiry.Running:
			connected++
		case inquiry.Denied:
			denied++
		}
	}
	more := ""
	if a.More {
		more = "以上"
	}
	count := fmt.Sprintf("当該期間の当該番号の発着信は%d件%sで、うち通話が成立したものは%d件%s、当社の設備で接続を拒否したものは%d件%sです。", len(a.Calls), more, connected, more, denied, more)
	if len(fits) == 0 {
		p.Text = append(p.Text, "照会の内容に該当する通話の記録はありません。", count)
		return p
	}
	p.Text = append(p.Text, fmt.Sprintf("照会の内容に該当する通話は、次の%d件です。", len(fits)))
	t := &Table{Titles: []string{"開始", "発信者番号", "着信先番号", "通話時間", "結果"}, Widths: []float64{27, 22, 22, 15, 14}}
	for i := range fits {
		t.Rows = append(t.Rows, w.call(&fits[i]))
	}
	p.Table, p.After = t, []string{count}
	return p
}

func (w *writer) call(c *inquiry.Call) []string {
	caller := digits(c.Caller)
	if c.Withheld {
		caller = strings.TrimSpace(caller + "（非通知）")
	}
	talk, result := "", ""
	switch c.Result {
	case inquiry.Connected:
		talk, result = length(time.Duration(c.Talk)), "通話"
	case inquiry.Running:
		result = "通話中"
	case inquiry.Unanswered:
		result = "応答なし"
	case inquiry.Denied:
		result = "接続拒否"
	}
	if c.Foreign {
		result += "（他網から着信、番号表示のみ）"
	}
	return []string{c.At.In(w.Zone).Format("2006/01/02 15:04:05"), caller, digits(c.Callee), talk, result} // in one line of the table
}

// kept confirms a preservation request.
func (w *writer) kept() Part {
	c := &w.a.Case
	p := Part{Title: "保全について", Text: []string{fmt.Sprintf("下記の番号に係る通信履歴を、%sまでの%d日間、消去せずに保全しています。開示には令状が必要です。", w.at(c.Until), c.Days)}}
	var numbers []string
	for _, n := range c.Numbers {
		numbers = append(numbers, digits(n))
	}
	p.Pairs = [][2]string{{"対象番号", strings.Join(numbers, "、")}}
	return p
}

// near asks whether the number was taken down right.
func (w *writer) near() (p Part, ok bool) {
	if w.a.Finding == inquiry.FoundCall || w.a.Case.Kind == inquiry.KindPreservation || w.a.Finding == inquiry.NotLooked && w.a.Subject.Ours {
		return p, false
	}
	p = Part{Title: "番号のご確認のお願い", Text: []string{"照会の番号に、聞き違い、押し違い、書き違いによる1桁の誤りや桁の入れ替わりがないか、原資料でご確認ください。"}}
	t := &Table{Titles: []string{"番号", "違い", "番号の指定先"}, Widths: []float64{26, 44, 30}}
	asked := inquiry.HomeDigitsOf(w.a.Question.Number)
	for i := range w.a.Near {
		b := &w.a.Near[i]
		if b.Ours || b.Designated.Carrier == "" || len(t.Rows) == nearNamed {
			continue
		}
		var words []string
		for _, s := range b.Slips {
			words = append(words, s.Text(tsujiban.Japanese))
		}
		was, meant := inquiry.Difference(asked, b.Digits)
		t.Rows = append(t.Rows, []string{digits(b.Digits), fmt.Sprintf("%d桁目 %s→%s（%s）", b.Place, was, meant, strings.Join(words, "・")), b.Designated.Carrier})
	}
	if len(t.Rows) > 0 {
		p.Text = append(p.Text, "1つ違いの番号のうち、他の事業者に指定されている番号帯に属するものは次のとおりです（起こりやすい順）。")
		p.Table = t
		p.After = []string{"番号ポータビリティにより、指定先と実際の提供事業者が異なる場合があります。"}
	}
	return p, true
}

// record says on what the reply rests.
func (w *writer) record() Part {
	p := Part{Title: "この回答の根拠となる記録"}
	var seqs []string
	for _, s := range w.Seqs {
		seqs = append(seqs, fmt.Sprint(s))
	}
	p.Text = append(p.Text, "当社の通話記録は、発信・着信のたびに改ざんを検出できる形式（RFC 6962 のハッシュ木と電子署名）で記録しています。"+
		fmt.Sprintf("この照会のための閲覧も、記録簿「%s」の第%s号に記録しています。", w.Log, strings.Join(seqs, "号・第")),
		"証明ファイルを併せて受領された場合は、当社の公開鍵により、記録が書き換えられていないことを当社によらずに確かめられます。")
	return p
}
