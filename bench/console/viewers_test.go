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
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tsujiban/app/config"
	"tsujiban/bench/loadgen"
	"tsujiban/console/consoletest"
)

// The process of viewers is this test's own program with these set.
const (
	watchVar = "TSUJIBAN_BENCH_WATCH" // where the stream is
	countVar = "TSUJIBAN_BENCH_VIEWERS"
)

const (
	viewers  = 1000
	perSec   = 500 // calls that are carried
	refused  = 50  // verdicts that are shown, a second
	measured = 15 * time.Second
	warm     = 3 * time.Second
	turns    = 2 // without and with viewers, in turn
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

// watchAll opens a stream for each viewer, on what the program and the load leave of the processor, for browsers run elsewhere; says "ready", and when its standard input ends, how much later than the first viewer
// the others had each change, in microseconds: half of them, and 95 of 100.
func watchAll(at string) error {
	n, err := strconv.Atoi(os.Getenv(countVar))
	if err != nil {
		return err
	}
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, 19); err != nil {
		return err
	}
	var mu sync.Mutex // guards first and late
	first, late := map[string]time.Time{}, []time.Duration{}
	var open sync.WaitGroup
	open.Add(n)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 0}}
	for range n {
		go func() {
			once := sync.OnceFunc(open.Done)
			defer once()
			req, err := http.NewRequest(http.MethodGet, at, nil)
			if err != nil {
				return
			}
			req.Header.Set("Cookie", "tsujiban=viewer")
			req.Header.Set("Accept", "text/event-stream")
			resp, err := client.Do(req)
			if err != nil || resp.StatusCode != http.StatusOK {
				fmt.Fprintln(os.Stderr, "a viewer was not let in:", err)
				return
			}
			once()
			lines := bufio.NewScanner(resp.Body)
			lines.Buffer(nil, 1<<20)
			for lines.Scan() {
				id, ok := strings.CutPrefix(lines.Text(), "id: ")
				if !ok {
					continue
				}
				now := time.Now()
				mu.Lock()
				if since, known := first[id]; known {
					late = append(late, now.Sub(since))
				} else {
					first[id] = now
				}
				mu.Unlock()
			}
		}()
	}
	open.Wait()
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // the end is the sign
	mu.Lock()
	defer mu.Unlock()
	if len(late) == 0 {
		return fmt.Errorf("nobody saw anything")
	}
	slices.Sort(late)
	return json.NewEncoder(os.Stdout).Encode([]int64{int64(len(first)), late[len(late)/2].Microseconds(), late[len(late)*95/100].Microseconds()})
}

// BenchmarkViewers carries calls with refused ones among them, while nobody watches the desk and while a thousand do, in turn,
// and prints how long a call takes to set up and what the program costs. Load and viewers are processes of their own.
func BenchmarkViewers(b *testing.B) {
	bin := filepath.Join(b.TempDir(), "load")
	if out, err := exec.Command("go", "build", "-o", bin, "tsujiban/bench/load").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	carrier := freeAddress(b)
	site := consoletest.StartWith(b, "[guard.defaults]\nchannels = 0\ncalls_per_second = 0\n", func(c *config.Config) {
		c.Carriers[0].Address, c.Carriers[0].Probe = carrier, 0
	})
	limits := map[string]any{"limits": map[string]any{"cap_call": 5000, "cap_day": 1_000_000_000, "cap_month": 1_000_000_000, "bar_countries": []string{"CU"}}}
	if err := site.App.Office("bench").Do(b.Context(), http.MethodPatch, "/v1/customers/"+string(consoletest.Firm), limits, nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		fmt.Printf("\n| | viewers | calls | INVITE to the carrier, median / p99 | CPU of the program | a change, later than at the first viewer, median / p95 |\n|---|---|---|---|---|---|\n")
		for turn := range turns {
			row := func(n int, r carried, late string) {
				fmt.Printf("| %d | %d | %.0f/s, %d failed | %.2f / %.1f ms | %.0f %% of a core | %s |\n", turn+1, n, r.PerSecond, r.Failed, r.Setup.Median/1e3, r.Setup.P99/1e3, 100*r.busy, late)
			}
			row(0, carry(b, bin, carrier, site), "–")
			stop := watched(b, site)
			with := carry(b, bin, carrier, site)
			late := stop()
			row(viewers, with, fmt.Sprintf("%.0f / %.0f ms (%d changes)", float64(late[1])/1e3, float64(late[2])/1e3, late[0]))
		}
	}
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

// carried is what load tells, and what share of a core this process used meanwhile; load and viewers are processes of their own.
type carried struct {
	loadgen.Report
	busy float64
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

// carry makes calls, and others that are refused, and measures those that are carried.
func carry(b *testing.B, bin, carrier string, site *consoletest.Site) (r carried) {
	b.Helper()
	before := spent(b)
	shown := exec.CommandContext(b.Context(), bin, "-to", site.SIP.String(), "-from", "092-555-1234", "-dial", "010-53-5xxx-xxxx", "-refused", "403", "-rate", strconv.Itoa(refused), "-for", (measured + warm).String())
	if err := shown.Start(); err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), bin, "-json", "-to", site.SIP.String(), "-listen", carrier, "-from", "092-555-1234", "-dial", "03-3xxx-xxxx",
		"-rate", strconv.Itoa(perSec), "-warm-for", warm.String(), "-for", measured.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("load: %v", err)
	}
	if err := shown.Wait(); err != nil {
		b.Logf("refused calls: %v", err)
	}
	if err := json.Unmarshal(out, &r.Report); err != nil {
		b.Fatal(err)
	}
	r.busy = (spent(b) - before).Seconds() / (warm + measured).Seconds()
	return r
}

// watched starts the viewers; stop ends them and says what they saw.
func watched(b *testing.B, site *consoletest.Site) (stop func() []int64) {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), self)
	cmd.Env = append(os.Environ(), watchVar+"="+site.URL+"/live/now", countVar+"="+strconv.Itoa(viewers))
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
	return func() (late []int64) {
		if err := in.Close(); err != nil {
			b.Error(err)
		}
		if err := json.NewDecoder(out).Decode(&late); err != nil {
			b.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
		return late
	}
}
