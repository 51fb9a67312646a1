package evidence

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"tsujiban"
)

// both is an error in both languages; as an error it speaks English.
type both struct{ ja, en string }

func (b both) Error() string { return b.en }

// invalid says in both languages what is wrong with what was given.
func invalid(ja, en string) error {
	return &tsujiban.Error{Code: tsujiban.CodeInvalid, Err: both{ja, en}}
}

// Explain says an error of this package to a person; in Japanese where there are words for it.
func Explain(err error, l tsujiban.Lang) string {
	if l == tsujiban.English {
		return err.Error()
	}
	return japanese(err)
}

// japanese is the Japanese text of an error, if it has one.
func japanese(err error) string {
	var b both
	if errors.As(err, &b) {
		return b.ja
	}
	return err.Error()
}

// shownRanges is how many ranges are told one by one.
const shownRanges = 20

func rangesText(rs []Range, l tsujiban.Lang) string {
	var parts []string
	for i, r := range rs {
		if i == shownRanges {
			more := fmt.Sprintf("ほか%d か所", len(rs)-i)
			if l == tsujiban.English {
				more = fmt.Sprintf("and %d more", len(rs)-i)
			}
			parts = append(parts, more)
			break
		}
		parts = append(parts, r.String())
	}
	if l == tsujiban.English {
		return strings.Join(parts, ", ")
	}
	return strings.Join(parts, "、")
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// jst is an instant as Japanese readers have it, whatever zones the machine knows.
func jst(t time.Time) string {
	return t.In(time.FixedZone("JST", 9*3600)).Format("2006年1月2日 15時04分05秒（日本時間）")
}

// Text says to a person what is proven and what is not.
func (r *Report) Text(l tsujiban.Lang) string {
	var b strings.Builder
	if l == tsujiban.English {
		r.english(&b)
	} else {
		r.japanese(&b)
	}
	return b.String()
}

func (r *Report) japanese(b *strings.Builder) {
	if !r.OK() {
		fmt.Fprintf(b, "この証明ファイルは正しくありません。渡されたときのままではないか、別の鍵のものです。証拠として使わないでください。\n")
		for _, f := range r.Faults {
			fmt.Fprintf(b, "  ・%s\n", f.Text(tsujiban.Japanese))
		}
		if r.More > 0 {
			fmt.Fprintf(b, "  ・ほか %d 件\n", r.More)
		}
		if r.Records > 0 {
			fmt.Fprintf(b, "記録 %d 件のうち、記録簿にあったと確かめられたもの: %d 件\n", r.Records, r.Proven)
		}
		return
	}
	fmt.Fprintf(b, "証明ファイルは正しいものです。\n\n証明されたこと\n")
	fmt.Fprintf(b, "  ・ここにある記録 %d 件は、記録簿「%s」に、このとおりの内容で入っていました。\n    署名の日時は%s（記録簿側の時計）、署名の時点で記録簿は全 %d 件です。その後は1文字も変わっていません。\n", r.Records, r.Origin, jst(r.Signed), r.Entries)
	fmt.Fprintf(b, "  ・記録簿の中での順番は %s 件目です。\n", rangesText(r.Ranges, tsujiban.Japanese))
	if runs := runs(r.Ranges); len(runs) > 0 {
		fmt.Fprintf(b, "  ・%s 件目の間には、抜けている記録はありません。\n", rangesText(runs, tsujiban.Japanese))
	}
	for _, f := range r.Files {
		fmt.Fprintf(b, "  ・添付 %s は、%sに署名した人が渡したものそのままです。\n", strings.TrimPrefix(f.Name, attachments), jst(r.Made))
	}
	fmt.Fprintf(b, "  ・署名した鍵の指紋は %s です", r.Key)
	if r.Changes > 0 {
		fmt.Fprintf(b, "（指定の鍵から %d 回の交代をたどりました）", r.Changes)
	}
	fmt.Fprintf(b, "。\n\n証明されないこと\n")
	fmt.Fprintf(b, "  ・上に挙げた番号のほかに、関係する記録がないこと。\n")
	fmt.Fprintf(b, "  ・記録の内容が事実であること。記録簿にいつ何が書かれたかの証明であり、たとえば表示された発信者番号が本物かどうかは分かりません。\n")
	fmt.Fprintf(b, "  ・署名の日時の正しさ。以前のチェックポイントを手元に持っていれば、そこから書き換えなく続いていることを tsujiban evidence consistency で証明させることができます。\n")
	fmt.Fprintf(b, "  ・公開鍵がその会社のものであること。指紋を、電話など別の方法で確かめてください。\n")
}

func (r *Report) english(b *strings.Builder) {
	if !r.OK() {
		fmt.Fprintf(b, "This bundle does not hold: it is not as it was handed over, or the key is another one. Do not rely on it.\n")
		for _, f := range r.Faults {
			fmt.Fprintf(b, "  - %s\n", f.Text(tsujiban.English))
		}
		if r.More > 0 {
			fmt.Fprintf(b, "  - and %d more\n", r.More)
		}
		if r.Records > 0 {
			fmt.Fprintf(b, "Of its %d records %d are proven to have stood in the journal.\n", r.Records, r.Proven)
		}
		return
	}
	fmt.Fprintf(b, "The bundle holds.\n\nProven\n")
	fmt.Fprintf(b, "  - The %d records stood in the journal %q, word for word as they are here, when it was signed on %s by its own clock;\n    it had %d entries then. Nothing in them was changed since.\n", r.Records, r.Origin, utc(r.Signed), r.Entries)
	fmt.Fprintf(b, "  - They are the entries %s of the journal.\n", rangesText(r.Ranges, tsujiban.English))
	if runs := runs(r.Ranges); len(runs) > 0 {
		fmt.Fprintf(b, "  - Within %s no entry is left out.\n", rangesText(runs, tsujiban.English))
	}
	for _, f := range r.Files {
		fmt.Fprintf(b, "  - The attached %s is the one that the signer handed over on %s.\n", strings.TrimPrefix(f.Name, attachments), utc(r.Made))
	}
	fmt.Fprintf(b, "  - The fingerprint of the key that signed is %s", r.Key)
	if r.Changes > 0 {
		fmt.Fprintf(b, " (%d changes of key from the one that was given)", r.Changes)
	}
	fmt.Fprintf(b, ".\n\nNot proven\n")
	fmt.Fprintf(b, "  - That there are no other records about the matter, outside of the entries named above.\n")
	fmt.Fprintf(b, "  - That what a record says is true. It proves what was written into the journal, not, for one, that a caller number that was shown is genuine.\n")
	fmt.Fprintf(b, "  - That the clock was right. Whoever keeps an earlier checkpoint can have it proven with \"tsujiban evidence consistency\" that the journal went on from there and nothing was rewritten.\n")
	fmt.Fprintf(b, "  - That the key is theirs. Compare the fingerprint by another way, such as the telephone.\n")
}

// runs are the ranges with more than one entry.
func runs(rs []Range) (out []Range) {
	for _, r := range rs {
		if r.To > r.From {
			out = append(out, r)
		}
	}
	return out
}
