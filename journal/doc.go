// Package journal keeps what happened: an append-only sequence of events on disk,
// from which every view can be rebuilt.
//
// [Journal.Append] puts an event into the open batch in memory and returns; one
// goroutine writes the batch, syncs it, and tells OnCommit how far the record is
// durable. While a sync runs, the next batch gathers.
//
// # On disk
//
// A directory holds segments. A segment is named after the sequence number of its
// first entry, and ends where the next segment begins:
//
//	00000000000000000001.journal.zst   closed and compressed
//	00000000000000041213.journal       open, or closed and not yet compressed
//	00000000000000041213.torn          what a crash left behind an unfinished write
//	erased                             which entries were taken out at the end of their term
//	lock                               held by the program that writes
//
// A segment starts with a header line and continues with one line per entry:
//
//	tsujiban-journal 1 00000000000000041213 00000000000000000001 5be3a10c
//	0000012f*1a2b3c4d {"seq":41213,"kind":"attempt",…}
//	000000b4 99aa00ff {"seq":41214,"kind":"answered",…}
//
// The header names the segment's own first entry and the first entry of the segment
// before it (0 for the first of all), so that a missing segment is known by name. An entry is framed by the
// length of its JSON in hexadecimal, a mark, the CRC-32C (RFC 3720 §12.1) of length, mark
// and JSON, and a blank. The mark is '*' on the first entry of a batch, ' ' on the
// others: when a '*' was written, everything before it was durable. That tells a
// torn tail (no whole '*' follows the damage: moved aside, logged) from damage to
// what was durable (Open refuses). What cannot be told apart is damage to the very last batch from a
// write that never came to its end. After an orderly Close a line with no JSON and mark '.'
// says the same of the whole segment. Behind the last line there may be zero bytes: room made
// in advance. The whole can be read with zstdcat, cut and grep; the JSON, without
// frame and newline, is the entry's leaf in the tree of package evidence.
//
// # Erasure
//
// [Journal.Erase] takes whole closed segments out. The file "erased" says so before the first file goes; a segment that is missing and not
// named there is an error that says what to do. Readers fail at such a hole unless they were told to go on behind it ([Reader.SkipErased]):
// whoever counts entries must not count on.
//
// # Faults
//
// A batch that cannot be written stays in memory and is tried again until it works;
// after a failed sync in a new segment, since the kernel may hold the pages for
// clean. At a start the last batch is written anew for the same reason.
//
// # Processors
//
// A sync is a system call that takes as long as the disk, and the runtime takes the
// processor away from it only after up to 10 ms. With GOMAXPROCS at 1 the whole program stands
// still meanwhile (BenchmarkStall): a program with a journal sets it to 2 or more, also on one core, and
// to one more with Options.KernelWait.
//
// A busy commit goroutine is not woken by Append: it waits for the rest of the interval, on a
// bell that Hurry rings, and looks. On a machine with little to do each time that a core leaves its
// idle state costs more than the entries of a call do.
//
// # Locks
//
// Journal.mu guards the open batch and is held for the encoding of one event or the
// swap of two buffers. Journal.tail guards the table of segments and what readers
// wait for. When both are taken, mu comes first. Neither is held over I/O.
package journal
