package app

import (
	"testing"
	"time"
)

func TestViewRestsWhileCallsAreMany(t *testing.T) {
	var p pace
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	if got := p.rest(at, 0, 10*time.Millisecond); got != 0 {
		t.Errorf("rests %v before it knows how fast the journal grows", got)
	}
	if got := p.rest(at.Add(time.Second), 900, 10*time.Millisecond); got != 0 {
		t.Errorf("rests %v at 900 entries a second", got)
	}
	if got := p.rest(at.Add(2*time.Second), 60_900, 10*time.Millisecond); got != 720*time.Millisecond {
		t.Errorf("rests %v at 60,000 entries a second, want 72 times 10 ms", got)
	}
	if got := p.rest(at.Add(2500*time.Millisecond), 90_000, time.Second); got != longRest {
		t.Errorf("rests %v after a slow batch, want %v", got, longRest)
	}
	if got := p.rest(at.Add(3*time.Second), 91_000, 10*time.Millisecond); got != 720*time.Millisecond {
		t.Errorf("rests %v after half a second of 1,000 entries, want 72 times 10 ms", got)
	}
	if got := p.rest(at.Add(4*time.Second), 91_200, 10*time.Millisecond); got != 0 {
		t.Errorf("rests %v when it is quiet again", got)
	}
}
