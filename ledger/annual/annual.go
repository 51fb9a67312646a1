// Package annual makes the report on the use of numbers that a provider owes the ministry once a year: the position of 31
// March, due 30 June. Per kind of number and carrier that it comes from: in use, wholesaled, used for forwarding, unused;
// per reseller: name, corporate number, forwarding or not, when its approval was checked.
//
// Source: the report on the use of numbers under the numbering rules for telecommunications (電気通信番号規則, annual
// report; position of 31 March, to be filed by 30 June).
//
// # How numbers are counted
//
// Every number of ours counts once, by what is true at the end of the day: in use when its holder buys from us directly, wholesaled
// when the holder is a reseller or buys from one, test when we use it ourselves, unused when it is in stock or ageing.
// Suspended numbers still belong to their holders and count there. Used for forwarding is a part of those that are held.
package annual

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/numbering"
)

// Use is how a number counts; a closed set.
type Use string

// The uses.
const (
	InUse     Use = "in-use"
	Wholesale Use = "wholesaled"
	Test      Use = "test"
	Unused    Use = "unused"
)

var useRows = map[Use]struct{ ja, en string }{
	InUse: {"利用中", "in use"}, Wholesale: {"卸提供中", "wholesaled"}, Test: {"社内試験用", "own tests"}, Unused: {"未利用", "unused"},
}

// Text says the use to a person.
func (u Use) Text(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return useRows[u].en
	}
	return useRows[u].ja
}

// Key is a row of the report.
type Key struct {
	Kind   string `json:"kind"`   // name of the class of number: "ip-phone", "fixed"
	Source string `json:"source"` // the carrier that they come from
}

// Row is the figures of a row.
type Row struct {
	Key
	Total      int64 `json:"total"`
	InUse      int64 `json:"in_use"`
	Wholesale  int64 `json:"wholesaled"`
	Test       int64 `json:"test"`
	Unused     int64 `json:"unused"`
	Forwarding int64 `json:"forwarding"` // of those in use or wholesaled
	Suspended  int64 `json:"suspended"`  // likewise
}

func (r *Row) add(n int64, u Use) {
	r.Total += n
	switch u {
	case InUse:
		r.InUse += n
	case Wholesale:
		r.Wholesale += n
	case Test:
		r.Test += n
	case Unused:
		r.Unused += n
	}
}

// Minus is the difference to another year's row.
func (r Row) Minus(o Row) Row {
	return Row{r.Key, r.Total - o.Total, r.InUse - o.InUse, r.Wholesale - o.Wholesale, r.Test - o.Test, r.Unused - o.Unused, r.Forwarding - o.Forwarding, r.Suspended - o.Suspended}
}

// Reseller is what has to be said of one.
type Reseller struct {
	ID         tsujiban.CustomerID `json:"id"`
	Name       string              `json:"name"`
	Corporate  string              `json:"corporate,omitempty"`
	Forwarding bool                `json:"forwarding"`
	Approved   string              `json:"approved,omitempty"` // when its approval was checked
	Parent     tsujiban.CustomerID `json:"parent,omitempty"`
	Numbers    int64               `json:"numbers"` // its own and those of all below it
}

// Missing is what keeps the report from being filed.
type Missing struct {
	What string `json:"what"` // the holder or the numbers
	Ja   string `json:"ja"`
	En   string `json:"en"`
}

// Report is a year's.
type Report struct {
	Year      int        `json:"year"`
	Position  time.Time  `json:"position"` // the end of 31 March
	Due       time.Time  `json:"due"`      // the end of 30 June
	Believed  time.Time  `json:"believed,omitzero"`
	Rows      []Row      `json:"rows"`
	Total     Row        `json:"total"`
	Resellers []Reseller `json:"resellers"`
	Missing   []Missing  `json:"missing"`
	// Last is the year before as it stood when it was due, and Change what has become of it.
	Last   *Report `json:"last,omitempty"`
	Change []Row   `json:"change,omitempty"`
}

// Behind is the numbers behind figures of a row.
type Behind struct {
	Key
	Use        Use                 `json:"use"`
	Range      ledger.Range        `json:"numbers"`
	Holder     tsujiban.CustomerID `json:"holder,omitempty"`
	Forwarding bool                `json:"forwarding,omitempty"`
	Suspended  bool                `json:"suspended,omitempty"`
	Entry      int64               `json:"entry"`
}

// Position is the last microsecond of 31 March of a year, and Due that of 30 June, in a zone.
func Position(year int, zone *time.Location) (position, due time.Time) {
	return time.Date(year, 4, 1, 0, 0, 0, 0, zone).Add(-time.Microsecond), time.Date(year, 7, 1, 0, 0, 0, 0, zone).Add(-time.Microsecond)
}

// Builder counts.
type Builder struct {
	plan    *numbering.Plan
	holders map[tsujiban.CustomerID]*ledger.Holder
	rows    map[Key]*Row
	held    map[tsujiban.CustomerID]int64
	missing []Missing
	told    map[string]bool
}

// NewBuilder begins to count, with all holders as they were at the position.
func NewBuilder(p *numbering.Plan, holders []ledger.Holder) *Builder {
	b := &Builder{plan: p, holders: make(map[tsujiban.CustomerID]*ledger.Holder, len(holders)), rows: map[Key]*Row{}, held: map[tsujiban.CustomerID]int64{}, told: map[string]bool{}}
	for i := range holders {
		b.holders[holders[i].ID] = &holders[i]
	}
	return b
}

// Behind says how the numbers of a span count; ok is false when they are not ours.
func (b *Builder) Behind(s *ledger.Span) (out Behind, ok bool) {
	v := &s.Value
	if !v.State.Ours() {
		return out, false
	}
	class := b.plan.Classify(ledger.Number(s.Block.First())).Class
	out = Behind{Key: Key{class.String(), v.Source}, Range: s.Block.Range(), Holder: v.Holder, Entry: s.Entry, Suspended: v.State == ledger.StateSuspended}
	switch h := b.holders[v.Holder]; {
	case v.State == ledger.StateTest, v.State == ledger.StateSuspended && v.Holder == "":
		out.Use = Test
	case !v.State.Held():
		out.Use = Unused
	default:
		out.Use = InUse
		if h != nil && (h.Reseller || h.Parent != "") {
			out.Use = Wholesale
		}
		out.Forwarding = v.Forwarding || h != nil && h.Forwarding
	}
	return out, true
}

// Add counts a span that was true at the position.
func (b *Builder) Add(s *ledger.Span) {
	k, ok := b.Behind(s)
	if !ok {
		return
	}
	r := b.rows[k.Key]
	if r == nil {
		r = &Row{Key: k.Key}
		b.rows[k.Key] = r
	}
	n := k.Range.Count()
	r.add(n, k.Use)
	if k.Forwarding {
		r.Forwarding += n
	}
	if k.Suspended {
		r.Suspended += n
	}
	if k.Source == "" {
		b.lacks(k.Range.String(), "番号の払出元の事業者が登録されていません", "the carrier that the numbers come from is not entered")
	}
	if k.Kind == tsujiban.ClassUnknown.String() || k.Kind == tsujiban.ClassUndesignated.String() {
		b.lacks(k.Range.String(), "番号の種別が分かりません", "what kind of numbers these are is not known")
	}
	// A reseller answers for all below it. The chain cannot lead back to itself.
	for id := k.Holder; id != ""; {
		h := b.holders[id]
		if h == nil {
			b.lacks(string(id), "契約者が台帳にありません", "the holder is not in the ledger")
			break
		}
		b.held[id] += n
		id = h.Parent
	}
}

// maxMissing bounds how much is told to be missing.
const maxMissing = 10_000

func (b *Builder) lacks(what, ja, en string) {
	if len(b.missing) < maxMissing && !b.told[what+en] {
		b.told[what+en] = true
		b.missing = append(b.missing, Missing{what, ja, en})
	}
}

// Report ends the count.
func (b *Builder) Report(year int, zone *time.Location) *Report {
	r := &Report{Year: year, Rows: []Row{}, Resellers: []Reseller{}}
	r.Position, r.Due = Position(year, zone)
	for _, k := range slices.SortedFunc(maps.Keys(b.rows), func(x, y Key) int { return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Source, y.Source)) }) {
		row := *b.rows[k]
		r.Rows = append(r.Rows, row)
		r.Total = Row{Key{}, r.Total.Total + row.Total, r.Total.InUse + row.InUse, r.Total.Wholesale + row.Wholesale, r.Total.Test + row.Test, r.Total.Unused + row.Unused, r.Total.Forwarding + row.Forwarding, r.Total.Suspended + row.Suspended}
	}
	for _, id := range slices.Sorted(maps.Keys(b.holders)) {
		h, n := b.holders[id], b.held[id]
		if h.Reseller && n > 0 {
			r.Resellers = append(r.Resellers, Reseller{id, h.Name, h.Corporate, h.Forwarding, h.Approved, h.Parent, n})
			b.checkReseller(h, r.Position)
		}
		if n > 0 && len(h.Checks) == 0 {
			b.lacks(string(id), "本人確認の記録がありません", "no identity check is on record")
		}
	}
	r.Missing = append([]Missing{}, b.missing...)
	return r
}

// checkReseller notes what is missing of a reseller.
func (b *Builder) checkReseller(h *ledger.Holder, position time.Time) {
	if h.Corporate == "" {
		b.lacks(string(h.ID), "再販者の法人番号がありません", "the reseller's corporate number is missing")
	}
	checked, err := time.ParseInLocation(time.DateOnly, h.Approved, position.Location())
	switch {
	case h.Approved == "" || err != nil:
		b.lacks(string(h.ID), "再販者の番号使用計画の認定を確認した日がありません", "it is not entered when the approval of the reseller's plan was checked")
	case checked.Before(position.AddDate(-1, 0, 0)):
		b.lacks(string(h.ID), "再販者の認定の確認が1年以上前（"+h.Approved+"）です", "the reseller's approval was checked more than a year before, on "+h.Approved)
	}
}

// Compare notes the year before and what has changed since.
func (r *Report) Compare(last *Report) {
	r.Last = last
	was := map[Key]Row{}
	for _, row := range last.Rows {
		was[row.Key] = row
	}
	for _, row := range r.Rows {
		r.Change = append(r.Change, row.Minus(was[row.Key]))
		delete(was, row.Key)
	}
	for _, k := range slices.SortedFunc(maps.Keys(was), func(x, y Key) int { return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Source, y.Source)) }) {
		r.Change = append(r.Change, Row{Key: k}.Minus(was[k]))
	}
}
