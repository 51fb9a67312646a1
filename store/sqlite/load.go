package sqlite

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"tsujiban/store"
)

// Load tells which rows a view of many calls has, for a benchmark that writes them into an empty view by a cheaper way than this package does.
type Load struct {
	f *dayFold
}

// NewLoad begins with no call. The zone is that of the store ([WithZone]).
func NewLoad(zone *time.Location) *Load { return &Load{newDayFold(zone)} }

// Columns are those of the table of calls, in order.
func (l *Load) Columns() []string {
	return strings.FieldsFunc(callColumns, func(r rune) bool { return strings.ContainsRune(", \n\t", r) })
}

// Call is the row of a call that is over, nil where a column is empty. It is counted in the sums.
func (l *Load) Call(row []any, c *store.Call) []any {
	s := summedOf(c)
	l.f.add(&s, 1)
	return callArgs(row[:0], c)
}

// Days are the rows of the table of sums by day ("days"), in its order, of the calls since they were last asked for: each day has to be whole then.
func (l *Load) Days() (rows [][]any) {
	keys := slices.SortedFunc(maps.Keys(l.f.sums), func(a, b dayKey) int { return cmp.Or(cmp.Compare(a.day, b.day), compareDayKeys(a, b)) })
	for i := range keys {
		rows = append(rows, dayRow(&keys[i], l.f.sums[keys[i]]))
	}
	clear(l.f.sums)
	return rows
}

// Lines are likewise the rows of the table of lines of bills ("billed"), of whole months.
func (l *Load) Lines() (rows [][]any) {
	keys := slices.SortedFunc(maps.Keys(l.f.lines), func(a, b lineKey) int {
		return cmp.Or(cmp.Compare(a.month, b.month), cmp.Compare(a.customer, b.customer), compareLineKeys(a, b))
	})
	for i := range keys {
		rows = append(rows, lineRow(&keys[i], l.f.lines[keys[i]]))
	}
	clear(l.f.lines)
	return rows
}

func dayRow(k *dayKey, s daySum) []any {
	return []any{k.day, k.customer, k.scope, k.class, k.code, k.iso, k.refused, s.attempts, s.answered, s.cut, s.night, s.talk, int64(s.charge)}
}

func lineRow(k *lineKey, s lineSum) []any {
	return []any{k.month, k.customer, k.scope, k.class, k.iso, k.about, s.calls, s.first, s.last, s.talk, s.least, s.most, int64(s.charge), idText(s.ids)}
}
