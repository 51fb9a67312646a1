// Package procstat reads from /proc what a program and the processes that it
// started have used: CPU time and memory. It needs Linux.
package procstat

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Usage is what a family of processes has used so far.
type Usage struct {
	User, System time.Duration // CPU time in user mode and in the kernel, to 10 ms
	Processes    int
}

// CPU is user and system time together.
func (u Usage) CPU() time.Duration { return u.User + u.System }

// Sub is what was used since an earlier reading.
func (u Usage) Sub(earlier Usage) Usage {
	return Usage{User: u.User - earlier.User, System: u.System - earlier.System, Processes: u.Processes}
}

// tick is the unit of utime and stime in /proc/PID/stat: USER_HZ, which is 100
// on every architecture that Go runs on.
const tick = time.Second / 100

// stat is what is read of /proc/PID/stat (proc_pid_stat(5)).
type stat struct {
	pid, parent  int
	user, system time.Duration
}

// parseStat reads a line of /proc/PID/stat. The second field, the program's
// name, may contain blanks and brackets; it ends with the last bracket.
func parseStat(line string) (stat, error) {
	open, shut := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 1 || shut < open {
		return stat{}, errors.New("no program name in brackets")
	}
	fields := strings.Fields(line[shut+1:]) // fields[0] is field 3 of the manual
	if len(fields) < 13 {
		return stat{}, fmt.Errorf("%d fields after the name, want 13 or more", len(fields))
	}
	var numbers [4]uint64
	for i, text := range []string{strings.TrimSpace(line[:open]), fields[1], fields[11], fields[12]} {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return stat{}, fmt.Errorf("number %q: %w", text, err)
		}
		numbers[i] = n
	}
	return stat{pid: int(numbers[0]), parent: int(numbers[1]), user: time.Duration(numbers[2]) * tick, system: time.Duration(numbers[3]) * tick}, nil
}

// family is the process and all that descend from it and still run.
func family(root int) ([]stat, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := map[int][]stat{}
	var found []stat
	for _, path := range paths {
		line, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended since the list was made
		}
		s, err := parseStat(string(line))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if s.pid == root {
			found = append(found, s)
		}
		children[s.parent] = append(children[s.parent], s)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("process %d: %w", root, fs.ErrNotExist)
	}
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i].pid]...)
	}
	return found, nil
}

// Read reads what the process and its descendants have used.
func Read(pid int) (Usage, error) {
	all, err := family(pid)
	if err != nil {
		return Usage{}, err
	}
	u := Usage{Processes: len(all)}
	for _, s := range all {
		u.User += s.user
		u.System += s.system
	}
	return u, nil
}

// Memory is the resident memory of the process and its descendants in bytes.
// Memory that they share is counted once (Pss of /proc/PID/smaps_rollup).
func Memory(pid int) (int64, error) {
	all, err := family(pid)
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, s := range all {
		n, err := pss(s.pid)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func pss(pid int) (n int64, err error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 3 && fields[0] == "Pss:" {
			kb, err := strconv.ParseInt(fields[1], 10, 50)
			return kb << 10, err
		}
	}
	return 0, errors.Join(fmt.Errorf("process %d: no Pss line", pid), lines.Err())
}
