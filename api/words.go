package api

import (
	"net/http"
	"strings"

	"golang.org/x/text/language"

	"tsujiban"
	"tsujiban/people"
)

// kind is a kind of problem.
type kind struct {
	code   string
	status int
	ja, en string // the kind in words
	// what to do about it
	doJa, doEn string
}

func (k kind) title(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return k.en
	}
	return k.ja
}

func (k kind) detail(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return k.doEn
	}
	return k.doJa
}

// The kinds that HTTP brings beside those of the program.
var (
	unauthenticated = kind{"unauthenticated", http.StatusUnauthorized, "認証されていません", "not authenticated",
		"有効なAPIトークンを「Authorization: Bearer …」で送ってください。", "Send a valid API token as \"Authorization: Bearer …\"."}
	tooFast = kind{"rate-limited", http.StatusTooManyRequests, "リクエストが多すぎます", "too many requests",
		"Retry-Afterの秒数が過ぎてから、もう一度送ってください。", "Send it again after the seconds that Retry-After names."}
	tooLarge = kind{"too-large", http.StatusRequestEntityTooLarge, "リクエストが大きすぎます", "the request is too large",
		"本文を小さく分けて送ってください。", "Send the body in smaller parts."}
	noMethod = kind{"method-not-allowed", http.StatusMethodNotAllowed, "このメソッドは使えません", "method not allowed",
		"Allowにあるメソッドを使ってください。", "Use a method that Allow names."}
	noType = kind{"unsupported-media-type", http.StatusUnsupportedMediaType, "この形式は受け付けません", "unsupported media type",
		"本文はJSONにし、Content-Typeはapplication/jsonにしてください。", "Send JSON with Content-Type application/json."}
	unreadable = kind{"unreadable", http.StatusBadRequest, "本文を読めません", "the body cannot be read",
		"本文は、1つの完全なJSON値でなければなりません。", "The body has to be one whole JSON value."}
	keyWrong = kind{"idempotency-key-invalid", http.StatusBadRequest, "Idempotency-Keyが正しくありません", "the Idempotency-Key is not valid",
		"1〜128文字の、空白を含まない印字可能なASCII文字にしてください。", "Use 1 to 128 printable ASCII characters without spaces."}
	keyReused = kind{"idempotency-key-reused", http.StatusUnprocessableEntity, "このIdempotency-Keyは別のリクエストで使われました", "this Idempotency-Key was used for another request",
		"別のリクエストには新しいキーを使ってください。", "Use a new key for another request."}
	keyBusy = kind{"in-progress", http.StatusConflict, "同じリクエストを実行中です", "the same request is being carried out",
		"Retry-Afterの秒数が過ぎてから、同じキーでもう一度送ってください。", "Send it again with the same key after the seconds that Retry-After names."}
	keyLost = kind{"outcome-unknown", http.StatusConflict, "前のリクエストの結果が分かりません", "the outcome of the first request is not known",
		"実行中にプログラムが停止しました。対象の状態を確認し、必要なら新しいキーで送ってください。", "The program stopped in the middle of it. Look at what it was to change, and send it with a new key if it is needed."}
	keyGone = kind{"answer-not-kept", http.StatusConflict, "リクエストは実行済みです。応答は保存されていません", "the request was carried out; its answer is not kept",
		"対象の状態を確認してください。", "Look at what it was to change."}
	keysFull = kind{"too-many-keys", http.StatusTooManyRequests, "Idempotency-Keyが多すぎます", "too many Idempotency-Keys",
		"24時間に使えるキーは10,000個までです。", "10,000 keys fit into 24 hours."}
)

// details say what to do about the codes of the program, as far as they do not bring a message of their own.
var details = map[tsujiban.Code][2]string{
	tsujiban.CodeInternal:  {"プログラムのログを確認してください。", "See the log of the program."},
	tsujiban.CodeCorrupt:   {"プログラムのログを確認してください。", "See the log of the program."},
	tsujiban.CodeNotFound:  {"存在しないか、このトークンでは扱えません。", "It does not exist, or is out of this token's reach."},
	tsujiban.CodeForbidden: {"このトークン、またはその持ち主には、この操作の権限がありません。", "This token, or its owner, has no right to this operation."},
	tsujiban.CodeChanged:   {"もう一度読み込み、新しいETagをIf-Matchで送ってください。", "Read it again, and send its new ETag as If-Match."},
	tsujiban.CodeInvalid:   {"errorsにある箇所を直してください。", "Put right what errors names."},
}

// codeOf is the kind of a code of the program. What is invalid is readable, so it is 422.
func codeOf(c tsujiban.Code) kind {
	k := kind{code: c.String(), status: c.HTTPStatus(), ja: c.Text(tsujiban.Japanese), en: c.Text(tsujiban.English)}
	if c == tsujiban.CodeInvalid {
		k.status = http.StatusUnprocessableEntity
	}
	k.doJa, k.doEn = details[c][0], details[c][1]
	return k
}

// kindOf is the kind of a status that huma gives.
func kindOf(status int) kind {
	switch status {
	case http.StatusBadRequest:
		return unreadable
	case http.StatusRequestEntityTooLarge:
		return tooLarge
	case http.StatusUnsupportedMediaType:
		return noType
	case http.StatusUnprocessableEntity:
		return codeOf(tsujiban.CodeInvalid)
	}
	return codeOf(tsujiban.CodeInternal)
}

var matcher = language.NewMatcher([]language.Tag{language.Japanese, language.English})

// langOf is the language of an answer: what the request asks for, else the person's, else Japanese.
func langOf(header string, p *people.Person) tsujiban.Lang {
	if header != "" && len(header) <= 256 {
		tags, _, err := language.ParseAcceptLanguage(header)
		if err == nil && len(tags) > 0 && tags[0] != language.Make("mul") { // "*": any
			if _, i, sure := matcher.Match(tags...); sure != language.No {
				return [...]tsujiban.Lang{tsujiban.Japanese, tsujiban.English}[i]
			}
			return tsujiban.English // neither: most readers of other languages read it
		}
	}
	if p != nil {
		return p.Language
	}
	return tsujiban.Japanese
}

// faultWords translates what huma says of a value: by the beginning of the message, what follows stays.
var faultWords = []struct{ en, ja string }{
	{"unexpected property", "この項目はありません"},
	{"unknown query parameter", "このパラメーターはありません"},
	{"required query parameter is missing", "必須のパラメーターがありません"},
	{"required header parameter is missing", "必須のヘッダーがありません"},
	{"expected required property ", "必須の項目がありません: "},
	{"expected string to be RFC 3339 date-time", "日時はRFC 3339（例 2026-11-25T05:03:00Z）で書いてください"},
	{"expected string to be RFC 3339 date", "日付は2026-11-25のように書いてください"},
	{"expected string to be base64 encoded", "base64で書いてください"},
	{"expected string to match pattern ", "次のパターンに合いません: "},
	{"expected string to be ", "次の形で書いてください: "},
	{"expected string", "文字列でなければなりません"},
	{"expected boolean", "trueまたはfalseでなければなりません"},
	{"expected integer", "整数でなければなりません"},
	{"expected number >= ", "次の値以上でなければなりません: "},
	{"expected number <= ", "次の値以下でなければなりません: "},
	{"expected number", "数値でなければなりません"},
	{"expected array length >= ", "要素の数が足りません。最少: "},
	{"expected array length <= ", "要素が多すぎます。最多: "},
	{"expected array items to be unique", "同じ要素が2つあります"},
	{"expected array", "配列でなければなりません"},
	{"expected object with at least ", "項目の数が足りません。最少: "},
	{"expected object", "オブジェクトでなければなりません"},
	{"expected length >= ", "短すぎます。最少の文字数: "},
	{"expected length <= ", "長すぎます。最多の文字数: "},
	{"expected value to be one of ", "次のいずれかでなければなりません: "},
	{"request body is required", "本文が必要です"},
	{"invalid integer", "整数でなければなりません"},
	{"invalid boolean", "trueまたはfalseでなければなりません"},
	{"invalid date/time", "日時はRFC 3339（例 2026-11-25T05:03:00Z）で書いてください"},
	{"the same name stands twice", "同じ名前が2回あります"},
	{"the body is not valid UTF-8", "本文が正しいUTF-8ではありません"},
	{"null stands for nothing here", "nullは使えません。項目を省いてください"},
	{"the body is nested too deep", "入れ子が深すぎます"},
	{"something follows the JSON value", "JSON値の後に余分なものがあります"},
	{"the body ends in the middle of JSON", "本文がJSONの途中で終わっています"},
	{"invalid character ", "JSONとして読めません: "},
}

// faultText says what is wrong with a value.
func faultText(message string, lang tsujiban.Lang) string {
	if lang == tsujiban.English {
		return message
	}
	for _, w := range faultWords {
		if rest, ok := strings.CutPrefix(message, w.en); ok {
			if strings.HasSuffix(w.ja, ": ") {
				return w.ja + strings.TrimSuffix(rest, " to be present")
			}
			return w.ja
		}
	}
	return message
}
