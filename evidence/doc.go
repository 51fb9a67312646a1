// Package evidence makes a journal provable: nobody, its keeper included, can change, drop, insert or reorder an entry
// without being found out by whoever has kept a checkpoint; and a record that was handed over can be verified by anybody who has the
// public key, without us.
//
// It knows nothing of telephony, of the journal's package or of a database, so that a third party can build a verifier on it.
//
// # The tree
//
// The entries of the journal are the leaves of a Merkle tree (RFC 6962 §2.1, SHA-256): entry 1 is leaf 0. A leaf is the line of the entry, byte for byte and without
// newline; its hash is SHA-256(0x00 ‖ line), that of a node SHA-256(0x01 ‖ left ‖ right). [Log] folds the journal's tail into it, one hash
// for the entry and about one for the nodes. The keeper's directory:
//
//	checkpoint              the newest signed checkpoint
//	history                 one checkpoint an hour, for good
//	tile/<L>/<N>[.p/<W>]    tiles (C2SP tlog-tiles): 256 hashes of level 8·L, or W of them at the edge
//	keys/                   0001.pub, 0001.key (0600), 0002.rotation, …
//	erased/<first>-<last>   statements of erasure
//	synced                  up to which size all tiles are known to be on disk
//	lock                    held by the program that keeps the tree
//
// Tiles are written whole or not at all, and not synced one by one: as long as the journal has the entries, a tile that a crash took is made
// anew. [Open] verifies what was written since the last sync against the checkpoint. A tree that is behind the journal catches up; one that is ahead of it,
// or of another journal, is refused and said so: going on would show two different trees under one name.
//
// When entries are past their term the journal drops them; before, [Log.Erase] makes their hashes durable and signs a statement. The tree
// proves the rest as before.
//
// # Checkpoints
//
// A checkpoint (C2SP tlog-checkpoint, signed-note with Ed25519) is
//
//	tsujiban/guard1/5be3a10c        the log's name, and the name of its keys
//	41213                           entries
//	sFodV/vSp5O8n9a8QpW6PRY97tfO…   root, base64
//	time 2026-04-01T03:04:05Z       by the keeper's own clock
//	next-key tsujiban/guard1/…      only at a rotation
//
//	— tsujiban/guard1/5be3a10c hI2DJw…
//
// The last two lines of the text are extension lines. At a rotation the checkpoint names the next key and is signed by the old and the new one: who trusts
// the old key can follow to the new. Who has lost faith in a key must not follow it.
//
// # Bundle
//
// A bundle is a ZIP (APPNOTE 6.3.10) with every file stored and not compressed, version needed and made by 20, flags 0x0800, time 0, date 0x0021
// (1980-01-01), sizes and CRC-32 in the local headers, no extra fields, comments or attributes, nothing between the
// parts: for given files there is one such ZIP, so that no byte can be changed unseen. A verifier refuses any other, and more than 256 MiB. The files, in this order:
//
//	manifest.txt     signed note, below
//	README.ja.txt, README.en.txt
//	checkpoint.txt   signed checkpoint
//	rotations.txt    the checkpoints of all rotations, an empty line behind each; only if there are any
//	records.jsonl    the lines of the entries, ascending, each with a newline
//	proofs.txt       for each record in the same order: its leaf index (from 0) and the hashes of its audit path (RFC 6962 §2.1.1), lowest
//	                 first, in base64, with single blanks between and a newline behind
//	files/<name>     attachments: names of letters, digits and . - _, no dot in front
//
// The text of the manifest, signed by a key of the log, exactly one signature:
//
//	tsujiban bundle@v1
//	tsujiban/guard1/5be3a10c
//	made 2026-04-01T04:00:00Z
//	checkpoint 41213 sFodV/vSp5O8n9a8QpW6PRY97tfO…
//	<SHA-256, hexadecimal> <size in bytes> <name>      every file but the manifest, in their order
//
// To verify: read the ZIP as above; from the trusted keys follow the rotations; check the signatures of checkpoint and manifest; compare every file with
// the manifest; lead each record by its proof to the checkpoint's root; see that indexes ascend, and that "seq" of each record
// is its index plus one. [VerifyBundle] does this.
//
// What that proves: the records stood in the journal, as they are, when the checkpoint was signed, and within an unbroken range of indexes none is left
// out. It does not prove that no other record is about the matter, that the records are true, that the clock was right, or whose
// key it is; [Report.Text] says so to people.
//
// A proof of a single entry is written as C2SP tlog-proof ([Proof]); that of a tree having grown from another as [Consistency].
package evidence
