package term

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Bar shows how far a long work is, on one line that it writes over and over. Where nobody watches it writes
// nothing. The zero value shows nothing.
type Bar struct {
	w     io.Writer
	label string
	began time.Time
	next  time.Time
	shown int // cells
}

// NewBar makes a bar on w when style says that w is a terminal.
func NewBar(w io.Writer, style Style, label string) *Bar {
	if style.Width == 0 {
		return &Bar{}
	}
	now := time.Now()
	return &Bar{w: w, label: label, began: now, next: now.Add(300 * time.Millisecond)}
}

const barCells = 30

// Show says that so much of size is done; it writes ten times a second at most.
func (b *Bar) Show(done, size int64) {
	if b.w == nil || size <= 0 {
		return
	}
	now := time.Now()
	if now.Before(b.next) {
		return
	}
	b.next = now.Add(100 * time.Millisecond)
	full := int(min(done, size) * barCells / size)
	line := fmt.Sprintf("%s %s%s %3d %%", b.label, strings.Repeat("█", full), strings.Repeat("░", barCells-full), min(done, size)*100/size)
	if took := now.Sub(b.began); done > 0 && took > 2*time.Second {
		left := time.Duration(float64(took) * float64(size-done) / float64(done))
		line += fmt.Sprintf("  %v", left.Round(time.Second))
	}
	b.write(line)
}

// End clears the line.
func (b *Bar) End() {
	if b.w != nil && b.shown > 0 {
		b.write("")
		_, _ = io.WriteString(b.w, "\r")
		b.shown = 0
	}
}

func (b *Bar) write(line string) {
	pad := max(b.shown-Width(line), 0)
	b.shown = Width(line)
	_, _ = io.WriteString(b.w, "\r"+line+strings.Repeat(" ", pad)) // a bar that cannot be shown hinders no work
}
