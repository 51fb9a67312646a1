package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// process is a program that the benchmark started, in a session and process
// group of its own. Only that group is ever signalled.
type process struct {
	name  string
	cmd   *exec.Cmd
	log   *os.File
	ended chan struct{} // closed when it has ended; err is set then
	err   error
}

// patience is how long a program may take to start, and to stop.
const patience = 20 * time.Second

// errSlowStop is for a program that had to be killed.
var errSlowStop = fmt.Errorf("did not stop within %v", patience)

// runner says how programs are run: where, and with what priority.
type runner struct {
	dir  string
	nice int // 0: as everybody; negative: before others (needs root)
}

// start runs a program on the given cores ("0", "0,1") in the runner's folder;
// what it prints goes to a file there. It is ended at the latest when ctx is.
func (r runner) start(ctx context.Context, name, cores string, argv ...string) (*process, error) {
	log, err := os.Create(filepath.Join(r.dir, name+".log"))
	if err != nil {
		return nil, err
	}
	p := &process{name: name, log: log, ended: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, "taskset", append([]string{"-c", cores}, argv...)...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = r.dir, log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	p.cmd.Cancel = func() error { return p.signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = patience
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), log.Close())
	}
	go func() {
		p.err = errors.Join(p.cmd.Wait(), log.Close())
		close(p.ended)
	}()
	if err := r.prefer(p.pid()); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// prefer gives a process that leads a session its priority. Where the kernel
// shares the cores out by session (sched(7), autogroup), that of the session
// counts, and that of the process only within it.
func (r runner) prefer(pid int) error {
	if r.nice == 0 {
		return nil
	}
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, pid, r.nice); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("priority %d: %w", r.nice, err)
	}
	group, err := os.OpenFile(fmt.Sprintf("/proc/%d/autogroup", pid), os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(group, r.nice)
	return errors.Join(err, group.Close())
}

// pid is the program's process: taskset has become it.
func (p *process) pid() int { return p.cmd.Process.Pid }

// signal sends a signal to the program's group; one that is gone is no error.
func (p *process) signal(s syscall.Signal) error {
	if err := syscall.Kill(-p.cmd.Process.Pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("%v to %s: %w", s, p.name, err)
	}
	return nil
}

// wait waits until the program has ended by itself, at most for the given time.
func (p *process) wait(limit time.Duration) bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(limit):
		return false
	}
}

// stop ends the program: asks it, waits, then kills what is left of its group.
func (p *process) stop() error {
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	if p.wait(patience) {
		return errors.Join(err, p.signal(syscall.SIGKILL))
	}
	err = errors.Join(err, p.signal(syscall.SIGKILL))
	<-p.ended
	return errors.Join(err, fmt.Errorf("%s: %w", p.name, errSlowStop))
}

// died is the error for a program that ended when it should not have, with the end of what it printed.
func (p *process) died() error {
	text, err := os.ReadFile(p.log.Name())
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return errors.Join(fmt.Errorf("%s ended: %w: %s", p.name, p.err, strings.Join(lines[max(len(lines)-5, 0):], " | ")), err)
}

// output runs a program to its end and returns what it printed; its errors are
// part of the error.
func (r runner) output(ctx context.Context, limit time.Duration, argv ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = patience
	err := cmd.Start()
	if err == nil {
		err = errors.Join(r.prefer(cmd.Process.Pid), cmd.Wait())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, strings.TrimSpace(errs.String()+out.String()))
	}
	return out.Bytes(), nil
}

// output runs a program with nothing special about it.
func output(ctx context.Context, limit time.Duration, argv ...string) ([]byte, error) {
	return runner{}.output(ctx, limit, argv...)
}
