package records

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/ledger/sheet"
)

// filter is what the record of actions is narrowed to.
type filter struct {
	By       string `form:"by" max:"254"`
	Verb     string `form:"verb" max:"64"`
	Customer string `form:"customer" max:"64"`
	Object   string `form:"object" max:"64"`
	Cursor   string `form:"cursor" max:"32"`
}

func (f *filter) query(cursor string, limit int) string {
	v := url.Values{"limit": {strconv.Itoa(limit)}}
	for k, s := range map[string]string{"by": f.By, "verb": f.Verb, "customer": f.Customer, "object": f.Object, "cursor": cursor} {
		if s != "" {
			v.Set(k, s)
		}
	}
	return v.Encode()
}

// The sizes of a page of the record and of a table of it.
const (
	pageActions  = 100
	tableActions = 5000
)

func actions(r *ui.Request) error {
	var f filter
	wrong, err := r.Decode(&f)
	if err != nil {
		return err
	}
	data := map[string]any{"Filter": f, "Verbs": verbs(r)}
	if len(wrong) > 0 {
		return r.Again("record", data, wrong)
	}
	var list control.Actions
	if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/actions?"+f.query(f.Cursor, pageActions), nil, &list); err != nil {
		return r.Retry("record", data, err)
	}
	data["List"] = list
	if list.Next != "" {
		data["Older"] = "/record?" + f.query(list.Next, pageActions)
	}
	data["Table"] = "/record/csv?" + f.query("", pageActions)
	return r.Page("record", data)
}

// verbWords say what is set most: "verb." and its code. Others can be typed into the address.
var verbWords = []string{
	"verb.customer-add", "verb.customer-set", "verb.customer-delete", "verb.limits-set", "verb.numbers-set", "verb.trunk-add",
	"verb.trunk-set", "verb.trunk-delete", "verb.restrict", "verb.release", "verb.rules-set",
}

// verbs are the choices of the filter.
func verbs(r *ui.Request) []map[string]string {
	all := []map[string]string{{"value": "", "text": r.T("record.any")}}
	for _, v := range verbWords {
		all = append(all, map[string]string{"value": v[5:], "text": r.T(v)})
	}
	return all
}

// actionsCSV hands over all that the filter lets through.
func actionsCSV(r *ui.Request) error {
	var f filter
	if wrong, err := r.Decode(&f); err != nil || len(wrong) > 0 {
		return actions(r)
	}
	return r.Write("actions.csv", ui.CSV, func(w io.Writer) error {
		t, err := sheet.NewWriter("actions.csv", w)
		if err != nil {
			return err
		}
		if err := t.Row("id", "time", "by", "action", "customer", "object", "note"); err != nil {
			return err
		}
		for cursor := ""; ; {
			var list control.Actions
			if err := r.Office.Do(r.Context(), http.MethodGet, "/v1/actions?"+f.query(cursor, tableActions), nil, &list); err != nil {
				return err
			}
			for i := range list.Actions {
				a := &list.Actions[i]
				if err := t.Row(a.ID, a.At.In(r.Zone).Format(time.DateTime), a.By, a.Verb, a.Customer, a.Object, a.Note); err != nil {
					return err
				}
			}
			if cursor = list.Next; cursor == "" {
				return t.Close()
			}
		}
	})
}
