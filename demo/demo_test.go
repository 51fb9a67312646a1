package demo

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

// The demo is the promise of the README: the thief is stopped, nobody honest is touched, and
// everything that the carrier saw is on record.
func TestDemoStopsTheThief(t *testing.T) {
	var out bytes.Buffer
	sum, err := Run(t.Context(), Options{Out: &out, Headless: true, For: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if !sum.OK() {
		t.Errorf("the demo ended as it should not:\n%s", out.String())
	}
	var back Summary
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.HonestCalls != sum.HonestCalls {
		t.Errorf("the summary does not read back: %v\n%s", err, out.String())
	}
	t.Log(out.String())
}
