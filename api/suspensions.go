package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"tsujiban"
	"tsujiban/app/control"
)

// SuspensionRequest is what an agency asks: to suspend numbers.
type SuspensionRequest struct {
	Agency    string   `json:"agency" minLength:"1" maxLength:"200" example:"福岡県警察本部"`
	Officer   string   `json:"officer,omitempty" maxLength:"200"`
	RequestNo string   `json:"request_no" minLength:"1" maxLength:"200" doc:"Of the document." example:"捜二-88"`
	Date      string   `json:"date" format:"date" doc:"On the document." example:"2026-11-20"`
	Numbers   []string `json:"numbers" minItems:"1" maxItems:"1000"`
	Ground    string   `json:"ground" minLength:"1" maxLength:"500"`
}

// Suspension is a case of the suspension scheme.
type Suspension struct {
	ID      int64            `json:"case" example:"3"`
	At      time.Time        `json:"at"`
	By      string           `json:"by"`
	Ground  string           `json:"ground"`
	Request AgencyRequest    `json:"request"`
	Numbers []string         `json:"numbers" doc:"Those that were asked for."`
	Stock   []string         `json:"stock,omitempty" doc:"Suspended beside them: the stock of holders past a threshold."`
	Chains  [][]Link         `json:"chains" doc:"Who held the numbers when the request came, each with those above it."`
	Entry   int64            `json:"entry"`
	Lifted  time.Time        `json:"lifted,omitzero"`
	Steps   []SuspensionStep `json:"steps"`
}

// AgencyRequest is the document.
type AgencyRequest struct {
	Agency    string    `json:"agency"`
	Officer   string    `json:"officer,omitempty"`
	RequestNo string    `json:"request_no"`
	Date      time.Time `json:"date" doc:"Midnight UTC of the day on the document."`
}

// SuspensionStep is something that was done, or has to be.
type SuspensionStep struct {
	Step   int       `json:"step"`
	Kind   string    `json:"kind" doc:"received, suspended, report, notify, threshold, barred, stock, lifted." example:"report"`
	Holder string    `json:"holder,omitempty"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Note   string    `json:"note,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	Due    time.Time `json:"due,omitzero" doc:"Until when it has to be done."`
	Done   time.Time `json:"done,omitzero"`
	DoneBy string    `json:"done_by,omitempty"`
}

// Letter is a letter as a structure and as text.
type Letter struct {
	To      string      `json:"to"`
	Subject string      `json:"subject"`
	Date    time.Time   `json:"date"`
	From    string      `json:"from"`
	Text    []string    `json:"text" doc:"Paragraphs."`
	Rows    [][2]string `json:"rows,omitempty" doc:"Name and value."`
	Close   string      `json:"close,omitempty"`
	Plain   string      `json:"plain" doc:"All of it as text."`
}

type StepPath struct {
	CasePath
	Step int `path:"step" minimum:"1" maximum:"1000"`
}

func (p *StepPath) order(rest string) string {
	return at("/v1/ledger/cases/", strconv.FormatInt(p.Case, 10), "/steps/", strconv.Itoa(p.Step), rest)
}

func (v *Suspension) tidy() {
	v.Numbers, v.Chains, v.Steps = items(v.Numbers), items(v.Chains), items(v.Steps)
	for i := range v.Chains {
		v.Chains[i] = items(v.Chains[i])
	}
}

func (s *server) suspensionRoutes() {
	register(s, "list-suspensions", note{Summary: "List cases of the suspension scheme", Text: "In the order of their numbers; those that are open, unless `all` is asked for."}, func(ctx context.Context, c *call, in *struct {
		Paging
		All bool `query:"all"`
	}) (*body[Page[Suspension]], error) {
		var list []Suspension
		if err := c.Office.Do(ctx, http.MethodGet, "/v1/ledger/cases"+asked("all", yes(in.All)), nil, &list); err != nil {
			return nil, err
		}
		for i := range list {
			list[i].tidy()
		}
		slices.SortFunc(list, func(a, b Suspension) int { return int(a.ID - b.ID) })
		return pageOf(list, func(v *Suspension) string { return padded(v.ID) }, in.Paging, "suspensions", yes(in.All))
	})
	register(s, "open-suspension", note{Summary: "Suspend numbers at an agency's request", Text: "When the answer is given their calls are refused.", Status: http.StatusCreated}, func(ctx context.Context, c *call, in *struct{ Body SuspensionRequest }) (*made[Suspension], error) {
		var v Suspension
		if err := c.Office.Do(ctx, http.MethodPost, "/v1/ledger/cases", in.Body, &v); err != nil {
			return nil, err
		}
		v.tidy()
		return &made[Suspension]{Location: Prefix + at("/suspensions/", strconv.FormatInt(v.ID, 10)), Body: v}, nil
	})
	register(s, "get-suspension", note{Summary: "Show a case"}, func(ctx context.Context, c *call, in *CasePath) (*body[Suspension], error) {
		out := answer(Suspension{})
		err := c.Office.Do(ctx, http.MethodGet, at("/v1/ledger/cases/", strconv.FormatInt(in.Case, 10)), nil, &out.Body)
		out.Body.tidy()
		return out, err
	})
	register(s, "lift-suspension", note{Summary: "Lift a suspension"}, func(ctx context.Context, c *call, in *struct {
		CasePath
		Body Reason
	}) (*body[LedgerDone], error) {
		out := answer(LedgerDone{})
		err := c.Office.Do(ctx, http.MethodDelete, at("/v1/ledger/cases/", strconv.FormatInt(in.Case, 10)), control.Order{Note: in.Body.Note}, &out.Body)
		return out, err
	})
	register(s, "complete-suspension-step", note{Summary: "Say that a step is done"}, func(ctx context.Context, c *call, in *struct {
		StepPath
		Body Reason
	}) (*body[Done], error) {
		return change(ctx, c, http.MethodPost, in.order(""), control.Order{Note: in.Body.Note})
	})
	register(s, "write-suspension-letter", note{Summary: "Write the letter of a step", Text: "The report to the agency, or the notice to a holder, in the language of Accept-Language. That it was written is recorded."},
		func(ctx context.Context, c *call, in *StepPath) (*body[Letter], error) {
			out := answer(Letter{})
			err := c.Office.Do(ctx, http.MethodPost, in.order("/letter")+asked("lang", langName(c.Lang)), nil, &out.Body)
			out.Body.Text = items(out.Body.Text)
			return out, err
		})
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func langName(l tsujiban.Lang) string { return control.LangName(l) }
