package console_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tsujiban/app/config"
	"tsujiban/bench/loadgen"
	"tsujiban/bench/procstat"
	"tsujiban/console/consoletest"
)

const (
	viewers  = 1000
	perSec   = 500 // calls that are carried
	refused  = 50  // verdicts that are shown, a second
	measured = 15 * time.Second
	warm     = 3 * time.Second
)

func TestMain(m *testing.M) {
	if at := os.Getenv(watchVar); at != "" {
		if err := watchAll(at); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// BenchmarkViewers carries calls with refused ones among them, while nobody watches the desk, while a thousand browsers watch something else, and while they
// watch the desk, in turn, and prints how long a call takes to set up and what each side costs.
//
// Load, refused calls and viewers are processes of their own. As in make bench, the program keeps to one core, and they to the other, the viewers when the load leaves something over: what
// is measured is what the program does for viewers, not what their browsers do. The middle row shows what is left of that.
// TSUJIBAN_BENCH_CORES=shared lets all have both cores.
func BenchmarkViewers(b *testing.B) {
	bin := filepath.Join(b.TempDir(), "load")
	if out, err := exec.Command("go", "build", "-o", bin, "tsujiban/bench/load").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	others := "1"
	if os.Getenv("TSUJIBAN_BENCH_CORES") == "shared" || runtime.NumCPU() < 2 {
		others = ""
	} else if err := procstat.Pin(0); err != nil {
		b.Fatal(err)
	}
	carrier := freeAddress(b)
	site := consoletest.StartWith(b, "[guard.defaults]\nchannels = 0\ncalls_per_second = 0\n", func(c *config.Config) {
		c.Carriers[0].Address, c.Carriers[0].Probe = carrier, 0
	})
	limits := map[string]any{"limits": map[string]any{"cap_call": 5000, "cap_day": 1_000_000_000, "cap_month": 1_000_000_000, "bar_countries": []string{"CU"}}}
	if err := site.App.Office("bench").Do(b.Context(), http.MethodPatch, "/v1/customers/"+string(consoletest.Firm), limits, nil); err != nil {
		b.Fatal(err)
	}
	r := &round{b: b, bin: bin, carrier: carrier, site: site, others: others}
	fmt.Printf("\n| turn | viewers | calls | INVITE to the carrier, median / p99 / max | CPU of a core: program, load, viewers; others | collections, MB allocated/s | a verdict, median / p95 / max | bytes/s a viewer |\n|---|---|---|---|---|---|---|---|\n")
	for turn := 1; b.Loop(); turn++ {
		for _, at := range []string{"", elsewhere, site.URL + "/live/now"} {
			r.measure(turn, at)
		}
	}
}

// round is what a measurement needs.
type round struct {
	b                    *testing.B
	bin, carrier, others string
	site                 *consoletest.Site
}

// measure prints a row: with nobody watching, or with viewers of a stream.
func (r *round) measure(turn int, at string) {
	label, shown, stop := "0", "– | –", func() seen { return seen{} }
	var watchers int
	if at != "" {
		watchers, stop = r.watched(at)
		label = strconv.Itoa(viewers)
	}
	if at == elsewhere {
		label += ", elsewhere"
	}
	c := r.carry(watchers)
	if s := stop(); at != "" {
		ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
		shown = fmt.Sprintf("%.0f / %.0f / %.0f ms (%d) | %.0f", ms(s.Median), ms(s.P95), ms(s.Max), s.Samples, float64(s.Bytes)/viewers/(warm+measured).Seconds())
	}
	fmt.Printf("| %d | %s | %.0f/s, %d failed | %.2f / %.1f / %.0f ms | %.0f, %.0f, %.0f; %.0f %% | %d, %.0f | %s |\n", turn, label, c.PerSecond, c.Failed,
		c.Setup.Median/1e3, c.Setup.P99/1e3, c.Setup.Max/1e3, 100*c.busy, 100*c.load, 100*c.watching, 100*c.others, c.collections, c.allocated, shown)
}

// freeAddress is an address that nobody has: where load is to be the carrier, which the program must know before load starts.
func freeAddress(b *testing.B) string {
	b.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return c.LocalAddr().String()
}

// carried is what load tells, and what shares of a core were used meanwhile. The program is this process.
type carried struct {
	loadgen.Report
	busy, load, watching float64
	others               float64 // programs that are no part of this; of one core
	collections          uint32
	allocated            float64 // MB a second
}

// machine is the CPU time that anybody on the machine has used: user, nice and system of /proc/stat, in hundredths of a second.
func machine(b *testing.B) (sum time.Duration) {
	b.Helper()
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(text))
	for _, f := range fields[1:4] {
		n, err := strconv.ParseInt(f, 10, 62)
		if err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(n) * time.Second / 100
	}
	return sum
}

// spent is the CPU that this process has used.
func spent(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// carry makes calls, and others that are refused, and measures those that are carried. watchers is the viewers' process, or 0.
func (r *round) carry(watchers int) (c carried) {
	b := r.b
	b.Helper()
	used := func() (u time.Duration) {
		if watchers == 0 {
			return 0
		}
		s, err := procstat.Read(watchers)
		if err != nil {
			b.Fatal(err)
		}
		return s.CPU()
	}
	var m0, m1 runtime.MemStats
	runtime.ReadMemStats(&m0)
	before, beforeThem, beforeAll := spent(b), used(), machine(b)
	more := func(args ...string) *exec.Cmd {
		args = append([]string{"-to", r.site.SIP.String(), "-from", "092-555-1234"}, args...)
		if r.others != "" {
			args = append(args, "-cpu", r.others)
		}
		return exec.CommandContext(b.Context(), r.bin, args...)
	}
	shown := more("-dial", "010-53-5xxx-xxxx", "-refused", "403", "-rate", strconv.Itoa(refused), "-for", (measured + warm).String())
	if err := shown.Start(); err != nil {
		b.Fatal(err)
	}
	cmd := more("-json", "-listen", r.carrier, "-dial", "03-3xxx-xxxx", "-rate", strconv.Itoa(perSec), "-warm-for", warm.String(), "-for", measured.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("load: %v", err)
	}
	if err := shown.Wait(); err != nil {
		b.Logf("refused calls: %v", err)
	}
	if err := json.Unmarshal(out, &c.Report); err != nil {
		b.Fatal(err)
	}
	share := func(d time.Duration) float64 { return d.Seconds() / (warm + measured).Seconds() }
	c.busy, c.watching = share(spent(b)-before), share(used()-beforeThem)
	for _, p := range []*exec.Cmd{cmd, shown} {
		c.load += share(p.ProcessState.UserTime() + p.ProcessState.SystemTime())
	}
	c.others = max(share(machine(b)-beforeAll)-c.busy-c.watching-c.load, 0)
	runtime.ReadMemStats(&m1)
	c.collections, c.allocated = m1.NumGC-m0.NumGC, float64(m1.TotalAlloc-m0.TotalAlloc)/1e6/(warm+measured).Seconds()
	return c
}

// watched starts the viewers of a stream; pid is their process, stop ends them and says what they saw.
func (r *round) watched(at string) (pid int, stop func() seen) {
	b := r.b
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), self)
	cmd.Env = append(os.Environ(), watchVar+"="+at, countVar+"="+strconv.Itoa(viewers), coreVar+"="+r.others)
	cmd.Stderr = os.Stderr
	in, err1 := cmd.StdinPipe()
	pipe, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		b.Fatal(err1, err2)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	out := bufio.NewReader(pipe)
	if line, err := out.ReadString('\n'); err != nil || line != "ready\n" {
		b.Fatalf("viewers: %q, %v", line, err)
	}
	return cmd.Process.Pid, func() (s seen) {
		if err := in.Close(); err != nil {
			b.Error(err)
		}
		if err := json.NewDecoder(out).Decode(&s); err != nil {
			b.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
		return s
	}
}
