// Package crash holds the test that kills the guard without warning, again and
// again, under load, and looks whether its books still hold what the network saw.
//
//	make crash
package crash
