// Package trace reads and writes recorded traffic: the calls of some weeks in files, as an
// operator exports them, as the simulator makes them and as replay judges them.
//
// # The trace
//
// A trace is three CSV files with a header line, UTF-8, times in UTC:
//
//	calls.csv      id,start,customer,direction,caller,callee,setup_s,talk_s,source,user_agent
//	customers.csv  id,name,international,opened
//	rates.csv      prefix,name,yen_per_minute,increment_s   (read by package rating)
//
// start is RFC 3339 with milliseconds; direction is out or in, seen from the customer; caller and callee are digits as
// presented and dialled (0312345678, 01023277…, +23277…); setup_s is the time from INVITE to answer or
// failure, talk_s the time from answer to end, 0 when nobody answered, both in seconds with at most three decimals;
// source is the address that the INVITE came from. Calls are sorted by start. The caller and the last four columns may be
// empty, the last two may be missing, and columns that are not known are refused: a slip in a header must not change what
// is read. That ids are unique is not checked, since it would cost more than the reading.
//
// A row has at most 65,536 bytes; id and customer 64, caller and callee 40; a user agent is cut at 200. A call is set up
// in at most an hour and lasts at most 7 days. Years are 2000 to 2099.
//
// truth.csv (id,customer,label) says of a simulated trace what each call is: honest, or the kind of
// hijacking that it belongs to.
//
// # Records of other programs
//
// NewAsterisk and NewFreeSWITCH read what these write, NewMapped any CSV file with a header. Such records are written when a
// call ends; they are held in memory to be sorted by start. Local times become UTC.
//
// # Bad rows
//
// Files from the field have bad rows. A reader tells each by its line and reason and goes on with the next; nothing is
// skipped in silence: every line that is not empty is a row that is given or refused, or part of one. Who reads decides
// whether that is an error; Rejects counts them.
package trace
