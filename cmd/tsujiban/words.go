package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/app/term"
)

// money writes an amount as a bill does; the yen has its sign.
func money(currency string, a control.Amount) string {
	if currency == "" || currency == "JPY" {
		return "¥" + tsujiban.Money(a).Grouped()
	}
	return currency + " " + tsujiban.Money(a).Grouped()
}

// some is money, or nothing when it is zero.
func some(currency string, a control.Amount) string {
	if a == 0 {
		return ""
	}
	return money(currency, a)
}

// talk writes a length of time as a clock does: 1:02:03.
func talk(d time.Duration) string {
	s := int64(max(d, 0) / time.Second)
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// decibans writes a weight of evidence with its sign.
func decibans(w float64) string {
	if math.Abs(w) < 0.05 {
		return ""
	}
	return fmt.Sprintf("%+.1f", w)
}

// reason says a reason's code to a person.
func (c *cmd) reason(code string) string {
	r, ok := tsujiban.ParseReason(code)
	if !ok {
		return term.Clean(code)
	}
	return r.Text(c.lang)
}

// why lists observations with their weights, the heaviest as they come.
func (c *cmd) why(ws []control.Weight) string {
	var parts []string
	for _, w := range ws {
		text := term.Clean(w.Kind)
		if e, ok := tsujiban.ParseEvidence(w.Kind); ok {
			text = e.Text(c.lang)
		}
		parts = append(parts, text+" "+decibans(w.Value))
	}
	return strings.Join(parts, c.tr("、", ", "))
}

var levelWords = map[string]say{
	"none":     {"なし", "none"},
	"watch":    {"監視中", "watched"},
	"ask":      {"確認中", "being asked"},
	"restrict": {"制限中", "restricted"},
	"close":    {"停止中", "closed"},
}

// level says how far the guard goes against a customer, and in which colour.
func (c *cmd) level(name string) (string, term.Paint) {
	w, ok := levelWords[name]
	switch {
	case !ok:
		return term.Clean(name), term.Plain
	case name == "none":
		return w.in(c.lang), term.Plain
	case name == "watch", name == "ask":
		return w.in(c.lang), term.Yellow
	}
	return w.in(c.lang), term.Red
}

// reach says what a restriction of level restrict stands against.
func (c *cmd) reach(level, text string) string {
	if level != "restrict" && level != "ask" {
		return ""
	}
	r, err := tsujiban.ParseReach(text)
	if err != nil {
		return term.Clean(text)
	}
	return r.Text(c.lang)
}

// campaign says what the calls of several customers have in common.
func (c *cmd) campaign(k *control.Campaign) string {
	f, ok := tsujiban.ParseFactor(k.Factor)
	if !ok {
		return term.Clean(k.Factor)
	}
	return fmt.Sprintf(c.tr("%d契約者に共通: %s", "%d customers have in common: %s"), k.Customers, f.Text(c.lang))
}

// direction is out, in or inside, seen from the customer.
func (c *cmd) direction(name string) string {
	switch name {
	case "in":
		return c.tr("着信", "in")
	case "inside":
		return c.tr("内線", "inside")
	}
	return c.tr("発信", "out")
}
