package annual

import (
	"errors"
	"time"

	"tsujiban"
	"tsujiban/ledger/sheet"
)

var kindTexts = map[string][2]string{
	"fixed": {"固定電話番号", "fixed"}, "mobile": {"携帯電話番号", "mobile"}, "ip-phone": {"特定IP電話番号（050）", "IP phone (050)"}, "freephone": {"着信課金番号", "freephone"},
	"shared-cost": {"0570番号", "shared cost"}, "m2m": {"M2M番号", "M2M"}, "pager": {"無線呼出番号", "pager"}, "premium": {"0990番号", "premium"},
}

// KindText says the kind of number of a row to a person.
func (k Key) KindText(l tsujiban.Lang) string {
	if w, ok := kindTexts[k.Kind]; ok {
		return w[l]
	}
	return k.Kind
}

// Words writes reports in one language.
type Words struct {
	Lang tsujiban.Lang
	Zone *time.Location
}

func (o Words) tr(ja, en string) string {
	if o.Lang == tsujiban.English {
		return en
	}
	return ja
}

// Mark is a tick for tables, nothing for no.
func (o Words) Mark(b bool) string {
	if b {
		return o.tr("○", "yes")
	}
	return ""
}

// Sheets writes what comes before the numbers: figures, difference, resellers, what is missing; then the head of the numbers.
func (o Words) Sheets(r *Report, w sheet.Writer) error {
	var errs []error
	row := func(cells ...any) { errs = append(errs, w.Row(cells...)) }
	table := func(name string) { errs = append(errs, w.Sheet(name)) }
	figures := []any{
		o.tr("番号種別", "kind"), o.tr("払出元事業者", "source carrier"), o.tr("合計", "total"), o.tr("利用中", "in use"), o.tr("卸提供中", "wholesaled"),
		o.tr("社内試験用", "own tests"), o.tr("未利用", "unused"), o.tr("うち転送利用", "of these forwarding"), o.tr("うち利用停止中", "of these suspended"),
	}
	rows := func(list []Row) {
		for i := range list {
			x := &list[i]
			row(x.KindText(o.Lang), x.Source, x.Total, x.InUse, x.Wholesale, x.Test, x.Unused, x.Forwarding, x.Suspended)
		}
	}
	table(o.tr("番号使用状況", "use of numbers"))
	row(o.tr("現在日", "position"), r.Position.In(o.Zone).Format(time.DateOnly), o.tr("提出期限", "due"), r.Due.In(o.Zone).Format(time.DateOnly))
	row(figures...)
	rows(r.Rows)
	t := r.Total
	row(o.tr("合計", "total"), "", t.Total, t.InUse, t.Wholesale, t.Test, t.Unused, t.Forwarding, t.Suspended)
	table(o.tr("前年との差", "difference to last year"))
	row(o.tr("前年の数字は次の時点の台帳による", "last year's figures are those of the ledger of"), o.Believed(r))
	row(figures...)
	rows(r.Change)
	table(o.tr("卸先", "resellers"))
	row(o.tr("契約者", "id"), o.tr("名称", "name"), o.tr("法人番号", "corporate number"), o.tr("転送役務", "forwarding"), o.tr("認定確認日", "approval checked"), o.tr("仕入先", "buys from"), o.tr("番号数", "numbers"))
	for _, x := range r.Resellers {
		row(string(x.ID), x.Name, x.Corporate, o.tr(map[bool]string{true: "有", false: "無"}[x.Forwarding], map[bool]string{true: "yes", false: "no"}[x.Forwarding]), x.Approved, string(x.Parent), x.Numbers)
	}
	table(o.tr("不足", "missing"))
	row(o.tr("対象", "what"), o.tr("内容", "missing"))
	for _, m := range r.Missing {
		row(m.What, o.tr(m.Ja, m.En))
	}
	table(o.tr("番号の内訳", "numbers behind the figures"))
	row(o.tr("番号種別", "kind"), o.tr("払出元事業者", "source carrier"), o.tr("区分", "use"), o.tr("番号", "numbers"), o.tr("件数", "count"), o.tr("契約者", "holder"), o.tr("転送", "forwarding"), o.tr("利用停止", "suspended"), o.tr("台帳の記入", "entry"))
	return errors.Join(errs...)
}

// Believed says of when the ledger is that last year's figures come from.
func (o Words) Believed(r *Report) string {
	if r.Last != nil && !r.Last.Believed.IsZero() {
		return r.Last.Believed.In(o.Zone).Format(time.DateOnly)
	}
	return o.tr("現在の台帳", "the ledger as it is now")
}

// Row writes the numbers behind figures.
func (o Words) Row(k *Behind, w sheet.Writer) error {
	return w.Row(k.KindText(o.Lang), k.Source, k.Use.Text(o.Lang), k.Range.String(), k.Range.Count(), string(k.Holder), o.Mark(k.Forwarding), o.Mark(k.Suspended), k.Entry)
}
