// Package records shows what is on record: the calls, to who states a legal ground, and what people have set.
package records

import "embed"

//go:embed pages words.toml
var files embed.FS
