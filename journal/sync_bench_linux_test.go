package journal

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkSync compares the ways to make a batch durable. What the journal does is "room+fdatasync"; see the
// figures in docs/benchmarks.md before changing it.
func BenchmarkSync(b *testing.B) {
	write := func(fd int, batch []byte, at int64) error {
		_, err := unix.Pwrite(fd, batch, at)
		if err == nil {
			err = unix.Fdatasync(fd)
		}
		return err
	}
	dsync := func(fd int, batch []byte, at int64) error {
		_, err := unix.Pwritev2(fd, [][]byte{batch}, at, unix.RWF_DSYNC)
		return err
	}
	nothing := func(*os.File, int64) error { return nil }
	allocate := func(f *os.File, size int64) error { return unix.Fallocate(int(f.Fd()), 0, 0, size) }
	for _, c := range []struct {
		name   string
		make   func(f *os.File, size int64) error
		commit func(fd int, batch []byte, at int64) error
	}{
		{"growing+fdatasync", nothing, write}, {"growing+dsync", nothing, dsync},
		{"fallocate+fdatasync", allocate, write}, {"fallocate+dsync", allocate, dsync},
		{"room+fdatasync", zeroFill, write}, {"room+dsync", zeroFill, dsync},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkSync(b, c.make, c.commit) })
	}
}

func zeroFill(f *os.File, size int64) error {
	for at := int64(0); at < size; at += roomChunk {
		if _, err := f.WriteAt(zeros[:], at); err != nil {
			return err
		}
	}
	return nil
}

func benchmarkSync(b *testing.B, prepare func(*os.File, int64) error, commit func(int, []byte, int64) error) {
	f, err := os.Create(filepath.Join(b.TempDir(), "segment"))
	if err != nil {
		b.Fatal(err)
	}
	defer mustClose(b, f)
	const size = 64 << 20
	if err := prepare(f, size); err != nil {
		b.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	batch := make([]byte, 4000) // eight or nine entries
	var late []time.Duration
	start := cpuTime()
	for at := int64(0); b.Loop(); at = (at + int64(len(batch))) % (size - 4096) {
		began := time.Now()
		if err := commit(int(f.Fd()), batch, at); err != nil {
			b.Fatal(err)
		}
		late = append(late, time.Since(began))
	}
	reportCPU(b, start)
	slices.Sort(late)
	b.ReportMetric(float64(late[len(late)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkStall shows what a slow sync does to the rest of the program: work/s is what a goroutine gets done that never
// waits. On one processor the runtime gives it up only after up to 10 ms of a system call; on two nothing is lost.
func BenchmarkStall(b *testing.B) {
	for _, c := range []struct {
		name  string
		procs int
		slow  time.Duration
	}{{"procs=1/idle", 1, 0}, {"procs=1/sync=2ms", 1, 2 * time.Millisecond}, {"procs=2/idle", 2, 0}, {"procs=2/sync=2ms", 2, 2 * time.Millisecond}} {
		b.Run(c.name, func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(c.procs))
			j := mustOpen(b, Options{Dir: b.TempDir(), FS: slowFS{OS, c.slow}})
			evs := callEvents()
			var gaps []time.Duration
			last := time.Now()
			for i := 0; b.Loop(); i++ {
				for range 200 {
					busyWork = AppendEvent(busyWork[:0], &evs[2])
				}
				if i%100 == 0 && c.slow > 0 {
					if _, err := j.Append(&evs[2]); err != nil {
						b.Fatal(err)
					}
				}
				runtime.Gosched()
				now := time.Now()
				gaps = append(gaps, now.Sub(last))
				last = now
			}
			mustClose(b, j)
			slices.Sort(gaps)
			b.ReportMetric(float64(len(gaps))/b.Elapsed().Seconds(), "work/s")
			b.ReportMetric(float64(gaps[len(gaps)*999/1000].Microseconds())/1e3, "p99.9-ms")
		})
	}
}

var busyWork []byte

// slowFS takes time for every sync, in a system call as a disk does.
type slowFS struct {
	FS
	slow time.Duration
}

func (s slowFS) Create(name string) (File, error) {
	f, err := s.FS.Create(name)
	return slowFile{f, s.slow}, err
}

type slowFile struct {
	File
	slow time.Duration
}

func (f slowFile) Sync() error {
	ts := unix.NsecToTimespec(int64(f.slow))
	if err := unix.Nanosleep(&ts, nil); err != nil {
		return err
	}
	return f.File.Sync()
}
