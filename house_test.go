package tsujiban_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// floors lists the rooms from the cellar up. A room may import only rooms of lower
// floors, and those that mayShare names.
var floors = [][]string{
	{"."},
	{"numbering", "rating", "sipwire", "paper"},
	{"guard/policy"},
	{"guard/spend", "guard/fraud"},
	{"guard", "trace"},
	{"journal", "evidence"},
	{"ledger", "retention", "people", "suspicion", "bill", "notify/outbox"},
	{"store"},
	{"inquiry"},
	{"store/sqlite", "store/storetest"},
	{"edge", "simulate", "replay"},
	{"backtest"},
	{"app/config", "app/control", "app/term"},
	{"console/ui"},
	{"console", "api", "notify"},
	{"app"},
	{"console/consoletest", "console/story"},
	{"demo"},
	{"cmd/tsujiban"},
	{"bench", "interop"},
}

// forbidden are arrows that the floors would allow and the design does not: the edge
// knows SIP and no rule, the guard knows rules and no socket, no store and no journal.
var forbidden = map[string][]string{
	"edge":       {"guard", "journal", "store", "rating"},
	"guard":      {"net", "os", "database/sql", "sipwire", "log/slog"},
	"journal":    {"guard", "sipwire", "numbering"},
	"evidence":   {"journal", "guard", "store", "edge", "sipwire", "numbering"},
	"ledger":     {"guard", "journal", "net/http", "os", "database/sql", "log/slog"},
	"retention":  {"guard", "journal", "net", "net/http", "os", "database/sql", "log/slog"},
	"people":     {"guard", "journal", "net", "net/http", "os", "database/sql", "log/slog"},
	"console":    {"guard", "journal", "store", "edge", "database/sql"},
	"api":        {"guard", "journal", "store", "edge", "database/sql"},
	"notify":     {"guard", "journal", "store", "edge", "database/sql"},
	"store":      {"guard", "journal"},
	"inquiry":    {"guard", "journal", "edge", "net", "net/http", "os", "database/sql", "log/slog"},
	"simulate":   {"guard", "journal", "store", "edge"},
	"numbering":  {"net", "net/http", "os"},
	"rating":     {"net", "net/http"},
	"sipwire":    {"net", "os"},
	"app/config": {"edge", "guard", "journal"},
}

// TestArrowsPointDown walks the imports of every package: the house stands on its cellar.
func TestArrowsPointDown(t *testing.T) {
	for dir, imports := range importsOf(t) {
		own, ok := floorOf(dir)
		if !ok {
			t.Errorf("%s stands on no floor: give it one in house_test.go", dir)
			continue
		}
		for _, imp := range imports {
			room, ours := strings.CutPrefix(imp, "tsujiban/")
			if imp == "tsujiban" {
				room, ours = ".", true
			}
			if ours {
				f, _ := floorOf(room)
				if f > own || f == own && !sameRoom(dir, room) {
					t.Errorf("%s imports %s, which is not below it", dir, room)
				}
			}
			for from, bad := range forbidden {
				if inside(dir, from) && slices.ContainsFunc(bad, func(b string) bool { return inside(strings.TrimPrefix(imp, "tsujiban/"), b) && (ours || b == imp) }) {
					t.Errorf("%s imports %s: the design keeps them apart", dir, imp)
				}
			}
			if dir == "." && strings.Contains(imp, ".") {
				t.Errorf("the vocabulary imports %s: only the standard library may be there", imp)
			}
		}
	}
}

func inside(dir, room string) bool { return dir == room || strings.HasPrefix(dir, room+"/") }

func sameRoom(a, b string) bool {
	a, _, _ = strings.Cut(a, "/")
	b, _, _ = strings.Cut(b, "/")
	return a == b
}

// floorOf finds the floor of a package: its own, or that of the nearest room above it.
func floorOf(dir string) (int, bool) {
	for {
		for i, f := range floors {
			if slices.Contains(f, dir) {
				return i, true
			}
		}
		if dir == "." || !strings.Contains(dir, "/") {
			return 0, false
		}
		dir = dir[:strings.LastIndex(dir, "/")]
	}
}

func importsOf(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		for _, i := range f.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			out[dir] = append(out[dir], p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 5 {
		t.Fatalf("only %d packages found: the walk is broken", len(out))
	}
	return out
}

// TestMigrationsHaveNumbersOfTheirOwn: two changes that were made side by side may have taken the same number; no store opens then.
func TestMigrationsHaveNumbersOfTheirOwn(t *testing.T) {
	files, err := filepath.Glob("store/sqlite/migrations/*/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d migrations, %v", len(files), err)
	}
	seen := map[string]string{}
	for _, f := range files {
		number, _, _ := strings.Cut(filepath.Base(f), "_")
		key := filepath.Join(filepath.Dir(f), number)
		if other := seen[key]; other != "" {
			t.Errorf("%s and %s have the same number: give the newer one the next free one", other, f)
		}
		seen[key] = f
	}
}
