package loadgen

// repeat is the half-second timer: it sends again what was not answered, with
// pauses that double up to T2 (RFC 3261 §17.1), and gives up after 64*T1.
func (g *Generator) repeat() {
	const t2 = 8 * half
	for i := range g.calls {
		c := &g.calls[i]
		if c.state == idle {
			continue
		}
		if c.far == answered && g.now >= c.farAgain && c.state != leaving {
			c.farPause = min(2*c.farPause, t2)
			c.farAgain = g.now + c.farPause
			g.res.Repeated.Sent++
			g.send(g.carrier, append(g.carrier.next(), c.answer...), &c.answerTo)
		}
		if g.now < c.again {
			continue
		}
		switch {
		case g.now-c.sent > giveUp+int64(g.cfg.Talk):
			g.end(c, silence[c.state])
			continue
		case c.state == inviting:
			g.send(g.pbx, g.appendInvite(g.pbx.next(), c), &g.proxy)
		case c.state == leaving:
			g.send(g.pbx, append(g.pbx.next(), c.bye...), &c.byeTo)
		default:
			continue
		}
		g.res.Repeated.Sent++
		c.pause = min(2*c.pause, t2)
		c.again = g.now + c.pause
	}
}

// silence says what was missing when a call is given up.
var silence = [...]string{
	inviting: "no answer to INVITE",
	ringing:  "rang and was never answered",
	talking:  "no BYE sent",
	leaving:  "no answer to BYE",
}

// ending is a call whose BYE is due.
type ending struct {
	at     int64
	number uint64
	slot   uint32
}

// queue is first in, first out: all calls talk for the same time.
type queue struct {
	items []ending
	head  int
}

func (q *queue) push(e ending) {
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	q.items = append(q.items, e)
}

func (q *queue) peek() (ending, bool) {
	if q.head == len(q.items) {
		return ending{}, false
	}
	return q.items[q.head], true
}

func (q *queue) pop() { q.head++ }
