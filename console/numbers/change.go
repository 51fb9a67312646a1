package numbers

import (
	"net/http"
	"strconv"
	"strings"

	"tsujiban/app/control"
	"tsujiban/console/ui"
	"tsujiban/ledger"
)

// change is a change of numbers as the form has it.
type change struct {
	Verb       string `form:"verb" max:"20" need:"yes"`
	Numbers    string `form:"numbers" max:"100000" need:"yes"`
	Holder     string `form:"holder" max:"64"`
	Source     string `form:"source" max:"600"`
	Peer       string `form:"peer" max:"600"`
	Forwarding bool   `form:"forwarding"`
	Ageing     int    `form:"ageing"`
	From       string `form:"from" max:"40"`
	Until      string `form:"until" max:"40"`
	Ground     string `form:"ground" max:"1500" need:"yes"`
	Do         string `form:"do" max:"10"`
}

// asks says which fields a verb has.
type asks struct{ Holder, Source, Peer, Forwarding, Ageing bool }

func asksOf(v ledger.Verb) asks {
	gives := v == ledger.VerbAssign || v == ledger.VerbTransfer || v == ledger.VerbPortIn
	return asks{
		Holder: gives, Source: v == ledger.VerbAdd || v == ledger.VerbPortIn, Peer: v == ledger.VerbPortIn || v == ledger.VerbPortOut,
		Forwarding: gives || v == ledger.VerbUse, Ageing: v == ledger.VerbRelease,
	}
}

// separated takes a list of numbers apart as people write it: commas, spaces, line ends.
func separated(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune(",、，;\r\n\t 　", c) })
}

func changed(in *change) map[string]any {
	verb, known := ledger.ParseVerb(in.Verb)
	ageing := ""
	if in.Ageing != 0 {
		ageing = strconv.Itoa(in.Ageing)
	}
	return map[string]any{"Form": in, "Known": known, "Asks": asksOf(verb), "Verbs": ledger.Verbs, "Ageing": ageing}
}

func changeForm(r *ui.Request) error {
	q := r.URL.Query()
	in := change{Verb: q.Get("verb"), Numbers: q.Get("numbers"), Holder: q.Get("holder"), Forwarding: ledger.Verb(q.Get("verb")) == ledger.VerbUse}
	return r.Page("change", changed(&in))
}

// changeNumbers tries a change, or makes it.
func changeNumbers(r *ui.Request) error {
	var in change
	wrong, err := r.Decode(&in)
	if err != nil {
		return err
	}
	data := changed(&in)
	if len(wrong) > 0 {
		return r.Again("change", data, wrong)
	}
	try := in.Do != "yes"
	o := control.NumberChange{
		When: control.When{From: in.From, Until: in.Until}, Verb: in.Verb, Numbers: separated(in.Numbers), Holder: in.Holder, Source: in.Source, Peer: in.Peer,
		Forwarding: in.Forwarding, AgeingDays: in.Ageing, Ground: oneLine(in.Ground), DryRun: try,
	}
	var done control.LedgerDone
	if err := r.Office.Do(r.Context(), http.MethodPost, "/v1/ledger/numbers", o, &done); err != nil {
		return r.Retry("change", data, err)
	}
	if try {
		data["Tried"] = &done
		return r.Page("change", data)
	}
	to := "/numbers/entries"
	if len(o.Numbers) == 1 && isNumber(o.Numbers[0]) {
		to = "/numbers?" + (&asked{}).of(o.Numbers[0])
	}
	return r.Done(to, "numbers.done", done.Entry.ID, done.Numbers, len(done.Holders))
}
