package people

import (
	"strings"

	"tsujiban"
)

// notes are what the history of an account says beside its kind, as it is kept and as people read it; {} stands for what
// follows, a name or a date.
var notes = []struct{ kept, ja, en string }{
	{"password set", "パスワードを設定", "password set"},
	{"one-time codes set up", "確認コードを設定", "one-time codes set up"},
	{"one-time codes removed", "確認コードをやめた", "one-time codes removed"},
	{"new recovery codes", "回復コードを作り直した", "new recovery codes"},
	{"passkey added: ", "パスキー「{}」を追加", "passkey {} added"},
	{"passkey removed", "パスキーを削除", "passkey removed"},
	{"token ", "API トークン {}", "API token {}"},
	{"mail address for notices changed", "お知らせの送り先を変更", "mail address for notices changed"},
	{"invited by ", "招待した人: {}", "invited by {}"},
	{"invite by ", "招待（発行: {}）", "invitation made by {}"},
	{"reset by ", "再設定（発行: {}）", "reset made by {}"},
	{"invite", "招待", "invitation"},
	{"reset", "再設定", "reset"},
	{"enter", "ログイン", "sign-in"},
	{"first", "最初の管理者", "first administrator"},
	{"disabled, by ", "停止（{}）", "disabled by {}"},
	{"enabled, by ", "有効に戻した（{}）", "enabled by {}"},
	{"ended by ", "無効にした人: {}", "ended by {}"},
	{"by ", "{}", "by {}"},
	{"now ", "変更後: {}", "now {}"},
}

// tokenMade is how the making of a token is kept: its id, its purpose and its last day stand between.
var tokenMade = strings.NewReplacer(" made: ", "（", ", until ", "）、期限 ")

// Text is the note of an entry in words; what is not known is told as it was kept.
func (e SignIn) Text(l tsujiban.Lang) string {
	for _, n := range notes {
		rest, ok := strings.CutPrefix(e.Note, n.kept)
		if !ok || rest != "" && !strings.HasSuffix(n.kept, " ") {
			continue
		}
		if l == tsujiban.English {
			return strings.Replace(n.en, "{}", rest, 1)
		}
		if n.kept == "token " {
			rest = tokenMade.Replace(rest)
		}
		return strings.Replace(n.ja, "{}", rest, 1)
	}
	return e.Note
}
