package api

import (
	"regexp"
	"strings"

	"tsujiban"
)

// What the program says of an error is English, for the command line and the log. In Japanese the commonest are told in words of their own,
// the others with an explanation in front of them.

// saidWords are the commonest, with the places of what was found.
var saidWords = compileSaid([][2]string{
	{`^customer "([^"]*)" exists`, `契約者「$1」はすでに登録されています。`},
	{`^trunk "([^"]*)" exists`, `トランク「$1」はすでに登録されています。`},
	{`^holder "([^"]*)" exists`, `利用者「$1」はすでに台帳にあります。`},
	{`^customer "([^"]*)" holds (\S+) already`, `番号 $2 はすでに契約者「$1」に登録されています。`},
	{`^numbers: "([^"]*)" is held by customer "([^"]*)"`, `番号 $1 は契約者「$2」に登録されています。先にそちらから外してください。`},
	{`^customer "([^"]*)" has trunks: (.*); remove`, `契約者「$1」にはトランク（$2）があります。先に削除してください。`},
	{`^a restriction stands against customer "([^"]*)"`, `契約者「$1」は規制中です。先に解除してください。`},
	{`^no restriction stands against customer "([^"]*)"`, `契約者「$1」は規制されていません。`},
	{`^(\S+) stands against customer "([^"]*)"; release it, and the case is closed`, `契約者「$2」は規制中（$1）です。解除すると事案も終了します。`},
	{`^case (\d+) is closed already`, `事案 $1 はすでに終了しています。`},
	{`^inquiry case (\d+) is closed`, `照会事案 $1 はすでに終了しています。`},
	{`^case (\d+) was lifted already`, `利用停止事案 $1 はすでに解除されています。`},
	{`^hold (\d+) was released on (\S+)`, `保全 $1 は $2 に解除されています。`},
	{`^document "([^"]*)" of "([^"]*)" is a case already`, `$2 の文書「$1」の事案はすでにあります。`},
	{`^request "([^"]*)" of "([^"]*)" is case (\d+) already`, `$2 の要請「$1」はすでに事案 $3 として登録されています。`},
	{`^entry (\d+) was taken back already, by entry (\d+)`, `台帳の記入 $1 は、記入 $2 ですでに取り消されています。`},
	{`^entry (\d+) cannot be taken back: entry (\d+)`, `台帳の記入 $1 には記入 $2 が続いています。先に $2 を取り消してください。`},
	{`^sources: (\S+) overlaps with (\S+) of trunk "([^"]*)" of customer "([^"]*)"`, `送信元 $1 は、契約者「$4」のトランク「$3」の $2 と重なっています。`},
	{`^username: trunk "([^"]*)" of customer "([^"]*)"`, `このユーザー名は、契約者「$2」のトランク「$1」で使われています。`},
	{`^notice (\S+) is (\S+); only one`, `通知 $1 の状態は $2 です。再送できるのは送信を断念した通知だけです。`},
	{`^nobody is configured to be told`, `通知先が設定されていません。[mail] と [notify] の staff、または [[webhook]] を設定してください。`},
	{`^no preview is running`, `試算は実行されていません。`},
	{`^a preview of (.*) is running`, `$1 の試算を実行中です。終わるのを待つか、取り消してください。`},
	{`^proposal (\d+) is (\S+); propose`, `承認依頼 $1 の状態は $2 です。必要なら改めて依頼してください。`},
	{`^(\S+) is the last administrator`, `$1 は最後の管理者です。先に別の管理者を登録してください。`},
	{`^(\S+) is disabled already`, `$1 はすでに無効です。`},
	{`^31 March (\d+) is not over yet`, `$1年3月31日がまだ終わっていません。`},
	{`^(cap_\w+): (\S+) is above the operator's (\S+);`, `$1: $2 は事業者の上限 $3 を超えています。それ以下にするか、事業者に引き上げを依頼してください。`},
	{`^longest_call: (\S+) is longer than the operator's (\S+);`, `longest_call: $1 は事業者の上限 $2 より長いです。短くしてください。`},
	{`([a-z-]+): "([^"]*)" is not an ISO 3166-1 country code`, `$1: 「$2」は国コードではありません。SL のように、大文字2字（ISO 3166-1）で書いてください。`},
	{`^"([^"]*)" is no number`, `「$1」は番号として読めません。国内で発信するときの形、または + から始まる形で書いてください。`},
	{`^month: "([^"]*)" is no month`, `month: 「$1」は月ではありません。2026-11 のように書いてください。`},
	{`^from, to: write a span of at most (\d+) days`, `from, to: 期間は最長 $1 日で、from を to より前にしてください。`},
	{`^cursor: this is none`, `cursor: 正しくありません。応答の next をそのまま指定してください。`},
	{`^cursor: it belongs to another query`, `cursor: 別の条件の一覧のものです。cursor なしで最初から読み直してください。`},
	{`^Last-Event-ID: `, `Last-Event-ID: イベントの ID ではありません。指定せずに始めてください。`},
	{`^ground: `, `ground: 根拠を1行で書いてください。`},
})

type saidWord struct {
	en *regexp.Regexp
	ja string
}

func compileSaid(list [][2]string) []saidWord {
	out := make([]saidWord, len(list))
	for i, w := range list {
		out[i] = saidWord{regexp.MustCompile(w[0]), w[1]}
	}
	return out
}

// saidField is a message that says, behind what it is about, in which field something is wrong.
var saidField = regexp.MustCompile(`^(?:(?:customer|trunk|holder) \S+: )?([a-z][a-z_.-]{0,40}): `)

// maxSaid is how much of a message is looked at: values that people send stand in it.
const maxSaid = 2000

// said is a message of the program in the language of a reader.
func said(code tsujiban.Code, text string, lang tsujiban.Lang) string {
	if lang == tsujiban.English {
		return text
	}
	if len(text) <= maxSaid {
		for _, w := range saidWords {
			if at := w.en.FindStringSubmatchIndex(text); at != nil {
				return string(w.en.ExpandString(nil, w.ja, text, at))
			}
		}
	}
	switch m := saidField.FindStringSubmatch(text); {
	case code == tsujiban.CodeInvalid && m != nil:
		return "項目「" + m[1] + "」の値が正しくありません。詳細（英語）: " + strings.TrimPrefix(text, m[0])
	case code == tsujiban.CodeInvalid:
		return "入力を確認して直してください。詳細（英語）: " + text
	case code == tsujiban.CodeExists:
		return "同じものがすでに登録されています。詳細（英語）: " + text
	case code == tsujiban.CodeConflict:
		return "対象の現在の状態を確認してください。詳細（英語）: " + text
	case code == tsujiban.CodeUnavailable:
		return "しばらくしてから、もう一度送ってください。詳細（英語）: " + text
	}
	return codeOf(code).title(lang) + "。詳細（英語）: " + text
}
