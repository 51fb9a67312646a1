package notify

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/notify/letter"
	"tsujiban/notify/outbox"
	"tsujiban/numbering/names"
)

// Answers are the links of "was this you?".
type Answers struct{ Yes, No string }

// Writer finds the words of notices.
type Writer struct {
	From     string // who writes: the operator's name
	Contact  string // where people can ask: the Reply-To, or empty
	Zone     *time.Location
	Currency string
	Base     *url.URL // how people reach the console; nil: there is none, and commands are named instead of pages
	// Ask makes the links of a question to one recipient; empty when nobody answers by link.
	Ask func(n *outbox.Notice, f *Facts) (Answers, error)
}

// page is one letter that is being written.
type page struct {
	*Writer
	lang tsujiban.Lang
	n    *outbox.Notice
	f    *Facts
}

func (p *page) tr(ja, en string) string {
	if p.lang == tsujiban.English {
		return en
	}
	return ja
}

func (p *page) trf(ja, en string, args ...any) string { return fmt.Sprintf(p.tr(ja, en), args...) }

// at is an instant as people write it, on the clock of the node.
func (p *page) at(t time.Time) string {
	return t.In(p.Zone).Format(p.tr("2006年1月2日 15:04", "2006-01-02 15:04"))
}

func (p *page) day(t time.Time) string {
	return t.In(p.Zone).Format(p.tr("2006年1月2日", "2006-01-02"))
}

func (p *page) clock(t time.Time) string { return t.In(p.Zone).Format("15:04") }

func (p *page) money(a control.Amount) string {
	if p.Currency == "" || p.Currency == "JPY" {
		return "¥" + tsujiban.Money(a).Grouped()
	}
	return p.Currency + " " + tsujiban.Money(a).Grouped()
}

func (p *page) of(a, limit control.Amount) string {
	if limit == 0 {
		return p.money(a) + p.tr("（上限なし）", " (no limit)")
	}
	return p.money(a) + p.trf("（上限 %s）", " (limit %s)", p.money(limit))
}

func (p *page) talk(seconds float64) string {
	m := int(seconds+30) / 60
	if p.lang == tsujiban.English {
		if m < 60 {
			return strconv.Itoa(m) + " min"
		}
		return fmt.Sprintf("%d h %02d min", m/60, m%60)
	}
	if m < 60 {
		return strconv.Itoa(m) + "分"
	}
	return fmt.Sprintf("%d時間%02d分", m/60, m%60)
}

func (p *page) customer() string {
	if p.f.Name != "" {
		return p.f.Name
	}
	return p.f.Customer
}

func (p *page) reach() string {
	if p.f.Level == tsujiban.LevelClose.String() {
		return p.tr("緊急通報以外のすべての発信と着信", "all calls but emergency calls")
	}
	r, err := tsujiban.ParseReach(p.f.Reach)
	if err != nil {
		return letter.Foreign(p.f.Reach)
	}
	return names.Reach(p.lang, r)
}

func (p *page) reason(code string) string {
	if r, ok := tsujiban.ParseReason(code); ok {
		return r.Text(p.lang)
	}
	return letter.Foreign(code)
}

func (p *page) why() (out []string) {
	for _, w := range p.f.Why {
		if e, ok := tsujiban.ParseEvidence(w.Kind); ok && w.Value > 0 {
			out = append(out, e.Text(p.lang))
		}
	}
	if c := p.f.Campaign; c != nil {
		if f, ok := tsujiban.ParseFactor(c.Factor); ok {
			out = append(out, p.trf("%d契約者に共通: %s", "%d customers have in common: %s", c.Customers, f.Text(p.lang)))
		}
	}
	return out
}

// used is the money so far.
func (p *page) used() []letter.Pair {
	f := p.f
	return []letter.Pair{
		{Name: p.tr("本日のご利用額", "Used today"), Value: p.of(f.Today, f.CapDay)},
		{Name: p.tr("今月のご利用額", "Used this month"), Value: p.of(f.Month, f.CapMonth)},
	}
}

// pbxSteps are what to check, in the order in which it helps.
func (p *page) pbxSteps() letter.Part {
	return letter.Part{
		Heading: p.tr("PBX・ルーターでご確認いただきたいこと", "What to check on the PBX and the router"),
		Steps: []string{
			p.tr("心当たりのない内線登録・外部からの接続が残っていないか（管理画面の登録一覧と接続ログ）", "Registrations of extensions and connections from outside that nobody knows (the list of registrations, the log of connections)"),
			p.tr("内線と管理画面のパスワードを、推測できないものに変更する（初期値のままにしない）", "Change the passwords of extensions and of the management pages to ones nobody can guess; no factory settings"),
			p.tr("インターネットから管理画面・SIP（5060番など）に接続できないようにする", "Close the management pages and SIP (port 5060 and others) to the internet"),
			p.tr("外から掛けて発信できる機能（DISA・転送発信）を使わないなら止める。使うなら暗証番号を変え、発信者番号で制限する", "Switch off call-through (DISA) and forwarding to outside if they are not used; else change the PIN and restrict who may use it"),
			p.tr("機器のファームウェアを最新にする", "Update the firmware"),
			p.tr("国際発信が不要なら、発信規制をお申し付けください", "If you need no international calls, have them barred"),
		},
	}
}

func (p *page) foot() []string {
	out := []string{p.From}
	if p.Contact != "" {
		out = append(out, p.trf("お問い合わせ: %s", "Questions: %s", p.Contact))
	}
	return append(out, p.tr("このメールは自動で送信しています。緊急通報（110・118・119）は、制限中も停止中もご利用いただけます。", "This mail was sent automatically. Emergency calls (110, 118, 119) always go through."))
}

// Write makes the letter of one notice, or of several to one recipient.
func (w *Writer) Write(ns []outbox.Notice) (*letter.Letter, error) {
	if len(ns) > 1 {
		return w.many(ns)
	}
	f, err := FactsOf(&ns[0])
	if err != nil {
		return nil, err
	}
	p := &page{Writer: w, lang: ns[0].Lang, n: &ns[0], f: f}
	l, err := p.one()
	if err != nil {
		return nil, err
	}
	l.Lang = p.lang
	l.Foot = p.foot()
	return l, nil
}

func (p *page) one() (*letter.Letter, error) {
	switch p.n.Kind {
	case outbox.Question, outbox.Restriction, outbox.Closing:
		return p.stopped()
	case outbox.Release:
		return p.released(), nil
	case outbox.Reply:
		return p.replied(), nil
	case outbox.Spending:
		return p.spending(), nil
	case outbox.Trouble:
		return p.trouble(), nil
	case outbox.Overdue, outbox.Proposal:
		return p.waiting(), nil
	case outbox.Undeliverable:
		return p.undeliverable(), nil
	case outbox.Digest:
		if p.f.All != nil {
			return p.digestAll(), nil
		}
		if p.f.Firms != nil {
			return p.digestFirms(), nil
		}
		if p.f.Day != nil {
			return p.digest(), nil
		}
	case outbox.Test:
		return p.test(), nil
	}
	return nil, tsujiban.Errorf(tsujiban.CodeInternal, "there are no words for a notice of kind %s", p.n.Kind)
}

// many is the letter of a storm: a table.
func (w *Writer) many(ns []outbox.Notice) (*letter.Letter, error) {
	p := &page{Writer: w, lang: ns[0].Lang, n: &ns[0]}
	t := &letter.Table{
		Head:  []string{p.tr("時刻", "Time"), p.tr("契約者", "Customer"), p.tr("内容", "What"), p.tr("本日のご利用額", "Used today")},
		Right: []bool{false, false, false, true},
	}
	counts := map[outbox.Kind]int{}
	l := &letter.Letter{Lang: p.lang, Tone: letter.Warn}
	for i := range ns {
		f, err := FactsOf(&ns[i])
		if err != nil {
			return nil, err
		}
		p.n, p.f = &ns[i], f
		counts[ns[i].Kind]++
		if ns[i].Kind == outbox.Restriction || ns[i].Kind == outbox.Closing {
			l.Tone = letter.Alarm
		}
		used := ""
		if f.Customer != "" {
			used = p.money(f.Today)
		}
		t.Rows = append(t.Rows, []string{p.at(f.At), letter.Foreign(p.customer()), p.line(), used})
	}
	var parts []string
	for _, k := range outbox.Kinds() {
		if counts[k] > 0 {
			parts = append(parts, p.trf("%s %d件", "%s: %d", p.kind(k), counts[k]))
		}
	}
	sum := strings.Join(parts, p.tr("、", ", "))
	l.Subject = p.trf("【まとめ】短時間に%d件のお知らせ（%s）", "%d notices in a short time (%s)", len(ns), sum)
	l.Title = p.trf("短時間に%d件のお知らせがありました", "%d notices in a short time", len(ns))
	l.Parts = []letter.Part{{Text: sum, Table: t}}
	if ns[0].Staff {
		l.Parts = append(l.Parts, letter.Part{After: p.tr("多数の契約者で同時に起きているときは、共通する宛先・機器・発信元がないか確かめ、必要なら宛先を全契約者について閉鎖してください。", "When many customers are hit at once, look for what they share (destination, device, source), and close the destination for everyone if need be.")},
			p.toStaff("宛先の閉鎖", "Close a destination", "tsujiban rules set -close …", "rules"))
	}
	l.Foot = p.foot()
	return l, nil
}

// line is one notice in a table.
func (p *page) line() string {
	f := p.f
	switch p.n.Kind {
	case outbox.Question:
		return p.trf("ご利用の確認: %s", "asked: %s", p.reach())
	case outbox.Restriction, outbox.Closing:
		return p.trf("停止: %s", "stopped: %s", p.reach())
	case outbox.Release:
		return p.tr("解除", "released")
	case outbox.Reply:
		return p.trf("回答: %s", "answer: %s", p.answer())
	case outbox.Spending:
		return p.spent()
	case outbox.Undeliverable:
		return p.trf("届かなかった通知: %s", "not delivered: %s", letter.Foreign(f.Failed.To))
	}
	return p.kind(p.n.Kind) + ": " + letter.Foreign(f.Note)
}

var kindWords = map[outbox.Kind][2]string{
	outbox.Test: {"試験", "test"}, outbox.Question: {"ご利用の確認", "questions"}, outbox.Restriction: {"発信の制限", "restrictions"}, outbox.Closing: {"発信の停止", "closings"},
	outbox.Release: {"解除", "releases"}, outbox.Reply: {"契約者の回答", "answers"}, outbox.Spending: {"利用上限", "limits"}, outbox.Trouble: {"設備の異常", "trouble"},
	outbox.Overdue: {"期限切れ", "overdue"}, outbox.Proposal: {"承認待ち", "waiting for approval"}, outbox.Undeliverable: {"届かなかった通知", "not delivered"}, outbox.Digest: {"毎日のまとめ", "digest"},
}

func (p *page) kind(k outbox.Kind) string { return p.tr(kindWords[k][0], kindWords[k][1]) }
