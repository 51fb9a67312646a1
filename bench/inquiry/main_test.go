package main

import (
	"context"
	"strings"
	"testing"
)

// TestSmall makes a small store and asks it everything: the bench finds what it made.
func TestSmall(t *testing.T) {
	o := options{size: 20_000, dir: t.TempDir(), rounds: 3}
	if _, err := makeStore(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if n, err := dropCache(o.dir); err != nil || n < 1<<20 {
		t.Fatal(n, err)
	}
	f, err := ask(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range f.Kinds {
		if k.Found == 0 && (k.Name == "a number of ours on a day" || strings.Contains(k.Name, "call centre")) {
			t.Errorf("%s: nothing was found", k.Name)
		}
	}
	if f.Memory == 0 || len(f.Kinds) != 8 {
		t.Errorf("%+v", f)
	}
}

func TestEvents(t *testing.T) {
	g := &events{size: 1000}
	seq := uint64(0)
	for {
		ev, err := g.Next(context.Background())
		if err != nil {
			break
		}
		if seq++; ev.Seq != seq {
			t.Fatalf("event %d has number %d", seq, ev.Seq)
		}
	}
	if seq < 2000 || seq > 3000 {
		t.Errorf("%d events of 1000 calls", seq)
	}
}

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int{"1M": 1_000_000, "250k": 250_000, "100M": 100_000_000, "7": 7} {
		if n, err := parseSize(s); err != nil || n != want {
			t.Errorf("%s: %d, %v", s, n, err)
		}
	}
	for _, s := range []string{"", "M", "-1", "9999M", "many"} {
		if n, err := parseSize(s); err == nil {
			t.Errorf("%s: %d", s, n)
		}
	}
}
