package sqlite_test

import (
	"path/filepath"
	"testing"

	"tsujiban/store/sqlite"
	"tsujiban/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T, place string) storetest.Store {
		s, err := sqlite.Open(t.Context(), filepath.Join(place, "store.db"))
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
