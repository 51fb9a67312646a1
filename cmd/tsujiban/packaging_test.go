package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestPackagedConfig: the configuration that is shipped is one that check accepts.
func TestPackagedConfig(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"check", "-config", "../../packaging/tsujiban.toml"}, world{stdout: &out, stderr: &errs, getenv: os.Getenv}); code != 0 {
		t.Errorf("exit code %d: %s", code, &errs)
	}
}

// TestUnitCommands: every command of the systemd unit is one that there is.
func TestUnitCommands(t *testing.T) {
	unit, err := os.ReadFile("../../packaging/tsujiban.service")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.SplitSeq(string(unit), "\n") {
		_, command, ok := strings.Cut(line, "=/usr/bin/tsujiban ")
		if !ok {
			continue
		}
		n++
		if _, rest, err := find(strings.Fields(command)); err != nil || strings.Join(rest, " ") != "-config /etc/tsujiban/tsujiban.toml" {
			t.Errorf("%q: %v %v", line, rest, err)
		}
	}
	if n != 3 {
		t.Errorf("%d commands, want those that check, serve and reload", n)
	}
}
