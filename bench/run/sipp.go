package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tsujiban/bench"
	"tsujiban/bench/procstat"
)

// sipp makes calls with SIPp as PBX and carrier, both on the load's core, and
// returns what the subject used for them.
func (b *bencher) sipp(ctx context.Context, at *place, pid, rate int, span time.Duration) (sample, error) {
	calls := int(float64(rate) * span.Seconds())
	limit := span + 45*time.Second // a call is given up after 32 s
	for name, text := range map[string][]byte{"uac.xml": bench.SIPpPBX, "uas.xml": bench.SIPpCarrier, "numbers.csv": numbers()} {
		if _, err := at.write(name, text); err != nil {
			return sample{}, err
		}
	}
	common := []string{"-nostdin", "-m", strconv.Itoa(calls), "-l", "10000", "-buff_size", "4194304", "-fd", "1", "-trace_stat"}
	uas, err := at.start(ctx, "sipp-uas", b.loadCore, append([]string{"sipp", "-sf", "uas.xml", "-stf", "uas.csv",
		"-i", at.carrier.Addr().String(), "-p", strconv.Itoa(int(at.carrier.Port()))}, common...)...)
	if err != nil {
		return sample{}, err
	}
	if uas.wait(time.Second) {
		return sample{}, uas.died()
	}
	before, err := procstat.Read(pid)
	if err != nil {
		return sample{}, errors.Join(err, uas.stop())
	}
	began := time.Now()
	uac, err := at.start(ctx, "sipp-uac", b.loadCore, append([]string{"sipp", at.proxy.String(), "-sf", "uac.xml", "-stf", "uac.csv", "-inf", "numbers.csv",
		"-i", at.pbx.Addr().String(), "-p", strconv.Itoa(int(at.pbx.Port())), "-r", strconv.Itoa(rate)}, common...)...)
	if err != nil {
		return sample{}, errors.Join(err, uas.stop())
	}
	late := !uac.wait(limit)
	after, err := procstat.Read(pid)
	took := time.Since(began)
	if late {
		err = errors.Join(err, uac.stop())
	}
	if !uas.wait(3 * time.Second) {
		err = errors.Join(err, uas.stop())
	}
	if err != nil {
		return sample{}, err
	}
	return sippSample(at.dir, calls, after.Sub(before), took)
}

// sippSample reads what both SIPps have counted.
func sippSample(dir string, calls int, used procstat.Usage, took time.Duration) (sample, error) {
	pbx, err := readStats(filepath.Join(dir, "uac.csv"))
	if err != nil {
		return sample{}, err
	}
	carrier, err := readStats(filepath.Join(dir, "uas.csv"))
	if err != nil {
		return sample{}, err
	}
	per := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(calls) }
	s := sample{CPU: per(used.CPU()), User: per(used.User), System: per(used.System), Busy: used.CPU().Seconds() / took.Seconds(), Calls: pbx.successful, PerSecond: float64(pbx.successful) / took.Seconds(),
		Failed: calls - pbx.successful, Repeated: pbx.repeated + carrier.repeated}
	return s, nil
}

// numbers is SIPp's injection file: a thousand numbers to dial.
func numbers() []byte {
	var b strings.Builder
	b.WriteString("SEQUENTIAL\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "033%07d;%s\n", 1234567+i*7919, caller)
	}
	return []byte(b.String())
}

// stats is what is read of SIPp's -trace_stat: sums up to the last line.
type stats struct {
	successful int
	repeated   int
}

func readStats(path string) (stats, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return stats{}, err
	}
	s, err := parseStats(string(text))
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return s, err
}

func parseStats(text string) (stats, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = ';', -1, true
	lines, err := r.ReadAll()
	if err != nil {
		return stats{}, err
	}
	if len(lines) < 2 {
		return stats{}, errors.New("no line of figures")
	}
	var s stats
	for _, want := range []struct {
		name string
		to   *int
	}{{"SuccessfulCall(C)", &s.successful}, {"Retransmissions(C)", &s.repeated}} {
		if *want.to, err = column(lines[0], lines[len(lines)-1], want.name); err != nil {
			return stats{}, err
		}
	}
	return s, nil
}

func column(head, line []string, name string) (int, error) {
	for i, h := range head {
		if h == name && i < len(line) {
			n, err := strconv.Atoi(line[i])
			if err != nil {
				return 0, fmt.Errorf("%s: %w", name, err)
			}
			return n, nil
		}
	}
	return 0, fmt.Errorf("no column %s", name)
}
