// Package docs_test runs what the documentation says: every configuration is checked, every tsujiban
// command is run against a program on loopback, every make target and file named is there.
package docs_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var pages = []string{
	"../README.md", "../README.ja.md", "setup.md", "setup.ja.md", "limits.md", "limits.ja.md",
	"incident.md", "incident.ja.md", "records.md", "records.ja.md", "operation.md", "operation.ja.md", "evidence.md", "evidence.ja.md",
	"numbers.md", "numbers.ja.md", "retention.md", "retention.ja.md", "inquiry.md", "inquiry.ja.md", "backtest.md", "backtest.ja.md", "notify.md", "notify.ja.md", "cases.md", "cases.ja.md",
	"staff.md", "staff.ja.md", "console.md", "console.ja.md", "portal.md", "portal.ja.md",
}

// block is a fenced piece of a page.
type block struct {
	kind  string
	lines []string
	at    int // line of the fence
}

func blocks(text string) (out []block) {
	var b *block
	for i, line := range strings.Split(text, "\n") {
		kind, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && b == nil:
			b = &block{kind: kind, at: i + 1}
		case fence:
			out, b = append(out, *b), nil
		case b != nil:
			b.lines = append(b.lines, line)
		}
	}
	return out
}

func TestDocumentation(t *testing.T) {
	bin := build(t)
	metrics, source := map[string]bool{}, read(t, "../app/metrics.go")
	for _, page := range pages {
		t.Run(filepath.Base(page), func(t *testing.T) {
			data, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			text := string(data)
			links(t, page, text)
			p := boot(t, bin)
			p.prepare(t, page)
			ran := 0
			for _, b := range blocks(text) {
				kind, file, _ := strings.Cut(b.kind, " ")
				switch kind {
				case "csv", "text": // a file that the commands after it name
					p.write(t, file, strings.Join(b.lines, "\n")+"\n")
				case "toml":
					p.check(t, page, b)
					ran++
				case "sh":
					for i, line := range b.lines {
						p.line(t, fmt.Sprintf("%s:%d", page, b.at+i+1), line)
						ran++
					}
				}
			}
			if ran == 0 && !strings.HasPrefix(page, "portal.") { // a page for customers, who type nothing
				t.Errorf("%s: nothing to run was found", page)
			}
			p.metrics(t, metrics)
			for _, m := range regexp.MustCompile("`(tsujiban_[a-z_]+)`").FindAllStringSubmatch(text, -1) {
				// A counter that has counted nothing is not exported yet: then its description counts.
				if !metrics[m[1]] && !strings.Contains(source, `desc("`+strings.TrimPrefix(m[1], "tsujiban_")+`"`) {
					t.Errorf("%s: there is no metric %s", page, m[1])
				}
			}
		})
	}
}

// links checks that every file that a page points to is there, and that pages point to their translation.
func links(t *testing.T, page, text string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
			t.Errorf("%s points to %s: %v", page, m[1], err)
		}
	}
}

func build(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "tsujiban")
	if out, err := exec.Command("go", "build", "-o", bin, "../cmd/tsujiban").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// post is a running program in a folder of its own.
type post struct {
	bin, dir string
	cmd      *exec.Cmd
	log      bytes.Buffer
	url      string
}

func boot(t *testing.T, bin string) *post {
	t.Helper()
	p := &post{bin: bin, dir: t.TempDir()}
	rates, err := os.ReadFile("../packaging/rates.csv")
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, "rates.csv", string(rates))
	p.write(t, "tsujiban.toml", `[node]
data = "data"
[[listen]]
address = "127.0.0.1:0"
[[carrier]]
id = "carrier-a"
address = "127.0.0.9:5060"
[guard]
rates = "rates.csv"
[sip]
drain = "1s"
[metrics]
listen = "127.0.0.1:0"
[console]
listen = "127.0.0.1:0"
`)
	p.start(t)
	t.Cleanup(func() { p.stop(t) })
	return p
}

func (p *post) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *post) start(t *testing.T) {
	t.Helper()
	ports := filepath.Join(p.dir, "ports")
	_ = os.Remove(ports) // there is none the first time
	p.cmd = exec.Command(p.bin, "serve", "-config", "tsujiban.toml", "-ports", "ports")
	p.cmd.Dir, p.cmd.Stderr = p.dir, &p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if text, err := os.ReadFile(ports); err == nil && strings.Contains(string(text), "control ") {
			for line := range strings.Lines(string(text)) {
				if addr, ok := strings.CutPrefix(strings.TrimSpace(line), "metrics "); ok {
					p.url = "http://" + addr + "/metrics"
				}
			}
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the program does not get ready:\n%s", p.log.String())
		case <-tick.C:
		}
	}
}

func (p *post) stop(t *testing.T) {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(os.Interrupt) // it may have ended
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the program ended with %v:\n%s", err, p.log.String())
	}
	p.cmd = nil
}

// run runs the program with arguments and returns what it printed.
func (p *post) run(args ...string) (string, error) {
	c := exec.Command(p.bin, args...)
	c.Dir = p.dir
	out, err := c.CombinedOutput()
	return string(out), err
}

// prepare makes the customer that the pages after setup speak of.
func (p *post) prepare(t *testing.T, page string) {
	t.Helper()
	if strings.Contains(page, "setup") {
		return
	}
	if out, err := p.run("customer", "add", "hakata-shokai", "-name", "博多商会", "-numbers", "+81925551201"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if strings.Contains(page, "evidence") {
		p.until(t, "evidence", "prove", "2")
	}
}

// until runs a command until it succeeds.
func (p *post) until(t *testing.T, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		out, err := p.run(args...)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%v: %v\n%s", args, err, out)
		case <-tick.C:
		}
	}
}

// check runs "tsujiban check" on a configuration of a page.
func (p *post) check(t *testing.T, page string, b block) {
	t.Helper()
	text := strings.Join(b.lines, "\n")
	if !strings.Contains(text, "[[listen]]") { // a part of a configuration: the rest is as small as can be
		text += "\n[[listen]]\naddress = \"127.0.0.1:0\"\n[[carrier]]\nid = \"carrier-a\"\naddress = \"127.0.0.9:5060\"\n[guard]\nrates = \"rates.csv\"\n"
	}
	p.write(t, "page.toml", text)
	if out, err := p.run("check", "-config", "page.toml"); err != nil {
		t.Errorf("%s:%d: %v\n%s", page, b.at, err, out)
	}
}

// line runs one line of a shell block.
func (p *post) line(t *testing.T, where, line string) {
	t.Helper()
	line, _, _ = strings.Cut(line, "   #")
	words := split(strings.TrimSpace(line))
	if len(words) == 0 {
		return
	}
	switch words[0] {
	case "make":
		if words[1] == "build" || regexp.MustCompile(`(?m)^`+words[1]+`:`).MatchString(read(t, "../Makefile")) {
			return
		}
		t.Errorf("%s: the Makefile has no target %s", where, words[1])
	case "sudo":
		p.sudo(t, where, words[1:])
	case "tsujiban":
		args, to := words[1:], ""
		if k := len(args) - 2; k > 0 && args[k] == ">" {
			args, to = args[:k], args[k+1]
		}
		out, err := p.run(args...)
		if to != "" {
			p.write(t, to, out)
		}
		if err != nil {
			t.Errorf("%s: %s: %v\n%s", where, line, err, out)
		}
	default:
		t.Errorf("%s: this test does not know how to run %q", where, line)
	}
}

// sudo does what a line does to the machine, to the program of the test.
func (p *post) sudo(t *testing.T, where string, words []string) {
	t.Helper()
	switch words[0] {
	case "useradd":
	case "install":
		from := words[len(words)-2]
		if _, err := os.Stat(filepath.Join("..", from)); err != nil && from != "bin/tsujiban" {
			t.Errorf("%s: %v", where, err)
		}
	case "systemctl":
		switch {
		case slices.Contains(words, "stop"):
			p.stop(t)
		case slices.Contains(words, "start"):
			p.start(t)
		}
	default:
		t.Errorf("%s: sudo %s is not known here", where, words[0])
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// split splits words as a shell does with double quotes.
func split(line string) (words []string) {
	var word strings.Builder
	quoted, any := false, false
	for _, r := range line {
		switch {
		case r == '"':
			quoted, any = !quoted, true
		case r == ' ' && !quoted:
			if any || word.Len() > 0 {
				words = append(words, word.String())
			}
			word.Reset()
			any = false
		default:
			word.WriteRune(r)
		}
	}
	if any || word.Len() > 0 {
		words = append(words, word.String())
	}
	return words
}

// metrics notes the names that the program exports.
func (p *post) metrics(t *testing.T, names map[string]bool) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+)`).FindAllStringSubmatch(body.String(), -1) {
		names[m[1]] = true
	}
}
