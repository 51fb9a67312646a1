package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// machine says where the figures come from.
type machine struct {
	CPU       string    `json:"cpu"`
	Cores     int       `json:"cores"`
	Memory    int64     `json:"memory"` // bytes
	Kernel    string    `json:"kernel"`
	Go        string    `json:"go"`
	SIPp      string    `json:"sipp"`
	Disk      string    `json:"disk"`           // file system of the journal
	Sync50    float64   `json:"sync_median_ms"` // fdatasync of 4 KiB there
	Sync99    float64   `json:"sync_p99_ms"`
	Subjects  []string  `json:"subjects"`
	At        time.Time `json:"at"`
	Disturbed float64   `json:"disturbed"` // the largest share of the machine that others took during a measurement
}

func describe(ctx context.Context, dir string, at time.Time) (machine, error) {
	m := machine{Cores: runtime.NumCPU(), Go: runtime.Version(), At: at.UTC().Truncate(time.Second)}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return m, err
	}
	m.Kernel = unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m, err
	}
	m.CPU = cpuModel(string(text))
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return m, err
	}
	m.Memory = int64(info.Totalram) * int64(info.Unit)
	if m.SIPp, err = sippVersion(ctx); err != nil {
		return m, err
	}
	if m.Disk, err = fileSystem(dir); err != nil {
		return m, err
	}
	m.Sync50, m.Sync99, err = syncTimes(dir)
	return m, err
}

func cpuModel(cpuinfo string) string {
	for line := range strings.SplitSeq(cpuinfo, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown (" + runtime.GOARCH + ")"
}

// sippVersion asks SIPp, whose -v ends with status 99.
func sippVersion(ctx context.Context) (string, error) {
	_, err := output(ctx, patience, "sipp", "-v")
	if found := regexp.MustCompile(`SIPp (v[0-9.]+)`).FindStringSubmatch(fmt.Sprint(err)); found != nil {
		return found[1], nil
	}
	return "", fmt.Errorf("sipp -v says no version: %w", err)
}

// fileSystem is the type of the file system that holds a folder.
func fileSystem(dir string) (string, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return "", err
	}
	names := map[int64]string{unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs",
		unix.TMPFS_MAGIC: "tmpfs (no disk: nothing is durable)", unix.OVERLAYFS_SUPER_MAGIC: "overlay"}
	if name, ok := names[s.Type]; ok {
		return name, nil
	}
	return fmt.Sprintf("type %#x", s.Type), nil
}

// syncTimes measures fdatasync after appending 4 KiB, 200 times: median and p99 in ms.
func syncTimes(dir string) (median, p99 float64, err error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	block := make([]byte, 4096)
	var took []float64
	for range 200 {
		if _, err := f.Write(block); err != nil {
			return 0, 0, err
		}
		began := time.Now()
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			return 0, 0, err
		}
		took = append(took, time.Since(began).Seconds()*1000)
	}
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*99/100], nil
}

// inner is a benchmark of a package that the issue of speed rests on.
type inner struct {
	name, dir, bench string
	limit            float64 // ns
}

var inners = []inner{
	{"Decide with 100,000 customers (slowest of its cases)", "./guard", "^BenchmarkDecide$", 2000},
	{"sipwire: INVITE of 900 bytes indexed", "./sipwire", "^BenchmarkParse$", 600},
}

// inside runs the packages' own benchmarks on the proxy's core.
func (b *bencher) inside(ctx context.Context) ([]row, error) {
	var out []row
	for _, in := range inners {
		text, err := runner{nice: b.nice}.output(ctx, 3*time.Minute, "taskset", "-c", b.proxyCore, "go", "test", "-run", "^$", "-bench", in.bench, "-benchmem",
			"-benchtime", b.benchtime, "-count", strconv.Itoa(b.pairs), in.dir)
		if err != nil {
			return nil, err
		}
		ns, allocs, err := parseBench(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.dir, err)
		}
		for _, r := range []row{{Figure: in.name, Unit: "ns", Own: &ns}, {Figure: in.name + ": allocations", Own: &allocs}} {
			w := want{atMost, 0}
			if r.Unit == "ns" {
				w.limit = in.limit
			}
			r.Requirement, r.Met = w.in(r.Unit), w.met(&r.Own.Value, nil)
			out = append(out, r)
		}
	}
	return out, nil
}

var benchLine = regexp.MustCompile(`(?m)^(Benchmark\S+)\s+\d+\s+([\d.]+) ns/op.*?\s(\d+) allocs/op`)

// parseBench reads what go test -bench -benchmem printed: of each benchmark the
// median of its runs, and of these the slowest; and the most allocations.
func parseBench(text string) (ns, allocs value, err error) {
	runs := map[string][]float64{}
	for _, found := range benchLine.FindAllStringSubmatch(text, -1) {
		took, err := strconv.ParseFloat(found[2], 64)
		if err != nil {
			return ns, allocs, err
		}
		n, err := strconv.ParseFloat(found[3], 64)
		if err != nil {
			return ns, allocs, err
		}
		runs[found[1]] = append(runs[found[1]], took)
		allocs.Value = max(allocs.Value, n)
		allocs.Runs++
	}
	for _, all := range runs {
		if m := median(all); m > ns.Value {
			ns = value{m, slices.Min(all), slices.Max(all), len(all)}
		}
	}
	if len(runs) == 0 {
		return ns, allocs, errors.New("no benchmark with allocations in what go test printed")
	}
	allocs.Min, allocs.Max = allocs.Value, allocs.Value
	return ns, allocs, nil
}
