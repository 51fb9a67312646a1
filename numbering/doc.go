// Package numbering reads digits as they were dialled and says which number they
// are and where it leads. It does nothing else: no lookup, no routing, no price.
//
// [Plan.Parse] is for what a PBX sends, [ParseURI] takes that out of a tel: or sip: URI,
// [Plan.Classify] is for a number that has been read before. A [Plan] is made once for
// the country where the PBXs stand; it never changes and takes no lock.
//
// # What is read is what the next hop reads
//
// The guard judges a number; the carrier connects it. Where the two could read the same
// digits differently, somebody can dial past the guard. So what is not clear is refused,
// never repaired: a + in the middle, a prefix twice, the trunk 0 after a country code
// (+81 03…), the international prefix before the home country (010 81…), digits that the
// range does not have, letters, parameters of a URI that lead elsewhere.
//
// Emergency numbers are recognised before all else and only as the whole of what was
// dialled, so that no bar can hold them up and nothing else can pass for them.
//
// # What is known
//
// Japan is known in full, by hand, from the ministry's numbering plan: japan.txt. Which
// carrier holds which block, and which blocks of 050 and of mobile numbers are given
// out, is not in there. The world's codes and ranges are in world.txt, written from the
// metadata of libphonenumber, and global.txt, by hand from the ITU's list. Both tell
// kinds of numbers by their first four to six digits. A country code or a North
// American area code that nobody has is ClassUndesignated; an unknown range inside a
// known country is ClassUnknown, because honest people call new ranges too. In North
// America mobile phones have geographic numbers, and those are ClassFixed.
//
// # Where libphonenumber differs
//
// It serves as a peer in the tests, which list every difference in Japan (peer_test.go).
// It knows no 184 and 186, no carrier codes and no fourteen-digit M2M numbers; takes
// 020 for pagers and most of 060 for nothing; lacks 118 among the emergency numbers; and
// strips or adds digits to make a number of what was dialled, which suits an address
// book and not a guard.
package numbering
