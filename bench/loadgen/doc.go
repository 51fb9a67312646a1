// Package loadgen plays the PBX and the carrier of many calls in one thread, to
// load a SIP proxy that stands between them and to judge how it behaves.
//
// It is made to cost little beside the proxy that it measures: one loop, two UDP
// sockets read and written in batches (recvmmsg, sendmmsg), messages that are
// copied from templates. Both ends of a call share one record, so what the proxy
// loses, swaps or delays is seen at once.
//
// The generator keeps to RFC 3261: it follows Record-Route (§12.1, §12.2), sends
// the ACK of a 2xx with a branch of its own and that of another final response
// with the branch of the INVITE (§13.2.2.4, §17.1.1.3), and repeats what is not
// answered (§17), though on a timer that ticks only every half second: on a
// loopback every repetition is a fault of somebody, and is counted.
//
// It shares no code with the guard: a judge that reads with the same scanner
// would share its mistakes. It needs Linux, on a 64-bit machine.
package loadgen
