//go:build amd64 || arm64

package guard

import "unsafe"

// fetch asks the processor to bring the lines that hold so many bytes from p on into its cache
// and does not wait for them. It reads nothing, so that it may be told of memory that
// others write meanwhile. What a decision touches lies in half a dozen places that have
// gone cold since the customer's last call; asked for one after the other they cost more
// than the decision, asked for at once as much as one of them.
//
//go:noescape
func fetch(p unsafe.Pointer, bytes uintptr)
