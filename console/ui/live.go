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
	"tsujiban/console/ui/fan"
)

// Topic is something that many people watch at once: parts of one page that change. While somebody watches, Run goes once
// for all of them, and each part is rendered once a language; those in whose language nothing changed hear nothing.
//
// In the page, <main data-live="/live/now"> says where the topic is and <div data-part="totals"> where a part goes. Each part is
// the template of its name in the page's file, so that the page shows the same without script.
//
// Streams stand back behind calls: a change goes out once for all parts, as the lines that are new where most are not (see delta), written by one
// thread that works when calls leave something over (package fan).
type Topic struct {
	Page string // whose templates are shown
	// Run watches until ctx is done and calls show with the parts whenever something may have changed. When it returns an
	// error it is begun again after a second.
	Run func(ctx context.Context, show func(...Part)) error

	mu       sync.Mutex         // guards what follows; never held over rendering or a socket
	admitted int                // viewers, and those who are about to be
	viewers  [2][]*fan.Viewer   // by language; only ever appended to, or made anew
	stop     context.CancelFunc // nil while nobody watches
	seq      uint64             // of the last change
	boot     string             // tells this run's numbers from those of one before
	latest   [2]map[string]shown
	whole    [2]shown // all of latest as it is sent; see since
	order    []string
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

// retryTime is what the browser waits before it comes back.
const retryTime = 2 * time.Second

// maxViewers is how many may watch one topic.
const maxViewers = 5000

// Serve streams the topic to one viewer until it leaves; it is the Handle of a route with Slow set.
func (t *Topic) Serve(r *Request) error {
	if !t.admit(r) {
		return r.Errorf(tsujiban.CodeUnavailable, "live.full")
	}
	h := r.W.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	if r.Method == http.MethodHead {
		t.leave(r.Lang, nil)
		return nil
	}
	v, err := r.book.fan.Open(r.W, r.Request)
	if err == nil {
		t.enter(r, v)
		v.Watch(r.Context())
	}
	t.leave(r.Lang, v)
	return err
}

// admit makes room for a viewer and sees to it that the topic is watched; false: there is none.
func (t *Topic) admit(r *Request) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.admitted >= maxViewers {
		return false
	}
	t.admitted++
	if t.stop == nil {
		ctx, cancel := context.WithCancel(context.Background())
		t.stop, t.latest, t.whole, t.order = cancel, [2]map[string]shown{{}, {}}, [2]shown{}, nil
		t.boot = strconv.FormatInt(r.book.node.Clock().UnixNano(), 36)
		go t.run(ctx, r.book, r.room)
	}
	return true
}

// enter sends a viewer what it lacks, all parts or those that changed since it was cut off, and from then on what changes.
func (t *Topic) enter(r *Request, v *fan.Viewer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.viewers[r.Lang] = append(t.viewers[r.Lang], v) // behind what the fan may be reading
	since := uint64(0)
	if boot, n, ok := strings.Cut(r.Header.Get("Last-Event-ID"), "-"); ok && boot == t.boot {
		since, _ = strconv.ParseUint(n, 10, 64)
	}
	r.book.fan.Send(t.since(r.Lang, since), v)
}

// since is what somebody lacks who has what went out up to a number. The whole is kept as long as nothing changes: after a restart all come at once. t.mu is held.
func (t *Topic) since(l tsujiban.Lang, seq uint64) []byte {
	if whole := &t.whole[l]; seq == 0 && whole.html != nil && whole.seq == t.seq {
		return whole.html
	}
	first := fmt.Appendf(nil, "retry: %d\n\n", retryTime.Milliseconds())
	for _, name := range t.order {
		if s, ok := t.latest[l][name]; ok && s.seq > seq {
			first = append(first, t.event(name, s.seq, s.lines, nil)...)
		}
	}
	if seq == 0 {
		t.whole[l] = shown{seq: t.seq, html: first}
	}
	return first
}

// leave takes a viewer off the books.
func (t *Topic) leave(l tsujiban.Lang, v *fan.Viewer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.viewers[l], v); i >= 0 {
		t.viewers[l] = slices.Concat(t.viewers[l][:i], t.viewers[l][i+1:]) // anew: the fan may be reading it
	}
	if t.admitted--; t.admitted == 0 {
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
		b.fan.Do(func() { // behind calls, as the writing is
			var rendered [][]byte
			for _, p := range parts {
				view.Data = p.Data
				html, err := b.render(room, l, t.Page, p.Name, view)
				errs = append(errs, err)
				rendered = append(rendered, html)
			}
			t.change(ctx, b.fan, l, parts, rendered)
		})
	}
	return errors.Join(errs...)
}

func (t *Topic) watched(ctx context.Context, l tsujiban.Lang) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	if len(t.viewers[l]) > 0 {
		return true
	}
	t.latest[l], t.whole[l] = map[string]shown{}, shown{} // it grows old when nobody watches
	return false
}

// change keeps what changed as the latest, and sends it to those who watch, who have all that was sent so far.
func (t *Topic) change(ctx context.Context, f *fan.Fan, l tsujiban.Lang, parts []Part, rendered [][]byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	var out []byte
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
	f.Send(out, t.viewers[l]...)
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
	size := 64 + len(name)
	for _, line := range lines {
		size += len("data: \n") + len(line)
	}
	b := fmt.Appendf(make([]byte, 0, size), "id: %s-%d\nevent: %s\ndata: %s\n", t.boot, seq, event, name)
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
