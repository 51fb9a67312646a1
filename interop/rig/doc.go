// Package rig starts real programs for a test, waits for what they say, and ends
// them: the guard with a configuration of its own, SIPp with scenarios of ours, and
// whatever else a test talks to. Every program is bounded in time, and ended by its
// process id when the test ends.
//
// The parties of a site have loopback addresses of their own, so that the guard can
// tell a PBX from a carrier and both from a stranger, as it does in the field.
package rig
