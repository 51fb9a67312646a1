package rig

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Limit is how long a program may run when its Command does not say.
const Limit = 90 * time.Second

// Command says what to start.
type Command struct {
	Name    string // the program: a name that is looked up, or a path
	Package string // the Debian package that has it
	Args    []string
	Dir     string
	Env     []string      // beside our own environment
	Limit   time.Duration // it is killed after that; 0: Limit
	// Events gives the program a pipe as file descriptor 3; what it writes there stands
	// among its lines, and so is its standard error. Quiet leaves standard output out.
	Events bool
	Quiet  bool
}

// Program is a program that was started. Its methods may be called by any goroutine.
type Program struct {
	t    testing.TB
	name string
	cmd  *exec.Cmd
	stop context.CancelFunc
	done chan struct{} // closed when it has ended and all that it wrote was read
	err  error         // of Wait, to be read after done

	mu    sync.Mutex // guards all below
	lines []string
	more  chan struct{} // closed when a line comes
}

// keptLines bounds what is kept of a program that talks and talks.
const keptLines = 100_000

// Start starts a program. It is killed, with the children in its process group, when the test ends.
func Start(t testing.TB, c Command) *Program {
	t.Helper()
	path, err := exec.LookPath(c.Name)
	if err != nil {
		t.Fatalf("%s is not here (%v): install the Debian package %q, or run \"make deps\"", c.Name, err, c.Package)
	}
	if c.Limit == 0 {
		c.Limit = Limit
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.Limit)
	p := &Program{t: t, name: c.Name, stop: cancel, done: make(chan struct{}), more: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, path, c.Args...)
	p.cmd.Dir, p.cmd.Env = c.Dir, append(os.Environ(), c.Env...)
	// A group of its own, so that the children go with it; and nobody outlives the tests.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p.cmd.Cancel = func() error { return syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }
	if err := p.run(&c); err != nil {
		cancel()
		t.Fatalf("starting %s: %v", c.Name, err)
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("%s %s\nended %v; it wrote:\n%s", c.Name, strings.Join(c.Args, " "), p.err, p.Tail(40))
		}
	})
	return p
}

// run starts the program with its pipes.
func (p *Program) run(c *Command) error {
	var readers, writers []*os.File
	pipe := func() (*os.File, error) {
		r, w, err := os.Pipe()
		if err == nil {
			readers, writers = append(readers, r), append(writers, w)
		}
		return w, err
	}
	w, err := pipe()
	if err != nil {
		return err
	}
	p.cmd.Stderr = w
	if !c.Quiet {
		if p.cmd.Stdout, err = pipe(); err != nil {
			return err
		}
	}
	if c.Events {
		events, err := pipe()
		if err != nil {
			return err
		}
		p.cmd.ExtraFiles = []*os.File{events}
	}
	err = p.cmd.Start()
	for _, w := range writers {
		err = errors.Join(err, w.Close())
	}
	var wg sync.WaitGroup
	for _, r := range readers {
		wg.Go(func() { p.read(r) })
	}
	if err != nil {
		wg.Wait()
		return err
	}
	go func() {
		p.err = p.cmd.Wait()
		// Children that it left behind hold the pipes; they end with it.
		if kerr := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL); kerr != nil && !errors.Is(kerr, syscall.ESRCH) && p.err == nil {
			p.err = kerr
		}
		wg.Wait()
		p.stop()
		close(p.done)
	}()
	return nil
}

func (p *Program) read(r *os.File) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<24)
	for s.Scan() {
		p.add(s.Text())
	}
	if err := s.Err(); err != nil {
		p.add("(its output cannot be read: " + err.Error() + ")")
		_, _ = io.Copy(io.Discard, r) // so that it is not stopped by a full pipe
	}
	_ = r.Close() // nothing more is to come
}

func (p *Program) add(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.lines) < keptLines {
		p.lines = append(p.lines, line)
	}
	close(p.more)
	p.more = make(chan struct{})
}

// Lines are all lines so far.
func (p *Program) Lines() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lines[:len(p.lines):len(p.lines)]
}

// Tail is the last n lines, as one text.
func (p *Program) Tail(n int) string {
	l := p.Lines()
	return strings.Join(l[max(0, len(l)-n):], "\n")
}

// Count is how many lines hold a text.
func (p *Program) Count(text string) (n int) {
	for _, l := range p.Lines() {
		if strings.Contains(l, text) {
			n++
		}
	}
	return n
}

// WaitFor waits until so many lines hold a text and returns the last of them.
func (p *Program) WaitFor(text string, times int) string {
	p.t.Helper()
	from, seen := 0, 0
	end := time.After(time.Minute)
	for {
		p.mu.Lock()
		lines, more := p.lines, p.more
		p.mu.Unlock()
		for _, l := range lines[from:] {
			if strings.Contains(l, text) {
				if seen++; seen == times {
					return l
				}
			}
		}
		from = len(lines)
		select {
		case <-more:
		case <-end:
			p.t.Fatalf("%s said %q %d times in a minute instead of %d", p.name, text, seen, times)
		case <-p.done:
			if len(p.Lines()) == from {
				p.t.Fatalf("%s ended (%v) and said %q %d times instead of %d", p.name, p.err, text, seen, times)
			}
		}
	}
}

// Done is closed when the program has ended.
func (p *Program) Done() <-chan struct{} { return p.done }

// Wait waits for the program's end and returns its exit code, -1 when a signal ended it.
func (p *Program) Wait() int {
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

// Succeed waits for the program's end and fails the test when its exit code is not 0.
func (p *Program) Succeed() {
	p.t.Helper()
	if code := p.Wait(); code != 0 {
		p.t.Errorf("%s ended with %d (%v)", p.name, code, p.err)
	}
}

// Signal sends a signal to the program alone.
func (p *Program) Signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Errorf("signal %v to %s: %v", s, p.name, err)
	}
}

// Pid is the program's process id.
func (p *Program) Pid() int { return p.cmd.Process.Pid }

// Kill ends the program and its children at once, as by kill -9, and waits until they are gone.
func (p *Program) Kill() {
	select {
	case <-p.done:
		return
	default:
	}
	p.stop()
	<-p.done
}

// Output runs a program to its end and returns what it wrote to standard output.
func Output(t testing.TB, c Command) (string, error) {
	t.Helper()
	path, err := exec.LookPath(c.Name)
	if err != nil {
		t.Fatalf("%s is not here (%v): install the Debian package %q, or run \"make deps\"", c.Name, err, c.Package)
	}
	if c.Limit == 0 {
		c.Limit = Limit
	}
	ctx, cancel := context.WithTimeout(t.Context(), c.Limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, c.Args...)
	cmd.Dir, cmd.Env = c.Dir, append(os.Environ(), c.Env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s", c.Name, strings.Join(c.Args, " "), err, stderr.String())
	}
	return string(out), err
}

// Until asks check again and again until it has no complaint; the test fails with the last one
// when that takes longer than the limit.
func Until(t testing.TB, limit time.Duration, check func() error) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(limit)
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("after %v: %v", limit, err)
		}
	}
}
