package demo

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tsujiban/app/control"
	"tsujiban/inquiry"
)

// The number that the police ask about by mistake, our own test number, and the one that they mean, another carrier's.
const askedFor = "050-1232-5678"

const designated = `number,carrier
050-1232,Demo Telecom
050-1233,
050-1234,Sample Networks
`

// paper puts the operator's books in order and takes one inquiry in, as staff would: with orders. The inquiry is the one that
// came with one digit wrong.
func (s *stage) paper(ctx context.Context) error {
	var holders, numbers strings.Builder
	holders.WriteString("契約者ID,名称,契約日,審査承認日,審査者\n")
	fmt.Fprintf(&numbers, "番号,操作,開始日,契約者,卸元\n050-1232*,払出,2015/4/1,,Demo Telecom\n%s,試験,2015/4/10,,\n", askedFor)
	for i := range s.board.firms {
		f := &s.board.firms[i]
		fmt.Fprintf(&holders, "%s,%s,2015-04-10,2015-04-02,佐藤\n", f.id, f.ja)
		fmt.Fprintf(&numbers, "%s,払出,2015/4/1,,Demo Telecom\n%s,割当,2015/4/10,%s,\n", f.number, f.number, f.id)
	}
	for _, in := range []control.LedgerImport{
		{Name: "holders.csv", Data: []byte(holders.String())},
		{Name: "numbers.csv", Data: []byte(numbers.String())},
		{Name: "designated.csv", Data: []byte(designated), Published: "2026-10-01"},
	} {
		in.Ground = "demo"
		if err := s.socket.Do(ctx, http.MethodPost, "/v1/ledger/import", &in, nil); err != nil {
			return fmt.Errorf("%s: %w", in.Name, err)
		}
	}
	ask := control.InquiryAsk{
		Ground: "warrant, 福岡県警察本部, 令状 123, 捜査第二課 山田", Number: askedFor, Date: time.Now().AddDate(0, 0, -3).Format(time.DateOnly),
		Talked: inquiry.Length(50 * time.Minute),
	}
	if err := s.socket.Do(ctx, http.MethodPost, "/v1/inquiries/ask", &ask, nil); err != nil {
		return fmt.Errorf("the inquiry: %w", err)
	}
	return nil
}
