package api

import (
	"context"
	"net/http"
	"time"
)

// PreviewOrder asks what rules would have done to the last days of the operator's own calls. What it does not name is as now.
type PreviewOrder struct {
	Closed   *[]string     `json:"closed,omitempty" maxItems:"10000"`
	Hints    *[]string     `json:"hints,omitempty" maxItems:"10000"`
	Defaults *LimitsChange `json:"defaults,omitempty"`
	Days     int           `json:"days,omitempty" minimum:"1" maximum:"31" doc:"7 when absent."`
	Note     string        `json:"note,omitempty" maxLength:"2000"`
}

// Preview is how far a preview is, and what it came to. There is one at a time.
type Preview struct {
	State    string          `json:"state" enum:"none,running,done,failed,cancelled"`
	By       string          `json:"by,omitempty"`
	Started  time.Time       `json:"started,omitzero"`
	Ended    time.Time       `json:"ended,omitzero"`
	From     time.Time       `json:"from,omitzero"`
	To       time.Time       `json:"to,omitzero"`
	Progress float64         `json:"progress" minimum:"0" maximum:"1"`
	Error    string          `json:"error,omitempty"`
	Now      *PreviewOutcome `json:"now,omitempty" doc:"Under the rules in force."`
	Then     *PreviewOutcome `json:"then,omitempty" doc:"Under those that were asked about."`
	Differ   []PreviewDiffer `json:"differ,omitempty" doc:"Customers who would have been treated otherwise."`
	Skipped  int             `json:"skipped,omitempty" doc:"Calls that could not be replayed."`
}

// PreviewOutcome is what rules did to the calls.
type PreviewOutcome struct {
	Calls   int            `json:"calls"`
	Refused int            `json:"refused"`
	Cut     int            `json:"cut"`
	Charge  Money          `json:"charge" doc:"Of what they let through."`
	Saved   Money          `json:"saved" doc:"What they would have spared of what was spent."`
	Hurt    int            `json:"hurt" doc:"Calls stopped that talked, and whose customer had no case of suspicion then."`
	Reasons map[string]int `json:"reasons" doc:"Of what was refused or cut."`
}

// PreviewDiffer is a customer whose calls the rules would have treated otherwise.
type PreviewDiffer struct {
	Customer string     `json:"customer"`
	Name     string     `json:"name,omitempty"`
	Stopped  int        `json:"stopped" doc:"More calls stopped than under the rules in force."`
	Hurt     int        `json:"hurt"`
	Saved    Difference `json:"saved"`
}

func (s *server) previewRoutes() {
	give := func(method string) func(context.Context, *call, any) (*body[Preview], error) {
		return func(ctx context.Context, c *call, in any) (*body[Preview], error) {
			out := answer(Preview{})
			err := c.Office.Do(ctx, method, "/v1/rules/preview", in, &out.Body)
			for _, o := range []*PreviewOutcome{out.Body.Now, out.Body.Then} {
				if o != nil && o.Reasons == nil {
					o.Reasons = map[string]int{}
				}
			}
			return out, err
		}
	}
	show, start, cancel := give(http.MethodGet), give(http.MethodPost), give(http.MethodDelete)
	register(s, "get-preview", note{Summary: "How far the preview is, and what it came to"}, func(ctx context.Context, c *call, _ *nothing) (*body[Preview], error) { return show(ctx, c, nil) })
	register(s, "start-preview", note{Summary: "Preview rules over one's own calls", Text: "Replays the last days under the rules in force and under these. It works beside the calls and yields to them; `GET /rules/preview` tells how far it is. One at a time (409).", Body: 1 << 20},
		func(ctx context.Context, c *call, in *struct{ Body PreviewOrder }) (*body[Preview], error) {
			return start(ctx, c, in.Body)
		})
	register(s, "cancel-preview", note{Summary: "Cancel the preview that is running"}, func(ctx context.Context, c *call, _ *nothing) (*body[Preview], error) { return cancel(ctx, c, nil) })
}
