package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"tsujiban/bench/loadgen"
)

func TestRunWithoutProxy(t *testing.T) {
	var out bytes.Buffer
	args := []string{"-calls", "300", "-outstanding", "10", "-json", "-pid", strconv.Itoa(os.Getpid())}
	if err := run(t.Context(), args, &out); err != nil {
		t.Fatal(err)
	}
	var r loadgen.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Calls != 300 || r.Failed != 0 || r.Proxy == nil || r.Proxy.Memory < 1<<20 {
		t.Errorf("%s", out.Bytes())
	}
	out.Reset()
	if err := run(t.Context(), args[:4], &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"300 in ", "BYE before ACK 0, 180 after 200 0, 180 lost 0", "INVITE to the carrier"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

func TestFlagsSayWhatIsWrong(t *testing.T) {
	for args, want := range map[string]string{
		"-to nowhere":           "-to: ",
		"-dial 03-zz":           "-dial: ",
		"-from 1":               "-from: ",
		"-refused 200":          `-refused: "200"`,
		"-refused x":            `-refused: "x"`,
		"left":                  `"left"`,
		"-calls 5 -for 1s":      "either a count",
		"-calls 5 -pid 4194999": "process 4194999",
	} {
		err := run(t.Context(), strings.Fields(args), new(bytes.Buffer))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
	if err := run(t.Context(), []string{"-calls", "0", "-warmup", "-1"}, new(bytes.Buffer)); err == nil || errors.Is(err, loadgen.ErrPattern) {
		t.Errorf("negative warm-up: %v", err)
	}
}
