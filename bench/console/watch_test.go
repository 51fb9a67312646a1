package console_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"tsujiban/bench/procstat"
)

// The process of viewers is this test's own program with these set.
const (
	watchVar = "TSUJIBAN_BENCH_WATCH" // where the stream is; elsewhere: at a server of that process, see elsewhere
	countVar = "TSUJIBAN_BENCH_VIEWERS"
	coreVar  = "TSUJIBAN_BENCH_CORE" // the one that the viewers keep to; empty: any
)

// seen is what the viewers tell at the end.
type seen struct {
	Samples     int           // verdicts, each as often as a viewer had it
	Median, P95 time.Duration // from when it fell to when a viewer had read it
	Max         time.Duration
	Events      int // that all viewers got
	Bytes       int64
}

// watchAll opens a stream for each viewer, on what the load leaves of the core, for browsers run elsewhere; says "ready", and when its standard input
// ends, what they saw. A verdict tells when it fell: <time datetime="…"> with milliseconds.
func watchAll(at string) error {
	n, err := strconv.Atoi(os.Getenv(countVar))
	if err != nil {
		return err
	}
	if core := os.Getenv(coreVar); core != "" {
		c, err := strconv.Atoi(core)
		if err != nil {
			return err
		}
		if err := procstat.Pin(c); err != nil {
			return err
		}
	}
	if err := giveWay(); err != nil {
		return err
	}
	debug.SetGCPercent(800)
	if at == elsewhere {
		if at, err = pretend(); err != nil {
			return err
		}
	}
	all := make([]viewer, n)
	var open sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 0, ReadBufferSize: 16 << 10}}
	for i := range all {
		open.Add(1)
		go func() {
			once := sync.OnceFunc(open.Done)
			defer once()
			if err := all[i].watch(client, at, once); err != nil {
				fmt.Fprintln(os.Stderr, "a viewer:", err)
			}
		}()
		if i%100 == 99 {
			open.Wait() // a hundred at a time: a backlog that is full is no part of what is measured
		}
	}
	open.Wait()
	for i := range all {
		all[i].clear()
	}
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // the end is the sign
	var s seen
	var took []time.Duration
	for i := range all {
		v := &all[i]
		v.mu.Lock() // it goes on
		took = append(took, v.took...)
		s.Events, s.Bytes = s.Events+v.events, s.Bytes+v.bytes
	}
	if s.Samples = len(took); s.Samples > 0 {
		slices.Sort(took)
		s.Median, s.P95, s.Max = took[len(took)/2], took[len(took)*95/100], took[len(took)-1]
	}
	return json.NewEncoder(os.Stdout).Encode(&s)
}

// giveWay has all threads of this process, and those that they start, work when the core has nothing else to do (SCHED_IDLE, sched(7)): nice, which is a
// thread's own, has a waking load wait for the end of a time slice.
func giveWay() error {
	tasks, err := filepath.Glob("/proc/self/task/[0-9]*")
	if err != nil {
		return err
	}
	for _, task := range tasks {
		tid, err := strconv.Atoi(filepath.Base(task))
		if err != nil {
			return err
		}
		if err := unix.SchedSetAttr(tid, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}, 0); err != nil {
			return err
		}
	}
	return nil
}

// viewer is one open page.
type viewer struct {
	mu     sync.Mutex // guards what follows
	newest []byte     // the newest verdict that it has
	took   []time.Duration
	events int
	bytes  int64
}

func (v *viewer) clear() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.took, v.events, v.bytes = v.took[:0], 0, 0
}

var verdictAt = []byte(`<time datetime="`)

const instant = "2006-01-02T15:04:05.000Z"

// watch reads a stream to its end.
func (v *viewer) watch(client *http.Client, at string, open func()) error {
	req, err := http.NewRequest(http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Cookie", "tsujiban=viewer")
	req.Header.Set("Accept", "text/event-stream")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("not let in: %s", resp.Status)
	}
	open()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 16<<10), 1<<20)
	var fresh [][]byte // the verdicts of an event that it did not have before
	for lines.Scan() {
		line := lines.Bytes()
		v.mu.Lock()
		v.bytes += int64(len(line)) + 1
		if len(line) == 0 {
			v.take(fresh)
			fresh = fresh[:0]
		}
		v.mu.Unlock()
		if _, rest, ok := bytes.Cut(line, verdictAt); ok {
			// Other instants are of the node's zone and have no milliseconds. UTC sorts as text.
			if text, _, _ := bytes.Cut(rest, []byte{'"'}); len(text) == len(instant) && text[len(text)-1] == 'Z' && bytes.Compare(text, v.newest) > 0 {
				fresh = append(fresh, bytes.Clone(text))
			}
		}
	}
	return lines.Err()
}

// take counts an event. v.mu is held.
func (v *viewer) take(fresh [][]byte) {
	v.events++
	now := time.Now()
	first := len(v.newest) == 0 // what had fallen before it came
	for _, text := range fresh {
		if fell, err := time.Parse(instant, string(text)); err == nil && !first {
			v.took = append(v.took, now.Sub(fell))
		}
	}
	if len(fresh) > 0 {
		v.newest = slices.MaxFunc(fresh, func(x, y []byte) int { return cmp.Compare(string(x), string(y)) })
	}
}

// elsewhere has the viewers watch a server that does nothing but write: what the bench itself costs the calls.
const elsewhere = "elsewhere"

// pretend serves pictures as large and as often as those of the desk, from this process.
func pretend() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	var mu sync.Mutex // guards conns
	var conns []net.Conn
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				r := bufio.NewReader(c)
				if _, err := http.ReadRequest(r); err != nil {
					return
				}
				if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"); err != nil {
					return
				}
				mu.Lock()
				conns = append(conns, c)
				mu.Unlock()
			}()
		}
	}()
	go func() {
		for range time.Tick(100 * time.Millisecond) {
			var b bytes.Buffer
			b.WriteString("id: x-1\nevent: change\ndata: notes\n")
			for i := range 5 {
				at := time.Now().Add(-time.Duration(i) * 20 * time.Millisecond)
				fmt.Fprintf(&b, "data: +<li><time datetime=\"%s\">%s</time><div>\ndata: +<p><span class=\"badge bad\">拒否</span> <strong>hakata-shokai</strong></p>\ndata: +</div></li>\n", at.UTC().Format(instant), at.Format(time.TimeOnly))
			}
			b.WriteString("\n")
			chunk := fmt.Appendf(nil, "%x\r\n%s\r\n", b.Len(), b.Bytes())
			mu.Lock()
			now := slices.Clone(conns)
			mu.Unlock()
			for _, c := range now {
				_, _ = c.Write(chunk)
			}
		}
	}()
	return "http://" + l.Addr().String() + "/", nil
}
