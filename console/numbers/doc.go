// Package numbers shows the ledger: who holds which number since when and on what ground, holders and their onboarding,
// requests to suspend, the annual report. What may be done is decided in package ledger; here it is asked for and shown.
package numbers

import "embed"

//go:embed all:pages words.toml
var files embed.FS
