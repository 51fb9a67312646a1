// Package notify tells people and programs what happened: a restriction, a question, a cap
// that is nearly used, a carrier that does not answer, the last day. It finds the words
// when a notice is sent; until then a notice is facts that wait in an outbox.
//
// # Who is told when
//
// [Plan] makes one notice for each recipient that wants the kind. Quiet hours move it to
// their end, unless somebody's calls were stopped. Notices for staff about cases wait a
// moment for others: when one recipient has several at once, or had several just now, they
// become one message with a table ([Post]).
//
// # What is told
//
// No telephone number is told whole. Text that came in by SIP is cleaned by package
// letter, wherever it ends.
package notify
