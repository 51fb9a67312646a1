package ui

import (
	"testing"

	"tsujiban"
	"tsujiban/app/control"
)

// TestInMoney: amounts in changes of settings have the node's currency; other figures stay as they are.
func TestInMoney(t *testing.T) {
	for _, c := range []struct {
		note, currency, ja, en string
	}{
		{"cap-day 20000 → 500, channels 3", "JPY", "1日の上限 ¥20,000 → ¥500、同時通話数 3", "cap-day ¥20,000 → ¥500, channels 3"},
		{"own cap-month 7000", "JPY", "1か月の上限（お客様設定） ¥7,000", "own cap-month ¥7,000"},
		{"cap-call 100 → 0", "JPY", "1通話の上限 ¥100 → –", "cap-call ¥100 → –"},
		{"cap-call 12.5", "USD", "1通話の上限 USD 12.5", "cap-call USD 12.5"},
		{"numbers with +81312345678", "JPY", "番号 追加 +81312345678", "numbers with +81312345678"},
	} {
		b := &Book{node: Node{Currency: c.currency}}
		if got := b.inMoney(control.ChangeText(c.note, tsujiban.Japanese)); got != c.ja {
			t.Errorf("%q, want %q", got, c.ja)
		}
		if got := b.inMoney(control.ChangeText(c.note, tsujiban.English)); got != c.en {
			t.Errorf("%q, want %q", got, c.en)
		}
	}
}
