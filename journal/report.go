package journal

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"

	"tsujiban"
)

// reportWords are the words of a printed report.
var reportWords = [2]struct {
	head                        [7]string
	plain, packed, damaged, sum string
	fine, problems, notes, lost string
}{
	tsujiban.Japanese: {
		head:  [7]string{"ファイル", "最初", "最後", "件数", "バイト", "保存", "状態"},
		plain: "平文", packed: "圧縮", damaged: "破損", sum: "合計",
		fine: "異常はありません。", problems: "破損:", notes: "備考（失われた記録はありません）:", lost: "記録 %d から %d",
	},
	tsujiban.English: {
		head:  [7]string{"file", "first", "last", "entries", "bytes", "stored", "state"},
		plain: "plain", packed: "packed", damaged: "DAMAGED", sum: "total",
		fine: "No damage.", problems: "Damage:", notes: "Notes (no record is lost):", lost: "entries %d to %d",
	},
}

// Print writes the report as a table with what was found below it.
func (r *Report) Print(w io.Writer, lang tsujiban.Lang) error {
	words := &reportWords[lang&1]
	rows := [][7]string{words.head}
	var bytes, stored int64
	for _, s := range r.Segments {
		state := words.plain
		if s.Packed {
			state = words.packed
		}
		if s.Damaged {
			state = words.damaged
		}
		bytes += s.Bytes
		stored += s.Stored
		rows = append(rows, [7]string{s.File, num(s.First), num(s.Last), num(s.Last + 1 - s.First), num(s.Bytes), num(s.Stored), state})
	}
	rows = append(rows, [7]string{words.sum, "", "", num(r.Entries), num(bytes), num(stored), ""})
	var b strings.Builder
	table(&b, rows)
	if r.OK() {
		b.WriteString(words.fine + "\n")
	}
	list(&b, words.problems, words.lost, r.Problems)
	list(&b, words.notes, words.lost, r.Notes)
	_, err := io.WriteString(w, b.String())
	return err
}

func list(b *strings.Builder, title, lost string, problems []Problem) {
	if len(problems) > 0 {
		b.WriteString(title + "\n")
	}
	for _, p := range problems {
		fmt.Fprintf(b, "  %s: %d: %s", p.File, p.Offset, p.What)
		if p.Last >= p.First && p.First > 0 {
			fmt.Fprintf(b, " ("+lost+")", p.First, p.Last)
		}
		b.WriteByte('\n')
	}
}

func num[T int64 | uint64](v T) string { return strconv.FormatInt(int64(v), 10) }

// table aligns the columns, the numbers to the right, counting wide characters as two.
func table(b *strings.Builder, rows [][7]string) {
	var width [7]int
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], runewidth.StringWidth(cell))
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-runewidth.StringWidth(cell))
			switch {
			case i == 0:
				b.WriteString(cell + pad)
			case i == len(row)-1:
				b.WriteString("  " + cell)
			default:
				b.WriteString("  " + pad + cell)
			}
		}
		b.WriteByte('\n')
	}
}
