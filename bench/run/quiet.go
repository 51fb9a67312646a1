package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tsujiban/bench/procstat"
)

// Other programs on the machine spoil a measurement, by the time that they take
// and by what they push out of the caches. meter tells how much they did.
type meter struct {
	at   time.Time
	all  time.Duration // CPU time that anybody used
	ours time.Duration // of that, this program, all that it started, and the kernel's threads, which write the journal to the disk
}

// read takes both sums.
func read() (meter, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return meter{}, err
	}
	all, err := busy(string(text))
	if err != nil {
		return meter{}, err
	}
	own, err := procstat.Read(os.Getpid())
	if err != nil {
		return meter{}, err
	}
	var past unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_CHILDREN, &past); err != nil {
		return meter{}, err
	}
	kernel, err := procstat.Read(kthreadd)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // in a container they may be out of sight
		return meter{}, err
	}
	return meter{time.Now(), all, own.CPU() + kernel.CPU() + time.Duration(past.Utime.Nano()+past.Stime.Nano())}, nil
}

// kthreadd is the parent of all threads of the kernel.
const kthreadd = 2

// busy is the time of the first line of /proc/stat that somebody used: user,
// nice and system. Interrupts are nobody's.
func busy(text string) (time.Duration, error) {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < 5 || fields[0] != "cpu" {
		return 0, errors.New("/proc/stat: the first line is not that of all processors")
	}
	var ticks int64
	for _, f := range fields[1:4] {
		n, err := strconv.ParseInt(f, 10, 62)
		if err != nil {
			return 0, fmt.Errorf("/proc/stat: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100, nil
}

// others is the share of the machine (0 to 1) that other programs have used since.
func (m meter) others() (float64, error) {
	now, err := read()
	if err != nil {
		return 0, err
	}
	used := (now.all - m.all) - (now.ours - m.ours)
	return max(0, float64(used)/float64(now.at.Sub(m.at))/float64(runtime.NumCPU())), nil
}

// waitForQuiet waits, at most for the given time, until other programs take
// little of the machine for a second.
func waitForQuiet(ctx context.Context, limit time.Duration) error {
	const quiet = 0.05
	for until := time.Now().Add(limit); time.Now().Before(until); {
		m, err := read()
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
		share, err := m.others()
		if err != nil || share < quiet {
			return err
		}
	}
	return nil
}
