// Package inquiries is the desk that answers the police, as pages: cases with their legal ground, questions and what came of
// them, letters and bundles. What may be looked at is decided below, in package inquiry; here it is said.
package inquiries

import "embed"

//go:embed all:pages words.toml
var files embed.FS
