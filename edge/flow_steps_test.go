package edge

import (
	"slices"
	"strconv"
	"strings"
)

// send makes the message of a step, changes it as the lines below the step say, and sends it.
func (p *player) send(name string, w []string) {
	p.t.Helper()
	a, label := p.who(name)
	key := label + " " + w[0]
	if len(w) > 1 && w[len(w)-1] == "again" {
		m := a.sent[key]
		if m == nil {
			p.fail("nothing to send again")
		}
		a.sendTo(m.to, m)
		return
	}
	maker := a
	if i := slices.Index(w, "as"); i > 0 {
		maker, label = p.who(w[i+1])
		w = w[:i]
	}
	m := p.make(maker, label, w)
	p.change(m)
	if maker != a {
		m.to = p.at("udp")
	}
	a.sent[key] = m
	a.sendTo(m.to, m)
}

func (p *player) make(a *agent, label string, w []string) *message {
	p.t.Helper()
	d := a.dialogs[label]
	status, err := strconv.Atoi(w[0])
	switch {
	case err == nil:
		method := "INVITE"
		if len(w) > 1 {
			method = w[1]
		}
		if d == nil || d.requests[method] == nil {
			p.fail("there is no %s to answer", method)
		}
		req := d.requests[method]
		m := a.response(d, req, status)
		m.to = req.from
		return m
	case w[0] == "INVITE" && len(w) > 2 && w[1] == "back":
		m := a.sendsBack(label, w[2])
		m.to = a.edgeAddr()
		return m
	case w[0] == "INVITE" && len(w) > 1:
		m := a.newInvite(label, p.expand(w[1]))
		m.to = a.edgeAddr()
		return m
	case w[0] == "REGISTER":
		m := a.register(label, w[1], w[2])
		m.to = a.edgeAddr()
		return m
	case w[0] == "OPTIONS" && d == nil:
		m := a.options(a.edgeAddr())
		m.to = a.edgeAddr()
		return m
	case d == nil:
		p.fail("there is no dialog")
	case w[0] == "CANCEL":
		m := a.hopByHop(d, "CANCEL")
		m.to = a.edgeAddr()
		return m
	case w[0] == "ACK":
		m := a.ack(d)
		m.to = a.route(m)
		if d.final != nil && d.final.status() >= 300 {
			m.to = a.edgeAddr()
		}
		return m
	}
	m := a.within(d, w[0])
	m.to = a.route(m)
	return m
}

// change applies the lines below a "->" step.
func (p *player) change(m *message) {
	for _, line := range p.step.more {
		if name, ok := strings.CutPrefix(line, "-"); ok {
			m.del(name)
			continue
		}
		name, value, ok := strings.Cut(line, ": ")
		if !ok {
			p.fail("%q is no change", line)
		}
		value = p.expand(value)
		switch {
		case name == "Request-URI":
			m.start = m.method() + " " + value + " SIP/2.0"
		case name[0] == '+':
			m.headers = slices.Insert(m.headers, 0, headerLine{name[1:], value})
		default:
			m.set(name, value)
		}
	}
}

// receive takes a message and holds it against the step and the lines below it.
func (p *player) receive(name string, w []string) {
	p.t.Helper()
	a, label := p.who(name)
	want := strings.Join(w, " ")
	if w[len(w)-1] == "again" {
		if m := a.repeat(); m.what()+" again" != want {
			p.fail("a repeat came of\n%s", m.raw)
		}
		return
	}
	m := a.receive()
	if m.what() != want {
		p.fail("what came is %s:\n%s", m.what(), m.raw)
	}
	for _, line := range p.step.more {
		p.hold(m, line)
	}
	a.note(label, m)
	if path := m.get("Path"); path != "" {
		p.path = path
	}
	if route := m.get("Record-Route"); route != "" {
		p.route = route
	}
}

// hold checks one line below a "<-" step.
func (p *player) hold(m *message, line string) {
	p.t.Helper()
	if name, ok := strings.CutPrefix(line, "no "); ok {
		if v := m.all(name); len(v) > 0 {
			p.fail("%s is there: %q in\n%s", name, v, m.raw)
		}
		return
	}
	f := strings.SplitN(line, " ", 3)
	if len(f) != 3 {
		p.fail("%q is no check", line)
	}
	got := strings.Join(m.all(f[0]), ", ")
	switch f[0] {
	case "Request-URI":
		got = m.uri()
	case "start":
		got = m.start
	}
	want := p.expand(f[2])
	ok := false
	switch f[1] {
	case "=":
		ok = got == want
	case "~":
		ok = strings.Contains(got, want)
	case "!~":
		ok = !strings.Contains(got, want)
	}
	if !ok {
		p.fail("%s is %q, wanted %s %q in\n%s", f[0], got, f[1], want, m.raw)
	}
}

// expand puts addresses in the place of {names}.
func (p *player) expand(s string) string {
	for {
		before, rest, ok := strings.Cut(s, "{")
		if !ok {
			return s
		}
		name, after, _ := strings.Cut(rest, "}")
		var v string
		switch {
		case name == "path":
			v = p.path
		case name == "route":
			v = p.route
		case name == "edge":
			v = p.at("udp")
		case strings.HasPrefix(name, "edge/"):
			v = p.at(name[5:])
		default:
			a, _ := p.who(name)
			v = a.addr
		}
		s = before + v + after
	}
}
