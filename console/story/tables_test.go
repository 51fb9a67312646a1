package story_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/xuri/excelize/v2"

	"tsujiban"
	"tsujiban/api"
	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/people"
)

// signs begin what a spreadsheet calculates, narrow and wide.
var signs = []string{"=", "+", "-", "@", "＝", "＋", "－", "＠"}

// unsafe tells whether a spreadsheet would calculate a cell. Written anew here, so that the program's own rule is held against another.
func unsafe(cell string) bool {
	if regexp.MustCompile(`^[+-]?[0-9][0-9*.]*(\.\.\+[0-9]+)?$`).MatchString(cell) {
		return false
	}
	if cell != "" && strings.ContainsAny(cell[:1], "\t\r\n") {
		return true
	}
	bare := strings.TrimLeftFunc(cell, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.IsControl(r) })
	return slices.ContainsFunc(signs, func(s string) bool { return strings.HasPrefix(bare, s) })
}

// noCalculation reads a file as a spreadsheet does: no cell is calculated. It returns how many cells had what strangers wrote.
func noCalculation(t *testing.T, name, kind string, body []byte) (strange int) {
	t.Helper()
	seen := func(cell string) {
		if strings.Contains(cell, "HYPERLINK") || strings.Contains(cell, "cmd|") {
			strange++
		}
	}
	switch {
	case strings.HasPrefix(kind, "text/csv"):
		r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
		r.FieldsPerRecord = -1
		rows, err := r.ReadAll()
		if err != nil || len(rows) == 0 {
			t.Fatalf("%s: %d rows, %v", name, len(rows), err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if seen(cell); unsafe(cell) {
					t.Errorf("%s: %q would be calculated", name, cell)
				}
			}
		}
	case strings.Contains(kind, "spreadsheet"):
		f, err := excelize.OpenReader(bytes.NewReader(body))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, tab := range f.GetSheetList() {
			rows, err := f.GetRows(tab)
			if err != nil {
				t.Fatal(err)
			}
			for y, row := range rows {
				for x, cell := range row {
					at, err := excelize.CoordinatesToCellName(x+1, y+1)
					if err != nil {
						t.Fatal(err)
					}
					formula, err := f.GetCellFormula(tab, at)
					if seen(cell); err != nil || formula != "" {
						t.Errorf("%s: %s!%s is calculated: %q (%v)", name, tab, at, formula, err)
					}
				}
			}
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	case kind == "application/zip":
		z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, f := range z.File {
			if strings.HasSuffix(f.Name, ".csv") {
				found = true
				r, err := f.Open()
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(r)
				if err != nil {
					t.Fatal(err)
				}
				strange += noCalculation(t, name+"/"+f.Name, "text/csv", b)
			}
		}
		if !found {
			t.Errorf("%s has no table", name)
		}
	default:
		t.Errorf("%s is of kind %q:\n%.300s", name, kind, body)
	}
	return strange
}

// TestNoTableIsCalculated: every table that pages and API hand out, after strangers have written formulas wherever they can.
func TestNoTableIsCalculated(t *testing.T) {
	site, values := written(t)
	do(t, site, http.MethodPatch, firm, map[string]any{"name": `=HYPERLINK("http://evil.example/")`}, nil)
	for i, s := range signs {
		site.PBX.Send(consoletest.Invite{Dialled: "0120" + strconv.Itoa(444001+i), Agent: s + "cmd|' /C calc'!A0", From: `"` + s + `cmd|" <sip:` + "0925551234@192.0.2.1>"})
		do(t, site, http.MethodPut, firm+"/restriction", control.Order{Level: "watch", Note: s + `HYPERLINK("http://evil.example/")`}, nil)
		do(t, site, http.MethodPost, "/v1/ledger/numbers", control.NumberChange{Verb: "add", Numbers: []string{"050-124" + strconv.Itoa(i) + "-*"}, Source: s + "cmd|x", Ground: s + "cmd|x"}, nil)
	}
	site.Until(func() bool {
		var found control.Calls
		do(t, site, http.MethodPost, "/v1/calls", control.CallSearch{Ground: "test", Limit: 1000}, &found)
		n := 0
		for _, c := range found.Calls {
			if strings.Contains(c.UserAgent, "cmd|") {
				n++
			}
		}
		return n == len(signs)
	})
	t.Run("pages", func(t *testing.T) { tablesOfPages(t, site, values) })
	t.Run("api", func(t *testing.T) { tablesOfAPI(t, site) })
}

// tablesOfPages walks the forms and links of the console that hand out tables.
func tablesOfPages(t *testing.T, site *consoletest.Site, values map[string]string) {
	day := site.Now().In(time.FixedZone("JST", 9*3600)).Format(time.DateOnly)
	officer := site.Visit(t, people.InquiryOfficer)
	officer.Post("/inquiries/1/ask", "number", "092-555-1234", "date", day).Has(t, 200)
	walked := map[string]bool{}
	for _, x := range []struct {
		role         people.Role
		method, path string
		form         []string
		strange      int // cells that strangers wrote, at least
	}{
		{people.Administrator, "GET", "/record/csv", nil, len(signs)},
		{people.Administrator, "POST", "/numbers/export", []string{"format", "csv"}, 1},
		{people.Administrator, "POST", "/numbers/export", []string{"format", "xlsx"}, 1},
		{people.Administrator, "POST", "/numbers/annual", []string{"format", "csv", "year", "2025"}, 0},
		{people.Administrator, "POST", "/numbers/annual", []string{"format", "xlsx", "year", "2025"}, 0},
		{people.InquiryOfficer, "POST", "/calls/export", []string{"ground", "=1+1"}, len(signs)},
		{people.InquiryOfficer, "POST", "/calls/export/whole", []string{"ground", "x", "reason", "@x"}, len(signs)},
		{people.CustomerRole, "GET", "/portal/hakata-shokai/bill.csv", nil, 0},
		{people.CustomerRole, "GET", "/portal/hakata-shokai/bill.csv?whole=yes", nil, 0},
		{people.Reseller, "GET", "/sums.csv", nil, 1},
		{people.InquiryOfficer, "POST", "/inquiries/1/looks/1/bundle", nil, 0},
	} {
		v := site.Visit(t, x.role)
		r := v.Get(x.path)
		if x.method == "POST" {
			r = v.Post(x.path, x.form...)
		}
		if r.Status != http.StatusOK {
			t.Errorf("%s: %d\n%.500s", x.path, r.Status, r.Main())
			continue
		}
		if n := noCalculation(t, x.path, r.Header.Get("Content-Type"), []byte(r.Body)); n < x.strange {
			t.Errorf("%s has only %d cells that strangers wrote, want %d", x.path, n, x.strange)
		}
		walked[x.method+" "+x.path] = true
	}
	for _, b := range site.App.ConsoleRoutes() {
		path := strings.ReplaceAll(pathOf(b.Path, values), "/letter", "/bundle")
		hands := regexp.MustCompile(`csv|xlsx|export|table|\{what\}`).MatchString(b.Path) && (b.Method == "POST" || strings.Contains(b.Path, "csv"))
		if hands && !walked[b.Method+" "+path] {
			t.Errorf("%s %s was not looked at", b.Method, path)
		}
	}
}

// tablesOfAPI walks the operations whose answer is a table, as the document says.
func tablesOfAPI(t *testing.T, site *consoletest.Site) {
	secrets := map[people.Role]string{}
	for role, rights := range map[people.Role][]people.Right{
		people.Administrator: {people.SeeNumbers, people.AnnualReport}, people.InquiryOfficer: {people.SearchCalls, people.ExportCalls, people.RevealNumbers},
	} {
		p, _, err := site.App.Door().Invite(t.Context(), people.Actor{Name: "root"}, "api-"+role.String()+"@example.jp", "田中", role, tsujiban.Japanese, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := &people.Caller{Person: p, Session: &people.Session{Proved: site.Now(), Method: people.ByPasskey}}
		if secrets[role], err = site.App.Door().NewToken(t.Context(), c, "t", rights, time.Hour, people.From{}); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(role people.Role, method, path, body string) (string, []byte) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, site.URL+api.Prefix+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secrets[role])
		req.Header.Set("Content-Type", "application/json")
		resp, err := site.Client(0).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if cerr := resp.Body.Close(); err != nil || cerr != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %d, %v\n%.500s", method, path, resp.StatusCode, err, b)
		}
		return resp.Header.Get("Content-Type"), b
	}
	paths := map[string]bool{}
	for _, x := range []struct {
		role               people.Role
		method, path, body string
		strange            int
	}{
		{people.InquiryOfficer, "GET", "/customers/hakata-shokai/bill.csv?ground=x", "", 0},
		{people.InquiryOfficer, "POST", "/calls/export", `{"ground":"=x"}`, len(signs)},
		{people.InquiryOfficer, "POST", "/calls/export/reveal", `{"ground":"x","reason":"@x"}`, len(signs)},
		{people.Administrator, "GET", "/ledger/export", "", 1},
		{people.Administrator, "GET", "/ledger/export?format=xlsx", "", 1},
		{people.Administrator, "GET", "/ledger/annual-reports/2025/table", "", 0},
		{people.Administrator, "GET", "/ledger/annual-reports/2025/table?format=xlsx", "", 0},
	} {
		kind, body := ask(x.role, x.method, x.path, x.body)
		if n := noCalculation(t, x.path, kind, body); n < x.strange {
			t.Errorf("%s has only %d cells that strangers wrote, want %d", x.path, n, x.strange)
		}
		path, _, _ := strings.Cut(x.path, "?")
		paths[strings.NewReplacer("hakata-shokai", "{customer}", "2025", "{year}").Replace(path)] = true
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]json.RawMessage `json:"content"`
			} `json:"responses"`
		} `json:"paths"`
	}
	_, text := ask(people.Administrator, "GET", "/openapi.json", "")
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	found := 0
	for path, methods := range doc.Paths {
		for method, op := range methods {
			for kind := range op.Responses["200"].Content {
				if strings.Contains(kind, "csv") || strings.Contains(kind, "spreadsheet") {
					found++
					if !paths[strings.TrimPrefix(path, api.Prefix)] {
						t.Errorf("%s %s hands out %s and was not looked at", method, path, kind)
					}
				}
			}
		}
	}
	if found < 4 {
		t.Errorf("the document names only %d tables", found)
	}
}
