package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"tsujiban/store/sqlite"
	"tsujiban/store/storetest"
)

func TestLedger(t *testing.T) {
	storetest.RunLedger(t, func(t testing.TB, now func() time.Time) storetest.Ledger {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), sqlite.WithClock(now))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s.Ledger()
	})
}
