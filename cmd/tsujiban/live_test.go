package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
)

var update = flag.Bool("update", false, "write the golden files anew")

// picture is a hijacking as the program would tell it, with text that a stranger chose.
func picture() *control.Frame {
	at := time.Date(2026, 11, 21, 18, 3, 41, 0, time.UTC)
	why := []control.Weight{{Kind: "destination", Value: 12.5}, {Kind: "rate", Value: 7}}
	return &control.Frame{
		At: at, Node: "guard1", Currency: "JPY",
		Totals: control.Totals{Running: 2, AtRisk: control.Amount(184 * tsujiban.Unit), Today: control.Amount(1234 * tsujiban.Unit), Attempts: 51, Denied: 2, Cut: 1, Restricted: 1},
		Calls: []control.Call{
			{
				Call: "0sa5s46pc0000", Customer: "hakata-shokai", Direction: "out", Caller: "+8192555****", Callee: "+2327631****", Country: "SL",
				Since: at.Add(-14 * time.Second), Answered: at.Add(-12 * time.Second), Cost: control.Amount(175 * tsujiban.Unit), Reserved: control.Amount(175 * tsujiban.Unit),
				Action: "watch", Weight: 44.2,
			},
			{Call: "0sa5s4hxc0000", Customer: "kyoto-kikai", Direction: "in", Callee: "+8175555****", Country: "JP", Since: at, Action: "allow"},
		},
		Hidden: 3,
		Notes: []control.Notable{
			{At: at, Kind: "restricted", Customer: "hakata-shokai", Level: "restrict", Reason: "fraud", By: "guard", Weight: 45, Why: why},
			{At: at, Kind: "cut", Customer: "hakata-shokai", Reason: "fraud", Charge: control.Amount(175 * tsujiban.Unit)},
			{At: at, Kind: "deny", Customer: "hakata-shokai", Callee: "+2327631****", Country: "SL", Reason: "restricted", Weight: 45, Why: why},
			{At: at, Kind: "set", By: "sato \x1b[2J", Note: "import: 2 customers\ncustomer a: added\ncustomer b: added"},
		},
	}
}

// TestFrame compares pictures with golden files: both languages, wide and narrow, with colours.
func TestFrame(t *testing.T) {
	for _, c := range []struct {
		name string
		lang tsujiban.Lang
		st   term.Style
	}{
		{"live-ja", tsujiban.Japanese, term.Style{}},
		{"live-en", tsujiban.English, term.Style{}},
		{"live-narrow", tsujiban.English, term.Style{Width: 72, Rows: 12}},
		{"live-color", tsujiban.Japanese, term.Style{Width: 120, Rows: 24, Color: true}},
	} {
		run := &cmd{lang: c.lang, zone: time.FixedZone("JST", 9*3600)}
		lines := run.frame(picture(), c.st)
		got := strings.Join(lines, "\n") + "\n"
		if c.st.Rows > 0 && len(lines) > c.st.Rows {
			t.Errorf("%s: %d lines on a terminal of %d", c.name, len(lines), c.st.Rows)
		}
		if !c.st.Color && strings.ContainsRune(got, 0x1b) {
			t.Errorf("%s: an escape reaches the terminal", c.name)
		}
		golden := filepath.Join("testdata", c.name+".golden")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%s: -want +got\n%s", c.name, d)
		}
	}
}

// TestExitCodes: programs that call the command can tell what went wrong.
func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		args []string
		want tsujiban.Code
	}{
		{[]string{"telephone"}, tsujiban.CodeInvalid},
		{[]string{"help", "telephone"}, tsujiban.CodeNotFound},
		{[]string{"limit", "set"}, tsujiban.CodeInvalid},
		{[]string{"limit", "set", "-no-such-flag"}, tsujiban.CodeInvalid},
		{[]string{"check", "-config", "testdata/none.toml"}, tsujiban.CodeNotFound},
		{[]string{"status", "-socket", "testdata/none.sock"}, tsujiban.CodeUnavailable},
		{[]string{"calls", "-socket", "testdata/none.sock"}, tsujiban.CodeForbidden},
		{[]string{"journal", "check", "-dir", "testdata/none"}, tsujiban.CodeNotFound},
	} {
		var out, errs bytes.Buffer
		got := run(c.args, world{stdout: &out, stderr: &errs, getenv: func(string) string { return "" }})
		if got != c.want.ExitCode() || out.Len() > 0 || errs.Len() == 0 {
			t.Errorf("%q: exit code %d, want %d\nstdout %q\nstderr %q", c.args, got, c.want.ExitCode(), &out, &errs)
		}
	}
}
