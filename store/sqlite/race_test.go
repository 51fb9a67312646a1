//go:build race

package sqlite

// manyCalls are fewer under the race detector: nothing races there, and SQLite in Go is
// twenty times slower with it.
const manyCalls = 1_000
