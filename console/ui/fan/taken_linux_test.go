package fan

import (
	"bufio"
	"io"
	"net/http"
	"testing"
	"time"
)

// systemTakes tells whether connections are taken over here.
const systemTakes = true

// stallsAfter tells whether a viewer is cut off for whom something has waited for so long.
func (v *Viewer) stallsAfter(d time.Duration) (cut bool) {
	v.fan.Do(func() {
		l := v.line.(*taken)
		now := time.Now()
		big := frame(make([]byte, 16<<20)) // more than anybody takes who does not read
		if more, ok := l.send(&big, now); !more || !ok {
			cut = true
			return
		}
		for { // until both sides are full
			left := len(l.rest)
			if _, ok := l.retry(now); !ok || len(l.rest) == left {
				break
			}
		}
		l.since = now
		_, ok := l.retry(now.Add(d))
		cut = !ok
		l.rest = nil
	})
	return cut
}

// TestWriteAllocates: a message to a viewer who reads allocates nothing.
func TestWriteAllocates(t *testing.T) {
	h := open(t, plain)
	resp, err := http.Get(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	v := <-h.came
	go func() { _, _ = io.Copy(io.Discard, bufio.NewReader(resp.Body)) }()
	m := frame([]byte("data: 1\n\n"))
	h.fan.Do(func() {
		if n := testing.AllocsPerRun(1000, func() { v.line.send(&m, time.Time{}) }); n > 0 {
			t.Errorf("%v allocations", n)
		}
	})
}
