package main

import (
	"strings"
	"testing"
	"time"

	"tsujiban/store/sqlite"
)

// TestSumFaultText names the row in both languages, and says what is wrong with it.
func TestSumFaultText(t *testing.T) {
	for kind, words := range map[sqlite.RowFaultKind][2]string{
		sqlite.RowMissing: {"がありません", "is missing"},
		sqlite.RowAdded:   {"に当たる通話が", "no calls of it"},
		sqlite.RowChanged: {"と合いません", "is not what the calls"},
	} {
		for table, when := range map[string]string{"days": "2026-11-02", "billed": "2026-11"} {
			ja, en := sumFaultText(&sqlite.SumFault{Table: table, From: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), Customer: "hakata", Key: "international/mobile", Kind: kind})
			for i, text := range []string{ja, en} {
				for _, want := range []string{when, "hakata", table + " international/mobile", words[i]} {
					if !strings.Contains(text, want) {
						t.Errorf("%q does not say %q", text, want)
					}
				}
			}
		}
	}
}
