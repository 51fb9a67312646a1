package inquiry

import (
	"strings"

	"tsujiban"
)

// Kind is the legal ground of a case; a closed set.
type Kind string

// The kinds.
const (
	KindInquiry      Kind = "inquiry"      // written inquiry (捜査関係事項照会, Code of Criminal Procedure Article 197 (2)), or of a bar association, a court
	KindWarrant      Kind = "warrant"      // warrant of a judge (Article 218, Article 99)
	KindConsent      Kind = "consent"      // of the customer whose calls they are
	KindEmergency    Kind = "emergency"    // present danger to life (Penal Code Article 37)
	KindPreservation Kind = "preservation" // request not to erase, up to 30 days (Article 197 (3)); nothing is shown on it
)

// Kinds are all of them.
var Kinds = []Kind{KindInquiry, KindWarrant, KindConsent, KindEmergency, KindPreservation}

// What is a kind of thing that can be looked at.
type What uint8

// What can be looked at.
const (
	LookBlock  What = iota // ours or not, which carrier holds the block: public, or nobody's secret
	LookHolder             // who holds a number: data of a subscriber that is tied to no call
	LookCalls              // the calls of the number that is asked about
	LookNear               // whether a number beside it, another subscriber's, has such a call
)

type kindRow struct {
	ja, en string
	words  []string // how people write it
	allows []What
}

// The law, as INCIDENTS and the ministry's guideline on personal information in telecommunications (Articles 17 and 38) have it: who called
// whom is secret and needs a warrant, the consent of the party, or an emergency to life; who a subscriber is can be told on a written
// inquiry as long as no single call is the way to it.
var kindRows = map[Kind]kindRow{
	KindInquiry:      {"捜査関係事項照会等", "written inquiry", []string{"照会", "照会書", "捜査関係事項照会", "捜査関係事項照会書"}, []What{LookBlock, LookHolder}},
	KindWarrant:      {"令状", "warrant", []string{"令状", "差押許可状", "捜索差押許可状", "記録命令付差押許可状"}, []What{LookBlock, LookHolder, LookCalls, LookNear}},
	KindConsent:      {"本人の同意", "customer's consent", []string{"同意", "本人の同意", "同意書"}, []What{LookBlock, LookHolder, LookCalls}},
	KindEmergency:    {"緊急避難（人命）", "emergency to life", []string{"緊急", "緊急避難", "人命"}, []What{LookBlock, LookHolder, LookCalls, LookNear}},
	KindPreservation: {"保全要請", "preservation request", []string{"保全", "保全要請", "保全要請書"}, []What{LookBlock}},
}

// ParseKind finds a kind by its code, or by what people call it in Japanese.
func ParseKind(s string) (Kind, error) {
	s = strings.TrimSpace(s)
	for _, k := range Kinds {
		if string(k) == s {
			return k, nil
		}
		for _, w := range kindRows[k].words {
			if w == s {
				return k, nil
			}
		}
	}
	return "", tsujiban.Errorf(tsujiban.CodeInvalid, "kind: there is no legal ground %.40q; write inquiry, warrant, consent, emergency or preservation (照会, 令状, 同意, 緊急, 保全)", s)
}

// Text says the kind to a person.
func (k Kind) Text(l tsujiban.Lang) string {
	if l == tsujiban.English {
		return kindRows[k].en
	}
	return kindRows[k].ja
}

// Allows tells whether the law lets this ground see something.
func (k Kind) Allows(w What) bool {
	for _, a := range kindRows[k].allows {
		if a == w {
			return true
		}
	}
	return false
}

// Refusal is why something is not shown: "" when it is allowed.
func (k Kind) Refusal(w What, l tsujiban.Lang) string {
	if k.Allows(w) {
		return ""
	}
	en := l == tsujiban.English
	switch {
	case k == KindPreservation && en:
		return "a preservation request only keeps records from being erased; to see them a warrant is needed"
	case k == KindPreservation:
		return "保全要請は記録を消去しないためのもので、開示の根拠になりません。閲覧・開示には令状が必要です"
	case w == LookNear && k == KindConsent && en:
		return "the consent of one customer does not cover the calls of others: near numbers were not looked up in the call records"
	case w == LookNear && k == KindConsent:
		return "本人の同意は他の契約者の通信に及びません。近い番号の通話記録は調べていません"
	case en:
		return "call records are secret by law: a written inquiry gets subscriber data that is tied to no call; call records need a warrant, the customer's consent or an emergency to life"
	}
	return "通話記録は通信の秘密です。照会書で開示できるのは個々の通信に関わらない契約者情報のみで、通話記録には令状、本人の同意、または人命に関わる緊急性が必要です"
}
