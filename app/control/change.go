package control

import (
	"regexp"
	"strings"
	"time"

	"tsujiban"
	"tsujiban/ledger"
	"tsujiban/numbering/names"
)

// A change of settings is recorded as "cap-day 20000 → 500, numbers with +81312345678" (store.DiffCustomer, DiffTrunk, and of rules for all). ChangeText
// tells it in the reader's language; what is no such note, a text that somebody typed, stays as it is.
func ChangeText(note string, l tsujiban.Lang) string {
	if l == tsujiban.English {
		return note
	}
	lines := strings.Split(note, "\n")
	for i := range lines {
		lines[i] = changed(lines[i])
	}
	return strings.Join(lines, "\n")
}

// notes are other records of what was set, as the program makes them.
var notes = compiled([][2]string{
	{"no change", "変更なし"}, {"removed", "削除"}, {"added", "登録"}, {"reload", "設定の再読み込み"}, {"and %d more", "ほか $1 件"},
	{"import: %d customers, %d trunks", "取り込み: 契約者 $1 件、トランク $2 件"}, {"import at the start: %d customers, %d trunks", "起動時の取り込み: 契約者 $1 件、トランク $2 件"},
	{"suspension case %d", "利用停止事案 $1"}, {"published %s", "公表日 $1"}, {"done", "実行しました"}, {"handed over %s", "$1 に引き渡し"}, {"erase now", "今すぐ消去"}, {"hold %d", "保全 $1"},
	{"%d letter", "閲覧 $1 の回答書"}, {"%d bundle", "閲覧 $1 の証明ファイル"}, {"released", "規制を解除"}, {"retention: hold %d is released: %s", "保全 $1 を解除: $2"}, {"not recorded on disk yet: %s", "まだディスクに記録されていません（英語: $1）"},
	{NotTheirs, "契約者の申告: 利用に覚えがない。"}, {AnsweredByLink, "メールのリンクから回答"}, {AnsweredInPortal, "契約者のページから回答"}, {"request %s of %s", "$2 の要請 $1"}, {"call %s of customer %s: ended: %s", "契約者 $2 の通話 $1 を切断: $3"},
})

// heads stand before what was set.
var heads = []rule{
	{regexp.MustCompile(`^customer ([a-z0-9-]+): `), "契約者 $1: "},
	{regexp.MustCompile(`^customer ([a-z0-9-]+), by the ledger: `), "契約者 $1（台帳による）: "},
	{regexp.MustCompile(`^trunk ([a-z0-9-]+): `), "トランク $1: "},
	{regexp.MustCompile(`^rules for all: `), "共通の規則: "},
	{screened, "契約者 $1 の審査: "},
}

// screened stands before the outcome of an onboarding screen.
var screened = regexp.MustCompile(`^holder ([a-z0-9-]+): `)

func changed(note string) string {
	for _, r := range notes() {
		if at := r.en.FindStringSubmatchIndex(note); at != nil {
			return string(r.en.ExpandString(nil, r.ja, note, at))
		}
	}
	for i := range heads {
		if at := heads[i].en.FindStringSubmatchIndex(note); at != nil {
			var outcome ledger.ScreenOutcome
			if heads[i].en == screened && outcome.UnmarshalText([]byte(note[at[1]:])) == nil {
				return string(screened.ExpandString(nil, heads[i].ja, note, at)) + outcome.Text(tsujiban.Japanese)
			}
			return string(heads[i].en.ExpandString(nil, heads[i].ja, note, at)) + changed(note[at[1]:])
		}
	}
	parts := strings.Split(note, "; ")
	for i, p := range parts {
		if m := ruleChange.FindStringSubmatch(p); m != nil {
			parts[i] = changeNames[m[1]] + ": " + map[string]string{"added": "追加", "removed": "削除"}[m[2]] + " " + andMore.ReplaceAllString(m[3], "、ほか${1}件")
			continue
		}
		rest, defaults := strings.CutPrefix(p, "default limits: ")
		say, ok := settings(rest)
		switch {
		case !ok && i == 0:
			return note
		case !ok: // why, as it was typed
		case defaults:
			parts[i] = "既定の上限: " + say
		default:
			parts[i] = say
		}
	}
	return strings.Join(parts, "; ")
}

var (
	ruleChange = regexp.MustCompile(`^(closed|hints): (added|removed) (.*)$`)
	andMore    = regexp.MustCompile(` and ([0-9]+) more$`)
	listChange = regexp.MustCompile(`^(with|without) (.*)$`)
	oneChange  = regexp.MustCompile(`^(own )?([a-z][a-z-]*)(?: (.*))?$`)
)

// settings tells the fields of a change; ok is false when the text does not begin with one.
func settings(text string) (string, bool) {
	if text == "no change" {
		return "変更なし", true
	}
	var out []string
	for p := range strings.SplitSeq(text, ", ") {
		m := oneChange.FindStringSubmatch(p)
		name := ""
		if m != nil {
			name = changeNames[m[2]]
		}
		switch {
		case p == "credentials changed":
			out = append(out, "認証情報を変更")
		case name == "" && len(out) == 0:
			return "", false
		case name == "": // a comma within a value
			out[len(out)-1] += ", " + p
		default:
			if m[1] != "" {
				name += "（お客様設定）"
			}
			value := m[3]
			if w := listChange.FindStringSubmatch(value); w != nil {
				value = map[string]string{"with": "追加", "without": "削除"}[w[1]] + " " + w[2]
			}
			out = append(out, strings.TrimSpace(name+" "+inJapanese(m[2], value)))
		}
	}
	return strings.Join(out, "、"), true
}

var (
	isoDay  = regexp.MustCompile(`\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b`)
	isoLand = regexp.MustCompile(`\b[A-Z]{2}\b`)
)

// inJapanese says the value of a field: dates and countries as people write them.
func inJapanese(field, value string) string {
	switch field {
	case "opened":
		return isoDay.ReplaceAllStringFunc(value, func(s string) string {
			if day, err := time.Parse(time.DateOnly, s); err == nil {
				return day.Format("2006年1月2日")
			}
			return s
		})
	case "bar-countries", "allow-countries":
		return isoLand.ReplaceAllStringFunc(value, func(iso string) string { return names.Country(tsujiban.Japanese, iso) })
	}
	return truth(value)
}

// truth says yes and no; a name that has the English word in it stays as it is.
func truth(value string) string {
	words := strings.Split(value, " → ")
	for i, w := range words {
		switch w {
		case "true":
			words[i] = "はい"
		case "false":
			words[i] = "いいえ"
		default:
			return value
		}
	}
	return strings.Join(words, " → ")
}

var changeNames = map[string]string{
	"closed": "閉鎖する宛先", "hints": "注意する宛先",
	"name": "名称", "international": "国際発信", "opened": "契約日", "contact": "連絡先", "language": "言語", "numbers": "番号", "cap-call": "1通話の上限", "cap-day": "1日の上限", "cap-month": "1か月の上限",
	"channels": "同時通話数", "calls-per-second": "1秒あたりの発信数", "longest-call": "最長通話時間", "allow-countries": "発信できる国", "bar-countries": "発信できない国", "bar-prefixes": "発信できない番号帯", "allow-classes": "許可する番号種別", "hours": "国際発信の時間帯",
	"stop": "発信の停止", "no-international": "国際発信の停止",
	"customer": "契約者", "sources": "送信元ネットワーク", "certificate-name": "証明書の名前", "username": "ユーザー名", "realm": "レルム", "address": "アドレス", "transport": "トランスポート", "registrar": "レジストラー", "domain": "ドメイン",
}
