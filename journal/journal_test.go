package journal

import (
	"context"
	"testing"
	"time"

	"tsujiban"
)

func TestAppendAndRead(t *testing.T) {
	dir := t.TempDir()
	for round := range uint64(3) {
		j, err := Open(Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		var last uint64
		for i := range 100 {
			seq, err := j.Append(&tsujiban.Event{Kind: tsujiban.EventSet, At: time.Unix(int64(i), 0), By: "staff", Note: "n"})
			if err != nil {
				t.Fatal(err)
			}
			last = seq
		}
		if err := j.Wait(t.Context(), last); err != nil {
			t.Fatal(err)
		}
		if last != (round+1)*100 {
			t.Fatalf("last = %d", last)
		}
		r := j.Reader(1)
		for i := uint64(1); i <= last; i++ {
			ev, err := r.Next(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if ev.Seq != i || ev.By != "staff" {
				t.Fatalf("%+v", ev)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
