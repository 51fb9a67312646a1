package fraud

// learnAbroad takes down a call abroad that is to become part of the habits.
func (s *State) learnAbroad(now int64, d *destination, t *Trace, answered uint8) {
	h := s.teach(now)
	kind := func(yes bool) uint8 {
		if yes {
			return 1
		}
		return 0
	}
	h.topics[topicNovelty].learn(kind(t.novel && d.pending == 0))
	h.topics[topicNumber].learn(kind(t.strange))
	h.topics[topicAnswered].learn(answered)
	d.pending = min(d.pending, full) + hit
	if t.neared && t.strange {
		h.topics[topicAdjacency].learn(t.near)
	}
	q := &h.quick
	if !t.strange {
		q = &s.settled.quick
	}
	switch {
	case t.again && t.talked:
		q[quickGapVisit].learn(t.gapHere)
	case t.again:
		q[quickGapRetry].learn(t.gapHere)
	}
	if t.gapped {
		q[quickGap].learn(t.gap)
	}
	q[quickUp].learn(t.up)
}

// learnLine takes down at what hour, from where and with what device the customer calls, and whether abroad.
func (s *State) learnLine(c *Call) {
	h := s.teach(c.At)
	h.hours.learn(c.Hour)
	abroad := uint8(0)
	if c.Destination.Key() != 0 {
		abroad = 1
	}
	h.topics[topicAbroad].learn(abroad)
	overlap := uint8(0)
	if c.In > 0 {
		overlap = 1
	}
	h.topics[topicOverlap].learn(overlap)
	if c.Source != 0 {
		h.topics[topicSource].learn(s.settled.sources.fresh(c.Source))
		h.sources.learn(c.Source, hit)
	}
	if c.Agent != 0 {
		h.topics[topicAgent].learn(s.settled.agents.fresh(c.Agent))
		h.agents.learn(c.Agent, hit)
	}
}
