package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tsujiban"
)

// Topic is something that many people watch at once: parts of one page that change. While somebody watches, Run goes once
// for all of them, and each part is rendered once a language; those in whose language nothing changed hear nothing.
//
// In the page, <main data-live="/live/now"> says where the topic is and <div data-part="totals"> where a part goes. Each part is
// the template of its name in the page's file, so that the page shows the same without script.
//
// Streams stand back behind calls: a change goes out once for all parts, as the lines that are new where most are not (see delta), and to a few
// viewers at a time, so that a call never waits behind a thousand of them.
type Topic struct {
	Page string // whose templates are shown
	// Run watches until ctx is done and calls show with the parts whenever something may have changed. When it returns an
	// error it is begun again after a second.
	Run func(ctx context.Context, show func(...Part)) error

	mu      sync.Mutex // guards what follows; never held over rendering or a socket
	viewers map[*viewer]struct{}
	stop    context.CancelFunc // nil while nobody watches
	seq     uint64             // of the last change
	boot    string             // tells this run's numbers from those of one before
	latest  [2]map[string]shown
	order   []string
}

// Part is a piece of a page: the template that shows it, and its data.
type Part struct {
	Name string
	Data any
}

// shown is a part as the viewers of a language have it.
type shown struct {
	seq   uint64
	html  []byte
	lines [][]byte // of html, as they are sent
}

// viewer is one open page. Its queue is bounded: who does not read fast enough is dropped and comes back by itself.
type viewer struct {
	lang  tsujiban.Lang
	queue chan []byte
	gone  chan struct{} // closed when the viewer was dropped
}

// Bounds of a viewer.
const (
	viewerQueue = 64
	writeTime   = 10 * time.Second
	heartbeat   = 15 * time.Second
	retryTime   = 2 * time.Second // what the browser waits before it comes back

	burst      = 25               // viewers that are written to at once
	burstPause = time.Millisecond // between two bursts: a thousand viewers have a change within 40 ms
)

// maxViewers is how many may watch one topic.
const maxViewers = 5000

// Serve streams the topic to one viewer until it leaves; it is the Handle of a route with Slow set.
func (t *Topic) Serve(r *Request) error {
	v, first, err := t.enter(r)
	if err != nil {
		return err
	}
	defer t.leave(v)
	h := r.W.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	r.W.WriteHeader(http.StatusOK)
	rc := http.NewResponseController(r.W)
	write := func(b []byte) bool {
		_ = rc.SetWriteDeadline(time.Now().Add(writeTime)) // without deadlines the queue still bounds
		if _, err := r.W.Write(b); err != nil {
			return false
		}
		return rc.Flush() == nil
	}
	if !write(append(fmt.Appendf(nil, "retry: %d\n\n", retryTime.Milliseconds()), first...)) {
		return nil
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case b := <-v.queue:
			if !write(b) {
				return nil
			}
		case <-beat.C:
			if !write([]byte(": still here\n\n")) {
				return nil
			}
		case <-v.gone:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}

// enter takes a viewer in and says what it lacks: all parts, or those that changed since it was cut off.
func (t *Topic) enter(r *Request) (*viewer, []byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.viewers) >= maxViewers {
		return nil, nil, tsujiban.Errorf(tsujiban.CodeUnavailable, "%s", r.T("live.full"))
	}
	v := &viewer{lang: r.Lang, queue: make(chan []byte, viewerQueue), gone: make(chan struct{})}
	if t.stop == nil {
		ctx, cancel := context.WithCancel(context.Background())
		t.stop, t.viewers, t.latest, t.order = cancel, map[*viewer]struct{}{}, [2]map[string]shown{{}, {}}, nil
		t.boot = strconv.FormatInt(r.book.node.Clock().UnixNano(), 36)
		go t.run(ctx, r.book, r.room)
	}
	t.viewers[v] = struct{}{}
	since := uint64(0)
	if boot, n, ok := strings.Cut(r.Header.Get("Last-Event-ID"), "-"); ok && boot == t.boot {
		since, _ = strconv.ParseUint(n, 10, 64)
	}
	var first []byte
	for _, name := range t.order {
		if s, ok := t.latest[v.lang][name]; ok && s.seq > since {
			first = append(first, t.event(name, s.seq, s.lines, nil)...)
		}
	}
	return v, first, nil
}

func (t *Topic) leave(v *viewer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.viewers, v)
	if len(t.viewers) == 0 && t.stop != nil {
		t.stop()
		t.stop = nil
	}
}

// run keeps Run going while somebody watches.
func (t *Topic) run(ctx context.Context, b *Book, room *room) {
	for ctx.Err() == nil {
		err := t.watch(ctx, b, room)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			b.node.Log.Warn("what a page shows live cannot be had; trying again", slog.String("page", t.Page), slog.Any("error", err))
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

func (t *Topic) watch(ctx context.Context, b *Book, room *room) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it panicked: %v", p)
		}
	}()
	told := map[string]bool{} // a part that cannot be shown is told once, not ten times a second
	return t.Run(ctx, func(parts ...Part) {
		if err := t.show(ctx, b, room, parts); err != nil && !told[err.Error()] && len(told) < 100 {
			told[err.Error()] = true
			b.node.Log.Error("a part of a live page cannot be shown", slog.String("page", t.Page), slog.Any("error", err))
		}
	})
}

// show renders what changed and queues it to the viewers of each language that somebody watches in.
func (t *Topic) show(ctx context.Context, b *Book, room *room, parts []Part) error {
	var errs []error
	for _, l := range languages {
		if !t.watched(ctx, l) {
			continue
		}
		view := &View{Lang: code(l), Node: b.node.Name}
		var rendered [][]byte
		for _, p := range parts {
			view.Data = p.Data
			html, err := b.render(room, l, t.Page, p.Name, view)
			errs = append(errs, err)
			rendered = append(rendered, html)
		}
		t.queue(ctx, l, parts, rendered)
	}
	return errors.Join(errs...)
}

func (t *Topic) watched(ctx context.Context, l tsujiban.Lang) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	for v := range t.viewers {
		if v.lang == l {
			return true
		}
	}
	t.latest[l] = map[string]shown{} // it grows old when nobody watches
	return false
}

// queue keeps what changed as the latest, and hands it to the viewers.
func (t *Topic) queue(ctx context.Context, l tsujiban.Lang, parts []Part, rendered [][]byte) {
	out, to := t.change(ctx, l, parts, rendered)
	for len(to) > 0 && out != nil {
		t.hand(out, to[:min(len(to), burst)])
		if to = to[min(len(to), burst):]; len(to) == 0 {
			return
		}
		select {
		case <-time.After(burstPause):
		case <-ctx.Done():
			return
		}
	}
}

// change takes over what was rendered, and says what to send to whom: to those who were there before, who have all that was sent so far.
func (t *Topic) change(ctx context.Context, l tsujiban.Lang, parts []Part, rendered [][]byte) (out []byte, to []*viewer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil {
		return nil, nil
	}
	for i, p := range parts {
		old, known := t.latest[l][p.Name]
		if rendered[i] == nil || known && bytes.Equal(old.html, rendered[i]) {
			continue
		}
		t.seq++
		s := shown{t.seq, rendered[i], linesOf(rendered[i])}
		if t.latest[l][p.Name] = s; !known && !slices.Contains(t.order, p.Name) {
			t.order = append(t.order, p.Name)
		}
		out = append(out, t.event(p.Name, s.seq, s.lines, old.lines)...)
	}
	for v := range t.viewers {
		if v.lang == l {
			to = append(to, v)
		}
	}
	return out, to
}

// hand queues a change to viewers, and drops those whose queue is full.
func (t *Topic) hand(out []byte, to []*viewer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, v := range to {
		if _, there := t.viewers[v]; !there {
			continue
		}
		select {
		case v.queue <- out:
		default:
			close(v.gone)
			delete(t.viewers, v)
		}
	}
}

// linesOf are the lines of a part as they are sent: trimmed, none empty.
func linesOf(html []byte) (lines [][]byte) {
	for line := range bytes.Lines(bytes.ReplaceAll(html, []byte("\r"), nil)) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

// event writes a part as the event stream has it (HTML Standard, server-sent events): whole, or as what differs from what the viewer has where
// that is shorter.
func (t *Topic) event(name string, seq uint64, lines, old [][]byte) []byte {
	whole := t.write("part", name, seq, lines)
	if old == nil {
		return whole
	}
	if change := t.write("change", name, seq, delta(old, lines)); len(change) < len(whole) {
		return change
	}
	return whole
}

func (t *Topic) write(event, name string, seq uint64, lines [][]byte) []byte {
	b := fmt.Appendf(nil, "id: %s-%d\nevent: %s\ndata: %s\n", t.boot, seq, event, name)
	for _, line := range lines {
		b = append(b, "data: "...)
		b = append(b, line...)
		b = append(b, '\n')
	}
	return append(b, '\n')
}

// alike is how many places of a line that stands at several are tried.
const alike = 16

// delta tells how new lines are made of old ones: "=3,12" are twelve from the third on, counted from zero, "+text" is a line that is new.
func delta(old, lines [][]byte) (out [][]byte) {
	at := map[string][]int{}
	for i, line := range old {
		if places := at[string(line)]; len(places) < alike {
			at[string(line)] = append(places, i)
		}
	}
	run := func(i, from int) (n int) {
		for i+n < len(lines) && from+n < len(old) && bytes.Equal(lines[i+n], old[from+n]) {
			n++
		}
		return n
	}
	for i := 0; i < len(lines); {
		from, n := 0, 0
		for _, place := range at[string(lines[i])] {
			if m := run(i, place); m > n {
				from, n = place, m
			}
		}
		if n == 0 {
			out = append(out, append([]byte{'+'}, lines[i]...))
			i++
			continue
		}
		out = append(out, fmt.Appendf(nil, "=%d,%d", from, n))
		i += n
	}
	return out
}
