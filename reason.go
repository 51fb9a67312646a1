package tsujiban

// Lang is a language for people.
type Lang uint8

// The languages. Japanese is the zero value: it is the default everywhere.
const (
	Japanese Lang = iota
	English
)

// Reason says why a call was refused or ended. It is a closed set: this file is
// the one table of reason → SIP status → words, and metric labels come from it.
type Reason uint8

// The reasons. New ones go at the end: the names are written in journals.
const (
	ReasonNone             Reason = iota
	ReasonInternationalOff        // the customer has not switched international calls on
	ReasonBarredCountry           // the customer's own bar
	ReasonBarredPrefix            // the customer's own bar
	ReasonBarredClass             // premium, satellite, undesignated
	ReasonClosedForAll            // the operator closed the destination
	ReasonOutsideHours
	ReasonChannels
	ReasonCallRate
	ReasonCapCall
	ReasonCapDay
	ReasonCapMonth
	ReasonNoRate // no price known: the worst case cannot be reserved
	ReasonFraud
	ReasonRestricted // a restriction stands
	ReasonSuspended  // the customer or the number is suspended
	ReasonCallerNumber
	ReasonBadNumber // digits that lead nowhere
	ReasonOverload
	ReasonJournal // the record cannot be kept
	ReasonNoRoute // no carrier, or the number belongs to no customer
	ReasonLongestCall
	ReasonSessionExpired
	ReasonStaff // ended by a person
	ReasonShutdown
	ReasonCarrierFailed
	ReasonTooManyHops
	ReasonLoop
	ReasonUnknownCustomer
	ReasonCallGone // the program restarted and the call's end was not seen
	ReasonStopped  // the customer itself has stopped its calls
	numReasons
)

// NumReasons is the count of reasons, for tables indexed by Reason.
const NumReasons = int(numReasons)

type reasonRow struct {
	code   string
	status int    // SIP status of the refusal
	phrase string // SIP reason phrase: ASCII, says nothing that helps a thief
	ja, en string
}

var reasons = [numReasons]reasonRow{
	ReasonNone:             {"none", 0, "", "", ""},
	ReasonInternationalOff: {"international-off", 403, "International Calls Barred", "国際発信が許可されていません", "international calls are not switched on"},
	ReasonBarredCountry:    {"barred-country", 403, "Destination Barred", "この国・地域への発信は規制されています", "calls to this country are barred"},
	ReasonBarredPrefix:     {"barred-prefix", 403, "Destination Barred", "この番号帯への発信は規制されています", "calls to this range of numbers are barred"},
	ReasonBarredClass:      {"barred-class", 403, "Destination Barred", "この種類の番号への発信は規制されています", "calls to this kind of number are barred"},
	ReasonClosedForAll:     {"closed-for-all", 403, "Destination Closed", "この宛先は全契約者について閉鎖中です", "the operator has closed this destination for everyone"},
	ReasonOutsideHours:     {"outside-hours", 403, "Outside Hours", "発信できる時間帯ではありません", "calls are not allowed at this hour"},
	ReasonChannels:         {"channels", 486, "All Channels Busy", "同時通話数の上限に達しています", "all of the customer's channels are in use"},
	ReasonCallRate:         {"call-rate", 503, "Too Many Calls", "発信の間隔が短すぎます", "too many calls per second"},
	ReasonCapCall:          {"cap-call", 402, "Over Limit Per Call", "1通話あたりの上限額を超えます", "over the limit for one call"},
	ReasonCapDay:           {"cap-day", 402, "Over Limit Today", "本日の上限額を超えます", "over today's limit"},
	ReasonCapMonth:         {"cap-month", 402, "Over Limit This Month", "今月の上限額を超えます", "over this month's limit"},
	ReasonNoRate:           {"no-rate", 403, "Destination Has No Rate", "料金が登録されていない宛先です", "no price is known for this destination"},
	ReasonFraud:            {"fraud", 603, "Held For Review", "不正利用の疑いがあるため保留しました", "held: somebody else may be using the line"},
	ReasonRestricted:       {"restricted", 603, "Held For Review", "不正利用の疑いにより発信を制限中です", "a restriction stands on this customer"},
	ReasonSuspended:        {"suspended", 403, "Suspended", "利用停止中です", "the service is suspended"},
	ReasonCallerNumber:     {"caller-number", 403, "Caller Number Not Allowed", "発信者番号がこの契約者のものではありません", "the caller number does not belong to this customer"},
	ReasonBadNumber:        {"bad-number", 484, "Address Incomplete", "番号として読めません", "the digits do not make a number"},
	ReasonOverload:         {"overload", 503, "Overloaded", "設備が混み合っています", "the guard is overloaded"},
	ReasonJournal:          {"journal", 503, "Record Unavailable", "通話記録を保存できないため発信を止めています", "the record cannot be kept"},
	ReasonNoRoute:          {"no-route", 404, "No Route", "接続先がありません", "there is nowhere to send the call"},
	ReasonLongestCall:      {"longest-call", 0, "Longest Call Reached", "最長通話時間に達しました", "the longest allowed call was reached"},
	ReasonSessionExpired:   {"session-expired", 0, "Session Expired", "通話の更新信号が途絶えました", "the call was no longer refreshed"},
	ReasonStaff:            {"staff", 0, "Ended By Operator", "担当者が切断しました", "ended by staff"},
	ReasonShutdown:         {"shutdown", 503, "Shutting Down", "設備を停止しています", "the guard is shutting down"},
	ReasonCarrierFailed:    {"carrier-failed", 503, "Carriers Unavailable", "接続先の事業者が応答しません", "no carrier answered"},
	ReasonTooManyHops:      {"too-many-hops", 483, "Too Many Hops", "中継回数が多すぎます", "too many hops"},
	ReasonLoop:             {"loop", 482, "Loop Detected", "呼が循環しています", "the call goes round in a loop"},
	ReasonUnknownCustomer:  {"unknown-customer", 403, "Unknown Customer", "契約者が登録されていません", "the customer is not known"},
	ReasonCallGone:         {"call-gone", 0, "Call Gone", "再起動中に通話が終わっていました", "the call's end was not seen"},
	ReasonStopped:          {"stopped", 403, "Stopped By Customer", "契約者が自ら発信を停止しています", "the customer has stopped its own calls"},
}

// String is the reason's stable code, as in journals, metrics and JSON: "cap-day".
func (r Reason) String() string {
	if r < numReasons {
		return reasons[r].code
	}
	return "invalid"
}

// ParseReason finds a reason by its code.
func ParseReason(s string) (Reason, bool) {
	for i := range reasons {
		if reasons[i].code == s {
			return Reason(i), true
		}
	}
	return 0, false
}

// SIPStatus is the status of the refusal (RFC 3261 §21), 0 for a reason that only ends running calls.
func (r Reason) SIPStatus() int {
	if r < numReasons {
		return reasons[r].status
	}
	return 500
}

// SIPPhrase is the reason phrase that goes with SIPStatus.
func (r Reason) SIPPhrase() string {
	if r < numReasons {
		return reasons[r].phrase
	}
	return "Server Internal Error"
}

// Text says the reason to a person.
func (r Reason) Text(l Lang) string {
	if r >= numReasons {
		return "?"
	}
	if l == English {
		return reasons[r].en
	}
	return reasons[r].ja
}
