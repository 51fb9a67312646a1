package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tsujiban/app/control"
	"tsujiban/people"
)

// Inquiry is a case of the inquiry desk: the ground on which questions are asked.
type Inquiry struct {
	ID       int64     `json:"case" example:"3"`
	At       time.Time `json:"at" doc:"When it was entered."`
	By       string    `json:"by"`
	Kind     string    `json:"kind" enum:"inquiry,warrant,consent,emergency,preservation"`
	Agency   string    `json:"agency,omitempty" example:"福岡県警察本部"`
	Officer  string    `json:"officer,omitempty"`
	Document string    `json:"document" doc:"Its number." example:"捜二-88"`
	Date     string    `json:"date" doc:"On the document." example:"2026-11-20"`
	Numbers  []string  `json:"numbers,omitempty" doc:"Which it names; no others are looked up under it."`
	Days     int       `json:"days,omitempty" doc:"Of a preservation request."`
	Until    time.Time `json:"until,omitzero"`
	Note     string    `json:"note,omitempty"`
	Closed   time.Time `json:"closed,omitzero"`
	ClosedBy string    `json:"closed_by,omitempty"`
	Result   string    `json:"result,omitempty"`
}

// NewInquiry is a case that is to be opened.
type NewInquiry struct {
	Kind     string   `json:"kind" enum:"inquiry,warrant,consent,emergency,preservation" doc:"Written inquiry, warrant of a judge, consent of the customer, danger to life, request not to erase."`
	Agency   string   `json:"agency,omitempty" maxLength:"200" example:"福岡県警察本部"`
	Officer  string   `json:"officer,omitempty" maxLength:"200"`
	Document string   `json:"document" minLength:"1" maxLength:"200" example:"捜二-88"`
	Date     string   `json:"date,omitempty" format:"date" doc:"On the document; today when absent."`
	Numbers  []string `json:"numbers,omitempty" maxItems:"1000" doc:"Which it names." example:"[\"050-1234-5678\"]"`
	Days     int      `json:"days,omitempty" minimum:"0" maximum:"30"`
	Note     string   `json:"note,omitempty" maxLength:"200"`
}

// Question is what is alleged.
type Question struct {
	Number string `json:"number" minLength:"1" maxLength:"40" doc:"As it was given; it need not be one that there is." example:"050-1234-5678"`
	Date   string `json:"date,omitempty" maxLength:"40" doc:"The day; or from and to." example:"2026-11-20"`
	From   string `json:"from,omitempty" maxLength:"40" doc:"With date a time of that day in the zone of the node, else an instant." example:"13:00"`
	To     string `json:"to,omitempty" maxLength:"40"`
	Talked string `json:"talked,omitempty" maxLength:"40" doc:"They are said to have talked so long." example:"50m"`
	Within string `json:"within,omitempty" maxLength:"40" doc:"How far that may be off."`
	Other  string `json:"other,omitempty" maxLength:"40" doc:"The other party's number."`
	Way    string `json:"way,omitempty" enum:"in,out" doc:"Seen from the number."`
}

// InquiryAnswer is what the desk says.
type InquiryAnswer struct {
	Look      int64         `json:"look" doc:"Number of this look: letters and bundles are made of it."`
	At        time.Time     `json:"at"`
	Case      Inquiry       `json:"case"`
	Finding   string        `json:"finding" enum:"call,near,no-call,no-number,not-ours,not-allowed"`
	Subject   Subject       `json:"subject"`
	Looked    bool          `json:"looked" doc:"Whether call records were looked up."`
	Refused   string        `json:"refused,omitempty" doc:"Why not, or why not those of near numbers."`
	Calls     []InquiryCall `json:"calls" doc:"Those that fit first."`
	More      bool          `json:"more,omitempty" doc:"There are more."`
	Near      []Beside      `json:"near" doc:"Numbers that are one slip of the finger away."`
	Other     *Subject      `json:"other,omitempty"`
	OtherNear []Beside      `json:"other_near,omitempty"`
	Behind    uint64        `json:"behind,omitempty" doc:"Entries of the journal that the calls do not have yet."`
}

// Subject is a number, and whose it was.
type Subject struct {
	Given      string     `json:"given"`
	Number     string     `json:"number,omitempty"`
	Digits     string     `json:"digits,omitempty" doc:"As dialled at home."`
	Problem    string     `json:"problem,omitempty" doc:"Why it is none."`
	Ours       bool       `json:"ours" doc:"For at least a part of the time."`
	Held       []Position `json:"held,omitempty"`
	Designated Designated `json:"designated"`
}

// InquiryCall is one call of the number.
type InquiryCall struct {
	Call      string         `json:"call"`
	At        time.Time      `json:"at"`
	Answered  time.Time      `json:"answered,omitzero"`
	Ended     time.Time      `json:"ended,omitzero"`
	Way       string         `json:"way" enum:"in,out" doc:"Seen from the number."`
	Direction string         `json:"direction" enum:"in,out" doc:"Seen from the customer."`
	Customer  string         `json:"customer"`
	Caller    string         `json:"caller,omitempty" doc:"Masked, unless revealed."`
	Callee    string         `json:"callee,omitempty" doc:"Masked, unless revealed."`
	Withheld  bool           `json:"withheld,omitempty"`
	Foreign   bool           `json:"foreign,omitempty" doc:"It shows our number, and came in from the network."`
	Talk      string         `json:"talk" example:"50m3s"`
	Result    string         `json:"result" enum:"connected,running,unanswered,denied"`
	Reason    string         `json:"reason,omitempty"`
	Status    int            `json:"status,omitempty"`
	Entries   JournalEntries `json:"entries"`
	Length    bool           `json:"length" doc:"Its length is the one that is alleged."`
	Party     bool           `json:"party" doc:"So is the other party."`
	Unknown   bool           `json:"unknown,omitempty"`
	Fits      bool           `json:"fits" doc:"All that is alleged."`
}

// JournalEntries are the entries that prove a call.
type JournalEntries struct {
	Asked    uint64 `json:"asked,omitempty"`
	Answered uint64 `json:"answered,omitempty"`
	Ended    uint64 `json:"ended,omitempty"`
}

// Beside is a number one slip away.
type Beside struct {
	Number     string     `json:"number" doc:"Masked, unless revealed or ours to tell."`
	Digits     string     `json:"digits"`
	Slips      []string   `json:"slips" doc:"How it came to be the number that was given."`
	Place      int        `json:"place" doc:"Where the two part, from 1."`
	Weight     float64    `json:"weight" doc:"How likely."`
	Ours       bool       `json:"ours"`
	State      string     `json:"state"`
	Chain      []Link     `json:"chain,omitempty"`
	Designated Designated `json:"designated"`
	Looked     bool       `json:"looked,omitempty"`
	Matching   int        `json:"matching,omitempty"`
}

// InquiryState is a case and the looks that were made under it.
type InquiryState struct {
	Inquiry
	Looks []Look `json:"looks"`
}

// Look is one question that was asked, and by whom.
type Look struct {
	Look      int64     `json:"look"`
	At        time.Time `json:"at"`
	By        string    `json:"by"`
	Entry     uint64    `json:"entry" doc:"The entry of the journal that says that it was asked."`
	Number    string    `json:"number"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Revealed  bool      `json:"revealed,omitempty" doc:"Whole numbers were shown."`
	Purpose   string    `json:"purpose" doc:"ask, letter, bundle." example:"ask"`
	Finding   string    `json:"finding"`
	Calls     int       `json:"calls"`
	Matching  int       `json:"matching"`
	NearCalls int       `json:"near_calls"`
}

// file is something that is handed over.
type file struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Look        string `header:"Tsujiban-Look"`
	Body        []byte
}

func (s *server) inquiryRoutes() {
	register(s, "list-inquiries", note{Summary: "List cases of the inquiry desk", Text: "In the order of their numbers; those that are open, unless `all` is asked for."}, func(ctx context.Context, c *call, in *struct {
		Paging
		All bool `query:"all"`
	}) (*body[Page[Inquiry]], error) {
		var list []Inquiry
		if err := c.Office.Do(ctx, http.MethodGet, "/v1/inquiries"+asked("all", yes(in.All)), nil, &list); err != nil {
			return nil, err
		}
		slices.SortFunc(list, func(a, b Inquiry) int { return int(a.ID - b.ID) })
		return pageOf(list, func(v *Inquiry) string { return padded(v.ID) }, in.Paging, "inquiries", yes(in.All))
	})
	register(s, "open-inquiry", note{Summary: "Open a case", Status: http.StatusCreated}, func(ctx context.Context, c *call, in *struct{ Body NewInquiry }) (*made[Inquiry], error) {
		var v Inquiry
		if err := c.Office.Do(ctx, http.MethodPost, "/v1/inquiries", in.Body, &v); err != nil {
			return nil, err
		}
		return &made[Inquiry]{Location: Prefix + at("/inquiries/", strconv.FormatInt(v.ID, 10)), Body: v}, nil
	})
	register(s, "get-inquiry", note{Summary: "Show a case and the looks under it"}, getInquiry)
	register(s, "close-inquiry", note{Summary: "Close a case", Text: "`note` says what was answered."}, func(ctx context.Context, c *call, in *struct {
		CasePath
		Body Reason
	}) (*body[Done], error) {
		return change(ctx, c, http.MethodDelete, at("/v1/inquiries/", strconv.FormatInt(in.Case, 10)), control.Order{Note: in.Body.Note})
	})
	type asking = struct {
		CasePath
		Body Question
	}
	register(s, "ask", note{Summary: "Ask the records", Text: "Who held the number, its calls, and which numbers are one slip away. Numbers are masked. That it was asked is on disk before anything is looked up."},
		func(ctx context.Context, c *call, in *asking) (*body[InquiryAnswer], error) {
			return ask(ctx, c, in.Case, &in.Body, false)
		})
	register(s, "ask-and-reveal", note{Summary: "Ask the records, whole numbers", Secret: true}, func(ctx context.Context, c *call, in *asking) (*body[InquiryAnswer], error) {
		return ask(ctx, c, in.Case, &in.Body, true)
	})
	for id, n := range map[string]note{
		"hand-over-letter": {Summary: "Make the letter of a look (PDF)", Text: "The question is asked again as the ledger stood then; that is another look, and recorded as one.", Secret: true, Second: true, File: "application/pdf"},
		"hand-over-bundle": {Summary: "Make the bundle of a look (ZIP)", Text: "Records, proofs and letter, for `tsujiban verify`.", Secret: true, Second: true, File: "application/zip"},
	} {
		what := strings.TrimPrefix(id, "hand-over-")
		register(s, id, n, func(ctx context.Context, c *call, in *struct {
			Look int64 `path:"look" minimum:"1"`
		}) (*file, error) {
			var f control.InquiryFile
			id := strconv.FormatInt(in.Look, 10)
			path := at("/v1/looks/", id, "/"+what)
			if err := s.second(ctx, c, people.ActHandOver, "look "+id, what, http.MethodPost, path, nil); err != nil {
				return nil, err
			}
			if err := c.Office.Do(ctx, http.MethodPost, path, nil, &f); err != nil {
				return nil, err
			}
			return &file{n.File, `attachment; filename="` + f.Name + `"`, strconv.FormatInt(f.Look, 10), f.Data}, nil
		})
	}
}

func getInquiry(ctx context.Context, c *call, in *CasePath) (*body[InquiryState], error) {
	var v struct {
		Inquiry
		Looks []struct {
			Look
			Seq      uint64
			Reveal   bool
			Question struct {
				Number   string
				From, To time.Time
			}
		}
	}
	if err := c.Office.Do(ctx, http.MethodGet, at("/v1/inquiries/", strconv.FormatInt(in.Case, 10)), nil, &v); err != nil {
		return nil, err
	}
	out := InquiryState{Inquiry: v.Inquiry, Looks: []Look{}}
	for _, l := range v.Looks {
		l.Entry, l.Revealed, l.Number, l.From, l.To = l.Seq, l.Reveal, l.Question.Number, l.Question.From, l.Question.To
		out.Looks = append(out.Looks, l.Look)
	}
	return answer(out), nil
}

func ask(ctx context.Context, c *call, id int64, q *Question, reveal bool) (*body[InquiryAnswer], error) {
	out := answer(InquiryAnswer{})
	err := c.Office.Do(ctx, http.MethodPost, "/v1/inquiries/ask", struct {
		Ground string `json:"ground"`
		Question
		Reveal bool   `json:"reveal,omitempty"`
		Lang   string `json:"lang"`
	}{strconv.FormatInt(id, 10), *q, reveal, langName(c.Lang)}, &out.Body)
	v := &out.Body
	v.Calls, v.Near = items(v.Calls), items(v.Near)
	for _, b := range append(pointers(v.Near), pointers(v.OtherNear)...) {
		b.Slips = items(b.Slips)
	}
	for _, p := range pointers(v.Subject.Held) {
		p.Entered = nil
	}
	if v.Other != nil {
		for _, p := range pointers(v.Other.Held) {
			p.Entered = nil
		}
	}
	return out, err
}
