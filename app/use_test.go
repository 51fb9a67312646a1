package app

import (
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tsujiban"
	"tsujiban/app/control"
)

// hangUp ends a call from the PBX's side.
func (r *running) hangUpCall(c *call, ok *message) {
	r.t.Helper()
	r.pbx.inside(r.guard, c, ok, "BYE", 2)
	r.carrier.answer(r.carrier.expect("BYE "), "200 OK")
	r.pbx.expect("SIP/2.0 200")
	r.ended()
}

// table reads a CSV that an order gives.
func (r *running) table(office *control.Client, method, path string, in any) ([][]string, string, error) {
	r.t.Helper()
	body, name, err := office.Download(r.t.Context(), method, path, in)
	if err != nil {
		return nil, "", err
	}
	defer func() {
		if err := body.Close(); err != nil {
			r.t.Error(err)
		}
	}()
	rows, err := csv.NewReader(body).ReadAll()
	return rows, name, err
}

// TestUseAndBill: what a customer used and what it is billed, masked unless there is a ground, every look recorded.
func TestUseAndBill(t *testing.T) {
	r := newSite(t).start()
	office := r.Office("sato")
	for _, number := range []string{"0312345678", "01012125550100"} {
		c, ok, _ := r.pbx.talkTo(r.guard, r.carrier, number)
		r.hangUpCall(c, ok)
	}
	r.pbx.invite(r.guard, "0990512345", "0925551234")
	r.pbx.expect("SIP/2.0 403")

	var use control.Use
	if err := office.Do(t.Context(), http.MethodGet, "/v1/customers/hakata-shokai/use", nil, &use); err != nil {
		t.Fatal(err)
	}
	if use.Total.Attempts != 3 || use.Total.Refused != 1 || use.Total.Answered != 2 || use.Total.Charge != control.Amount(4*tsujiban.Unit) || len(use.Days) != 1 || use.Now.Today != use.Total.Charge || use.CapDay == 0 {
		t.Errorf("%+v", use)
	}
	if len(use.Places) != 3 || use.Places[0].Country != "JP" || use.Places[1].Country != "US" {
		t.Errorf("%+v", use.Places)
	}
	for path, code := range map[string]tsujiban.Code{
		"/v1/customers/nobody/use":                              tsujiban.CodeNotFound,
		"/v1/customers/hakata-shokai/use?from=2020-01-01":       tsujiban.CodeInvalid,
		"/v1/customers/hakata-shokai/bill?month=November":       tsujiban.CodeInvalid,
		"/v1/customers/hakata-shokai/bill?whole=true":           tsujiban.CodeForbidden,
		"/v1/customers/hakata-shokai/bill?whole=perhaps":        tsujiban.CodeInvalid,
		"/v1/customers/hakata-shokai/bill?ground=%00&whole=yes": tsujiban.CodeInvalid,
	} {
		if err := office.Do(t.Context(), http.MethodGet, path, nil, nil); tsujiban.CodeOf(err) != code || err == nil {
			t.Errorf("%s: %v", path, err)
		}
	}

	// Of several at once: the same sums, in the order asked for; who is not there is left out.
	var one control.Use
	var all control.Uses
	if err := errors.Join(office.Do(t.Context(), http.MethodPost, "/v1/customers/naniwa-denki", map[string]any{"name": "浪速電機"}, nil),
		office.Do(t.Context(), http.MethodGet, "/v1/customers/hakata-shokai/use", nil, &one),
		office.Do(t.Context(), http.MethodGet, "/v1/use?customer=naniwa-denki&customer=nobody&customer=hakata-shokai", nil, &all)); err != nil {
		t.Fatal(err)
	}
	if len(all.Uses) != 2 || all.Uses[0].Customer != "naniwa-denki" || all.Uses[0].Attempts != 0 || all.Uses[1].Name != "博多商会" || all.Uses[1].UseSum != one.Total || one.Total.Charge == 0 {
		t.Errorf("%+v, alone %+v", all, one.Total)
	}
	for _, path := range []string{"/v1/use", "/v1/use?customer=hakata-shokai&from=2020-01-01", "/v1/use?" + strings.Repeat("customer=a&", 10_001)} {
		if err := office.Do(t.Context(), http.MethodGet, path, nil, nil); tsujiban.CodeOf(err) != tsujiban.CodeInvalid || err == nil {
			t.Errorf("%.60s: %v", path, err)
		}
	}

	var bill control.Bill
	if err := office.Do(t.Context(), http.MethodGet, "/v1/customers/hakata-shokai/bill", nil, &bill); err != nil {
		t.Fatal(err)
	}
	if len(bill.Lines) != 2 || bill.Lines[0].Callee != "+8131234****" || bill.Lines[1].Callee != "+1212555****" || bill.Total.Charge != control.Amount(4*tsujiban.Unit) || bill.Name != "博多商会" {
		t.Errorf("%+v", bill)
	}
	rows, name, err := r.table(office, http.MethodGet, "/v1/customers/hakata-shokai/bill.csv?whole=true&ground=the+customer+asked", nil)
	if err != nil || len(rows) != 3 || rows[1][1] != "+81312345678" || !strings.HasPrefix(name, "bill-hakata-shokai-20") {
		t.Errorf("%s: %v, %v", name, rows, err)
	}

	rows, _, err = r.table(office, http.MethodPost, "/v1/calls/export", control.CallSearch{Ground: "ticket 7", Customer: "hakata-shokai"})
	if err != nil || len(rows) != 4 || strings.Contains(strings.Join(rows[2], " "), "12125550100") {
		t.Errorf("%v, %v", rows, err)
	}
	if _, _, err := r.table(office, http.MethodPost, "/v1/calls/export", control.CallSearch{}); tsujiban.CodeOf(err) != tsujiban.CodeForbidden {
		t.Errorf("without a ground: %v", err)
	}
	notes := ""
	for _, n := range r.Frame().Notes {
		notes += n.By + ": " + n.Note + "\n"
	}
	for _, want := range []string{
		"sato (console): looked into calls; ground: the customer's own bill; customer: hakata-shokai; bill of 20",
		"ground: the customer asked; customer: hakata-shokai; bill of 20",
		"sato (console): export: looked into calls; ground: ticket 7; customer: hakata-shokai",
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("%q is not recorded:\n%s", want, notes)
		}
	}

	var p control.Profile
	if err := office.Do(t.Context(), http.MethodGet, "/v1/customers/hakata-shokai/profile", nil, &p); err != nil {
		t.Fatal(err)
	}
	if !p.Known || p.Since.IsZero() || len(p.Sources) != 1 || p.Sources[0].Value != "127.0.0.1" || len(p.Agents) != 1 || p.Agents[0].Value != "Test PBX" || len(p.LengthHome.Calls) != len(p.LengthHome.BoundsS)+1 {
		t.Errorf("%+v", p)
	}

	var o control.Overview
	if err := office.Do(t.Context(), http.MethodGet, "/v1/overview", nil, &o); err != nil {
		t.Fatal(err)
	}
	attempts, charge := 0, control.Amount(0)
	for _, h := range o.Hours {
		attempts, charge = attempts+h.Attempts, charge+h.Charge
	}
	if len(o.Hours) != pulseHours || attempts != 3 || charge != control.Amount(4*tsujiban.Unit) || len(o.Customers) != 1 || o.Customers[0].Name != "博多商会" || len(o.Carriers) != 1 || o.Carriers[0].Rate != 1 || o.Carriers[0].Calls != 2 {
		t.Errorf("%+v", o)
	}
	// The same after a restart, read from the view.
	r.stop()
	s := r.site
	again := s.start()
	var then control.Overview
	if err := again.do(http.MethodGet, "/v1/overview", nil, &then); err != nil {
		t.Fatal(err)
	}
	if len(then.Places) != len(o.Places) || then.Customers[0].Day != o.Customers[0].Day || then.Carriers[0].Answered != o.Carriers[0].Answered {
		t.Errorf("before %+v\nafter %+v", o, then)
	}
}

// TestNoCellIsAFormula: what SIP traffic carries ends in a spreadsheet.
func TestNoCellIsAFormula(t *testing.T) {
	w := httptest.NewRecorder()
	tab := newTable(w, "x.csv", "a")
	for _, evil := range []string{"=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "a\r\n=1", "+81312345678", "x\x1b[2J"} {
		if err := tab.row(evil); err != nil {
			t.Fatal(err)
		}
	}
	tab.w.Flush()
	rows, err := csv.NewReader(w.Body).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		if cell := row[0]; strings.ContainsAny(cell[:1], "=-@\t\r") || cell[0] == '+' && cell != "+81312345678" || strings.ContainsAny(cell, "\r\n\x1b") {
			t.Errorf("cell %q", cell)
		}
	}
}

// TestTableBrokenOff: a table that could not be written whole is not taken for one.
func TestTableBrokenOff(t *testing.T) {
	r := newSite(t).start()
	c := control.NewLocal(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		tab := newTable(w, "x.csv", "a")
		_ = tab.row("1")
		r.control.tableDone(tab, io.ErrUnexpectedEOF)
	}), "sato")
	if rows, _, err := r.table(c, http.MethodGet, "/", nil); err == nil {
		t.Errorf("got %v", rows)
	}
}
