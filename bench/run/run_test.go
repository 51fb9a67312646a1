package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tsujiban/app/config"
	"tsujiban/bench/loadgen"
	"tsujiban/numbering"
	"tsujiban/rating"
)

var update = flag.Bool("update", false, "write the golden files")

// example is what a run of three scenarios leaves.
func example() *report {
	samples := map[string]map[string][]sample{
		"saturation": {
			guardName:    {{CPU: 41, PerSecond: 24000}, {CPU: 60, PerSecond: 16000}, {CPU: 43, PerSecond: 23000}},
			kamailioName: {{CPU: 98, PerSecond: 10200}, {CPU: 150, PerSecond: 6000}, {CPU: 99, PerSecond: 10100, Failed: 2}},
		},
		"refused": {guardName: {{CPU: 10.4}}, kamailioName: {{CPU: 17.4}}},
		"order-1": {guardName: {{Memory: 81e6, Setup: loadgen.Delay{Median: 700, P99: 2500}, Direct: loadgen.Delay{Median: 40, P99: 100}}}},
	}
	r := &report{Warm: 35 * time.Second, Samples: samples, Rows: rows(samples, guardName, kamailioName)}
	r.Machine = machine{CPU: "Example 3000", Cores: 2, Memory: 8 << 30, Kernel: "Linux 6.1", Go: "go1.26", SIPp: "v3.6.1", Disk: "ext4",
		Sync50: 0.4, Sync99: 1.2, Subjects: []string{"Tsujiban", "Kamailio 5.6.3"}, At: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC), Disturbed: 0.03}
	return r
}

func TestReport(t *testing.T) {
	r := example()
	for name, got := range map[string]string{"report.txt": r.text(), "report.md": r.markdown()} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is\n%s\nwant (go test -update writes it)\n%s", name, got, want)
		}
	}
	if err := r.unmet(); !errors.Is(err, errUnmet) || !strings.HasSuffix(err.Error(), ": Refused call (INVITE, 403 or 603, ACK): CPU") {
		t.Errorf("%v: want the refused call alone", err)
	}
}

func TestRatioIsOfPairs(t *testing.T) {
	// The machine was half as fast in the second pair: the medians alone would say 0.61.
	got := ratio([]float64{41, 60, 43}, []float64{98, 150, 99})
	if got == nil || *got < 0.418 || *got > 0.419 {
		t.Errorf("ratio %v, want 41/98", *got)
	}
	if ratio([]float64{1}, nil) != nil || ratio([]float64{1}, []float64{0}) != nil {
		t.Error("a ratio without a peer")
	}
	if m := median([]float64{4, 1, 3, 2}); m != 2.5 {
		t.Errorf("median of 1 to 4: %v", m)
	}
}

func TestWant(t *testing.T) {
	v := func(f float64) *float64 { return &f }
	for _, c := range []struct {
		want       want
		own, ratio *float64
		met        string
	}{
		{want{atMost, 10}, v(10), nil, "yes"},
		{want{atMost, 10}, v(10.1), v(0.1), "no"},
		{want{ratioAtMost, 0.5}, v(1), v(0.5), "yes"},
		{want{ratioAtMost, 0.5}, v(1), nil, "unknown"},
		{want{ratioAtLeast, 2}, v(1), v(1.9), "no"},
		{want{}, v(1), v(1), "unknown"},
	} {
		got := "unknown"
		if met := c.want.met(c.own, c.ratio); met != nil {
			got = map[bool]string{true: "yes", false: "no"}[*met]
		}
		if got != c.met {
			t.Errorf("%s: %s, want %s", c.want.in("µs"), got, c.met)
		}
	}
}

func TestParseStats(t *testing.T) {
	text := "StartTime;SuccessfulCall(C);x;Retransmissions(C);\n2026-11-22\t02:54;10;0;1;\n2026-11-22\t02:55;40000;0;7;\n"
	if s, err := parseStats(text); err != nil || s != (stats{40000, 7}) {
		t.Errorf("%+v, %v", s, err)
	}
	for _, bad := range []string{"", "SuccessfulCall(C);Retransmissions(C)\n", "SuccessfulCall(C)\n1\n", "SuccessfulCall(C);Retransmissions(C)\n1\n",
		"SuccessfulCall(C);Retransmissions(C)\n1;x\n"} {
		if _, err := parseStats(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func FuzzParseStats(f *testing.F) {
	f.Add("SuccessfulCall(C);Retransmissions(C)\n1;2\n")
	f.Fuzz(func(_ *testing.T, text string) { _, _ = parseStats(text) })
}

func TestParseBench(t *testing.T) {
	text := "cpu: x\nBenchmarkDecide/a-2   \t 100\t   512.5 ns/op\t   0 B/op\t   0 allocs/op\nBenchmarkDecide/a-2 100 500 ns/op 0 B/op 0 allocs/op\n" +
		"BenchmarkDecide/b-2 100 900 ns/op 10.5 MB/s 16 B/op 2 allocs/op\nPASS\n"
	ns, allocs, err := parseBench(text)
	if err != nil || ns != (value{900, 900, 900, 1}) || allocs.Value != 2 {
		t.Errorf("%+v, %+v, %v", ns, allocs, err)
	}
	if _, _, err := parseBench("PASS\n"); err == nil {
		t.Error("nothing measured, and no error")
	}
}

// TestGuardIsConfigured reads what the guard is given with the guard's own
// readers: a key that changes its name is seen here, not in the benchmark.
func TestGuardIsConfigured(t *testing.T) {
	at, err := newPlace(t.TempDir(), "0", 0)
	if err != nil {
		t.Fatal(err)
	}
	if at.proxy.Addr() == at.pbx.Addr() || at.pbx.Addr() == at.carrier.Addr() || at.proxy.Port() == 0 {
		t.Errorf("%+v: want an address for each", at)
	}
	for name, text := range map[string]string{"tsujiban.toml": guardConfig(at), "rates.csv": guardRates, "customers.toml": guardCustomers(at)} {
		if _, err := at.write(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := config.Load(filepath.Join(at.dir, "tsujiban.toml")); err != nil {
		t.Error(err)
	}
	seed, err := config.LoadSeed(filepath.Join(at.dir, "customers.toml"), "bench")
	if err != nil {
		t.Fatal(err)
	}
	if len(seed.Customers) != customers+1 || len(seed.Trunks) != 1 {
		t.Errorf("%d customers, %d trunks", len(seed.Customers), len(seed.Trunks))
	}
	deck, err := rating.Parse(strings.NewReader(guardRates))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := numbering.New("JP")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(numbers())) {
		dialled, _, ok := strings.Cut(line, ";")
		if !ok {
			continue
		}
		d, err := plan.Parse([]byte(dialled))
		if err != nil {
			t.Fatalf("%s: %v", dialled, err)
		}
		if _, _, ok := deck.Find(d.Number, time.Unix(0, 0)); !ok {
			t.Fatalf("%s has no price", dialled)
		}
	}
}

func TestProcess(t *testing.T) {
	dir := t.TempDir()
	alive := filepath.Join(dir, "alive") // open for as long as any of the group lives
	if err := syscall.Mkfifo(alive, 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := runner{dir: dir}.start(t.Context(), "sleeper", "0", "sh", "-c", "exec 3>alive; sleep 600 & echo up >&3; wait")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(alive)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(f, make([]byte, 3)); err != nil || p.wait(0) {
		t.Fatal(err, p.died())
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(f); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	p, err = runner{dir: dir}.start(t.Context(), "failing", "0", "sh", "-c", "echo no such thing; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	if !p.wait(patience) || !strings.Contains(p.died().Error(), "exit status 3: no such thing") {
		t.Error(p.died())
	}
	ctx, cancel := context.WithCancel(t.Context())
	p, err = runner{dir: dir}.start(ctx, "cancelled", "0", "sleep", "600")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if !p.wait(patience) {
		t.Error("a process outlives its context")
	}
}

func TestOthersAreMetered(t *testing.T) {
	if d, err := busy("cpu  100 20 30 4000 5 6 7\ncpu0 1 2 3\n"); err != nil || d != 1500*time.Millisecond {
		t.Errorf("%v, %v", d, err)
	}
	for _, bad := range []string{"", "cpu 1 2", "cpu0 1 2 3 4", "cpu 1 x 3 4"} {
		if _, err := busy(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	m, err := read()
	if err != nil {
		t.Fatal(err)
	}
	if share, err := m.others(); err != nil || share < 0 {
		t.Errorf("%v, %v", share, err)
	}
}

func TestFlags(t *testing.T) {
	for args, want := range map[string]string{"-pairs 99": "-pairs", "-nice 20": "-nice", "x": `"x"`, "-nope": "not defined"} {
		if _, err := flags(strings.Fields(args), new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
	b := &bencher{}
	if _, err := b.subject(t.Context(), "asterisk", ""); err == nil {
		t.Error("an unknown subject")
	}
}
