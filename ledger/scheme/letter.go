package scheme

import (
	"fmt"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/ledger"
)

// Letter is what is sent, as a structure: a page is laid out of it elsewhere.
type Letter struct {
	To      string      `json:"to"`
	Subject string      `json:"subject"`
	Date    time.Time   `json:"date"`
	From    string      `json:"from"`
	Text    []string    `json:"text"`            // paragraphs
	Rows    [][2]string `json:"rows,omitempty"`  // name and value, one below the other
	Close   string      `json:"close,omitempty"` // below the rows
}

// Writer writes letters.
type Writer struct {
	From string // who we are
	Zone *time.Location
	Lang tsujiban.Lang
}

func (w *Writer) tr(ja, en string) string {
	if w.Lang == tsujiban.English {
		return en
	}
	return ja
}

func (w *Writer) at(t time.Time) string {
	return t.In(w.Zone).Format(w.tr("2006年1月2日 15時04分", "2 January 2006 15:04"))
}

func (w *Writer) day(t time.Time) string {
	return t.In(w.Zone).Format(w.dayLayout())
}

func (w *Writer) dayLayout() string { return w.tr("2006年1月2日", "2 January 2006") }

// Letter writes the letter of a step: the report to the agency, or the notice to a holder of the chain. CodeInvalid for a step
// that needs none.
func (w *Writer) Letter(c *ledger.Case, step int, now time.Time) (Letter, error) {
	for i := range c.Steps {
		s := &c.Steps[i]
		switch {
		case s.N != step:
		case s.Kind == ledger.StepReport:
			return w.report(c, now), nil
		case s.Kind == ledger.StepNotify:
			return w.notice(c, s.Holder, now), nil
		default:
			return Letter{}, tsujiban.Errorf(tsujiban.CodeInvalid, "step %d of case %d (%s) needs no letter", step, c.ID, s.Kind)
		}
	}
	return Letter{}, tsujiban.Errorf(tsujiban.CodeNotFound, "case %d has no step %d", c.ID, step)
}

func numbers(rs []ledger.Range) string {
	var out []string
	for _, r := range rs {
		out = append(out, r.String())
	}
	return strings.Join(out, ", ")
}

// report tells the agency what was done and who held the numbers: subscribers' data that is tied to no call.
func (w *Writer) report(c *ledger.Case, now time.Time) Letter {
	l := Letter{
		To: c.Request.Agency, Date: now, From: w.From,
		Subject: w.tr("電話番号の利用停止等について（報告）", "Suspension of telephone numbers: report"),
		Text: []string{fmt.Sprintf(w.tr("%s付け「%s」により要請のあった電話番号について、下記のとおり措置したので報告します。", "The numbers of your request of %s, no. %s, were dealt with as follows."),
			c.Request.Date.Format(w.dayLayout()), c.Request.Number)},
	}
	row := func(name, value string) {
		if value != "" {
			l.Rows = append(l.Rows, [2]string{name, value})
		}
	}
	row(w.tr("要請番号", "request"), c.Request.Number)
	row(w.tr("電話番号", "numbers"), numbers(c.Numbers))
	row(w.tr("要請の受付", "received"), w.at(c.At))
	row(w.tr("利用停止", "suspended"), w.at(c.At))
	for _, chain := range c.Chains {
		for i, k := range chain {
			who := w.tr("契約者", "holder")
			if i > 0 {
				who = fmt.Sprintf(w.tr("卸元（%d段目）", "reseller, level %d"), i)
			}
			row(who, k.Name)
			row(w.tr("　法人番号", "  corporate number"), k.Corporate)
			row(w.tr("　代表者", "  representative"), k.Representative)
			row(w.tr("　所在地", "  address"), k.Address)
			row(w.tr("　連絡先", "  telephone"), k.Phone)
		}
	}
	for i := range c.Steps {
		s := &c.Steps[i]
		switch s.Kind {
		case ledger.StepBarred:
			row(w.tr("新規提供の停止", "no new numbers"), string(s.Holder)+w.tr("（", " (until ")+w.day(s.Until)+w.tr("まで）", ")"))
		case ledger.StepStock:
			row(w.tr("保有番号の利用停止", "stock suspended"), string(s.Holder)+" "+s.Told(w.Lang))
		}
	}
	if len(c.Chains) == 0 {
		l.Text = append(l.Text, w.tr("当該番号は当社の試験用であり、契約者はありません。", "The numbers are our own test numbers: nobody holds them."))
	}
	l.Close = w.tr("以上", "")
	return l
}

// notice tells a holder, or one above it, that numbers were suspended. Who asked, and why, is not said.
func (w *Writer) notice(c *ledger.Case, id tsujiban.CustomerID, now time.Time) Letter {
	l := Letter{Date: now, From: w.From, To: string(id), Subject: w.tr("電話番号の利用停止のお知らせ", "Your telephone numbers are suspended")}
	reseller := false
	for _, chain := range c.Chains {
		for i, k := range chain {
			if k.ID == id {
				l.To, reseller = k.Name, i > 0
			}
		}
	}
	l.Text = []string{w.tr("電気通信番号の不正利用を防ぐ取扱いに基づき、下記の番号の利用を停止しました。緊急通報（110、118、119）は引き続きご利用いただけます。",
		"Under the scheme against the misuse of telephone numbers the numbers below were suspended. Emergency calls still go through.")}
	if reseller {
		l.Text = append(l.Text, w.tr("貴社が提供した先での利用です。利用者の本人確認の記録と利用の実態を確認し、当社へご連絡ください。",
			"They are used by a customer of yours. Look at what was checked of its identity and at how it uses them, and let us know."))
	}
	l.Rows = [][2]string{{w.tr("電話番号", "numbers"), numbers(c.Numbers)}, {w.tr("利用停止", "suspended"), w.at(c.At)}}
	for i := range c.Steps {
		s := &c.Steps[i]
		if s.Holder != id {
			continue
		}
		switch s.Kind {
		case ledger.StepBarred:
			l.Rows = append(l.Rows, [2]string{w.tr("新しい番号の提供", "new numbers"), w.day(s.Until) + w.tr("まで停止", ", none until then")})
		case ledger.StepStock:
			l.Rows = append(l.Rows, [2]string{w.tr("ご利用中のすべての番号", "all of your numbers"), w.tr("利用停止", "suspended")})
		}
	}
	l.Close = w.tr("お心当たりのない場合、またはご不明の点は当社の窓口までご連絡ください。", "If you do not know why, or think that this is a mistake, get in touch with us.")
	return l
}

// String is the letter as plain text.
func (l *Letter) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n\n%s\n\n# %s\n", l.Date.Format(time.DateOnly), l.To, l.From, l.Subject)
	for _, p := range l.Text {
		fmt.Fprintf(&b, "\n%s\n", p)
	}
	if len(l.Rows) > 0 {
		b.WriteByte('\n')
	}
	for _, r := range l.Rows {
		fmt.Fprintf(&b, "- %s: %s\n", r[0], r[1])
	}
	if l.Close != "" {
		fmt.Fprintf(&b, "\n%s\n", l.Close)
	}
	return b.String()
}
