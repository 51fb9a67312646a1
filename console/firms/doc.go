// Package firms is where staff look after customers: who there is and what they use, one customer with its limits, habits, cases and trunks, and the
// forms that change them.
package firms

import "embed"

//go:embed all:pages words.toml
var files embed.FS
