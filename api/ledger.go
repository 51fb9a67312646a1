package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
)

// Standing is what is true of numbers.
type Standing struct {
	State      string `json:"state" enum:"none,stock,test,assigned,suspended,ageing,ported-out,returned"`
	Holder     string `json:"holder,omitempty" doc:"Who holds it; absent unless assigned or suspended." example:"hakata-shokai"`
	Source     string `json:"source,omitempty" doc:"The carrier that we have it from."`
	Peer       string `json:"peer,omitempty" doc:"The carrier that it was ported from or to."`
	Forwarding bool   `json:"forwarding,omitempty" doc:"Its calls are forwarded: stricter identity checks apply."`
}

// Position is what is true of a number for a while.
type Position struct {
	Standing
	Number  string    `json:"number" example:"+815012345678"`
	Block   string    `json:"block" doc:"The numbers about which the same is true." example:"+815012345600..+815012345699"`
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero" doc:"Absent: for ever."`
	Entry   int64     `json:"entry,omitempty" doc:"The entry of the ledger that says so."`
	Entered *Entry    `json:"entered,omitempty" doc:"That entry; only in a life."`
	Chain   []Link    `json:"chain,omitempty" doc:"The holder, its reseller, and so on."`
}

// Link is one holder of a chain, as it was then.
type Link struct {
	ID             string `json:"id"`
	Name           string `json:"name"`
	Corporate      string `json:"corporate,omitempty" doc:"Corporate number, 13 digits."`
	Representative string `json:"representative,omitempty"`
	Address        string `json:"address,omitempty"`
	Phone          string `json:"phone,omitempty"`
	Reseller       bool   `json:"reseller,omitempty"`
	Forwarding     bool   `json:"forwarding,omitempty"`
}

// Designated is who holds a block by the ministry's tables.
type Designated struct {
	Carrier   string    `json:"carrier,omitempty" doc:"Absent: the tables name nobody."`
	Block     string    `json:"block,omitempty"`
	Published time.Time `json:"published,omitzero"`
	Known     bool      `json:"known" doc:"Whether a table that covers the number has been imported."`
}

// Entry is what was done to the ledger at once.
type Entry struct {
	ID       int64     `json:"entry" example:"12"`
	At       time.Time `json:"at" doc:"When it was entered: what was believed before did not know it."`
	By       string    `json:"by"`
	Verb     string    `json:"verb" example:"assign"`
	Ground   string    `json:"ground"`
	Note     string    `json:"note,omitempty"`
	Undoes   int64     `json:"undoes,omitempty" doc:"The entry that this one takes back."`
	UndoneBy int64     `json:"undone_by,omitempty" doc:"The entry that took this one back."`
	File     string    `json:"file,omitempty"`
	SHA256   string    `json:"sha256,omitempty" doc:"Of that file."`
}

// Number is all that is to be said of one number.
type Number struct {
	Position   Position   `json:"position" doc:"What is true at the instant that was asked about."`
	Designated Designated `json:"designated"`
	Life       []Position `json:"life" doc:"Everything that was ever true of it, in order."`
	At         time.Time  `json:"at"`
	Believed   time.Time  `json:"believed,omitzero"`
}

// NumberChange is done to numbers.
type NumberChange struct {
	Verb       string    `json:"verb" enum:"add,port-in,test,stock,assign,transfer,use,suspend,resume,return,port-out,give-back"`
	Numbers    []string  `json:"numbers" minItems:"1" maxItems:"10000" doc:"Whole, a prefix with *, or first..last." example:"[\"+815012345678\"]"`
	From       time.Time `json:"from,omitzero" doc:"Since when; now when absent."`
	Until      time.Time `json:"until,omitzero" doc:"Until when; for ever when absent."`
	Holder     string    `json:"holder,omitempty" maxLength:"64" doc:"Of assign, transfer, port-in."`
	Source     string    `json:"source,omitempty" maxLength:"200" doc:"Of add, port-in: the carrier that they come from."`
	Peer       string    `json:"peer,omitempty" maxLength:"200" doc:"Of port-in, port-out: the other carrier."`
	Forwarding bool      `json:"forwarding,omitempty"`
	AgeingDays int       `json:"ageing_days,omitempty" minimum:"0" maximum:"3660" doc:"Of return: how long they rest."`
	Ground     string    `json:"ground" minLength:"1" maxLength:"500" example:"contract 2026-118"`
	DryRun     bool      `json:"dry_run,omitempty" doc:"Only say what would come of it."`
}

// LedgerDone says what a change of the ledger came to.
type LedgerDone struct {
	By      string        `json:"by,omitempty"`
	Note    string        `json:"note,omitempty"`
	Entry   *Entry        `json:"entry,omitempty" doc:"Absent of a dry run."`
	Numbers int64         `json:"numbers" doc:"How many numbers it touched."`
	Ranges  []string      `json:"ranges,omitempty" example:"[\"+815012345678\"]"`
	Holders []string      `json:"holders,omitempty" doc:"Holders that are new or changed."`
	Refused []RefusedLine `json:"refused,omitempty" doc:"Of a dry run: what stands against it."`
	DryRun  bool          `json:"dry_run,omitempty"`
}

// RefusedLine is what cannot be done, and why.
type RefusedLine struct {
	Line   int    `json:"line,omitempty"`
	Reason string `json:"reason"`
}

// when is of which instant a question is, and as of which belief.
type When struct {
	At       time.Time `query:"at" doc:"About this instant; now when absent."`
	Believed time.Time `query:"believed" doc:"As it would have been answered at this instant; now when absent."`
}

func (w When) asked(more ...string) string {
	return asked(append([]string{"at", stamp(w.At), "believed", stamp(w.Believed)}, more...)...)
}

func (s *server) ledgerRoutes() {
	register(s, "get-number", note{Summary: "Who holds a number, and who held it", Problem: []int{http.StatusUnprocessableEntity}}, func(ctx context.Context, c *call, in *struct {
		When
		Number string `path:"number" maxLength:"40" doc:"E.164 with + (in a URL %2B), or as dialled in Japan." example:"05012345678"`
	}) (*body[Number], error) {
		out := answer(Number{})
		err := c.Office.Do(ctx, http.MethodGet, at("/v1/ledger/numbers/", in.Number)+in.asked(), nil, &out.Body)
		tidy(&out.Body)
		return out, err
	})
	register(s, "change-numbers", note{Summary: "Change numbers", Text: "Adds, assigns, suspends, returns … numbers. In force for calls when the answer is given.", Body: 1 << 20},
		func(ctx context.Context, c *call, in *struct{ Body NumberChange }) (*body[LedgerDone], error) {
			b := &in.Body
			return book(ctx, c, "/v1/ledger/numbers", control.NumberChange{
				When: span(b.From, b.Until), Verb: b.Verb, Numbers: b.Numbers, Holder: b.Holder, Source: b.Source, Peer: b.Peer, Forwarding: b.Forwarding,
				AgeingDays: b.AgeingDays, Ground: b.Ground, DryRun: b.DryRun,
			})
		})
	register(s, "list-entries", note{Summary: "List what was done to the ledger", Text: "The newest first."}, listEntries)
	register(s, "undo-entry", note{Summary: "Take an entry back", Text: "The ledger keeps both."}, func(ctx context.Context, c *call, in *struct {
		Entry int64 `path:"entry" minimum:"1"`
		Body  Reason
	}) (*body[LedgerDone], error) {
		return book(ctx, c, at("/v1/ledger/undo/", strconv.FormatInt(in.Entry, 10)), control.Order{Note: in.Body.Note})
	})
	s.holderRoutes()
}

func span(from, until time.Time) control.When {
	return control.When{From: stamp(from), Until: stamp(until)}
}

// tidy leaves out what is not there: an entry without a number.
func tidy(n *Number) {
	n.Life = items(n.Life)
	for _, p := range append([]*Position{&n.Position}, pointers(n.Life)...) {
		if p.Entered != nil && p.Entered.ID == 0 {
			p.Entered = nil
		}
	}
}

func pointers[T any](list []T) []*T {
	out := make([]*T, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// book gives an order that changes the ledger.
func book(ctx context.Context, c *call, path string, in any) (*body[LedgerDone], error) {
	out := answer(LedgerDone{})
	err := c.Office.Do(ctx, http.MethodPost, path, in, &out.Body)
	if e := out.Body.Entry; e != nil && e.ID == 0 {
		out.Body.Entry = nil
	}
	for i := range out.Body.Refused {
		r := &out.Body.Refused[i]
		r.Reason, _ = control.Said(tsujiban.CodeInvalid, r.Reason, c.Lang)
	}
	return out, err
}

func listEntries(ctx context.Context, c *call, in *Paging) (*body[Page[Entry]], error) {
	before, err := parseCursor(in.Cursor, "entries")
	if err != nil {
		return nil, err
	}
	out := answer(Page[Entry]{})
	// One more tells whether there is a following page.
	if err := c.Office.Do(ctx, http.MethodGet, "/v1/ledger/entries"+asked("before", before, "limit", strconv.Itoa(in.Limit+1)), nil, &out.Body.Items); err != nil {
		return nil, err
	}
	list := items(out.Body.Items)
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Body.Next = newCursor(strconv.FormatInt(list[len(list)-1].ID, 10), "entries")
	}
	out.Body.Items = list
	return out, nil
}

// Holder is a firm, or a person, that can hold numbers.
type Holder struct {
	ID             string          `json:"id"`
	Name           string          `json:"name"`
	Kana           string          `json:"kana,omitempty"`
	Corporate      string          `json:"corporate,omitempty" doc:"Corporate number of the National Tax Agency, 13 digits."`
	Representative string          `json:"representative,omitempty"`
	Address        string          `json:"address,omitempty"`
	Phone          string          `json:"phone,omitempty" doc:"Where staff reach it."`
	Mail           string          `json:"mail,omitempty"`
	Account        string          `json:"account,omitempty" doc:"What it pays from."`
	Contact        string          `json:"contact,omitempty"`
	Reseller       bool            `json:"reseller,omitempty"`
	Forwarding     bool            `json:"forwarding,omitempty"`
	Parent         string          `json:"parent,omitempty" doc:"The reseller that it buys from."`
	Approved       string          `json:"approved,omitempty" doc:"When a reseller's approval was last checked." example:"2026-03-15"`
	Ended          string          `json:"ended,omitempty" doc:"Last day of the contract."`
	Checks         []IdentityCheck `json:"checks,omitempty"`
}

// IdentityCheck is what was looked at, how, by whom, when.
type IdentityCheck struct {
	What     string    `json:"what" minLength:"1" maxLength:"200" example:"登記事項証明書"`
	How      string    `json:"how" minLength:"1" maxLength:"200" example:"in person"`
	By       string    `json:"by,omitempty" maxLength:"200" doc:"Who asks when absent."`
	At       time.Time `json:"at,omitzero" doc:"Now when absent."`
	Evidence string    `json:"evidence,omitempty" pattern:"^[0-9a-f]{64}$" doc:"SHA-256 of the copy that is kept."`
}

// HolderVersion is a holder as it was for a while.
type HolderVersion struct {
	Holder
	From  time.Time `json:"from"`
	To    time.Time `json:"to,omitzero"`
	Entry int64     `json:"entry"`
}

// HolderState is all that is to be said of one holder.
type HolderState struct {
	Chain []Link          `json:"chain" doc:"It, its reseller, and so on, at the instant that was asked about."`
	Life  []HolderVersion `json:"life" doc:"All that it was, in order."`
	Below []string        `json:"below,omitempty" doc:"Who buys from it."`
}

// HolderFields are what can be said of a holder.
type HolderFields struct {
	Name           *string `json:"name,omitempty" maxLength:"200"`
	Kana           *string `json:"kana,omitempty" maxLength:"200"`
	Corporate      *string `json:"corporate,omitempty" maxLength:"13"`
	Representative *string `json:"representative,omitempty" maxLength:"200"`
	Address        *string `json:"address,omitempty" maxLength:"500"`
	Phone          *string `json:"phone,omitempty" maxLength:"40"`
	Mail           *string `json:"mail,omitempty" maxLength:"254"`
	Account        *string `json:"account,omitempty" maxLength:"200"`
	Contact        *string `json:"contact,omitempty" maxLength:"200"`
	Reseller       *bool   `json:"reseller,omitempty"`
	Forwarding     *bool   `json:"forwarding,omitempty"`
	Parent         *string `json:"parent,omitempty" maxLength:"64"`
	Approved       *string `json:"approved,omitempty" format:"date"`
	Ended          *string `json:"ended,omitempty" format:"date"`
}

// HolderChange sets the fields that it names, from an instant on.
type HolderChange struct {
	Fields HolderFields   `json:"fields"`
	Check  *IdentityCheck `json:"check,omitempty" doc:"One more identity check."`
	From   time.Time      `json:"from,omitzero"`
	Until  time.Time      `json:"until,omitzero"`
	Ground string         `json:"ground" minLength:"1" maxLength:"500"`
}

// NewHolder is a holder that is to be added.
type NewHolder struct {
	ID string `json:"id" pattern:"^[a-z0-9-]{1,64}$"`
	HolderChange
}

// Held is numbers that a holder held alike.
type Held struct {
	Standing
	Numbers string    `json:"numbers" example:"+815012345678..+815012345699"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to,omitzero"`
	Entry   int64     `json:"entry"`
}

func (s *server) holderRoutes() {
	register(s, "list-holders", note{Summary: "List holders", Text: "In the order of their ids."}, func(ctx context.Context, c *call, in *struct {
		Paging
		When
		Below string `query:"below" pattern:"^[a-z0-9-]{1,64}$" doc:"Only those that buy from this reseller."`
	}) (*body[Page[Holder]], error) {
		var list []Holder
		if err := c.Office.Do(ctx, http.MethodGet, "/v1/ledger/holders"+in.asked("below", in.Below), nil, &list); err != nil {
			return nil, err
		}
		return pageOf(list, func(v *Holder) string { return v.ID }, in.Paging, "holders", in.Below, stamp(in.At), stamp(in.Believed))
	})
	register(s, "get-holder", note{Summary: "Show a holder"}, func(ctx context.Context, c *call, in *struct {
		When
		HolderPath
	}) (*body[HolderState], error) {
		out := answer(HolderState{})
		err := c.Office.Do(ctx, http.MethodGet, at("/v1/ledger/holders/", in.Holder)+in.asked(), nil, &out.Body)
		out.Body.Chain, out.Body.Life = items(out.Body.Chain), items(out.Body.Life)
		return out, err
	})
	register(s, "create-holder", note{Summary: "Add a holder"}, func(ctx context.Context, c *call, in *struct{ Body NewHolder }) (*body[LedgerDone], error) {
		return changeHolder(ctx, c, in.Body.ID, &in.Body.HolderChange, true)
	})
	register(s, "change-holder", note{Summary: "Change a holder, or add an identity check"}, func(ctx context.Context, c *call, in *struct {
		HolderPath
		Body HolderChange
	}) (*body[LedgerDone], error) {
		return changeHolder(ctx, c, in.Holder, &in.Body, false)
	})
	register(s, "list-held-numbers", note{Summary: "List what a holder holds or held", Text: "With `at` only what it held then."}, func(ctx context.Context, c *call, in *struct {
		HolderPath
		When
		Cursor string `query:"cursor" maxLength:"1024" doc:"The next of the page before, with the same query."`
	}) (*body[Page[Held]], error) {
		query := []string{"held", in.Holder, stamp(in.At), stamp(in.Believed)}
		after, err := parseCursor(in.Cursor, query...)
		if err != nil {
			return nil, err
		}
		var found struct {
			Held []Held
			Next string
		}
		if err := c.Office.Do(ctx, http.MethodGet, at("/v1/ledger/held/", in.Holder)+in.asked("cursor", after), nil, &found); err != nil {
			return nil, err
		}
		out := Page[Held]{Items: items(found.Held)}
		if found.Next != "" {
			out.Next = newCursor(found.Next, query...)
		}
		return answer(out), nil
	})
	s.screenRoutes()
}

func changeHolder(ctx context.Context, c *call, id string, in *HolderChange, add bool) (*body[LedgerDone], error) {
	order := struct {
		control.When
		Fields HolderFields   `json:"fields"`
		Check  *IdentityCheck `json:"check,omitempty"`
		On     string         `json:"on,omitempty"`
		Add    bool           `json:"add,omitempty"`
		Ground string         `json:"ground"`
	}{When: span(in.From, in.Until), Fields: in.Fields, Check: in.Check, Add: add, Ground: in.Ground}
	if in.Check != nil {
		order.On = stamp(in.Check.At)
	}
	return book(ctx, c, at("/v1/ledger/holders/", id), order)
}

// ScreeningQuestion is asked of whoever wants numbers.
type ScreeningQuestion struct {
	ID   string `json:"id"`
	Kind string `json:"kind" enum:"text,count,yesno"`
	Text string `json:"text" doc:"In the language of Accept-Language."`
}

// Screening is one onboarding screen, and what came of it.
type Screening struct {
	Holder  string            `json:"holder"`
	Outcome string            `json:"outcome" doc:"passed, review, refused, …" example:"review"`
	Answers map[string]string `json:"answers,omitempty"`
	Hits    []ScreeningHit    `json:"hits,omitempty" doc:"Rules that fitted."`
	Rules   string            `json:"rules,omitempty" doc:"Version of the rules."`
	Decided bool              `json:"decided,omitempty" doc:"By a person, after a review."`
	Entry   int64             `json:"entry,omitempty"`
	At      time.Time         `json:"at,omitzero"`
	By      string            `json:"by,omitempty"`
	Ground  string            `json:"ground,omitempty"`
}

// ScreeningHit is a rule that fitted, in both languages.
type ScreeningHit struct {
	Rule string `json:"rule"`
	Ja   string `json:"ja"`
	En   string `json:"en"`
}

// ScreeningOrder puts a holder through the screen, or decides after a review.
type ScreeningOrder struct {
	Answers map[string]string `json:"answers,omitempty" doc:"By id of the question."`
	Decide  string            `json:"decide,omitempty" enum:"pass,refuse" doc:"After a review: what a person decides."`
	Ground  string            `json:"ground" minLength:"1" maxLength:"500"`
}

func (s *server) screenRoutes() {
	register(s, "list-screening-questions", note{Summary: "List the questions of the onboarding screen"}, func(ctx context.Context, c *call, _ *nothing) (*body[Page[ScreeningQuestion]], error) {
		var list []struct{ ID, Kind, Ja, En string }
		if err := c.Office.Do(ctx, http.MethodGet, "/v1/ledger/questions", nil, &list); err != nil {
			return nil, err
		}
		out := Page[ScreeningQuestion]{Items: []ScreeningQuestion{}}
		for _, q := range list {
			text := q.Ja
			if c.Lang == tsujiban.English {
				text = q.En
			}
			out.Items = append(out.Items, ScreeningQuestion{q.ID, q.Kind, text})
		}
		return answer(out), nil
	})
	register(s, "list-screenings", note{Summary: "List a holder's screens", Text: "The newest first."}, func(ctx context.Context, c *call, in *HolderPath) (*body[Page[Screening]], error) {
		out := answer(Page[Screening]{})
		err := c.Office.Do(ctx, http.MethodGet, at("/v1/ledger/holders/", in.Holder, "/screens"), nil, &out.Body.Items)
		out.Body.Items = items(out.Body.Items)
		return out, err
	})
	register(s, "screen-holder", note{Summary: "Screen a holder", Text: "Judges the answers, or takes down what a person decided after a review."}, func(ctx context.Context, c *call, in *struct {
		HolderPath
		Body ScreeningOrder
	}) (*body[Screening], error) {
		var d struct{ Screening Screening }
		err := c.Office.Do(ctx, http.MethodPost, at("/v1/ledger/holders/", in.Holder, "/screen"), in.Body, &d)
		return answer(d.Screening), err
	})
}

// padded puts numbers into the order of text.
func padded(n int64) string {
	s := strconv.FormatInt(n, 10)
	return strings.Repeat("0", max(0, 19-len(s))) + s
}
