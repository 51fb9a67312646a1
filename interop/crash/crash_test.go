//go:build crash

package crash

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/interop/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

const (
	rounds = 50
	capDay = 3000 // yen: ten calls to Sierra Leone
)

// rates charge the first ten minutes of a call abroad at once: no call of this test lasts
// longer, so what is at risk does not depend on how long a guard that was killed is away.
const rates = "prefix,name,yen_per_minute,increment_s\n81,Japan,3,60\n232,Sierra Leone,30,600\n"

// world is a guard with a carrier, a customer who calls at home, and for every round a
// customer who calls abroad until his cap stops him.
type world struct {
	*rig.Site
	t       *testing.T
	random  *rand.Rand
	carrier *carrier
	home    *pbx
	abroad  []*pbx
	books   *books
	client  *control.Client
	signed  [][]byte // checkpoints that were on disk when the guard was killed
}

func newWorld(t *testing.T) *world {
	s, at := rig.NewSite(t, os.TempDir())
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	w := &world{Site: s, t: t, random: rand.New(rand.NewPCG(seed, 0)), carrier: newCarrier(t, at), books: newBooks(s.JournalDir())}
	w.Rates, w.InGuard, w.InJournal = rates, `fraud = "off"`, `segment = "1MiB"`
	var b strings.Builder
	add := func(id, source, limits string) {
		fmt.Fprintf(&b, "[[customer]]\nid = %q\nname = %q\ninternational = true\nopened = \"2015-04-01\"\n%s\n[[trunk]]\nid = \"%s-pbx\"\ncustomer = %q\nsources = [%q]\n", id, id, limits, id, id, source)
	}
	add("home", s.PBX.String(), "limits = { cap_day = 100000000, cap_month = 100000000 }")
	w.home = newPBX(t, s, s.PBX, "home", "0312345678", "0925551234")
	for i := range rounds {
		id, a := fmt.Sprintf("abroad-%02d", i), s.Address(byte(10+i))
		add(id, a.String(), fmt.Sprintf("limits = { cap_day = %d, cap_call = %d }", capDay, capDay))
		w.abroad = append(w.abroad, newPBX(t, s, a, id, "010232761234567", "0925551234"))
		w.books.caps[tsujiban.CustomerID(id)] = capDay * tsujiban.Unit
	}
	w.Customers = b.String()
	w.Configure()
	w.client = control.NewClient(filepath.Join(w.Dir, "data", "control.sock"), "")
	t.Cleanup(w.client.Close)
	return w
}

// TestKilled kills the guard fifty times under load, at a random moment, once in a while already
// while it starts. After each start the journal knows every call that the carrier has
// seen, and nobody has more at risk than his cap. In the end the evidence has every entry, and goes on from every checkpoint.
func TestKilled(t *testing.T) {
	start := time.Now()
	w := newWorld(t)
	most := 0
	for round := range rounds {
		if round%7 == 6 {
			w.killStart()
		}
		g := w.ServeAsIs()
		w.look(round)
		seen := len(w.carrier.ids())
		w.load(g, round)
		most = max(most, len(w.carrier.ids())-seen)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	copied := filepath.Join(w.Dir, "torn")
	if err := os.CopyFS(copied, os.DirFS(w.JournalDir())); err != nil {
		t.Fatal(err)
	}
	g := w.ServeAsIs()
	w.look(rounds)
	w.compareOpen(g)
	g.Stop()
	w.check()
	w.prove()
	torn := tear(t, w, copied)
	bound := 0
	for _, n := range w.books.bound {
		bound += n
	}
	if bound < rounds {
		t.Errorf("the caps stopped %d calls only: they did not bind", bound)
	}
	fmt.Printf("crash: %d kills and %d torn tails in %v; the carrier saw %d calls, at most %d in a round, all are recorded; %d were stopped by caps, none of which was exceeded; %d entries\n",
		rounds+rounds/7, torn, time.Since(start).Round(100*time.Millisecond), len(w.carrier.ids()), most, bound, w.books.last)
}

// killStart starts the program and kills it in its first moments.
func (w *world) killStart() {
	p := rig.Start(w.t, rig.Command{Name: rig.Binary(w.t), Args: []string{"serve", "-config", w.Config()}, Dir: w.Dir})
	select {
	case <-time.After(time.Duration(w.random.IntN(200)) * time.Millisecond):
	case <-p.Done():
		w.t.Errorf("it does not start: %s", p.Tail(20))
	}
	p.Kill()
}

// load has customers call until a random moment, and kills the guard then.
func (w *world) load(g *rig.Guard, round int) {
	for len(w.carrier.count) > 0 {
		<-w.carrier.count
	}
	w.home.start(400)
	calling := []*pbx{w.abroad[round], w.abroad[w.random.IntN(round+1)]}
	for _, p := range calling {
		p.start(40)
	}
	calls, end := 1+w.random.IntN(300), time.After(time.Duration(50+w.random.IntN(400))*time.Millisecond)
wait:
	for calls > 0 {
		select {
		case <-w.carrier.count:
			calls--
		case <-end:
			break wait
		}
	}
	g.Kill()
	w.sign()
	for _, p := range append(calling, w.home) {
		p.stop()
	}
}

// look holds the books of the guard that has just started against what the carrier has seen.
func (w *world) look(round int) {
	t := w.t
	w.books.read(t)
	for _, id := range w.carrier.ids() {
		if !w.books.recorded[id] {
			t.Errorf("round %d: the carrier has seen the call %s, of which there is no record", round, id)
		}
	}
	var customers []control.CustomerState
	if err := w.client.Do(t.Context(), http.MethodGet, "/v1/customers", nil, &customers); err != nil {
		t.Fatal(err)
	}
	for _, c := range customers {
		limit, capped := w.books.caps[tsujiban.CustomerID(c.ID)]
		if risk := tsujiban.Money(c.Usage.Today + c.Usage.Reserved); capped && risk > limit {
			t.Errorf("round %d: %s has %v at risk, the cap is %v", round, c.ID, risk, limit)
		}
	}
	if round%10 == 0 {
		w.check()
	}
}

// compareOpen wants the calls that run to be those that are open in the books.
func (w *world) compareOpen(g *rig.Guard) {
	live := g.Live()
	w.books.read(w.t)
	if n := live.Totals.Running; n != len(w.books.open) {
		w.t.Errorf("%d calls run, %d are open in the journal", n, len(w.books.open))
	}
}

// check runs "tsujiban journal check".
func (w *world) check() {
	if out, err := w.Try("journal", "check"); err != nil {
		w.t.Error(err, out)
	}
}
