// Package staff shows who can sign in and what they may do, lets administrators invite,
// change and disable people, and shows what waits for a second person.
package staff

import "embed"

//go:embed all:pages words.toml
var files embed.FS
