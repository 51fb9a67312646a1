// Package outbox says what a notice is that waits to be told, and what is asked of the
// place where notices wait. It is pure: store/sqlite keeps them, notify sends them.
//
// # Delivery
//
// A notice is told at least once. It is put before anybody tries to send it, and marked
// only after the other side has taken it; a crash in between sends it again, under the
// same id, by which a mail program or a webhook's receiver knows it. An id says what is
// told to whom (see [ID]), so that putting the same fact again adds nothing.
package outbox
