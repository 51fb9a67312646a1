// Package interop holds the tests against programs that we did not write: SIPp as PBX
// and carrier, Kamailio as registrar, baresip as a phone, sipvicious as the stranger
// at the door. They start the real guard as its users do, on loopback addresses of
// their own, and judge it by what those programs say and by the records that it keeps.
//
//	make interop
//
// or, one at a time:
//
//	go test -tags interop -run TestBusy -v ./interop
//
// A program that is missing fails the test and is named with its Debian package.
package interop
