package control

import (
	"regexp"
	"strings"
	"sync"

	"tsujiban"
)

// What the program says of an error is English, for the command line and the log. On pages and in the API it is told in the reader's language: Said finds
// the Japanese of a message by the format that made it. A test holds the list against the source.

// Said is a message of the program for a reader. whole is false when a part of it stays English.
func Said(code tsujiban.Code, text string, l tsujiban.Lang) (say string, whole bool) {
	text = Plain(text)
	if l == tsujiban.English {
		return text, true
	}
	if len(text) <= maxSaid {
		lines := strings.Split(text, "\n") // of a table that was refused
		whole = true
		for i := range lines {
			ok := false
			if lines[i], ok = japanese(lines[i], 6); !ok {
				whole = false
				break
			}
		}
		if whole {
			return strings.Join(lines, "\n"), true
		}
	}
	return strings.TrimSuffix(code.Text(l), "。") + "。詳細（英語）: " + text, false
}

// maxSaid is how much of a message is looked at: values that people send stand in it.
const maxSaid = 4000

// commands is what a message advises to type.
var commands = regexp.MustCompile(`[;:,]? ?(?:(?:use|see|run|change it with|or cancel it:|and|an entry is undone by|stop the program and run) )*"tsujiban [^"]*"[^;:]*`)

// Plain leaves out of a message what only concerns the command line.
func Plain(text string) string {
	if !strings.Contains(text, `"tsujiban `) {
		return text
	}
	return strings.TrimRight(commands.ReplaceAllString(text, ""), " ;:,")
}

// rule is one message: the format that makes it, as an expression, and its Japanese. $1 is a value as it stands there, $+ the last value, itself translated.
type rule struct {
	en *regexp.Regexp
	ja string
}

var place = regexp.MustCompile(`\$([0-9])`)

var verb = regexp.MustCompile(`%[-+#0-9.]*[a-zA-Z]`)

// compiled gives the rules of a list, made when a text is first told in Japanese: they are hundreds of expressions, which would take half of the time
// that a command needs to start.
func compiled(list [][2]string) func() []rule {
	return sync.OnceValue(func() []rule { return compile(list) })
}

func compile(list [][2]string) []rule {
	out := make([]rule, len(list))
	for i, w := range list {
		en := verb.ReplaceAllStringFunc(regexp.QuoteMeta(strings.NewReplacer("%.", "%").Replace(Plain(w[0]))), func(v string) string {
			switch v[len(v)-1] {
			case 'q':
				return `"((?:[^"\\]|\\.)*)"`
			case 'd':
				return `(-?[0-9]+)`
			}
			return `(.*?)`
		})
		// Without braces the letters of a Japanese word behind it would belong to the name of a place.
		out[i] = rule{regexp.MustCompile(`^` + en + `$`), place.ReplaceAllString(w[1], "$${$1}")}
	}
	return out
}

var rules = compiled(saidWords)

// about are what may stand before a message: whom or what it is about.
var about = []rule{
	{regexp.MustCompile(`^(?:customer|customers) "?((?:[^"\\ ]|\\.)+)"?: `), "契約者 $1: "},
	{regexp.MustCompile(`^(?:trunk) "?((?:[^"\\ ]|\\.)+)"?: `), "トランク $1: "},
	{regexp.MustCompile(`^(?:holder) "?((?:[^"\\ ]|\\.)+)"?: `), "契約者 $1: "},
	{regexp.MustCompile(`^([^:]{1,200}):([0-9]+): `), "$1 の $2 行目: "},
	{regexp.MustCompile(`^line ([0-9]+): `), "$1 行目: "},
	{regexp.MustCompile(`^(\+?[0-9.*+]{3,60}): `), "番号 $1: "},
	{regexp.MustCompile(`^([^: ]{1,200}\.(?:csv|xlsx|xls|txt|tsv)): `), "$1: "},
}

var field = regexp.MustCompile(`^([a-z][a-z0-9_.-]{0,40}(?:, [a-z_]+)?): `)

func japanese(text string, depth int) (string, bool) {
	if depth == 0 {
		return "", false
	}
	for _, r := range rules() {
		at := r.en.FindStringSubmatch(text)
		if at == nil {
			continue
		}
		ja := r.ja
		if strings.Contains(ja, "$+") {
			rest, ok := japanese(at[len(at)-1], depth-1)
			if !ok {
				return "", false
			}
			ja = strings.ReplaceAll(ja, "$+", strings.ReplaceAll(rest, "$", "$$"))
		}
		return string(r.en.ExpandString(nil, ja, text, r.en.FindStringSubmatchIndex(text))), true
	}
	for i := range about {
		if at := about[i].en.FindStringSubmatchIndex(text); at != nil {
			rest, ok := japanese(text[at[1]:], depth-1)
			if !ok {
				return "", false
			}
			return string(about[i].en.ExpandString(nil, about[i].ja, text, at)) + rest, true
		}
	}
	if m := field.FindStringSubmatch(text); m != nil {
		rest, ok := japanese(text[len(m[0]):], depth-1)
		return FieldName(m[1], tsujiban.Japanese) + ": " + rest, ok
	}
	return "", false
}

// FieldName is what people call a field of an order; its code when it has no other name.
func FieldName(code string, l tsujiban.Lang) string {
	if ja, ok := fieldNames[strings.ReplaceAll(code, "_", "-")]; ok && l != tsujiban.English {
		return ja
	}
	return code
}

var fieldNames = map[string]string{
	"name": "名称", "contact": "連絡先", "note": "備考", "ground": "根拠", "by": "担当者", "numbers": "番号", "number": "番号", "cap-day": "1日の上限", "cap-month": "1か月の上限", "longest-call": "最長通話時間",
	"channels": "同時通話数", "calls-per-second": "1秒あたりの発信数", "from": "開始", "to": "終了", "until": "期限", "date": "日付", "month": "月", "day": "日", "days": "日数", "year": "年", "sources": "送信元ネットワーク",
	"username": "ユーザー名", "realm": "レルム", "certificate-name": "証明書の名前", "address": "住所またはアドレス", "transport": "トランスポート", "login": "メールアドレス", "mail": "メールアドレス", "password": "パスワード", "code": "確認コード",
	"role": "役割", "customers": "契約者", "customer": "契約者", "language": "言語", "scopes": "権限", "agency": "機関", "officer": "担当者", "document": "文書", "request": "要請", "request-no": "要請番号", "kind": "種類", "level": "段階", "reach": "範囲",
	"bar-countries": "発信できない国", "open-classes": "許可する番号種別", "international": "国際発信", "opened": "契約日", "closed": "閉鎖する宛先", "hints": "注意する宛先", "cursor": "続きの位置", "limit": "件数", "holder": "契約者", "parent": "卸元", "corporate": "法人番号",
	"phone": "電話番号", "source": "仕入先", "ageing": "寝かせる期間", "checks": "確認", "check": "確認", "outcome": "結果", "way": "向き", "within": "誤差", "talked": "通話時間", "act": "操作", "id": "ID", "passed": "審査", "at": "日時", "believed": "把握した時点", "whole": "全桁表示",
	"from, to": "期間", "quiet": "静かな時間", "decide": "判断", "say": "回答", "state": "状態", "verb": "操作", "on": "日", "guard.closed": "閉鎖する宛先", "kinds": "通知の種類", "links": "リンク", "user-agent": "機器名", "value": "値", "own": "お客様の設定", "limits": "上限", "defaults": "既定の上限",
}
