package consoletest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tsujiban/console/ui"
	"tsujiban/console/ui/uitest"
)

// Words builds a room, which fails on a word that a page names and nobody has, and then fails on words that neither a page
// nor the Go code in dir says. Go code says a word by a string constant of its own: r.T("firms.noted").
func Words(t *testing.T, dir string, room ui.Room) {
	t.Helper()
	b, err := ui.Build(ui.Node{Zone: time.UTC}, room)
	if err != nil {
		t.Fatal(err)
	}
	said := uitest.Constants(t, dir)
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
