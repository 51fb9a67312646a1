package control

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"tsujiban"
)

// where messages are made that an order answers with.
var rooms = []string{"app", "people", "store", "ledger", "inquiry", "retention"}

// atStart are the beginnings of messages that are read by who starts the program, changes its files or mends its disk, and by nobody at a page.
var atStart = []string{
	"another program answers at", "control.users", "guard.hints", "guard.rates", "certificate %s with key", "configuration:", "numbering plan of", "mail.ca", "no answer from", "not a size", "the secret of the console", "the store is open elsewhere",
	"another process is rebuilding", "the calls hold the journal", "rebuild the calls", "make the backup", "open the store", "remove old files", "write to the disk", "%s exists: a backup", "%s: another process is writing", "%s: cannot use",
	"%s: the store is closed", "the calls of %s are not open", "no snapshot of the guard's state", "there is no order", "tsujiban is not running", "this user may not use", "%s: this user may not read", "%s: no such file", "%s: no certificate in PEM",
	"%s:%d: %q: write the first digits", "link: no link is made for", "is not base32", "facts: %d bytes", "id: a notice needs", "%d keys are kept already", "another purpose", "too old", "torn", "wait", "the program answered", "%s%d, until %s", "%s has schema", "the program's reply",
}

// TestEveryRefusalIsSaidInJapanese: what an order can be refused for has Japanese words. Messages are found in the source by the calls that make them.
func TestEveryRefusalIsSaidInJapanese(t *testing.T) {
	n, missing := 0, []string{}
	for format, at := range messages(t) {
		if slices.ContainsFunc(atStart, func(s string) bool { return strings.HasPrefix(format, s) }) || strings.HasPrefix(format, "%w") {
			continue
		}
		n++
		text := instance(format)
		say, whole := Said(tsujiban.CodeInvalid, text, tsujiban.Japanese)
		if !whole || strings.Contains(say, "$") || strings.Contains(say, `"tsujiban`) || !regexp.MustCompile(`[ぁ-ん]`).MatchString(say) {
			missing = append(missing, at+": "+strconv.Quote(format))
		}
		if en, whole := Said(tsujiban.CodeInvalid, text, tsujiban.English); !whole || en == "" || strings.Contains(en, `"tsujiban`) || regexp.MustCompile(`[ぁ-んァ-ヶ]`).MatchString(strings.ReplaceAll(en, "(照会, 令状, 同意, 緊急, 保全)", "")) && !strings.Contains(format, "分") {
			t.Errorf("%s: in English: %q", at, en)
		}
	}
	slices.Sort(missing)
	for _, m := range missing {
		t.Errorf("no Japanese for %s", m)
	}
	if n < 200 {
		t.Errorf("only %d messages were found", n)
	}
}

// instance is a message as it could be made by a format.
func instance(format string) string {
	return verb.ReplaceAllStringFunc(strings.NewReplacer("%.", "%").Replace(format), func(v string) string {
		switch v[len(v)-1] {
		case 'q':
			return `"a\"b"`
		case 'd':
			return "7"
		case 'U':
			return "U+0007"
		case 'w':
			return "must not be empty"
		}
		return "x"
	})
}

func messages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	root := filepath.Join("..", "..")
	for _, room := range rooms {
		err := filepath.WalkDir(filepath.Join(root, room), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && (d.Name() == "config" || d.Name() == "testdata" || d.Name() == "term" || d.Name() == "storetest") {
				if d != nil && d.IsDir() {
					return fs.SkipDir
				}
				return err
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, path, text, 0)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok {
					if format, ok := formatOf(c); ok {
						out[format] = strings.TrimPrefix(set.Position(c.Pos()).String(), root+"/")
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// formatOf is the format of a call that makes a message for people.
func formatOf(c *ast.CallExpr) (string, bool) {
	lit := func(i int) (string, bool) {
		if i >= len(c.Args) {
			return "", false
		}
		b, ok := c.Args[i].(*ast.BasicLit)
		if !ok || b.Kind != token.STRING {
			return "", false
		}
		s, err := strconv.Unquote(b.Value)
		return s, err == nil
	}
	switch f := c.Fun.(type) {
	case *ast.SelectorExpr:
		code, ok := c.Args, f.Sel.Name == "Errorf"
		if !ok || len(code) < 2 {
			return "", false
		}
		if s, ok := code[0].(*ast.SelectorExpr); !ok || s.Sel.Name == "CodeInternal" || s.Sel.Name == "CodeCorrupt" || !strings.HasPrefix(s.Sel.Name, "Code") {
			return "", false
		}
		return lit(1)
	case *ast.Ident:
		if f.Name == "invalid" || f.Name == "refuse" {
			first, named := lit(0)
			if s, ok := lit(1); ok && (!named || !strings.Contains(first, " ") && !strings.Contains(first, "%") || strings.Contains(first, ": ") && !strings.Contains(first, "%")) {
				return s, true
			}
			return lit(0)
		}
	}
	return "", false
}

// FuzzSaid: whatever stands in a message, its explanation is valid text, and no longer than the message and a sentence.
func FuzzSaid(f *testing.F) {
	f.Add(uint8(1), `name: "x" is wrong`)
	f.Add(uint8(3), `customer "$1${2}" exists; change it with "tsujiban customer set"`)
	f.Fuzz(func(t *testing.T, code uint8, text string) {
		if !utf8.ValidString(text) {
			return // errors are written by the program, with %q around what was sent
		}
		out, _ := Said(tsujiban.Code(code), text, tsujiban.Japanese)
		if out == "" || !utf8.ValidString(out) || len(out) > 3*len(text)+600 {
			t.Errorf("%q: %q", text, out)
		}
	})
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		`customer "x" exists; change it with "tsujiban customer set"`: `customer "x" exists`,
		`there is no question "y"; "tsujiban holder questions" lists`: `there is no question "y"`,
		`limits: too many`: `limits: too many`,
	} {
		if got := Plain(in); got != want {
			t.Errorf("%q", got)
		}
	}
}
