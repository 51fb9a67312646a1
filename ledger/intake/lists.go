package intake

import (
	"strings"
	"time"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/ledger/sheet"
	"tsujiban/numbering"
)

// Lists is what lists of numbers and holders ask for.
type Lists struct {
	Holders []ledger.HolderChange
	Screens []ledger.Screening // of holders that were screened before this ledger was kept
	Changes []ledger.Change
}

// Reader understands lists.
type Reader struct {
	Plan *numbering.Plan
	Zone *time.Location // of days without a time
	Now  time.Time      // from when what has no day of its own is true
}

// Lists reads what is in a file: on each sheet a list of numbers (a column number) or one of holders (columns id and
// name). The error holds every line that cannot be understood; then nothing is returned.
func (r *Reader) Lists(tables []sheet.Table) (out Lists, err error) {
	var refused ledger.Refusals
	found := false
	for i := range tables {
		t := &tables[i]
		refused.File = t.Where()
		for _, kind := range []struct {
			columns []column
			needed  []string
			read    func(*head, *sheet.Row, *Lists) error
		}{
			{holderColumns, []string{"id", "name"}, r.holder},
			{numberColumns, []string{"number"}, r.number},
		} {
			h, ok, err := headOf(t, kind.columns, kind.needed...)
			if err != nil {
				return Lists{}, err
			}
			if !ok {
				continue
			}
			found = true
			rows, err := whole(t, h.row)
			if err != nil {
				return Lists{}, err
			}
			for i := range rows {
				if len(rows[i].Cells) > len(t.Rows[h.row].Cells) {
					refused.Add(rows[i].Line, invalid("has %d cells under %d columns", len(rows[i].Cells), len(t.Rows[h.row].Cells)))
				} else if err := kind.read(&h, &rows[i], &out); err != nil {
					refused.Add(rows[i].Line, err)
				}
			}
			break
		}
		if err := refused.Err(); err != nil {
			return Lists{}, err
		}
	}
	out.Holders = inOrder(out.Holders, &refused)
	if err := refused.Err(); err != nil {
		return Lists{}, err
	}
	switch {
	case !found:
		return out, invalid("%s: has neither a column number (番号) nor the columns id (契約者ID) and name (名称)", tables[0].File)
	case len(out.Holders)+len(out.Changes) == 0:
		return out, invalid("%s: the table has a head and no rows: was it cut off?", tables[0].File)
	}
	return out, nil
}

// verbNames are the verbs in Japanese.
var verbNames = map[string]ledger.Verb{
	"払出": ledger.VerbAdd, "追加": ledger.VerbAdd, "転入": ledger.VerbPortIn, "試験": ledger.VerbTest, "在庫": ledger.VerbStock, "割当": ledger.VerbAssign, "承継": ledger.VerbTransfer,
	"用途": ledger.VerbUse, "停止": ledger.VerbSuspend, "再開": ledger.VerbResume, "解約": ledger.VerbRelease, "転出": ledger.VerbPortOut, "返却": ledger.VerbGiveBack,
}

func (r *Reader) number(h *head, row *sheet.Row, out *Lists) error {
	c := ledger.Change{
		Line: row.Line, Holder: tsujiban.CustomerID(h.cell(row, "holder")), Source: h.cell(row, "source"), Peer: h.cell(row, "peer"),
	}
	rng, err := ledger.ParseRange(r.Plan, h.cell(row, "number"))
	if err != nil {
		return err
	}
	c.Ranges = []ledger.Range{rng}
	verb := strings.ToLower(h.cell(row, "verb"))
	switch {
	case verb == "" && c.Holder != "":
		c.Verb = ledger.VerbAssign
	case verb == "":
		c.Verb = ledger.VerbAdd
	case verbNames[verb] != "":
		c.Verb = verbNames[verb]
	default:
		var ok bool
		if c.Verb, ok = ledger.ParseVerb(verb); !ok {
			return invalid("verb: there is no %q; write add, assign, return, suspend, …", verb)
		}
	}
	if c.From, err = ParseInstant("from", h.cell(row, "from"), r.Zone); err != nil {
		return err
	}
	if c.From.IsZero() {
		c.From = r.Now
	}
	if c.Until, err = ParseInstant("until", h.cell(row, "until"), r.Zone); err != nil {
		return err
	}
	if c.Forwarding, err = parseYes("forwarding", h.cell(row, "forwarding")); err != nil {
		return err
	}
	if c.Ageing, err = parseDays("ageing_days", h.cell(row, "ageing_days")); err != nil {
		return err
	}
	if err := c.Valid(r.Now); err != nil {
		return err
	}
	out.Changes = append(out.Changes, c)
	return nil
}

func (r *Reader) holder(h *head, row *sheet.Row, out *Lists) error {
	c := ledger.HolderChange{Line: row.Line, Holder: ledger.Holder{
		ID: tsujiban.CustomerID(h.cell(row, "id")), Name: h.cell(row, "name"), Kana: h.cell(row, "kana"), Corporate: strings.ReplaceAll(narrow(h.cell(row, "corporate")), "-", ""),
		Representative: h.cell(row, "representative"), Address: h.cell(row, "address"), Phone: h.cell(row, "phone"), Mail: h.cell(row, "mail"),
		Account: h.cell(row, "account"), Contact: h.cell(row, "contact"), Parent: tsujiban.CustomerID(h.cell(row, "parent")),
	}}
	var err error
	if c.From, err = ParseInstant("from", h.cell(row, "from"), r.Zone); err != nil {
		return err
	}
	if c.From.IsZero() {
		c.From = r.Now
	}
	if c.Until, err = ParseInstant("until", h.cell(row, "until"), r.Zone); err != nil {
		return err
	}
	if c.Holder.Reseller, err = parseYes("reseller", h.cell(row, "reseller")); err != nil {
		return err
	}
	if c.Holder.Forwarding, err = parseYes("forwarding", h.cell(row, "forwarding")); err != nil {
		return err
	}
	for _, d := range []struct {
		field string
		dst   *string
	}{{"approved", &c.Holder.Approved}, {"ended", &c.Holder.Ended}} {
		t, err := ParseInstant(d.field, h.cell(row, d.field), r.Zone)
		if err != nil {
			return err
		}
		if !t.IsZero() {
			*d.dst = t.Format(time.DateOnly)
		}
	}
	k := ledger.Check{What: h.cell(row, "check_what"), How: h.cell(row, "check_how"), By: h.cell(row, "check_by"), Evidence: strings.ToLower(h.cell(row, "check_evidence"))}
	if k.At, err = ParseInstant("check_at", h.cell(row, "check_at"), r.Zone); err != nil {
		return err
	}
	if k != (ledger.Check{}) {
		c.Holder.Checks = []ledger.Check{k}
	}
	if err := c.Holder.Valid(); err != nil {
		return err
	}
	if err := ledger.ValidInstant("from", c.From, r.Now); err != nil {
		return err
	}
	if err := r.passed(h, row, out, &c.Holder); err != nil {
		return err
	}
	out.Holders = append(out.Holders, c)
	return nil
}

// passed takes over that a holder was screened before: a day, and who did it.
func (r *Reader) passed(h *head, row *sheet.Row, out *Lists, holder *ledger.Holder) error {
	on, by := h.cell(row, "passed"), h.cell(row, "passed_by")
	if on == "" && by == "" {
		return nil
	}
	at, err := ParseInstant("passed", on, r.Zone)
	switch {
	case err != nil:
		return err
	case at.IsZero() || by == "":
		return invalid("passed: write both the day and by whom (passed_by)")
	case at.After(r.Now):
		return invalid("passed: %s is not over yet", on)
	}
	if err := ledger.ValidText("passed_by", by, ledger.MaxName, true); err != nil {
		return err
	}
	day := at.Format(time.DateOnly)
	out.Screens = append(out.Screens, ledger.Screening{
		Holder: holder.ID, Outcome: ledger.ScreenPassed, Decided: true, Rules: "taken over",
		Hits: []ledger.Hit{{Rule: "taken over", Ja: day + " に " + by + " が審査済み", En: "screened on " + day + " by " + by}},
	})
	return nil
}
