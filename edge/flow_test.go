package edge

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tsujiban"
)

// TestFlows plays the ladders of testdata/flows. A line is one step:
//
//	pbx -> INVITE 0312345678      an agent sends; an indented "Name: value" below sets a header, "+Name: value" adds one, "-Name" leaves it out
//	carrier <- INVITE             an agent gets exactly this next; indented below: "Name = value", "Name ~ part", "Name !~ part", "no Name"
//	carrier -> 486                a response to the last INVITE; "200 BYE" to the last BYE
//	pbx <- INVITE again           a repeat, byte for byte
//	stranger -> BYE as pbx        a message as the other agent would make it
//	pbx quiet                     nothing has come that was not told
//	journal commits               every record is on disk; "fails", "works"
//	clock +500ms                  time passes
//	desk cuts fraud               the guard ends the last call
//	call ended 486 by callee      what the desk knows of the last call ("call/1": the one before)
//	edge counts spoof 1           a counter
//
// "pbx/b" is another call of the same agent; {pbx} is an address, {edge} and {edge/tcp} are the edge's; {path} and {route} are
// those that the edge wrote last. A flow ends
// with every agent quiet and, after all time limits, with empty tables and every allowed call ended once.
func TestFlows(t *testing.T) {
	files, err := filepath.Glob("testdata/flows/*.flow")
	if err != nil || len(files) == 0 {
		t.Fatalf("no flows: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".flow"), func(t *testing.T) {
			t.Parallel()
			playFlow(t, f)
		})
	}
}

type flowStep struct {
	file string
	line int
	text string
	more []string // the indented lines below
}

func readFlow(t *testing.T, file string) (steps []flowStep) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, " # ")
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		if strings.HasPrefix(line, " ") && len(steps) > 0 {
			s := &steps[len(steps)-1]
			s.more = append(s.more, strings.TrimSpace(line))
			continue
		}
		steps = append(steps, flowStep{file: filepath.Base(file), line: i + 1, text: strings.TrimSpace(line)})
	}
	return steps
}

// player plays one flow.
type player struct {
	*lab
	t     *testing.T
	step  flowStep
	path  string // of the last REGISTER that came to the PBX
	route string // the first value of the last Record-Route that somebody got
}

func playFlow(t *testing.T, file string) {
	p := &player{lab: newLab(t), t: t}
	over := map[string]string{"pbx": "udp", "carrier": "udp"}
	steps := readFlow(t, file)
	for len(steps) > 0 && strings.HasPrefix(steps[0].text, "with ") {
		p.step = steps[0]
		p.with(strings.Fields(steps[0].text)[1:], over)
		steps = steps[1:]
	}
	p.people(over)
	p.start()
	for _, p.step = range steps {
		p.where = fmt.Sprintf("%s:%d: %s:", p.step.file, p.step.line, p.step.text)
		p.play(strings.Fields(p.step.text))
		if t.Failed() {
			p.fail("the flow stops here")
		}
	}
	p.step.text = "(the end)"
	p.finish()
}

// people makes the agents that every flow has.
func (p *player) people(over map[string]string) {
	if over["pbx"] == "tls" || over["carrier"] == "tls" {
		p.useTLS()
	}
	pbx := p.agent("pbx", over["pbx"])
	p.dir[0].Address, p.dir[0].Transport = pbx.addr, pbx.network
	if pbx.network == "udp" {
		p.dir[0].Registrar, p.dir[0].Domain = pbx.addr, labDomain
	}
	probe, _ := time.ParseDuration(over["probes"])
	p.carrier("carrier", over["carrier"], 1, probe)
	if over["carrier2"] != "" {
		p.carrier("carrier2", over["carrier2"], 2, probe)
	}
	if over["gateway"] != "" { // a further address of the carrier
		p.opt.Carriers[0].Sources = []netip.Prefix{netip.MustParsePrefix(labIP["gateway"] + "/32")}
	}
}

func (p *player) fail(format string, args ...any) {
	p.t.Helper()
	p.t.Fatalf("%s:%d: %s\n%s", p.step.file, p.step.line, p.step.text, fmt.Sprintf(format, args...))
}

func (p *player) duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		p.fail("%v", err)
	}
	return d
}

// with sets up the lab before it starts.
func (p *player) with(w []string, over map[string]string) {
	switch w[0] {
	case "pass-on-journal-failure":
		p.opt.PassOnJournalFailure = true
	case "ring-limit":
		p.opt.RingLimit = p.duration(w[1])
	case "idle-limit":
		p.opt.IdleLimit = p.duration(w[1])
	case "extend":
		p.desk.extend = p.duration(w[1])
	case "rate":
		p.opt.MaxCallsPerSecond, _ = strconv.Atoi(w[1])
	default: // an agent and its transport
		over[w[0]] = w[1]
	}
}

func (p *player) play(w []string) {
	switch {
	case len(w) >= 3 && w[1] == "->":
		p.send(w[0], w[2:])
	case len(w) >= 3 && w[1] == "<-":
		p.receive(w[0], w[2:])
	case w[0] == "all" && w[1] == "quiet":
		for _, a := range p.agents {
			a.quiet()
		}
	case len(w) == 2 && w[1] == "gone": // nobody listens there any more
		a, _ := p.who(w[0])
		if err := a.ln.Close(); err != nil {
			p.fail("%v", err)
		}
	case len(w) == 2 && w[1] == "quiet":
		a, _ := p.who(w[0])
		a.quiet()
	case w[0] == "clock":
		p.advance(p.duration(strings.TrimPrefix(w[1], "+")))
	case w[0] == "journal":
		p.journal(w[1])
	case w[0] == "desk":
		p.tellDesk(w[1], w[2:])
	case strings.HasPrefix(w[0], "call"):
		p.settle()
		_, back, _ := strings.Cut(w[0], "/")
		n, _ := strconv.Atoi(back)
		if got, want := p.desk.call(n).summary(), strings.Join(w[1:], " "); !strings.HasPrefix(got+" ", want+" ") {
			p.fail("the call %s", got)
		}
	case w[0] == "edge":
		p.tellEdge(w[1], w[2:])
	default:
		p.fail("no such step")
	}
}

func (p *player) journal(what string) {
	switch what {
	case "commits":
		p.commit()
	case "fails":
		p.settle()
		p.edge.Committed(0, errors.New("no space left on device"))
	case "works":
		p.commit()
	default:
		p.fail("no such step")
	}
}

func (p *player) tellDesk(what string, args []string) {
	p.settle()
	switch what {
	case "cuts":
		r, ok := tsujiban.ParseReason(args[0])
		if !ok {
			p.fail("no such reason")
		}
		p.edge.Cut(p.desk.call(0).attempt.Call, r)
		p.run()
	case "refuses":
		r, _ := tsujiban.ParseReason(args[0])
		p.desk.set(func(d *testDesk) { d.refuse = r })
	case "registered":
		got := 0
		p.desk.set(func(d *testDesk) { got = len(d.registered) })
		if want, _ := strconv.Atoi(args[0]); got != want {
			p.fail("it was told of %d registrations", got)
		}
	case "full":
		p.desk.set(func(d *testDesk) { d.full = true })
	default:
		p.fail("no such step")
	}
}

func (p *player) tellEdge(what string, args []string) {
	p.settle()
	switch what {
	case "counts":
		s, total := p.edge.Stats(), uint64(0)
		for _, table := range []map[string]uint64{s.Events, s.Silent, s.Refused, s.Cuts} {
			total += table[args[0]]
		}
		if want, _ := strconv.ParseUint(args[1], 10, 64); total != want {
			p.fail("it counts %d", total)
		}
	case "holds": // relays
		if n, _ := strconv.Atoi(args[0]); p.edge.Stats().Relays != n {
			p.fail("it holds %d", p.edge.Stats().Relays)
		}
	case "believes": // carrier up|down
		for _, c := range p.edge.Carriers() {
			if string(c.ID) == args[0] && c.Up != (args[1] == "up") {
				p.fail("up is %v", c.Up)
			}
		}
	case "drains":
		p.edge.mu.Lock()
		p.edge.draining = true
		p.edge.mu.Unlock()
	default:
		p.fail("no such step")
	}
}

// who finds "pbx/b": the agent, made at its first use, and the label of the call.
func (p *player) who(name string) (*agent, string) {
	n, label, _ := strings.Cut(name, "/")
	return p.agent(n, "udp"), label
}
