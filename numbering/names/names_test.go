package names

import (
	"testing"

	"tsujiban"
)

func TestNames(t *testing.T) {
	const ja, en = tsujiban.Japanese, tsujiban.English
	reach := func(s string) tsujiban.Reach {
		r, err := tsujiban.ParseReach(s)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for got, want := range map[string]string{
		Country(ja, "SL"): "シエラレオネ", Country(en, "SL"): "Sierra Leone", Country(en, ""): "–", Country(en, "<x>"): "<x>",
		Code(ja, 1): "アメリカ合衆国・カナダ", Code(en, 1268): "Antigua & Barbuda", Code(ja, 44): "イギリスなど", Code(en, 9999): "",
		Reach(ja, reach("232")):            "シエラレオネ（+232）",
		Reach(en, reach("232 53-premium")): "Sierra Leone (+232), Cuba (+53) premium numbers",
		Reach(ja, reach("abroad home")):    "国際発信すべて、初めての国内番号",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
