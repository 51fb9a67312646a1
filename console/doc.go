// Package console serves the web pages: all routes of all rooms in one table, and what is asked before any of them runs, in
// this order: address (rate), other sites (Fetch metadata, RFC 9110 Origin), session, person (rate), right, reach, the form's
// token, size. Rooms below it show pages; see README.md for how to write one.
//
// The console holds no rule and no record: pages give orders through control.Client under the person's name.
//
// Locks: limiter.mu is taken with no other lock held.
package console
