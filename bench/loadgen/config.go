package loadgen

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Config says what calls to make. Proxy and Carrier must be given.
type Config struct {
	Proxy   netip.AddrPort // where INVITEs are sent; Carrier's own address: no proxy, the generator measures itself
	PBX     netip.AddrPort // where the PBX listens; default: Carrier's host, any free port
	Carrier netip.AddrPort // where the carrier listens; port 0: any free port

	Calls       int           // calls that are counted
	Warmup      int           // calls before those, not counted
	For         time.Duration // instead of Calls and Warmup: count the calls that end in this span,
	WarmFor     time.Duration // after this one
	Outstanding int           // closed loop: calls under way at any time; default 100 (open loop: at most, default 20,000)
	Rate        float64       // open loop: calls started per second; 0: closed loop
	Talk        time.Duration // from the ACK to the BYE
	Refused     []int         // final statuses that the proxy is to refuse every call with; empty: calls are to be answered
	Limit       time.Duration // the run ends after this, done or not; default 2 minutes

	Dial []Pattern // numbers dialled, in turn; default 033xxxxxxx
	From []Pattern // callers, in turn; default 0312345678

	// Mark is called from the loop when counting starts and when it ends, so that
	// the CPU of the proxy can be read for the same span. It must be short.
	Mark func(ending bool)
}

// maxSlots is what six hexadecimal digits of a Call-ID can tell apart.
const maxSlots = 1 << 20

// fill puts in the defaults and says what is wrong.
func (c *Config) fill() error {
	if !c.Proxy.IsValid() && !c.Carrier.IsValid() {
		return errors.New("neither the proxy's nor the carrier's address is given")
	}
	if !c.Carrier.IsValid() {
		return errors.New("the carrier's address is not given")
	}
	if !c.PBX.IsValid() {
		c.PBX = netip.AddrPortFrom(c.Carrier.Addr(), 0)
	}
	switch {
	case c.For < 0 || c.WarmFor < 0 || c.For == 0 && c.WarmFor > 0:
		return fmt.Errorf("counting for %v after %v: out of range", c.For, c.WarmFor)
	case c.For > 0 && (c.Calls != 0 || c.Warmup != 0):
		return errors.New("either a count of calls or a time can be given")
	case c.For == 0 && (c.Calls < 1 || c.Warmup < 0):
		return fmt.Errorf("%d calls after %d: at least one has to be counted", c.Calls, c.Warmup)
	}
	if c.Rate < 0 || c.Talk < 0 || c.Outstanding < 0 || c.Outstanding > maxSlots {
		return fmt.Errorf("rate %v, talk %v, outstanding %d: out of range", c.Rate, c.Talk, c.Outstanding)
	}
	if c.Outstanding == 0 {
		c.Outstanding = 100
		if c.Rate > 0 {
			c.Outstanding = 20000
		}
	}
	if c.Limit <= 0 {
		c.Limit = 2 * time.Minute
	}
	if len(c.Dial) == 0 {
		c.Dial = []Pattern{"033xxxxxxx"}
	}
	if len(c.From) == 0 {
		c.From = []Pattern{"0312345678"}
	}
	for _, p := range append(append([]Pattern(nil), c.Dial...), c.From...) {
		if !p.valid() {
			return fmt.Errorf("%q: %w", string(p), ErrPattern)
		}
	}
	return nil
}
