package term

import (
	"bufio"
	"io"
	"strings"
)

// Column is one column of a table.
type Column struct {
	Title string
	Right bool // numbers
	Least int  // a column that is squeezed keeps this many cells; 0: it is never squeezed
}

// Cell is the text of a row in one column, with its colour.
type Cell struct {
	Text  string
	Paint Paint
}

// Table is rows under titles. Every text is cleaned when it is written.
type Table struct {
	Columns []Column
	Rows    [][]Cell
}

// Row adds a row of plain text.
func (t *Table) Row(texts ...string) {
	cells := make([]Cell, len(texts))
	for i, s := range texts {
		cells[i].Text = s
	}
	t.Rows = append(t.Rows, cells)
}

// Add adds a row.
func (t *Table) Add(cells ...Cell) { t.Rows = append(t.Rows, cells) }

const gap = 2 // cells between columns

// Lines lays the table out, titles first. A table that is wider than the terminal is
// squeezed in its Least columns, from the right.
func (t *Table) Lines(st Style) []string {
	clean := make([][]Cell, 0, len(t.Rows)+1)
	head := make([]Cell, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = Cell{Text: c.Title, Paint: Bold}
	}
	clean = append(clean, head)
	for _, row := range t.Rows {
		cells := make([]Cell, len(t.Columns))
		for i := range min(len(row), len(cells)) {
			cells[i] = Cell{Text: Clean(row[i].Text), Paint: row[i].Paint}
		}
		clean = append(clean, cells)
	}
	widths := t.widths(clean, st.Width)
	lines := make([]string, len(clean))
	for i, row := range clean {
		lines[i] = t.line(row, widths, st)
	}
	return lines
}

func (t *Table) widths(rows [][]Cell, limit int) []int {
	widths := make([]int, len(t.Columns))
	total := gap * max(len(t.Columns)-1, 0)
	for i := range t.Columns {
		for _, row := range rows {
			widths[i] = max(widths[i], Width(row[i].Text))
		}
		total += widths[i]
	}
	for i := len(widths) - 1; i >= 0 && limit > 0 && total > limit; i-- {
		if least := t.Columns[i].Least; least > 0 && widths[i] > least {
			cut := min(total-limit, widths[i]-least)
			widths[i] -= cut
			total -= cut
		}
	}
	return widths
}

func (t *Table) line(row []Cell, widths []int, st Style) string {
	var b strings.Builder
	pad := 0
	for i, c := range row {
		text := c.Text
		if Width(text) > widths[i] {
			text = Truncate(text, widths[i])
		}
		space := widths[i] - Width(text)
		if t.Columns[i].Right {
			pad += space
			space = 0
		}
		// Spaces are written only when something follows: no line ends in spaces.
		if text != "" {
			b.WriteString(strings.Repeat(" ", pad))
			pad = 0
			b.WriteString(st.Paint(c.Paint, text))
		}
		pad += space + gap
	}
	return b.String()
}

// Write writes the table.
func (t *Table) Write(w io.Writer, st Style) error {
	b := bufio.NewWriter(w)
	for _, l := range t.Lines(st) {
		if _, err := b.WriteString(l + "\n"); err != nil {
			return err
		}
	}
	return b.Flush()
}

// Pairs writes names and values one below the other, as for one customer.
type Pairs struct{ t Table }

// Add adds a line; a pair without a value is left out.
func (p *Pairs) Add(name, value string) { p.Paint(name, value, Plain) }

// Paint adds a line whose value has a colour.
func (p *Pairs) Paint(name, value string, paint Paint) {
	if value != "" {
		p.t.Add(Cell{Text: name, Paint: Dim}, Cell{Text: value, Paint: paint})
	}
}

// Write writes the pairs.
func (p *Pairs) Write(w io.Writer, st Style) error {
	p.t.Columns = []Column{{}, {}}
	b := bufio.NewWriter(w)
	for _, l := range p.t.Lines(st)[1:] {
		if _, err := b.WriteString(l + "\n"); err != nil {
			return err
		}
	}
	return b.Flush()
}
