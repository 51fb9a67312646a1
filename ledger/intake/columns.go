package intake

import (
	"strconv"
	"strings"
	"time"

	"tsujiban/ledger/sheet"
)

// column is one that a list can have, by the names that may stand over it.
type column struct {
	name  string // as in messages and exports
	names []string
}

func col(name string, more ...string) column { return column{name, append([]string{name}, more...)} }

// The columns of a list of numbers. One row is one change.
var numberColumns = []column{
	col("number", "番号", "電話番号"), col("verb", "操作", "処理"), col("from", "開始日", "開始日時", "日付"), col("until", "終了日", "終了日時"),
	col("holder", "契約者", "契約者id", "利用者"), col("source", "卸元", "卸元事業者", "払出元"), col("peer", "相手事業者", "移転元", "移転先"), col("forwarding", "転送", "転送利用"),
	col("ageing_days", "再利用待ち日数"),
}

// The columns of a list of holders.
var holderColumns = []column{
	col("id", "契約者id"), col("name", "名称", "氏名", "商号"), col("kana", "フリガナ", "ふりがな"), col("corporate", "法人番号"), col("representative", "代表者"),
	col("address", "住所", "所在地"), col("phone", "連絡先電話", "電話"), col("mail", "メール", "メールアドレス"), col("account", "口座", "支払口座"), col("contact", "担当者", "連絡担当者"),
	col("reseller", "再販", "卸先"), col("forwarding", "転送", "転送役務"), col("parent", "仕入先", "上位再販者"), col("approved", "認定確認日"), col("ended", "契約終了日"), col("from", "開始日", "契約日"), col("until", "終了日"),
	col("passed", "審査承認日"), col("passed_by", "審査者"), col("check_what", "確認書類"), col("check_how", "確認方法"), col("check_by", "確認者"), col("check_at", "確認日"), col("check_evidence", "書類ハッシュ"),
}

// head says where each column stands.
type head struct {
	row int
	at  map[string]int
}

// headOf finds the first row that has the needed columns; unknown names in it are refused, since a slip in a head must not
// change what is read.
func headOf(t *sheet.Table, columns []column, needed ...string) (h head, found bool, err error) {
	for i := range min(len(t.Rows), 20) {
		h = head{i, map[string]int{}}
		var strange []string
		for c, cell := range t.Rows[i].Cells {
			name := strings.ToLower(strings.ReplaceAll(narrow(cell), " ", "_"))
			k := find(columns, name)
			switch {
			case name == "":
			case k == "":
				strange = append(strange, cell)
			default:
				if _, twice := h.at[k]; twice {
					return h, true, invalid("%s:%d: the column %s is there twice: remove one", t.Where(), t.Rows[i].Line, k)
				}
				h.at[k] = c
			}
		}
		missing := false
		for _, n := range needed {
			if _, ok := h.at[n]; !ok {
				missing = true
			}
		}
		if missing {
			continue
		}
		if len(strange) > 0 {
			return h, true, invalid("%s:%d: unknown column %.40q: rename or remove it; the columns are %s", t.Where(), t.Rows[i].Line, strange[0], namesOf(columns))
		}
		return h, true, nil
	}
	return h, false, nil
}

func find(columns []column, name string) string {
	for _, c := range columns {
		for _, n := range c.names {
			if n == name {
				return c.name
			}
		}
	}
	return ""
}

func namesOf(columns []column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

func (h *head) cell(r *sheet.Row, name string) string {
	i, ok := h.at[name]
	if !ok {
		return ""
	}
	return strings.TrimPrefix(r.Cell(i), "'") // as we write what a spreadsheet could calculate
}

// ParseInstant reads a day or an instant as people and spreadsheets write it; a day is its midnight in the zone. Empty is the
// zero time.
func ParseInstant(field, s string, zone *time.Location) (time.Time, error) {
	s = narrow(s)
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{
		time.DateOnly, "2006/1/2", "2006-1-2", "2006年1月2日", "2006.1.2", "20060102", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006/1/2 15:04", "2006/1/2 15:04:05", time.RFC3339,
	} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, invalid("%s: %q is no day that there is; write it as 2026-04-01", field, s)
}

func parseYes(field, s string) (bool, error) {
	switch strings.ToLower(narrow(s)) {
	case "", "no", "false", "0", "無", "なし", "×", "否":
		return false, nil
	case "yes", "true", "1", "有", "あり", "○", "〇":
		return true, nil
	}
	return false, invalid("%s: %q is neither yes nor no", field, s)
}

func parseDays(field, s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(narrow(s))
	if err != nil || n < 0 || n > 3660 {
		return 0, invalid("%s: %q is no count of days", field, s)
	}
	return time.Duration(n) * 24 * time.Hour, nil
}

// whole checks the last line of a file that this program wrote, and tells how many rows come before it.
func whole(t *sheet.Table, head int) (rows []sheet.Row, err error) {
	rows = t.Rows[head+1:]
	if n := len(rows); n > 0 && rows[n-1].Cells[0] == sheet.End {
		want, aerr := strconv.Atoi(rows[n-1].Cell(1))
		if aerr != nil || want != head+n {
			return nil, invalid("%s:%d: says that there are %s rows, but there are %d: was the file cut or edited?", t.Where(), rows[n-1].Line, rows[n-1].Cell(1), head+n)
		}
		return rows[:n-1], nil
	}
	for i := range rows {
		if rows[i].Cells[0] == sheet.End {
			return nil, invalid("%s:%d: the end of the table is not at its end", t.Where(), rows[i].Line)
		}
	}
	return rows, nil
}
