// Package rating reads a rate deck and says what a call to a number costs. It does
// nothing else: it knows no customer, no limit, no clock and no numbering plan.
//
// The deck is CSV with a header (DESIGN §7):
//
//	prefix,name,yen_per_minute,increment_s,setup_yen,minimum_s,valid_from
//	81,Japan fixed,2.7,180,,,
//	232,Sierra Leone,175,60,,,
//	232,Sierra Leone,190,60,,,2027-04-01
//	=117,Time,8.8,180,,,
//
// A prefix is E.164 digits without plus sign; the longest one that is valid at the
// instant of the call wins, domestic calls being 81…. "=117" is a local number, exactly
// as dialled; no prefix matches a local number. Of several rows with one prefix the
// newest that is valid wins. The last three columns may be left out, and the columns
// may stand in any order.
//
// Emergency calls are free and are never asked for here: which numbers those are is a
// matter of the numbering plan, and whoever decides about a call looks at that first.
package rating
