//go:build !race

package sqlite

const manyCalls = 200_000
