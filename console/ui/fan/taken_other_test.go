//go:build !linux

package fan

import "time"

// systemTakes tells whether connections are taken over here.
const systemTakes = false

// stallsAfter is as net/http's write deadline has it.
func (v *Viewer) stallsAfter(d time.Duration) bool { return d >= maxStall }
