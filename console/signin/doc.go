// Package signin is where people come in and look after their own account: password with
// one-time codes, passkeys (WebAuthn), OpenID Connect, links of invitation and reset, the
// link of the first start, and the page "My account". The rules are package people's; this
// room speaks with browsers.
package signin

import "embed"

//go:embed all:pages words.toml
var files embed.FS
