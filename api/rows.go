package api

import (
	"net/http"
	"slices"
	"strings"

	"tsujiban/people"
)

// Row is one operation: where it is, and who may use it.
type Row struct {
	ID     string
	Method string
	Path   string // under [Prefix]; {customer} names whose data it is
	// Staff needs all of these. [people.Open] alone: everybody, also without a token.
	Staff []people.Right
	// Own is what a reseller or a customer needs for its own customers; [people.Open]: they may not use it.
	Own people.Right
}

// staff is a row that the operator's people use.
func staff(id, method, path string, rights ...people.Right) Row {
	return Row{ID: id, Method: method, Path: path, Staff: rights}
}

// own lets resellers and customers use a row for their own customers, too.
func (r Row) own(right people.Right) Row {
	r.Own = right
	return r
}

// Rows is every operation. A test walks it against every role and scope.
var Rows = slices.Concat(documentRows, deskRows, caseRows, ledgerRows, inquiryRows, houseRows)

var documentRows = []Row{
	staff("get-openapi-json", "GET", "/openapi.json", people.Open),
	staff("get-openapi-yaml", "GET", "/openapi.yaml", people.Open),
	staff("get-docs", "GET", "/docs", people.Open),
	staff("get-self", "GET", "/self", people.SignedIn).own(people.SignedIn),
}

var deskRows = []Row{
	staff("get-status", "GET", "/status", people.SeeLive),
	staff("get-live", "GET", "/live", people.SeeLive),
	staff("end-call", "POST", "/running-calls/{call}/end", people.ActOnCase),

	staff("list-customers", "GET", "/customers", people.SeeCustomers).own(people.OwnUse),
	staff("create-customer", "POST", "/customers", people.ChangeCustomers),
	staff("get-customer", "GET", "/customers/{customer}", people.SeeCustomers).own(people.OwnUse),
	staff("change-customer", "PATCH", "/customers/{customer}", people.ChangeCustomers),
	staff("delete-customer", "DELETE", "/customers/{customer}", people.ChangeCustomers),
	staff("get-limits", "GET", "/customers/{customer}/limits", people.SeeCustomers).own(people.OwnUse),
	staff("change-limits", "PATCH", "/customers/{customer}/limits", people.ChangeCustomers),
	staff("list-customer-numbers", "GET", "/customers/{customer}/numbers", people.SeeNumbers).own(people.OwnUse),
	staff("add-customer-numbers", "POST", "/customers/{customer}/numbers", people.ChangeCustomers, people.SeeNumbers),
	staff("remove-customer-number", "DELETE", "/customers/{customer}/numbers/{number}", people.ChangeCustomers, people.SeeNumbers),

	staff("list-restrictions", "GET", "/restrictions", people.SeeCases).own(people.OwnUse),
	staff("restrict-customer", "PUT", "/customers/{customer}/restriction", people.ActOnCase),
	staff("release-customer", "POST", "/customers/{customer}/restriction/release", people.ActOnCase),
	staff("answer-for-customer", "POST", "/customers/{customer}/answers", people.ActOnCase).own(people.OwnReply),

	staff("list-trunks", "GET", "/trunks", people.SeeCustomers),
	staff("create-trunk", "POST", "/trunks", people.ChangeCustomers),
	staff("get-trunk", "GET", "/trunks/{trunk}", people.SeeCustomers),
	staff("change-trunk", "PATCH", "/trunks/{trunk}", people.ChangeCustomers),
	staff("delete-trunk", "DELETE", "/trunks/{trunk}", people.ChangeCustomers),

	staff("search-calls", "POST", "/calls/search", people.SearchCalls),
	staff("reveal-calls", "POST", "/calls/reveal", people.SearchCalls, people.RevealNumbers),
	staff("export-calls", "POST", "/calls/export", people.SearchCalls, people.ExportCalls),
	staff("export-and-reveal-calls", "POST", "/calls/export/reveal", people.SearchCalls, people.ExportCalls, people.RevealNumbers),
}

var caseRows = []Row{
	staff("get-overview", "GET", "/overview", people.SeeLive),
	staff("stream-events", "GET", "/events", people.SeeCases).own(people.OwnUse),
	staff("list-cases", "GET", "/cases", people.SeeCases),
	staff("get-case", "GET", "/cases/{case}", people.SeeCases),
	staff("note-case", "POST", "/cases/{case}/notes", people.ActOnCase),
	staff("assign-case", "POST", "/cases/{case}/assign", people.ActOnCase),
	staff("close-case", "POST", "/cases/{case}/close", people.ActOnCase),
	staff("ask-customer", "POST", "/customers/{customer}/ask", people.ActOnCase),
	staff("get-use", "GET", "/customers/{customer}/use", people.SeeCustomers).own(people.OwnUse),
	staff("get-bill", "GET", "/customers/{customer}/bill", people.SearchCalls).own(people.OwnUse),
	staff("get-bill-table", "GET", "/customers/{customer}/bill.csv", people.SearchCalls).own(people.OwnUse),
	staff("get-own", "GET", "/customers/{customer}/own", people.SeeCustomers).own(people.OwnUse),
	staff("set-own-switches", "PATCH", "/customers/{customer}/own/switches", people.ChangeCustomers).own(people.OwnSwitches),
	staff("set-own-limits", "PATCH", "/customers/{customer}/own/limits", people.ChangeCustomers).own(people.OwnLimits),
	staff("stop-own-calls", "POST", "/customers/{customer}/own/stop", people.ChangeCustomers).own(people.OwnStop),
	staff("resume-own-calls", "POST", "/customers/{customer}/own/resume", people.ChangeCustomers).own(people.OwnStop),
	staff("get-profile", "GET", "/customers/{customer}/profile", people.SeeCases),
	staff("get-rules", "GET", "/rules", people.SeeRules),
	staff("change-rules", "PATCH", "/rules", people.ChangeRules),
	staff("get-preview", "GET", "/rules/preview", people.SeeRules),
	staff("start-preview", "POST", "/rules/preview", people.ChangeRules),
	staff("cancel-preview", "POST", "/rules/preview/cancel", people.ChangeRules),
	staff("list-actions", "GET", "/actions", people.SeeRecord),
}

var ledgerRows = []Row{
	staff("get-number", "GET", "/ledger/numbers/{number}", people.SeeNumbers),
	staff("change-numbers", "POST", "/ledger/changes", people.ChangeNumbers),
	staff("import-ledger", "POST", "/ledger/imports", people.ChangeNumbers),
	staff("export-ledger", "GET", "/ledger/export", people.SeeNumbers),
	staff("get-annual-report", "GET", "/ledger/annual-reports/{year}", people.AnnualReport),
	staff("get-annual-table", "GET", "/ledger/annual-reports/{year}/table", people.AnnualReport),
	staff("list-entries", "GET", "/ledger/entries", people.SeeNumbers),
	staff("undo-entry", "POST", "/ledger/entries/{entry}/undo", people.ChangeNumbers),
	staff("list-holders", "GET", "/ledger/holders", people.SeeNumbers),
	staff("get-holder", "GET", "/ledger/holders/{holder}", people.SeeNumbers),
	staff("create-holder", "POST", "/ledger/holders", people.ChangeNumbers),
	staff("change-holder", "PATCH", "/ledger/holders/{holder}", people.ChangeNumbers),
	staff("list-held-numbers", "GET", "/ledger/holders/{holder}/numbers", people.SeeNumbers),
	staff("list-screening-questions", "GET", "/ledger/screening-questions", people.ScreenHolders),
	staff("list-screenings", "GET", "/ledger/holders/{holder}/screenings", people.ScreenHolders),
	staff("screen-holder", "POST", "/ledger/holders/{holder}/screenings", people.ScreenHolders),

	staff("list-suspensions", "GET", "/suspensions", people.SeeNumbers),
	staff("open-suspension", "POST", "/suspensions", people.SuspendNumbers),
	staff("get-suspension", "GET", "/suspensions/{case}", people.SeeNumbers),
	staff("lift-suspension", "POST", "/suspensions/{case}/lift", people.SuspendNumbers),
	staff("complete-suspension-step", "POST", "/suspensions/{case}/steps/{step}/done", people.SuspendNumbers),
	staff("write-suspension-letter", "POST", "/suspensions/{case}/steps/{step}/letter", people.SuspendNumbers),
}

var inquiryRows = []Row{
	staff("list-inquiries", "GET", "/inquiries", people.SeeInquiries),
	staff("open-inquiry", "POST", "/inquiries", people.Inquire),
	staff("get-inquiry", "GET", "/inquiries/{case}", people.SeeInquiries),
	staff("close-inquiry", "POST", "/inquiries/{case}/close", people.Inquire),
	staff("ask", "POST", "/inquiries/{case}/questions", people.Inquire),
	staff("ask-and-reveal", "POST", "/inquiries/{case}/questions/reveal", people.Inquire, people.RevealNumbers),
	staff("hand-over-letter", "POST", "/looks/{look}/letter", people.HandOver),
	staff("hand-over-bundle", "POST", "/looks/{look}/bundle", people.HandOver),

	staff("get-retention", "GET", "/retention", people.SeeRetention),
	staff("run-retention", "POST", "/retention/runs", people.ChangeRetention),
	staff("add-hold", "POST", "/retention/holds", people.ChangeRetention),
	staff("release-hold", "POST", "/retention/holds/{hold}/release", people.ChangeRetention),
}

// houseRows are about the operator's own house. What gives somebody rights is not among them: a program cannot prove who it is.
var houseRows = []Row{
	staff("list-staff", "GET", "/staff", people.SeeStaff),
	staff("get-staff", "GET", "/staff/{person}", people.SeeStaff),
	staff("disable-staff", "POST", "/staff/{person}/disable", people.LockStaff),
	staff("sign-staff-out", "POST", "/staff/{person}/sign-out", people.LockStaff),
	staff("list-tokens", "GET", "/tokens", people.SignedIn).own(people.SignedIn),
	staff("end-token", "DELETE", "/tokens/{token}", people.SignedIn).own(people.SignedIn),
	staff("list-proposals", "GET", "/proposals", people.SignedIn),
	staff("get-proposal", "GET", "/proposals/{proposal}", people.SignedIn),
	staff("withdraw-proposal", "POST", "/proposals/{proposal}/withdraw", people.SignedIn),

	staff("list-notices", "GET", "/notices", people.SeeCases, people.SeeCustomers),
	staff("send-notice-again", "POST", "/notices/{notice}/again", people.ActOnCase),
	staff("test-notices", "POST", "/notices/test", people.ChangeRules),
	staff("list-webhooks", "GET", "/webhooks", people.SeeRules),
	staff("test-webhook", "POST", "/webhooks/{webhook}/test", people.ChangeRules),
	staff("get-evidence", "GET", "/evidence", people.SeeLive),
}

// rowOf finds a row; a handler without one does not start.
func rowOf(id string) *Row {
	for i := range Rows {
		if Rows[i].ID == id {
			return &Rows[i]
		}
	}
	panic("api: there is no row " + id)
}

// open tells whether no token is needed.
func (r *Row) open() bool { return len(r.Staff) == 1 && r.Staff[0] == people.Open }

// names tells whether the path says whose data it is.
func (r *Row) names() bool { return strings.Contains(r.Path, "{customer}") }

// changes tells whether the operation can change anything, or leaves a record: then a request may carry an Idempotency-Key.
func (r *Row) changes() bool { return r.Method != http.MethodGet }

// may tells whether a caller may use the operation at all; for whose data, see reaches.
func (r *Row) may(c *Caller) bool {
	if !c.Person.Role.Staff() {
		return r.Own != people.Open && c.May(r.Own)
	}
	for _, right := range r.Staff {
		if !c.May(right) {
			return false
		}
	}
	return true
}
