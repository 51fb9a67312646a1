package app

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/app/config"
	"tsujiban/app/control"
)

// serveHelper is the program that is killed: it serves and writes its first port.
func serveHelper(path string) int {
	cfg, err := config.Load(path)
	if err == nil {
		var seed *config.Seed
		if seed, err = config.ParseSeed("seed.toml", "guard1", []byte(seedText)); err == nil {
			err = helpServe(cfg, seed)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func helpServe(cfg *config.Config, seed *config.Seed) error {
	a, err := Start(context.Background(), Options{Config: cfg, Seed: seed})
	if err != nil {
		return err
	}
	if _, err := fmt.Println(a.edge.Addrs()[0]); err != nil {
		return err
	}
	return a.Wait()
}

// TestKilledAndStartedAgain: kill -9 while one call talks and one rings. The next start knows
// both, keeps the money of the one that talks, can end it in both directions, and hangs the
// other up when it is answered.
func TestKilledAndStartedAgain(t *testing.T) {
	s := newSite(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "TSUJIBAN_TEST_SERVE="+s.file)
	cmd.Stderr = s.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var port string
	if _, err := fmt.Fscan(out, &port); err != nil {
		t.Fatalf("the program does not start: %v\n%s", err, s.log)
	}
	guard := netip.MustParseAddrPort(port)
	s.pbx.talkTo(guard, s.carrier, "01012125550100")
	s.pbx.invite(guard, "0312345678", "0925551234")
	ringing := s.carrier.expect("INVITE ")
	s.carrier.answer(ringing, "180 Ringing")
	s.pbx.expect("SIP/2.0 180")
	// Start, import, two attempts and an answer: the answer is the one that nobody has waited for.
	waitForEntries(t, filepath.Join(s.dir, "data", "control.sock"), 5)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the program was not killed")
	}

	s.listen = port
	s.configure("")
	r := s.start()
	f := r.Frame()
	if len(f.Calls) != 1 || f.Calls[0].Country != "US" || f.Calls[0].Answered.IsZero() || f.Totals.AtRisk == 0 {
		t.Fatalf("after the restart: %+v", f)
	}
	if err := r.do(http.MethodDelete, "/v1/running/"+f.Calls[0].Call, control.Order{Note: "test"}, nil); err != nil {
		t.Fatal(err)
	}
	var did control.Actions
	if err := r.do(http.MethodGet, "/v1/actions?kind=cases", nil, &did); err != nil || len(did.Actions) != 1 || did.Actions[0].Verb != "call-end" || did.Actions[0].Object != f.Calls[0].Call {
		t.Errorf("the record of actions has %+v, %v", did, err)
	}
	for _, p := range []*phone{r.carrier, r.pbx} {
		p.answer(p.expect("BYE "), "200 OK")
	}
	// The other one is answered after all: nobody listens, so it is hung up, and it costs.
	r.carrier.answer(ringing, "200 OK")
	r.carrier.expect("ACK ")
	r.carrier.answer(r.carrier.expect("BYE "), "200 OK")
	r.ended()
	calls := r.records()
	if len(calls) != 2 || calls[0].Cut != "call-gone" || calls[0].Charge == 0 || calls[1].Cut != "staff" || calls[1].Charge == 0 {
		t.Fatalf("records: %+v", calls)
	}
	id, err := tsujiban.ParseCallID(calls[0].Call)
	if err != nil || id != r.desk.last {
		t.Errorf("ids go on from %v, last call %v", r.desk.last, id)
	}
}

// waitForEntries waits until the journal of a program has so many entries on disk.
func waitForEntries(t *testing.T, socket string, n uint64) {
	t.Helper()
	c := control.NewClient(socket, "")
	defer c.Close()
	deadline := time.Now().Add(10 * time.Second)
	for {
		var st control.Status
		if err := c.Do(context.Background(), http.MethodGet, "/v1/status", nil, &st); err != nil {
			t.Fatal(err)
		}
		if st.Journal.Committed >= n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d entries after ten seconds", st.Journal.Committed)
		}
	}
}
