package procstat

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Pin keeps all threads of this process, and those that they start, to one core
// (from 0). Call it early: a thread that another one starts meanwhile is missed.
func Pin(core int) error {
	var set unix.CPUSet
	set.Set(core)
	tasks, err := filepath.Glob("/proc/self/task/[0-9]*")
	if err != nil {
		return err
	}
	for _, task := range tasks {
		tid, err := strconv.Atoi(filepath.Base(task))
		if err != nil {
			return fmt.Errorf("%s: %w", task, err)
		}
		if err := unix.SchedSetaffinity(tid, &set); err != nil {
			if _, gone := os.Stat(task); gone != nil {
				continue
			}
			return fmt.Errorf("pin to core %d: %w", core, err)
		}
	}
	return nil
}
