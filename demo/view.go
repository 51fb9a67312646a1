package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
)

// say writes a line that stays; on a terminal it stands above the picture.
func (b *board) say(w words) {
	if b.o.Headless {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wipe()
	_, _ = fmt.Fprintln(b.o.Out, b.o.Style.Paint(term.Bold, w.in(b.o.Lang))) // a closed terminal ends the demo elsewhere
}

// wipe goes back to the first line of the picture.
func (b *board) wipe() {
	if b.painted > 0 {
		_, _ = fmt.Fprintf(b.o.Out, "\x1b[%dA\x1b[J", b.painted)
		b.painted = 0
	}
}

// paint draws the picture over the last one. Where there is no terminal nothing is drawn:
// the summary says it all.
func (b *board) paint() error {
	if b.o.Headless || b.o.Style.Width == 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := b.picture()
	if most := max(b.o.Style.Rows-2, 10); len(lines) > most {
		lines = lines[:most]
	}
	b.wipe()
	b.painted = len(lines)
	_, err := fmt.Fprintln(b.o.Out, strings.Join(lines, "\n"))
	return err
}

func (b *board) t(ja, en string) string { return words{ja, en}.in(b.o.Lang) }

// verdictsShown is how many verdicts the picture has room for.
const verdictsShown = 6

func (b *board) picture() []string {
	st := b.o.Style
	tot := b.frame.Totals
	lines := []string{"",
		st.Paint(term.Bold, fmt.Sprintf("%s %2.0f s   ", b.t("経過", "time"), time.Since(b.started).Seconds())) +
			fmt.Sprintf(b.t("通話中 %d   リスク額 %s円   本日の通話料 %s円   拒否 %d   切断 %d", "calls up %d   money at risk ¥%s   spent today ¥%s   refused %d   cut %d"),
				tot.Running, tsujiban.Money(tot.AtRisk).Grouped(), tsujiban.Money(tot.Today).Grouped(), tot.Denied, tot.Cut), ""}
	t := term.Table{Columns: []term.Column{
		{Title: b.t("契約者", "customer")}, {Title: b.t("通話中", "up"), Right: true}, {Title: b.t("成立", "answered"), Right: true},
		{Title: b.t("拒否", "refused"), Right: true}, {Title: b.t("料金(円)", "yen"), Right: true}, {Title: ""},
	}}
	for i := range b.firms {
		t.Add(b.line(i)...)
	}
	lines = append(lines, t.Lines(st)...)
	lines = append(lines, "", st.Paint(term.Dim, b.t("判定", "verdicts")))
	shown := 0
	for i := range b.frame.Notes {
		n := &b.frame.Notes[i]
		if n.Kind == "set" || shown == verdictsShown { // the books being put in order
			continue
		}
		lines = append(lines, b.note(n))
		shown++
	}
	return append(lines, make([]string, verdictsShown-shown)...)
}

func (b *board) line(i int) []term.Cell {
	r, paint, mark := b.rows[i], term.Plain, ""
	up, answered, refused := r.up, r.answered, r.refused
	if i == victim && !b.theft.began.IsZero() {
		paint, mark = term.Red, b.t("← 乗っ取り", "← hijacked")
		up, answered, refused = up+b.theft.up, answered+b.theft.answered, refused+b.theft.refused
		if b.theft.firstStop >= 0 {
			mark = b.t("← 国際発信を制限しました", "← international calls restricted")
		}
	}
	return []term.Cell{
		{Text: b.firms[i].name(b.o.Lang), Paint: paint}, {Text: fmt.Sprint(up)}, {Text: fmt.Sprint(answered)},
		{Text: fmt.Sprint(refused), Paint: paint}, {Text: r.cost.Grouped()}, {Text: mark, Paint: paint},
	}
}

// note is one line about what the guard did.
func (b *board) note(n *control.Notable) string {
	var parts []string
	parts = append(parts, n.At.Local().Format("15:04:05"), b.firmName(n.Customer), n.Callee, n.Country)
	paint := term.Yellow
	switch n.Kind {
	case "deny", "cut", "restricted":
		paint = term.Red
	}
	if r, ok := tsujiban.ParseReason(n.Reason); ok && r != tsujiban.ReasonNone {
		parts = append(parts, r.Text(b.o.Lang))
	} else if n.Kind == "watch" {
		parts = append(parts, b.t("注視", "watched"))
	}
	if n.Weight != 0 {
		parts = append(parts, fmt.Sprintf("%.0f dB", n.Weight))
	}
	var why []string
	for i, w := range n.Why {
		if k, ok := tsujiban.ParseEvidence(w.Kind); ok && w.Value > 0 && i < 3 {
			why = append(why, k.Text(b.o.Lang))
		}
	}
	line := strings.Join(parts, "  ")
	if len(why) > 0 {
		line += "  (" + strings.Join(why, b.t("・", ", ")) + ")"
	}
	return b.o.Style.Paint(paint, term.Truncate(term.Clean(line), max(b.o.Style.Width-1, 20)))
}

func (b *board) firmName(id string) string {
	for i := range b.firms {
		if string(b.firms[i].id) == id {
			return b.firms[i].name(b.o.Lang)
		}
	}
	return id
}

// summary counts what the demo's own stations saw against what the guard recorded.
func (s *stage) summary() (*Summary, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	recorded, err := s.recorded(ctx)
	if err != nil {
		return nil, err
	}
	b := s.board
	b.mu.Lock()
	defer b.mu.Unlock()
	t := &b.theft
	sum := &Summary{
		HijackStopped: t.firstStop >= 0, CallsBeforeStop: max(t.firstStop, 0), StolenTried: t.tried, StolenThrough: t.answered,
		Lost: control.Amount(t.cost), WouldHaveCost: control.Amount(t.would), WeekendWouldCost: control.Amount(2_550_000 * tsujiban.Unit),
		Recorded: recorded, History: b.history,
	}
	if sum.HijackStopped {
		sum.SecondsToStop = t.stoppedAt.Sub(t.began).Seconds()
	}
	for _, r := range b.rows {
		sum.HonestCalls += r.answered
		sum.HonestRefused += r.refused
		sum.HonestCut += r.cut
	}
	s.carrier.mu.Lock()
	for _, n := range s.carrier.seen {
		sum.CarrierSaw += n
	}
	s.carrier.mu.Unlock()
	for i := len(b.frame.Notes) - 1; i >= 0; i-- {
		if n := &b.frame.Notes[i]; n.Customer == string(b.firms[victim].id) && len(n.Why) > 0 && n.Kind != "watch" {
			sum.Reason, sum.Why = n.Reason, n.Why
			break
		}
	}
	return sum, nil
}

// recorded counts the attempts of the demo that stand in the journal on disk.
func (s *stage) recorded(ctx context.Context) (int, error) {
	return countAttempts(ctx, s.cfg.JournalDir(), s.board.started)
}

// finish says what came of it.
func (b *board) finish(sum *Summary) error {
	if b.o.Headless {
		e := json.NewEncoder(b.o.Out)
		e.SetIndent("", "  ")
		return e.Encode(sum)
	}
	_ = b.paint()
	st := b.o.Style
	var p term.Pairs
	verdict, paint := b.t("止まりました", "stopped"), term.Green
	if !sum.HijackStopped {
		verdict, paint = b.t("止まりませんでした", "not stopped"), term.Red
	}
	p.Paint(b.t("乗っ取り", "the hijack"), verdict, paint)
	p.Add(b.t("止まるまでに成立した通話", "calls that came through before"), fmt.Sprintf(b.t("%d 件（%.0f 秒後）", "%d (after %.0f s)"), sum.CallsBeforeStop, sum.SecondsToStop))
	p.Add(b.t("失った金額", "lost"), yen(b.o.Lang, sum.Lost))
	p.Add(b.t("番がいなければ（この時間内）", "without the guard, in this time"), yen(b.o.Lang, sum.WouldHaveCost))
	p.Add(b.t("番がいなければ（報道の4日間）", "without the guard, the press's four days"), yen(b.o.Lang, sum.WeekendWouldCost))
	p.Add(b.t("通常の通話", "honest calls"), fmt.Sprintf(b.t("%d 件中、拒否 %d 件・切断 %d 件", "%d, of them refused %d, cut %d"), sum.HonestCalls, sum.HonestRefused, sum.HonestCut))
	p.Add(b.t("通信事業者に届いた発信と記録", "calls the carrier saw, calls on record"), fmt.Sprintf("%d / %d", sum.CarrierSaw, sum.Recorded))
	if _, err := fmt.Fprintln(b.o.Out); err != nil {
		return err
	}
	if err := p.Write(b.o.Out, st); err != nil {
		return err
	}
	if len(sum.Why) > 0 {
		if _, err := fmt.Fprintf(b.o.Out, "\n%s\n", b.t("止めた根拠（デシバン: +10 で「乗っ取り」の疑いが10倍）", "What it was stopped for (decibans: +10 makes a hijack ten times more likely)")); err != nil {
			return err
		}
		for _, w := range sum.Why {
			if k, ok := tsujiban.ParseEvidence(w.Kind); ok && w.Value != 0 {
				if _, err := fmt.Fprintf(b.o.Out, "  %+5.1f  %s\n", w.Value, k.Text(b.o.Lang)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func yen(l tsujiban.Lang, a control.Amount) string {
	if l == tsujiban.English {
		return "¥" + tsujiban.Money(a).Grouped()
	}
	return tsujiban.Money(a).Grouped() + "円"
}
