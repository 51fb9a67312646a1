package trace

import "tsujiban"

// Fault is what is wrong with a row; a closed set, to count by.
type Fault uint8

// The faults.
const (
	FaultOther Fault = iota
	FaultFields
	FaultQuotes
	FaultLong
	FaultOrder
	FaultDuplicate
	FaultInside
	FaultID
	FaultStart
	FaultCustomer
	FaultDirection
	FaultCaller
	FaultCallee
	FaultSetup
	FaultTalk
	FaultSource
	FaultUserAgent
	FaultName
	FaultInternational
	FaultOpened
	FaultLabel
	numFaults
)

// NumFaults is the count of faults, for tables indexed by Fault.
const NumFaults = int(numFaults)

var faultRows = [numFaults]struct{ code, ja, en string }{
	FaultOther:         {"other", "その他", "something else"},
	FaultFields:        {"fields", "列の数が違う", "wrong number of fields"},
	FaultQuotes:        {"quotes", "引用符の誤り", "quotes that do not match"},
	FaultLong:          {"long", "行が長すぎる", "too long a line"},
	FaultOrder:         {"order", "開始時刻順でない", "not in the order of start"},
	FaultDuplicate:     {"duplicate", "同じ ID が既にある", "an id that is there already"},
	FaultInside:        {"inside", "構内の通話", "a call that stays inside the PBX"},
	FaultID:            {"id", "ID の誤り", "bad id"},
	FaultStart:         {"start", "開始時刻の誤り", "bad start time"},
	FaultCustomer:      {"customer", "契約者の誤り", "bad customer"},
	FaultDirection:     {"direction", "発着の区別の誤り", "bad direction"},
	FaultCaller:        {"caller", "発信者番号の誤り", "bad caller number"},
	FaultCallee:        {"callee", "相手先番号の誤り", "bad callee number"},
	FaultSetup:         {"setup", "呼び出し時間の誤り", "bad setup time"},
	FaultTalk:          {"talk", "通話時間の誤り", "bad talk time"},
	FaultSource:        {"source", "発信元アドレスの誤り", "bad source address"},
	FaultUserAgent:     {"user-agent", "User-Agent の誤り", "bad user agent"},
	FaultName:          {"name", "名前の誤り", "bad name"},
	FaultInternational: {"international", "国際通話の可否の誤り", "neither yes nor no"},
	FaultOpened:        {"opened", "契約日の誤り", "bad opening date"},
	FaultLabel:         {"label", "正解ラベルの誤り", "bad label"},
}

// String is the fault's stable code.
func (f Fault) String() string {
	if f < numFaults {
		return faultRows[f].code
	}
	return "invalid"
}

// Text says the fault to a person.
func (f Fault) Text(l tsujiban.Lang) string {
	switch {
	case f >= numFaults:
		return "?"
	case l == tsujiban.English:
		return faultRows[f].en
	}
	return faultRows[f].ja
}
