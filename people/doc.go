// Package people holds who may do what: persons, roles, rights, and the rules of signing
// in. It is pure: no socket, no database. store/sqlite keeps what it describes, console
// and api ask it on every request.
package people
