// Command inquiry measures how fast the inquiry desk answers out of a store with very many calls, cold: a process that has just started,
// files that are in nobody's memory.
//
// It makes the store in a folder (once: one that is there and has the size is taken; -making makes it and asks nothing, -made only asks), drops it from
// the machine's page cache, and asks in a process of its own, whose memory it reads.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// What the desk has to reach.
const (
	answerLimit = time.Second
	monthLimit  = 100 * time.Millisecond
	memoryLimit = 500 << 20
)

type options struct {
	size   int
	dir    string
	rounds int
	making bool
	made   bool
	driver bool
	asking bool
	json   bool
}

func main() {
	var o options
	size := flag.String("size", "1M", "how many calls: 1M, 100M")
	flag.StringVar(&o.dir, "dir", filepath.Join(os.TempDir(), "tsujiban-bench-inquiry"), "folder of the store; it is kept")
	flag.IntVar(&busy, "centres", busy, "how many call centres make a tenth of the calls")
	flag.IntVar(&o.rounds, "rounds", 60, "how many questions of each kind")
	flag.BoolVar(&o.making, "making", false, "only make the store, and ask nothing")
	flag.BoolVar(&o.made, "made", false, "fail where the store is not made yet")
	flag.BoolVar(&o.driver, "driver", false, "make the store by way of the program's own driver, as 'tsujiban rebuild' does")
	flag.BoolVar(&o.asking, "asking", false, "only ask, and write the figures as JSON")
	flag.BoolVar(&o.json, "json", false, "write JSON")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if o.size, err = parseSize(*size); err == nil && (busy < 1 || busy > numbers) {
		err = fmt.Errorf("centres: %d is not 1 to %d", busy, numbers)
	}
	if err == nil {
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench inquiry:", err)
		os.Exit(1)
	}
}

// parseSize reads 250k, 1M, 100M.
func parseSize(s string) (int, error) {
	digits, unit := strings.TrimRight(s, "kKM"), 1
	switch {
	case strings.HasSuffix(s, "M"):
		unit = 1_000_000
	case strings.HasSuffix(s, "k"), strings.HasSuffix(s, "K"):
		unit = 1000
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > 1000 && unit == 1_000_000 {
		return 0, fmt.Errorf("size: %q is no count of calls; write it as 1M or 100M", s)
	}
	return n * unit, nil
}

func run(ctx context.Context, o options) error {
	if o.asking {
		f, err := ask(ctx, o)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(f)
	}
	o.dir = filepath.Join(o.dir, strconv.Itoa(o.size)+"-"+strconv.Itoa(busy))
	made, err := makeStore(ctx, o)
	if err != nil || o.making {
		return err
	}
	bytes, err := dropCache(o.dir)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c := exec.CommandContext(ctx, self, "-asking", "-dir", o.dir, "-size", strconv.Itoa(o.size), "-rounds", strconv.Itoa(o.rounds), "-centres", strconv.Itoa(busy))
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return fmt.Errorf("asking: %w", err)
	}
	var f figures
	if err := json.Unmarshal(out, &f); err != nil {
		return err
	}
	f.Calls, f.Bytes, f.Made = o.size, bytes, made
	if o.json {
		return json.NewEncoder(os.Stdout).Encode(f)
	}
	return f.print(os.Stdout)
}

// dropCache writes the files out and takes them out of the machine's page cache; it returns how large they are.
func dropCache(dir string) (total int64, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "store*.db*"))
	for _, name := range names {
		f, oerr := os.Open(name)
		if oerr != nil {
			return total, oerr
		}
		info, serr := f.Stat()
		if serr == nil {
			total += info.Size()
			serr = errors.Join(f.Sync(), unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED))
		}
		err = errors.Join(err, serr, f.Close())
	}
	return total, err
}
