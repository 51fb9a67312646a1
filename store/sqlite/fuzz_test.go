package sqlite

import (
	"testing"

	"tsujiban"
	"tsujiban/store"
)

// FuzzCursor takes cursors from strangers: each is refused as invalid or comes back as it was.
func FuzzCursor(f *testing.F) {
	f.Add(cursorOf(&store.Call{ID: 1<<64 - 1, At: trafficStart}))
	f.Add("")
	f.Add("AAAAAAAAAAAAAAAAAAAAAA==")
	f.Add("'; DROP TABLE calls; --")
	f.Fuzz(func(t *testing.T, s string) {
		start, id, err := parseCursor(s)
		if err != nil {
			if tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
				t.Errorf("code of %v", err)
			}
			return
		}
		again := cursorOf(&store.Call{ID: tsujiban.CallID(id), At: fromMicros(start)})
		start2, id2, err := parseCursor(again)
		if err != nil || start2 != start || id2 != id {
			t.Errorf("%q is %d, %d; written again %d, %d, %v", s, start, id, start2, id2, err)
		}
	})
}

// FuzzWhy reads what a damaged file may hold, and reads back what it writes.
func FuzzWhy(f *testing.F) {
	for _, s := range []string{`[]`, `[["rate",1.5],["hour",-1e-7]]`, `[["rate"]]`, `[[1,2]]`, `null`, `[["rate",1e99]]`, ``, `[["none",1]]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		why, err := parseWhy(s)
		if err != nil {
			return
		}
		again, err := parseWhy(whyText(why))
		if err != nil {
			t.Fatal(err)
		}
		kept := 0
		for _, w := range why {
			if w.Kind == tsujiban.EvidenceNone {
				continue
			}
			if kept >= len(again) || again[kept] != w {
				t.Fatalf("%q is %v, written again %v", s, why, again)
			}
			kept++
		}
	})
}
