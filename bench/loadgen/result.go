package loadgen

import "time"

// Result is what a run showed. Its counts are of the calls after the warm-up,
// but those of Order, Repeated and Faults, which are of all.
type Result struct {
	Calls     int            `json:"calls"`      // ended as they should
	Failed    int            `json:"failed"`     // ended otherwise, or not at all
	Failures  map[string]int `json:"failures"`   // why, and how many
	Seconds   float64        `json:"seconds"`    // from the first to the last counted call
	PerSecond float64        `json:"per_second"` // Calls / Seconds
	Order     Order          `json:"order"`
	Repeated  Repeated       `json:"repeated"`
	Faults    map[string]int `json:"faults"`     // what should not be on the wire, and how many
	Setup     Delay          `json:"setup"`      // INVITE leaves the PBX to INVITE reaches the carrier
	Answer    Delay          `json:"answer"`     // INVITE leaves the PBX to 200 reaching the PBX
	OwnCPU    float64        `json:"own_cpu_us"` // the generator's CPU per call, in µs

	MaxOutstanding int `json:"max_outstanding"` // calls under way at once, at most
	Late           int `json:"late"`            // open loop: calls that could not be started in time, no slot being free
	NoTrying       int `json:"no_trying"`       // answered calls of which no 100 was seen
}

// Report is what the command load prints.
type Report struct {
	Result
	Proxy *Usage `json:"proxy,omitempty"` // when it was told which process to watch
}

// Usage is what the proxy used for the counted calls.
type Usage struct {
	CPU       float64 `json:"cpu_us"` // per call, in µs
	User      float64 `json:"user_us"`
	System    float64 `json:"system_us"`
	Busy      float64 `json:"busy"`   // of one core, 0 to 1 (more on several)
	Memory    int64   `json:"memory"` // bytes at the end
	Processes int     `json:"processes"`
}

// Order counts what came out of order, or not at all. A proxy that keeps order
// shows zeros.
type Order struct {
	ByeBeforeAck    int `json:"bye_before_ack"`    // BYE reached the carrier first, or alone
	RingAfterAnswer int `json:"ring_after_answer"` // 180 reached the PBX after the 200
	RingLost        int `json:"ring_lost"`         // 180 never reached the PBX
}

// Sum is all of them.
func (o Order) Sum() int { return o.ByeBeforeAck + o.RingAfterAnswer + o.RingLost }

// Repeated counts messages that were sent again.
type Repeated struct {
	Sent     int `json:"sent"`     // by the generator, for want of an answer
	Received int `json:"received"` // by the proxy: the same message reached an end twice
}

// Sum is all of them.
func (r Repeated) Sum() int { return r.Sent + r.Received }

// Delay sums up a [Histogram], in microseconds.
type Delay struct {
	Count  uint64  `json:"count"`
	Median float64 `json:"median_us"`
	P90    float64 `json:"p90_us"`
	P99    float64 `json:"p99_us"`
	Max    float64 `json:"max_us"`
}

func delayOf(h *Histogram) Delay {
	us := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	return Delay{Count: h.Count(), Median: us(h.Quantile(0.5)), P90: us(h.Quantile(0.9)), P99: us(h.Quantile(0.99)), Max: us(h.Max())}
}
