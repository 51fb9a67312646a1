package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tsujiban/app/control"
)

// CallRecord is one call as it is recorded. Text that came in SIP was written by whoever called: take it for
// text only, never for a formula, a page or a command.
type CallRecord struct {
	Call      string    `json:"call" example:"06b3k9d1r8000"`
	At        time.Time `json:"at" doc:"When it was asked for."`
	Direction string    `json:"direction" enum:"out,in"`
	Customer  string    `json:"customer" example:"hakata-shokai"`
	Trunk     string    `json:"trunk,omitempty"`
	Caller    string    `json:"caller,omitempty" doc:"Masked, unless revealed."`
	Callee    string    `json:"callee,omitempty" doc:"Masked, unless revealed." example:"+2327712****"`
	Country   string    `json:"country,omitempty" example:"SL"`
	Action    string    `json:"action" doc:"What the guard said: allow, watch, deny." example:"allow"`
	Reason    string    `json:"reason,omitempty" doc:"Why it was refused."`
	Cut       string    `json:"cut,omitempty" doc:"Why the guard ended it."`
	Status    int       `json:"status,omitempty" doc:"Final SIP status." example:"200"`
	Answered  time.Time `json:"answered,omitzero"`
	Ended     time.Time `json:"ended,omitzero"`
	TalkS     float64   `json:"talk_s" doc:"Seconds from answer to end." example:"32.5"`
	Charge    Money     `json:"charge"`
	Carrier   string    `json:"carrier,omitempty"`
	Source    string    `json:"source,omitempty" doc:"Address that the INVITE came from."`
	UserAgent string    `json:"user_agent,omitempty" doc:"As sent in SIP."`
	Weight    float64   `json:"weight,omitempty" doc:"Weight of evidence in decibans."`
}

// CallSearch asks for calls.
type CallSearch struct {
	Ground   string    `json:"ground" minLength:"1" maxLength:"500" doc:"Why the law lets you look. It is recorded before anything is shown." example:"the customer asked about its bill, ticket 8812"`
	Customer string    `json:"customer,omitempty" pattern:"^[a-z0-9-]{1,64}$"`
	Number   string    `json:"number,omitempty" maxLength:"40" doc:"Either party, with + or as dialled in Japan."`
	From     time.Time `json:"from,omitzero" doc:"Asked for at this instant or later."`
	To       time.Time `json:"to,omitzero" doc:"Asked for before it."`
	Action   string    `json:"action,omitempty" enum:"allow,watch,deny"`
	Limit    int       `json:"limit,omitempty" minimum:"1" maximum:"1000" doc:"How many at most; 100 when absent."`
	Cursor   string    `json:"cursor,omitempty" maxLength:"1024" doc:"The next of the page before, with the same question."`
}

// CallReveal is a search whose answer has whole numbers.
type CallReveal struct {
	CallSearch
	Reason string `json:"reason" minLength:"1" maxLength:"400" doc:"Why masked numbers do not do. It is recorded." example:"to tell the customer which number was called"`
}

// CallPage is a page of calls, newest first.
type CallPage struct {
	Items  []CallRecord `json:"items"`
	Next   string       `json:"next,omitempty" doc:"Give this as cursor, with the same question, for older calls; absent when there are none."`
	Behind uint64       `json:"behind,omitempty" doc:"Entries of the journal that this search does not know yet."`
}

func (s *server) callRoutes() {
	register(s, "search-calls", note{Summary: "Search call records", Text: "Newest first, numbers masked. Each page is a look of its own, and is recorded."},
		func(ctx context.Context, c *call, in *struct{ Body CallSearch }) (*body[CallPage], error) {
			return searchCalls(ctx, c, &in.Body, "")
		})
	register(s, "reveal-calls", note{Summary: "Search call records, whole numbers", Text: "As `/calls/search`, with whole numbers and a reason for them.", Secret: true},
		func(ctx context.Context, c *call, in *struct{ Body CallReveal }) (*body[CallPage], error) {
			return searchCalls(ctx, c, &in.Body.CallSearch, in.Body.Reason)
		})
	s.exportRoutes()
}

// CallExport asks for calls as a table.
type CallExport struct {
	Ground   string    `json:"ground" minLength:"1" maxLength:"500" doc:"Why the law lets you look. It is recorded before anything is shown." example:"reconciliation with the carrier, October"`
	Customer string    `json:"customer,omitempty" pattern:"^[a-z0-9-]{1,64}$"`
	Number   string    `json:"number,omitempty" maxLength:"40" doc:"Either party, with + or as dialled in Japan."`
	From     time.Time `json:"from,omitzero" doc:"Asked for at this instant or later."`
	To       time.Time `json:"to,omitzero" doc:"Asked for before it."`
	Action   string    `json:"action,omitempty" enum:"allow,watch,deny"`
	Limit    int       `json:"limit,omitempty" minimum:"1" maximum:"1000000" doc:"How many at most; a million when absent."`
}

// CallExportReveal is one with whole numbers.
type CallExportReveal struct {
	CallExport
	Reason string `json:"reason" minLength:"1" maxLength:"400" doc:"Why masked numbers do not do. It is recorded."`
}

func (s *server) exportRoutes() {
	const text = "Newest first, as it is read; no cell of it is a formula. A transfer that breaks off is not whole. It is one look, and recorded."
	register(s, "export-calls", note{Summary: "Export call records (CSV)", Text: text + " Numbers are masked.", File: "text/csv", Table: true},
		func(ctx context.Context, c *call, in *struct{ Body CallExport }) (*huma.StreamResponse, error) {
			return s.exportCalls(ctx, c, &in.Body, "")
		})
	register(s, "export-and-reveal-calls", note{Summary: "Export call records with whole numbers (CSV)", Text: text, File: "text/csv", Table: true},
		func(ctx context.Context, c *call, in *struct{ Body CallExportReveal }) (*huma.StreamResponse, error) {
			return s.exportCalls(ctx, c, &in.Body.CallExport, in.Body.Reason)
		})
}

func (s *server) exportCalls(ctx context.Context, c *call, q *CallExport, reason string) (*huma.StreamResponse, error) {
	ground, err := withReason(c, q.Ground, reason)
	if err != nil {
		return nil, err
	}
	return s.download(ctx, c, "text/csv; charset=utf-8", http.MethodPost, "/v1/calls/export", control.CallSearch{
		Ground: ground, Customer: q.Customer, Number: q.Number, From: q.From, To: q.To, Action: q.Action, Limit: q.Limit, Reveal: reason != "",
	})
}

// withReason is a ground with the reason for whole numbers.
func withReason(c *call, ground, reason string) (string, error) {
	if reason == "" {
		return ground, nil
	}
	ground += "; whole numbers: " + reason
	if len([]rune(ground)) > 500 {
		return "", invalidField(c, "/reason", "groundと合わせて480文字までです", "ground and reason together have at most 480 characters")
	}
	return ground, nil
}

// searchCalls looks into the records; with a reason, numbers are whole.
func searchCalls(ctx context.Context, c *call, q *CallSearch, reason string) (*body[CallPage], error) {
	from, to := stamp(q.From), stamp(q.To)
	query := []string{"calls", q.Customer, q.Number, from, to, q.Action, c.Person.ID}
	after, err := parseCursor(q.Cursor, query...)
	if err != nil {
		return nil, err
	}
	order := control.CallSearch{
		Ground: q.Ground, Customer: q.Customer, Number: q.Number, From: q.From, To: q.To, Action: q.Action, Limit: q.Limit, Cursor: after, Reveal: reason != "",
	}
	if order.Ground, err = withReason(c, q.Ground, reason); err != nil {
		return nil, err
	}
	var found struct {
		Calls  []CallRecord
		Next   string
		Behind uint64
	}
	if err := c.Office.Do(ctx, http.MethodPost, "/v1/calls", order, &found); err != nil {
		return nil, err
	}
	out := CallPage{Items: items(found.Calls), Behind: found.Behind}
	if found.Next != "" {
		out.Next = newCursor(found.Next, query...)
	}
	return answer(out), nil
}

// stamp writes an instant; nothing for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
