package demo

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/numbering"
	"tsujiban/rating"
)

// board is what the demo has seen so far.
type board struct {
	o       Options
	firms   []firm
	history int

	once sync.Once // deck and plan
	deck *rating.Deck
	plan *numbering.Plan

	mu      sync.Mutex // guards all below
	rows    []row
	frame   control.Frame
	started time.Time
	theft   theft
	painted int // lines on the screen
}

// row is a firm's day.
type row struct {
	placed, up, answered, refused, cut int
	cost                               tsujiban.Money
}

// theft is the thief's day.
type theft struct {
	began     time.Time
	tried     int // calls begun
	up        int
	answered  int // calls that came through
	refused   int
	cut       int
	firstStop int // calls that had come through when the first one was stopped; -1: none was
	stoppedAt time.Time
	phrase    string
	cost      tsujiban.Money // what the carrier takes for the calls that came through
	would     tsujiban.Money // what it would have taken for all that were tried
}

func newBoard(o Options, list []firm) *board {
	return &board{o: o, firms: list, rows: make([]row, len(list)), started: time.Now(), theft: theft{firstStop: -1}}
}

type words struct{ ja, en string }

func tr(ja, en string) words { return words{ja, en} }

func (w words) in(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return w.en
	}
	return w.ja
}

func (b *board) begun(firm int, theft bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if theft {
		b.theft.tried++
		b.theft.up++
		return
	}
	b.rows[firm].placed++
	b.rows[firm].up++
}

// forget takes a call back that the end of the demo cut off before it was answered.
func (b *board) forget(firm int, theft bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if theft {
		b.theft.tried--
		b.theft.up--
		return
	}
	b.rows[firm].placed--
	b.rows[firm].up--
}

// stolenTalk is how long the press's calls lasted; what a call would have cost is counted with it.
const stolenTalk = 32 * time.Second

func (b *board) done(firm int, _ string, got placed, theft bool, price tsujiban.Price) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !theft {
		r := &b.rows[firm]
		r.up--
		switch {
		case got.Status == 200 && got.WasCut:
			r.cut++
			fallthrough
		case got.Status == 200:
			r.answered++
			r.cost += price.Charge(got.Talk)
		default:
			r.refused++
		}
		return
	}
	t := &b.theft
	t.up--
	t.would += price.Charge(stolenTalk)
	if got.Status == 200 {
		t.answered++
		t.cost += price.Charge(got.Talk)
		b.rows[firm].cost += price.Charge(got.Talk)
		if got.WasCut {
			t.cut++
		}
	} else {
		t.refused++
	}
	if (got.Status != 200 || got.WasCut) && t.firstStop < 0 {
		t.firstStop, t.stoppedAt, t.phrase = t.answered, time.Now(), got.Phrase
	}
}

func (b *board) hijacked() {
	b.mu.Lock()
	b.theft.began = time.Now()
	b.mu.Unlock()
	b.say(tr("博多商会のPBXが乗っ取られました。シエラレオネへの発信が始まります。", "The PBX of Hakata Trading is hijacked: calls to Sierra Leone begin."))
}

// watch keeps the guard's own view and paints.
func (b *board) watch(ctx context.Context, c *control.Client) {
	// The stream ends with the demo; what it showed last stays.
	_ = c.Stream(ctx, "/v1/live?every=250ms", func(raw control.Raw) error {
		var f control.Frame
		if err := json.Unmarshal(raw, &f); err != nil {
			return err
		}
		b.mu.Lock()
		b.frame = f
		b.mu.Unlock()
		return b.paint()
	})
}

// Summary is what came of a demo.
type Summary struct {
	HijackStopped    bool             `json:"hijack_stopped"`
	CallsBeforeStop  int              `json:"calls_before_stop"` // stolen calls that came through before the first one was stopped
	SecondsToStop    float64          `json:"seconds_to_stop"`
	StolenTried      int              `json:"stolen_calls_tried"`
	StolenThrough    int              `json:"stolen_calls_through"`
	Lost             control.Amount   `json:"yen_lost"`
	WouldHaveCost    control.Amount   `json:"yen_without_guard"`       // for the calls tried in the demo
	WeekendWouldCost control.Amount   `json:"yen_press_without_guard"` // the press's four days
	HonestCalls      int              `json:"honest_calls"`
	HonestRefused    int              `json:"honest_calls_refused"`
	HonestCut        int              `json:"honest_calls_cut"`
	CarrierSaw       int              `json:"carrier_saw"`
	Recorded         int              `json:"recorded"`
	Reason           string           `json:"reason"`
	Why              []control.Weight `json:"why"`
	History          int              `json:"history_calls"`
}

// OK tells whether the demo showed what it promises.
func (s *Summary) OK() bool {
	return s.HijackStopped && s.CallsBeforeStop <= 10 && s.HonestRefused == 0 && s.HonestCut == 0 && s.HonestCalls > 0 && s.Recorded >= s.CarrierSaw
}
