package edge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// newInvite makes the INVITE of a new call to digits, or to a whole URI.
func (a *agent) newInvite(label, to string) *message {
	uri := to
	if !strings.Contains(to, ":") {
		uri = "sip:" + to + "@" + a.edgeAddr()
	}
	user := "0312345678"
	if strings.HasPrefix(a.name, "carrier") {
		user = "0661234567"
	}
	m := a.request("INVITE", uri, fmt.Sprintf("<sip:%s@%s>;tag=%s%d", user, a.addr, a.name, count.next()), "<"+uri+">")
	m.add("Contact", a.contact(user))
	m.add("User-Agent", "agent "+a.name)
	m.add("Content-Type", "application/sdp")
	m.body = sdp
	a.dialogs[label] = &dialog{
		callID: m.get("Call-ID"), local: m.get("From"), remote: m.get("To"), cseq: 1, invite: m, mine: true, requests: map[string]*message{},
	}
	return m
}

// sendsBack makes the INVITE that came to the agent a request of its own again, as a proxy does that has nowhere else to
// send it: everything stays but the Request-URI, which is the one that it was dialled with.
func (a *agent) sendsBack(label, to string) *message {
	in := a.dialogs[label].invite
	m := &message{start: "INVITE sip:" + to + "@" + a.edgeAddr() + " SIP/2.0", body: in.body}
	m.add("Via", a.via())
	m.headers = append(m.headers, in.headers...)
	return m
}

// edgeAddr is where the edge listens for this agent.
func (a *agent) edgeAddr() string {
	if a.lab == nil { // of a rig
		return rigAddr
	}
	if a.udp != nil && strings.HasPrefix(a.addr, "[") {
		for _, b := range a.lab.edge.listeners {
			if b.udp != nil && b.local.Addr().Is6() {
				return b.local.String()
			}
		}
	}
	return a.lab.at(a.network)
}

// within makes a request inside a dialog (RFC 3261 §12.2.1).
func (a *agent) within(d *dialog, method string) *message {
	target := d.target
	if target == "" {
		target = inAngles(d.remote)
	}
	m := &message{start: method + " " + target + " SIP/2.0"}
	m.add("Via", a.via())
	for _, r := range d.routes {
		m.add("Route", r)
	}
	m.add("Max-Forwards", "70")
	m.add("From", d.local)
	m.add("To", d.remote)
	m.add("Call-ID", d.callID)
	if method != "ACK" {
		d.cseq++
	}
	m.add("CSeq", fmt.Sprintf("%d %s", d.cseq, method))
	if method == "ACK" {
		m.set("CSeq", fmt.Sprintf("%d ACK", d.invite.cseq()))
	}
	if method == "INVITE" || method == "UPDATE" {
		m.add("Contact", a.contact("me"))
		m.add("Content-Type", "application/sdp")
		m.body = sdp
	}
	if method == "INVITE" {
		d.invite, d.mine = m, true
	}
	return m
}

// hopByHop makes the CANCEL of the INVITE, or the ACK of its failure (RFC 3261 §9.1, §17.1.1.3).
func (a *agent) hopByHop(d *dialog, method string) *message {
	m := &message{start: method + " " + d.invite.uri() + " SIP/2.0"}
	m.add("Via", d.invite.get("Via"))
	for _, r := range d.invite.all("Route") {
		m.add("Route", r)
	}
	m.add("Max-Forwards", "70")
	m.add("From", d.invite.get("From"))
	m.add("To", d.invite.get("To"))
	if method == "ACK" {
		m.set("To", d.final.get("To"))
	}
	m.add("Call-ID", d.callID)
	m.add("CSeq", strconv.Itoa(d.invite.cseq())+" "+method)
	return m
}

// ack makes the ACK that the last final response asks for.
func (a *agent) ack(d *dialog) *message {
	if d.final != nil && d.final.status() >= 300 {
		return a.hopByHop(d, "ACK")
	}
	return a.within(d, "ACK")
}

// route is where a request goes first: its topmost Route, or the edge.
func (a *agent) route(m *message) string {
	if r := m.all("Route"); len(r) > 0 {
		return hostOfURI(inAngles(r[0]))
	}
	return a.edgeAddr()
}

// response answers a request that came.
func (a *agent) response(d *dialog, req *message, status int) *message {
	m := &message{start: fmt.Sprintf("SIP/2.0 %d %s", status, phraseOf(status))}
	for _, v := range req.all("Via") {
		m.add("Via", v)
	}
	m.add("From", req.get("From"))
	m.add("To", req.get("To"))
	if status > 100 && param(req.get("To"), "tag") == "" {
		m.set("To", d.local)
	}
	m.add("Call-ID", req.get("Call-ID"))
	m.add("CSeq", req.get("CSeq"))
	if req.method() == "INVITE" && status > 100 && status < 300 {
		for _, r := range req.all("Record-Route") {
			m.add("Record-Route", r)
		}
		m.add("Contact", a.contact("callee"))
		if status == 200 {
			m.add("Content-Type", "application/sdp")
			m.body = sdp
		}
	}
	if req.method() == "REGISTER" && status == 200 && req.get("Expires") != "0" {
		m.add("Contact", req.get("Contact")+";expires="+req.get("Expires"))
	}
	return m
}

func phraseOf(status int) string {
	return map[int]string{100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 486: "Busy Here", 487: "Request Terminated", 503: "Service Unavailable"}[status]
}

var starts = map[string]bool{"INVITE": true, "OPTIONS": true, "REGISTER": true}

// register makes a REGISTER for a user of the domain that the lab's PBX is the registrar of (RFC 3261 §10.2).
func (a *agent) register(label, user, expires string) *message {
	d := a.dialogs[label]
	aor := "<sip:" + user + "@" + labDomain + ">"
	m := a.request("REGISTER", "sip:"+labDomain, aor+";tag="+a.name, aor)
	if d == nil {
		d = &dialog{callID: m.get("Call-ID"), requests: map[string]*message{}}
		a.dialogs[label] = d
	}
	d.cseq++
	m.set("Call-ID", d.callID)
	m.set("CSeq", fmt.Sprintf("%d REGISTER", d.cseq))
	m.add("Contact", a.contact(user))
	m.add("Expires", expires)
	m.add("User-Agent", "agent "+a.name)
	return m
}

// note draws from a message that came what a user agent has to know afterwards.
func (a *agent) note(label string, m *message) *dialog {
	d := a.dialogs[label]
	if m.status() == 0 {
		if starts[m.method()] && (d == nil || d.callID != m.get("Call-ID")) {
			d = &dialog{callID: m.get("Call-ID"), local: fmt.Sprintf("%s;tag=%s%d", m.get("To"), a.name, count.next()), remote: m.get("From"), requests: map[string]*message{}}
			d.routes = m.all("Record-Route")
			a.dialogs[label] = d
		}
		if d == nil {
			return nil
		}
		d.requests[m.method()] = m
		if m.method() == "INVITE" {
			d.invite, d.mine = m, false
			d.target = inAngles(m.get("Contact"))
		}
		return d
	}
	if d == nil || m.method() != "INVITE" || m.status() < 101 {
		return d
	}
	if tag := param(m.get("To"), "tag"); tag != "" && param(d.remote, "tag") == "" && m.status() < 300 {
		d.remote = m.get("To")
		d.routes = m.all("Record-Route")
		slices.Reverse(d.routes)
	}
	if c := m.get("Contact"); c != "" && m.status() < 300 {
		d.target = inAngles(c)
	}
	if m.status() >= 200 {
		d.final = m
	}
	return d
}
