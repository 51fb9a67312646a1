// Package console_test measures how long the pages of the console take on the server with very many calls in the store: make bench-console.
package console_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tsujiban/app/config"
	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/console/ui"
	"tsujiban/people"
)

// limit is what no page may take, as seen from a browser on this machine.
const limit = 300 * time.Millisecond

// rounds is how often each page is asked for; the first answer counts as well as the rest.
const rounds = 5

// figure is what one page took.
type figure struct {
	path                   string
	role                   people.Role
	first, median, longest time.Duration
	bytes                  int
}

// BenchmarkPages asks every page (GET routes that end) once as somebody who may see it, then again. TSUJIBAN_BENCH_CALLS says how
// many calls there are.
func BenchmarkPages(b *testing.B) {
	calls := 1_000_000
	if text := os.Getenv("TSUJIBAN_BENCH_CALLS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1000 {
			b.Fatalf("TSUJIBAN_BENCH_CALLS=%s: write how many calls, from 1000", text)
		}
		calls = n
	}
	start := time.Now()
	site := consoletest.StartWith(b, "", func(c *config.Config) {
		if err := fill(b.Context(), c, calls, time.Now()); err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(os.Stderr, "%d calls made in %s\n", calls, time.Since(start).Round(time.Second))
	})
	fmt.Fprintf(os.Stderr, "serving after %s\n", time.Since(start).Round(time.Second))
	var list control.Suspicions
	site.Until(func() bool {
		return site.App.Office("bench").Do(b.Context(), http.MethodGet, "/v1/cases?limit=1", nil, &list) == nil && list.Behind == 0
	})
	wild := regexp.MustCompile(`\{[^}]*\}`)
	for b.Loop() {
		var all []figure
		for _, r := range site.App.ConsoleRoutes() {
			path := strings.ReplaceAll(r.Path, "{customer}", string(consoletest.Firm))
			if len(list.Cases) > 0 {
				path = strings.ReplaceAll(path, "{case}", strconv.FormatUint(list.Cases[0].ID, 10))
			}
			if r.Method != http.MethodGet || r.Slow || wild.MatchString(path) {
				continue
			}
			if f, ok := measure(b, site, &r, path); ok {
				all = append(all, f)
			}
		}
		report(b, all, calls)
	}
}

// measure asks for one page.
func measure(b *testing.B, site *consoletest.Site, r *ui.Bound, path string) (f figure, ok bool) {
	b.Helper()
	f.path = path
	for _, role := range []people.Role{people.Administrator, people.InquiryOfficer, people.Analyst, people.CustomerRole} {
		if p := consoletest.Guest(role); p.May(r.Right) && p.May(r.Also) {
			f.role, ok = role, true
			break
		}
	}
	if !ok {
		return f, false
	}
	c := site.Client(f.role)
	var took []time.Duration
	for range rounds {
		start := time.Now()
		resp, err := c.Get(site.URL + path)
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
		if err := resp.Body.Close(); err != nil {
			b.Fatal(err)
		}
		if resp.StatusCode >= 400 {
			return f, false // a page that needs more than its address: what it says is no measure
		}
		f.bytes = int(n)
	}
	f.first = took[0]
	slices.Sort(took)
	f.median, f.longest = took[rounds/2], took[rounds-1]
	return f, true
}

func report(b *testing.B, all []figure, calls int) {
	b.Helper()
	slices.SortFunc(all, func(x, y figure) int { return int(y.longest - x.longest) })
	ms := func(d time.Duration) string {
		return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 1, 64) + " ms"
	}
	fmt.Printf("\n%d calls over %d days, %d of the customer whose pages are asked for\n\n| page | as | first | median | longest | bytes |\n|---|---|---:|---:|---:|---:|\n", calls, days, calls/own)
	for _, f := range all {
		fmt.Printf("| %s | %s | %s | %s | %s | %d |\n", f.path, f.role, ms(f.first), ms(f.median), ms(f.longest), f.bytes)
		if f.longest > limit {
			b.Errorf("%s takes %s, at most %s", f.path, ms(f.longest), limit)
		}
	}
}
