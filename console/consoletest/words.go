package consoletest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tsujiban/console/ui"
)

// Words builds a room, which fails on a word that a page names and nobody has, and then fails on words that neither a page
// nor the Go code in dir says. Go code says a word by a string constant of its own: r.T("firms.noted").
func Words(t *testing.T, dir string, room ui.Room) {
	t.Helper()
	b, err := ui.Build(ui.Node{Zone: time.UTC}, room)
	if err != nil {
		t.Fatal(err)
	}
	said := constants(t, dir)
	for _, k := range b.Unused(room.Name) {
		if !slices.Contains(said, k) {
			t.Errorf("words.toml: nobody says %q", k)
		}
	}
	for _, k := range said {
		if group, _, dot := strings.Cut(k, "."); dot && b.Knows(room.Name, group) && !b.Has(room.Name, k) && strings.Trim(k, "abcdefghijklmnopqrstuvwxyz0123456789.-") == "" {
			t.Errorf("the code says %q, which is in no words.toml", k)
		}
	}
}

// constants are all string constants of the Go files of a directory.
func constants(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), dir+"/"+e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				if s, err := strconv.Unquote(l.Value); err == nil {
					all = append(all, s)
				}
			}
			return true
		})
	}
	return all
}
