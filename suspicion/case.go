package suspicion

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"tsujiban"
)

// The bounds of a case.
const (
	maxSteps   = 200 // of the timeline: the first half and the latest
	maxGroups  = 24  // destinations; what is beyond is counted together
	maxEdge    = 5   // first and latest calls
	maxDearest = 10
	maxKeys    = 8    // of each factor
	maxRunning = 2000 // running calls that are followed
	maxText    = 64   // bytes of a User-Agent in a key
)

// Quiet is how long nothing strange must happen until a case that the guard only watched is closed.
const Quiet = 24 * time.Hour

// Case is a case of suspicion against one customer. It is kept as JSON.
type Case struct {
	ID       uint64              `json:"id"` // the entry of the journal that opened it
	Customer tsujiban.CustomerID `json:"customer"`
	Opened   time.Time           `json:"opened"`
	Last     time.Time           `json:"last"`               // the last strange call or step
	Closed   time.Time           `json:"closed,omitzero"`    // zero: open
	Ending   Ending              `json:"ending,omitempty"`   // why it is closed
	Level    string              `json:"level"`              // the highest that it came to
	Stands   *Standing           `json:"stands,omitempty"`   // what stands against the customer
	Asked    time.Time           `json:"asked,omitzero"`     // when the customer was asked last
	Answer   string              `json:"answer,omitempty"`   // "theirs" or "not-theirs"
	Assigned string              `json:"assigned,omitempty"` // to whom it was handed over
	Heaviest *Weighed            `json:"heaviest,omitempty"` // the verdict of the largest weight
	Campaign *Campaign           `json:"campaign,omitempty"` // the largest seen
	Calls    Count               `json:"calls"`
	AtRisk   tsujiban.Money      `json:"at_risk"` // set aside for those that run, micro-yen
	Groups   []Group             `json:"groups,omitempty"`
	First    []Call              `json:"first,omitempty"`
	Latest   []Call              `json:"latest,omitempty"` // oldest first; none that is among First
	Dearest  []Call              `json:"dearest,omitempty"`
	Steps    []Step              `json:"steps,omitempty"`
	Omitted  int                 `json:"omitted,omitempty"` // steps between the first half and the second
	Keys     []Key               `json:"keys,omitempty"`
	Running  map[string]*Runs    `json:"running,omitempty"` // by call
}

// Ending says why a case is closed; a closed set.
type Ending string

// The endings.
const (
	EndReleased Ending = "released" // a person lifted what stood
	EndTheirs   Ending = "theirs"   // the customer said that the use was theirs
	EndQuiet    Ending = "quiet"    // the guard had only watched, and nothing came after
	EndNothing  Ending = "nothing"  // a person found nothing
)

// Standing is what stands against the customer.
type Standing struct {
	Level  string    `json:"level"`
	Reach  string    `json:"reach"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
}

// Weight is one observation, in decibans.
type Weight struct {
	Kind  string  `json:"kind"`
	Value float64 `json:"value"`
}

// Weighed is a verdict with its weights.
type Weighed struct {
	Call   string    `json:"call,omitempty"`
	At     time.Time `json:"at"`
	Weight float64   `json:"weight"`
	Why    []Weight  `json:"why,omitempty"`
}

// Campaign says what several customers' strange calls have in common.
type Campaign struct {
	Factor    string `json:"factor"`
	Customers int    `json:"customers"`
}

// Count sums calls up.
type Count struct {
	Calls    int            `json:"calls"` // strange ones that were asked for
	Refused  int            `json:"refused"`
	Answered int            `json:"answered"`
	Cut      int            `json:"cut"` // ended by the guard or by staff
	Talk     time.Duration  `json:"talk"`
	Lost     tsujiban.Money `json:"lost"`    // what those that were let through cost, micro-yen
	Avoided  tsujiban.Money `json:"avoided"` // what those that were refused would have cost at once: their first stretch
}

// Group is the calls of a case to one destination.
type Group struct {
	Country string    `json:"country,omitempty"` // empty: no country, or beyond the bound
	Class   string    `json:"class,omitempty"`
	Key     uint16    `json:"key,omitempty"` // tsujiban.Destination.Key of its first call: what a restriction can reach
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Count
}

// Call is one call of a case. The number is masked.
type Call struct {
	Call    string         `json:"call"`
	At      time.Time      `json:"at"`
	Callee  string         `json:"callee"`
	Country string         `json:"country,omitempty"`
	Action  string         `json:"action"`
	Reason  string         `json:"reason,omitempty"` // why it was refused or ended
	Talk    time.Duration  `json:"talk,omitempty"`
	Charge  tsujiban.Money `json:"charge"`
	Weight  float64        `json:"weight"`
	Ended   bool           `json:"ended,omitempty"`
}

// Runs is a call of the case that has not ended.
type Runs struct {
	Group    int            `json:"group"`
	Reserved tsujiban.Money `json:"reserved"`
	At       time.Time      `json:"at"`
	Callee   string         `json:"callee"`
	Country  string         `json:"country,omitempty"`
	Weight   float64        `json:"weight"`
}

// Step is one thing on the timeline.
type Step struct {
	Seq      uint64    `json:"seq"` // the entry of the journal
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"` // opened, watch, deny, restricted, released, replied, noted, assigned, asked, closed, campaign
	Call     string    `json:"call,omitempty"`
	Country  string    `json:"country,omitempty"`
	Level    string    `json:"level,omitempty"`
	Reach    string    `json:"reach,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Weight   float64   `json:"weight,omitempty"`
	Why      []Weight  `json:"why,omitempty"`
	Campaign *Campaign `json:"campaign,omitempty"`
	Theirs   *bool     `json:"theirs,omitempty"`
	To       string    `json:"to,omitempty"`
	By       string    `json:"by,omitempty"`
	Note     string    `json:"note,omitempty"`
}

// Key is something that other customers' strange calls may have in common with this case's: the first digits called, a source, a device.
type Key struct {
	Factor string `json:"factor"`
	Value  string `json:"value"`
}

// Open tells whether the case is open.
func (c *Case) Open() bool { return c.Closed.IsZero() }

// step puts something on the timeline; in its middle room is made.
func (c *Case) step(s Step) {
	c.Last = later(c.Last, s.At)
	if len(c.Steps) < maxSteps {
		c.Steps = append(c.Steps, s)
		return
	}
	copy(c.Steps[maxSteps/2:], c.Steps[maxSteps/2+1:])
	c.Steps[maxSteps-1] = s
	c.Omitted++
}

// rise keeps the highest level.
func (c *Case) rise(l tsujiban.Level) {
	if have, _ := tsujiban.ParseLevel(c.Level); l > have || c.Level == "" {
		c.Level = l.String()
	}
}

func (c *Case) close(at time.Time, how Ending, seq uint64, by string) {
	c.Closed, c.Ending = at, how
	c.step(Step{Seq: seq, At: at, Kind: "closed", Reason: string(how), By: by})
	c.Last = at
}

// quiet closes a case that was only watched once nothing has happened for a day, as of when the day was over.
func (c *Case) quiet(now time.Time) bool {
	if !c.Open() || c.Stands != nil || now.Sub(c.Last) < Quiet {
		return false
	}
	c.close(c.Last.Add(Quiet), EndQuiet, 0, "")
	return true
}

// group finds or makes the group of a destination; when there are too many, the last one takes all others.
func (c *Case) group(d tsujiban.Destination, at time.Time) int {
	country, class, key := d.Country(), d.Class.String(), d.Key()
	for i := range c.Groups {
		if g := &c.Groups[i]; g.Country == country && g.Class == class {
			return i
		}
	}
	if len(c.Groups) == maxGroups {
		return maxGroups - 1
	}
	if len(c.Groups) == maxGroups-1 {
		country, class, key = "", "", 0
	}
	c.Groups = append(c.Groups, Group{Country: country, Class: class, Key: key, First: at, Last: at})
	return len(c.Groups) - 1
}

// show keeps a call that has come to its end, or was refused, if it is among the first, the latest or the dearest.
func (c *Case) show(call *Call) {
	if len(c.First) < maxEdge {
		c.First = append(c.First, *call)
	} else {
		if len(c.Latest) == maxEdge {
			c.Latest = append(c.Latest[:0], c.Latest[1:]...)
		}
		c.Latest = append(c.Latest, *call)
	}
	if call.Charge == 0 {
		return
	}
	i := len(c.Dearest)
	for i > 0 && c.Dearest[i-1].Charge < call.Charge {
		i--
	}
	if i == maxDearest {
		return
	}
	if len(c.Dearest) == maxDearest {
		c.Dearest = c.Dearest[:maxDearest-1]
	}
	c.Dearest = append(c.Dearest, Call{})
	copy(c.Dearest[i+1:], c.Dearest[i:])
	c.Dearest[i] = *call
}

// key notes what the case may have in common with others.
func (c *Case) key(f tsujiban.Factor, value string) {
	if value == "" {
		return
	}
	n, name := 0, f.String()
	for _, k := range c.Keys {
		if k.Factor == name {
			if k.Value == value {
				return
			}
			n++
		}
	}
	if n < maxKeys {
		c.Keys = append(c.Keys, Key{name, value})
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Dear is the groups with the dearest first; of those that cost nothing, the most called.
func (c *Case) Dear() []Group {
	return slices.SortedStableFunc(slices.Values(c.Groups), func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Lost, a.Lost), cmp.Compare(b.Calls, a.Calls))
	})
}

// Up are the calls that have not ended, oldest first, at most so many.
func (c *Case) Up(most int) []string {
	ids := slices.Sorted(maps.Keys(c.Running))
	return ids[:min(len(ids), most)]
}
