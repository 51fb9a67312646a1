package storetest

import (
	"context"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/inquiry"
)

// Inquiries are the cases of the desk that answers the police, and every look that was made under them.
type Inquiries interface {
	OpenInquiry(ctx context.Context, c *inquiry.Case) error
	Inquiry(ctx context.Context, id int64) (inquiry.Case, error)
	InquiryOf(ctx context.Context, agency, document string) (inquiry.Case, error)
	Inquiries(ctx context.Context, all bool) ([]inquiry.Case, error)
	Holds(ctx context.Context, at time.Time) ([]inquiry.Case, error)
	NameNumber(ctx context.Context, id int64, n tsujiban.Number) (inquiry.Case, error)
	CloseInquiry(ctx context.Context, id int64, at time.Time, by, result string) (inquiry.Case, error)
	AddLook(ctx context.Context, l *inquiry.Look) error
	Look(ctx context.Context, id int64) (inquiry.Look, error)
	Looks(ctx context.Context, id int64) ([]inquiry.Look, error)
}

func inquiryCase(kind inquiry.Kind, document string, numbers ...string) *inquiry.Case {
	c := &inquiry.Case{Kind: kind, Agency: "福岡県警察本部", Officer: "山田", Document: document, Date: "2026-11-01", Numbers: numbers, By: "sato"}
	if err := c.Open(noon); err != nil {
		panic(err)
	}
	return c
}

func inquiries(t *testing.T, s *subject) {
	one := inquiryCase(inquiry.KindWarrant, "令状 1", "+815012345678")
	ok(t, s.OpenInquiry(ctx, one))
	two := inquiryCase(inquiry.KindInquiry, "捜二-2")
	ok(t, s.OpenInquiry(ctx, two))
	fails(t, s.OpenInquiry(ctx, inquiryCase(inquiry.KindWarrant, "令状 1")), tsujiban.CodeExists, "令状 1")
	got, err := s.Inquiry(ctx, one.ID)
	ok(t, err)
	same(t, got, *one)
	got, err = s.InquiryOf(ctx, "福岡県警察本部", "捜二-2")
	ok(t, err)
	same(t, got, *two)
	_, err = s.Inquiry(ctx, 99)
	fails(t, err, tsujiban.CodeNotFound, "99")

	got, err = s.NameNumber(ctx, one.ID, number("+815012345679"))
	ok(t, err)
	same(t, got.Numbers, []string{"+815012345678", "+815012345679"})
	got, err = s.NameNumber(ctx, one.ID, number("+815012345679"))
	ok(t, err)
	same(t, len(got.Numbers), 2)
	got, err = s.NameNumber(ctx, two.ID, number("+815012345679")) // one that names none names all
	ok(t, err)
	same(t, got.Numbers, nil)

	_, err = s.CloseInquiry(ctx, two.ID, noon, "sato", "")
	fails(t, err, tsujiban.CodeInvalid, "result")
	got, err = s.CloseInquiry(ctx, two.ID, noon, "sato", "no such call")
	ok(t, err)
	same(t, got.ClosedBy, "sato")
	_, err = s.CloseInquiry(ctx, two.ID, noon, "sato", "again")
	fails(t, err, tsujiban.CodeConflict, "closed")
	s.reopen(t)
	list, err := s.Inquiries(ctx, false)
	ok(t, err)
	same(t, len(list), 1)
	list, err = s.Inquiries(ctx, true)
	ok(t, err)
	same(t, []int64{list[0].ID, list[1].ID}, []int64{two.ID, one.ID})
	same(t, list[0].Result, "no such call")
}

func looks(t *testing.T, s *subject) {
	c := inquiryCase(inquiry.KindWarrant, "令状 1")
	ok(t, s.OpenInquiry(ctx, c))
	want := inquiry.Look{
		Case: c.ID, At: noon, By: "sato", Seq: 7, Purpose: "ask", Finding: inquiry.FoundNone, Calls: 3, Found: []tsujiban.CallID{callID(1)},
		Question: inquiry.Question{Number: "050-1234-5678", From: noon, To: noon.Add(time.Hour), Talked: inquiry.Length(50 * time.Minute)},
	}
	fails(t, s.AddLook(ctx, &inquiry.Look{Case: 99, At: noon}), tsujiban.CodeNotFound, "99")
	ok(t, s.AddLook(ctx, &want))
	next := want
	ok(t, s.AddLook(ctx, &next))
	s.reopen(t)
	got, err := s.Look(ctx, want.ID)
	ok(t, err)
	same(t, got, want)
	list, err := s.Looks(ctx, c.ID)
	ok(t, err)
	same(t, list, []inquiry.Look{want, next})
	_, err = s.Look(ctx, 99)
	fails(t, err, tsujiban.CodeNotFound, "99")
}

func holds(t *testing.T, s *subject) {
	at := func(want int, when time.Time) {
		t.Helper()
		list, err := s.Holds(ctx, when)
		ok(t, err)
		same(t, len(list), want)
	}
	at(0, noon)
	c := inquiryCase(inquiry.KindPreservation, "保全 1", "+815012345678")
	ok(t, s.OpenInquiry(ctx, c))
	ok(t, s.OpenInquiry(ctx, inquiryCase(inquiry.KindWarrant, "令状 1")))
	at(1, noon.AddDate(0, 0, 29))
	at(0, noon.AddDate(0, 0, 30))
	_, err := s.CloseInquiry(ctx, c.ID, noon, "sato", "withdrawn")
	ok(t, err)
	at(0, noon)
}
