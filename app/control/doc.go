// Package control is the language that staff's commands speak with the running
// program over its local socket: HTTP with JSON bodies, the shapes of those bodies,
// and a [Client]. The server's side is in package app.
//
// The socket is the authority: the kernel says which user is at the other end, so
// there is no password, and what is changed is journaled under that user's name.
package control
