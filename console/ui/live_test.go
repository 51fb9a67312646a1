package ui

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"tsujiban"
	"tsujiban/console/ui/fan"
)

// liveBook has one page with one live part.
func liveBook(t *testing.T, room Room) *Book {
	t.Helper()
	room.Files = fstest.MapFS{
		"words.toml":      {Data: []byte(`x = ["値", "value"]`)},
		"pages/live.html": {Data: []byte(`{{define "title"}}{{end}}{{define "content"}}{{end}}{{define "part"}}<p>{{t "x"}} {{.Data}}</p>{{end}}{{define "broken"}}{{.Data.Nothing}}{{end}}`)},
	}
	b, err := Build(Node{Zone: time.UTC}, room)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// serveTopic serves a topic at every address; ?en asks in English.
func serveTopic(t *testing.T, topic *Topic) *httptest.Server {
	t.Helper()
	b := liveBook(t, Room{Name: "live", Routes: []Route{{Method: "GET", Path: "/"}}})
	bound := b.Routes()[0]
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &Request{Request: r, W: w, Zone: time.UTC}
		if r.URL.RawQuery == "en" {
			q.Lang = tsujiban.English
		}
		bound.Bind(q)
		if err := topic.Serve(q); err != nil {
			t.Error(err)
		}
	}))
	s.Config.ConnContext = fan.ConnContext
	s.Start()
	t.Cleanup(func() {
		s.Close()
		if err := b.StreamsEnded(context.Background()); err != nil { // nobody reads any more
			t.Error(err)
		}
	})
	return s
}

// event is one event of a stream.
type event struct{ id, data string }

// events reads a stream until f says that it is enough.
func events(ctx context.Context, t *testing.T, at, last string, f func(event) bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		t.Error(err)
		return
	}
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = resp.Body.Close() }() // it is broken off
	var e event
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		switch name, v, _ := strings.Cut(lines.Text(), ": "); name {
		case "id":
			e.id = v
		case "data":
			e.data += v + "\n"
		case "":
			if e.data != "" && f(e) {
				return
			}
			e = event{}
		}
	}
}

// TestTopic: each language once, only what changed, and after a break only what was missed.
func TestTopic(t *testing.T) {
	var now atomic.Int64
	now.Store(7)
	topic := &Topic{Page: "live", Run: func(ctx context.Context, show func(...Part)) error {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			// The same again is nothing new, and a part that fails keeps no other from being shown.
			show(Part{"part", now.Load()}, Part{"broken", 0})
			select {
			case <-tick.C:
			case <-ctx.Done():
				return nil
			}
		}
	}}
	s := serveTopic(t, topic)
	var ids []string
	step := 0
	events(t.Context(), t, s.URL, "", func(e event) bool {
		ids = append(ids, e.id)
		if want := []string{"part\n<p>値 7</p>\n", "part\n<p>値 8</p>\n"}[step]; e.data != want {
			t.Errorf("got %q, want %q", e.data, want)
		}
		if step++; step == 2 {
			// Somebody comes back who has all but the last, and one who has everything, in another language.
			events(t.Context(), t, s.URL, ids[0], func(e event) bool {
				if e.id != ids[1] {
					t.Errorf("after a break came %s, want %s", e.id, ids[1])
				}
				return true
			})
			now.Store(9)
			events(t.Context(), t, s.URL+"/?en", "", func(e event) bool {
				if e.data != "part\n<p>value 9</p>\n" {
					t.Errorf("in English %q", e.data)
				}
				return true
			})
			return true
		}
		now.Store(8)
		return false
	})
}

// TestThousandViewers: 1,000 viewers, 50 verdicts a second, gathered every 100 ms as the desk does it: all see all of
// them. How soon is measured by make bench-console.
func TestThousandViewers(t *testing.T) {
	viewers, seconds := 1000, 3
	if testing.Short() {
		viewers, seconds = 100, 1
	}
	start := time.Now()
	all := make(chan struct{})
	topic := &Topic{Page: "live", Run: func(ctx context.Context, show func(...Part)) error {
		<-all
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		var fell []int64
		for {
			if fell = append(fell, time.Since(start).Microseconds()); len(fell) == 5 {
				show(Part{"part", fell})
				fell = nil
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return nil
			}
		}
	}}
	s := serveTopic(t, topic)
	var mu sync.Mutex
	var took []time.Duration
	var wg, ready sync.WaitGroup
	ready.Add(viewers)
	for range viewers {
		wg.Go(func() {
			var mine []time.Duration
			first := true
			watchOne(t, s.URL, func() { ready.Done() }, func(e event) bool {
				var us [5]int64
				if _, err := fmt.Sscanf(e.data, "part\n<p>値 [%d %d %d %d %d]</p>", &us[0], &us[1], &us[2], &us[3], &us[4]); err != nil {
					t.Error(err)
				}
				for _, fell := range us {
					if !first {
						mine = append(mine, time.Since(start)-time.Duration(fell)*time.Microsecond)
					}
				}
				first = false
				return len(mine) >= 50*seconds
			})
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	ready.Wait()
	close(all)
	wg.Wait()
	slices.Sort(took)
	if len(took) < viewers*50*seconds*9/10 {
		t.Fatalf("only %d of %d were seen", len(took), viewers*50*seconds)
	}
	t.Logf("%d viewers: half within %v, 95 of 100 within %v", viewers, took[len(took)/2], took[len(took)*95/100])
}

// watchOne is events with a word when the stream is open.
func watchOne(t *testing.T, at string, open func(), f func(event) bool) {
	resp, err := http.Get(at)
	open()
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = resp.Body.Close() }() // it is broken off
	var e event
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		switch name, v, _ := strings.Cut(lines.Text(), ": "); name {
		case "data":
			e.data += v + "\n"
		case "":
			if e.data != "" && f(e) {
				return
			}
			e = event{}
		}
	}
}

// TestWhole: what everybody lacks who comes anew is made once for each change; who comes back gets what it missed.
func TestWhole(t *testing.T) {
	b := liveBook(t, Room{Name: "live", Routes: []Route{{}}})
	topic := Topic{boot: "x", latest: [2]map[string]shown{{}, {}}}
	change := func(l tsujiban.Lang, text string) {
		topic.change(t.Context(), b.fan, l, []Part{{Name: "part"}}, [][]byte{[]byte(text)})
	}
	change(tsujiban.Japanese, "<p>1</p>")
	first := topic.since(tsujiban.Japanese, 0)
	if again := topic.since(tsujiban.Japanese, 0); &again[0] != &first[0] || !bytes.Contains(first, []byte("<p>1</p>")) {
		t.Errorf("first %q, then %q", first, again)
	}
	if in := topic.since(tsujiban.English, 0); bytes.Contains(in, []byte("<p>1</p>")) {
		t.Errorf("in English %q", in)
	}
	change(tsujiban.Japanese, "<p>2</p>")
	if now := topic.since(tsujiban.Japanese, 0); !bytes.Contains(now, []byte("<p>2</p>")) || bytes.Contains(now, []byte("<p>1</p>")) {
		t.Errorf("after a change %q", now)
	}
	if missed := topic.since(tsujiban.Japanese, topic.seq); bytes.Contains(missed, []byte("<p>")) {
		t.Errorf("who misses nothing gets %q", missed)
	}
}

// applied is what a browser makes of a change (console.js).
func applied(t *testing.T, old [][]byte, change [][]byte) (lines [][]byte) {
	t.Helper()
	for _, c := range change {
		if c[0] == '+' {
			lines = append(lines, c[1:])
			continue
		}
		var from, n int
		if _, err := fmt.Sscanf(string(c), "=%d,%d", &from, &n); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, old[from:from+n]...)
	}
	return lines
}

// TestDelta: whatever the lines, the change makes the new ones of the old ones; a verdict on top of a list is told without the rest of the list.
func TestDelta(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	text := func() (lines [][]byte) {
		for range rng.IntN(40) {
			lines = append(lines, []byte(fmt.Sprintf("<p>%d</p>", rng.IntN(9))))
		}
		return lines
	}
	for range 500 {
		old, want := text(), text()
		if got := applied(t, old, delta(old, want)); !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("of %s\nbecame %s\nnot %s", old, got, want)
		}
	}
	note := func(i int) string { return fmt.Sprintf("<li><time>%d</time>\n<p>refused</p>\n</li>\n", i) }
	var before, after strings.Builder
	for i := range 30 {
		before.WriteString(note(100 - i))
		after.WriteString(note(103 - i))
	}
	old, now := linesOf([]byte("<ol>\n"+before.String()+"</ol>")), linesOf([]byte("<ol>\n"+after.String()+"</ol>"))
	topic := Topic{boot: "x"}
	if whole, change := topic.event("notes", 2, now, nil), topic.event("notes", 2, now, old); len(change) > len(whole)/4 || !bytes.Contains(change, []byte("event: change\ndata: notes\n")) {
		t.Errorf("%d bytes where the whole has %d:\n%s", len(change), len(whole), change)
	}
}
