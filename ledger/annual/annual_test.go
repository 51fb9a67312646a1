package annual_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/ledger/annual"
	"tsujiban/numbering"
)

var jst = time.FixedZone("JST", 9*3600)

// TestFiguresAreThoseOfTheNumbersBehind: whatever the spans are, every figure is the sum of the numbers that are named for
// it, and every number counts once.
func TestFiguresAreThoseOfTheNumbersBehind(t *testing.T) {
	p, err := numbering.New("JP")
	if err != nil {
		t.Fatal(err)
	}
	holders := []ledger.Holder{{ID: "top", Reseller: true, Forwarding: true}, {ID: "mid", Reseller: true, Parent: "top"}, {ID: "end", Parent: "mid"}, {ID: "own"}, {ID: "fwd", Forwarding: true}}
	rapid.Check(t, func(t *rapid.T) {
		b := annual.NewBuilder(p, holders)
		behind := map[annual.Key]*annual.Row{}
		held := map[tsujiban.CustomerID]int64{}
		var all int64
		at := int64(815012340000)
		for range rapid.IntRange(0, 30).Draw(t, "spans") {
			free := rapid.IntRange(0, 3).Draw(t, "free")
			width := map[int]int64{0: 1, 1: 10, 2: 100, 3: 1000}[free]
			at = (at + width - 1) / width * width
			s := &ledger.Span{Block: ledger.BlockOf(at, free), Value: ledger.Value{
				State:  rapid.SampledFrom([]ledger.State{ledger.StateStock, ledger.StateTest, ledger.StateAssigned, ledger.StateSuspended, ledger.StateAgeing, ledger.StatePortedOut, ledger.StateReturned}).Draw(t, "state"),
				Source: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "source"), Forwarding: rapid.Bool().Draw(t, "forwarding"),
			}}
			at += width
			if s.Value.State.Held() {
				s.Value.Holder = rapid.SampledFrom([]tsujiban.CustomerID{"top", "mid", "end", "own", "fwd"}).Draw(t, "holder")
			}
			b.Add(s)
			k, ok := b.Behind(s)
			if !ok {
				continue
			}
			all += width
			r := behind[k.Key]
			if r == nil {
				r = &annual.Row{Key: k.Key}
				behind[k.Key] = r
			}
			r.Total += width
			*map[annual.Use]*int64{annual.InUse: &r.InUse, annual.Wholesale: &r.Wholesale, annual.Test: &r.Test, annual.Unused: &r.Unused}[k.Use] += width
			if k.Forwarding {
				r.Forwarding += width
			}
			if k.Suspended {
				r.Suspended += width
			}
			switch k.Holder {
			case "end":
				held["mid"] += width
				held["top"] += width
			case "mid":
				held["mid"] += width
				held["top"] += width
			case "top":
				held["top"] += width
			}
		}
		r := b.Report(2026, jst)
		for _, row := range r.Rows {
			if row != *behind[row.Key] || row.InUse+row.Wholesale+row.Test+row.Unused != row.Total {
				t.Fatalf("%+v, the numbers behind it say %+v", row, *behind[row.Key])
			}
		}
		if r.Total.Total != all || len(r.Rows) != len(behind) {
			t.Fatalf("%d rows of %d numbers, want %d of %d", len(r.Rows), r.Total.Total, len(behind), all)
		}
		for _, x := range r.Resellers {
			if x.Numbers != held[x.ID] || x.Numbers == 0 {
				t.Fatalf("reseller %s has %d numbers, want %d", x.ID, x.Numbers, held[x.ID])
			}
		}
	})
}

func TestPositionAndDue(t *testing.T) {
	position, due := annual.Position(2027, jst)
	if position.Format(time.DateTime) != "2027-03-31 23:59:59" || due.Format(time.DateTime) != "2027-06-30 23:59:59" {
		t.Errorf("%s, %s", position, due)
	}
}

func TestCompare(t *testing.T) {
	k := annual.Key{Kind: "fixed", Source: "A"}
	gone := annual.Key{Kind: "fixed", Source: "B"}
	now := &annual.Report{Rows: []annual.Row{{Key: k, Total: 12, InUse: 3}}}
	now.Compare(&annual.Report{Rows: []annual.Row{{Key: k, Total: 10, InUse: 4}, {Key: gone, Total: 5}}})
	if len(now.Change) != 2 || now.Change[0].Total != 2 || now.Change[0].InUse != -1 || now.Change[1].Total != -5 || now.Change[1].Key != gone {
		t.Errorf("%+v", now.Change)
	}
}
