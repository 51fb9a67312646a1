// Package intake understands the tables that a ledger is filled from: the ministry's designation tables, and lists of
// numbers and holders. It finds the columns by what stands over them, in Japanese or English, and refuses a file whole
// when a line of it cannot be understood, with the line and the reason.
package intake

import (
	"strings"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/ledger/sheet"
	"tsujiban/numbering"
)

// Designations reads a designation table as the ministry publishes it (電気通信番号指定状況, under the numbering plan of
// Public Notice 6 of 2019, part 1 item 4). There are two forms, found by their heads:
//
//   - The grid of 050, mobile and similar numbers: the first digits stand in front of the rows, the next digit over ten
//     columns, the carrier in the cell. An empty cell, a dash or 未指定 is nobody's; the rows are whole.
//   - The list of fixed and 0AB0 numbers: a row per prefix, with the carrier in a column of its own.
//
// whole says for the list form which numbers it covers, so that what it does not name is nobody's; the grid says
// so by itself.
func Designations(p *numbering.Plan, tables []sheet.Table, whole []ledger.Range) (ledger.Publication, error) {
	pub := ledger.Publication{Whole: whole}
	var r ledger.Refusals
	found := false
	for i := range tables {
		t := &tables[i]
		r.File = t.Where()
		if g := gridOf(t); g != nil {
			found = true
			g.read(p, &pub, &r)
		} else if l := listOf(t); l != nil {
			found = true
			l.read(p, &pub, &r)
		}
		if err := r.Err(); err != nil {
			return pub, err
		}
	}
	switch {
	case !found:
		return pub, tsujiban.Errorf(tsujiban.CodeInvalid, "%s: is no designation table: neither ten columns 0 to 9 nor a column of prefixes (番号) with a column of carriers (事業者)", tables[0].File)
	case len(pub.Rows) == 0:
		return pub, tsujiban.Errorf(tsujiban.CodeInvalid, "%s: the table has a head and no rows: was it cut off?", tables[0].File)
	}
	return pub, nil
}

// nobody are the ways in which the tables say that a block is nobody's.
func nobody(cell string) bool {
	switch strings.Trim(narrow(cell), "()[]") {
	case "", "-", "--", "未指定", "空き", "留保", "使用不可", "欠番":
		return true
	}
	return false
}

// narrow makes plain digits and dashes of wide ones.
func narrow(s string) string { return ledger.Narrow(strings.TrimSpace(s)) }

// digitsOf are the digits of a key such as 050-100; ok is false when there is anything else in it.
func digitsOf(s string) (string, bool) {
	s = strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == '(' || r == ')' {
			return -1
		}
		return r
	}, narrow(s))
	return s, s != "" && strings.Trim(s, "0123456789") == ""
}

// grid is a table of the first form.
type grid struct {
	t     *sheet.Table
	head  int // index of the row that has the digits
	zero  int // index of the column of digit 0
	names []string
}

// tens finds ten cells 0 to 9 that follow each other.
func tens(row *sheet.Row) (int, bool) {
	for at := range len(row.Cells) - 9 {
		all := true
		for d := range 10 {
			all = all && narrow(row.Cells[at+d]) == string(rune('0'+d))
		}
		if all {
			return at, true
		}
	}
	return 0, false
}

func gridOf(t *sheet.Table) *grid {
	for i := range t.Rows {
		if at, ok := tens(&t.Rows[i]); ok && at > 0 {
			return &grid{t, i, at, t.Rows[i].Cells[:at]}
		}
	}
	return nil
}

func (g *grid) read(p *numbering.Plan, pub *ledger.Publication, r *ledger.Refusals) {
	seen := map[string]int{}
	keys := make([]string, g.zero) // what stands in front, carried down as merged cells show it
	for i := g.head + 1; i < len(g.t.Rows); i++ {
		row := &g.t.Rows[i]
		if at, ok := tens(row); ok && at == g.zero {
			continue // the head again, on a new page
		}
		key, fresh, ok := g.key(row, keys)
		if !fresh {
			if ok = g.empty(row); ok {
				continue // a note under the table
			}
		}
		if !ok || len(row.Cells) > g.zero+10 && strings.Trim(strings.Join(row.Cells[g.zero+10:], ""), "-") != "" && !g.remarks() {
			r.Add(row.Line, invalid("the first digits in front of the row cannot be read, or there is more than ten columns: %.60q", strings.Join(row.Cells, " ")))
			continue
		}
		if before, twice := seen[key]; twice {
			r.Add(row.Line, invalid("%s stands there twice, also in line %d", key, before))
			continue
		}
		seen[key] = row.Line
		for d := range 10 {
			rng, err := ledger.ParseRange(p, key+string(rune('0'+d))+"*")
			if err != nil {
				r.Add(row.Line, invalid("%q is not the beginning of numbers, as 050-100 is", key))
				break
			}
			carrier := row.Cell(g.zero + d)
			if nobody(carrier) {
				carrier = ""
			}
			if err := ledger.ValidText("carrier", carrier, ledger.MaxName, false); err != nil {
				r.Add(row.Line, err)
			}
			pub.Rows = append(pub.Rows, ledger.Designation{Range: rng, Carrier: carrier, Line: row.Line, Where: g.t.Where()})
		}
	}
}

// key joins the digits in front of the row. fresh is false when this row has none of its own.
func (g *grid) key(row *sheet.Row, keys []string) (key string, fresh, ok bool) {
	for c := range keys {
		if strings.Contains(narrow(g.names[c]), "No") || strings.Contains(g.names[c], "項番") {
			continue
		}
		cell := row.Cell(c)
		if cell == "" {
			continue
		}
		d, digits := digitsOf(cell)
		if !digits {
			return "", false, false
		}
		fresh = true
		keys[c] = d
		clear(keys[c+1:])
	}
	key = strings.Join(keys, "")
	if key != "" && key[0] != '0' {
		key = "0" + key // a spreadsheet has taken it for a number
	}
	return key, fresh, key != ""
}

func (g *grid) empty(row *sheet.Row) bool {
	for d := range 10 {
		if !nobody(row.Cell(g.zero + d)) {
			return false
		}
	}
	return true
}

// remarks tells whether the head has a column behind the ten.
func (g *grid) remarks() bool { return len(g.t.Rows[g.head].Cells) > g.zero+10 }

// list is a table of the second form.
type list struct {
	t               *sheet.Table
	head            int
	prefix, carrier int
	area, local     int // -1 when there is no such column
}

func listOf(t *sheet.Table) *list {
	for i := range t.Rows {
		l := &list{t: t, head: i, prefix: -1, carrier: -1, area: -1, local: -1}
		for c, name := range t.Rows[i].Cells {
			switch name = strings.ToLower(narrow(name)); {
			case name == "番号" || name == "電話番号" || name == "電気通信番号" || name == "prefix" || name == "number":
				l.prefix = c
			case name == "市外局番" || name == "area code":
				l.area = c
			case name == "市内局番" || name == "local code":
				l.local = c
			case l.carrier < 0 && (strings.Contains(name, "事業者") || name == "carrier"):
				l.carrier = c
			}
		}
		if l.carrier >= 0 && (l.prefix >= 0 || l.area >= 0 && l.local >= 0) {
			return l
		}
	}
	return nil
}

func (l *list) read(p *numbering.Plan, pub *ledger.Publication, r *ledger.Refusals) {
	for i := l.head + 1; i < len(l.t.Rows); i++ {
		row := &l.t.Rows[i]
		text := row.Cell(l.prefix)
		if l.prefix < 0 || text == "" {
			text = row.Cell(l.area) + row.Cell(l.local)
		}
		if row.Cells[0] == sheet.End {
			continue
		}
		key, ok := digitsOf(strings.TrimSuffix(narrow(text), "*"))
		if !ok {
			if text == "" && nobody(row.Cell(l.carrier)) || len(row.Cells) == 1 {
				continue // a note under the table
			}
			r.Add(row.Line, invalid("%.40q is not the beginning of numbers", text))
			continue
		}
		if key[0] != '0' {
			key = "0" + key // a spreadsheet has taken it for a number
		}
		rng, err := ledger.ParseRange(p, key+"*")
		if err != nil {
			r.Add(row.Line, err)
			continue
		}
		carrier := row.Cell(l.carrier)
		if nobody(carrier) {
			carrier = ""
		}
		if err := ledger.ValidText("carrier", carrier, ledger.MaxName, false); err != nil {
			r.Add(row.Line, err)
		}
		pub.Rows = append(pub.Rows, ledger.Designation{Range: rng, Carrier: carrier, Line: row.Line, Where: l.t.Where()})
	}
}

func invalid(format string, args ...any) error {
	return tsujiban.Errorf(tsujiban.CodeInvalid, format, args...)
}
