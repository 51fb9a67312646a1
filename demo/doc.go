// Package demo shows the main job in half a minute: a dozen firms telephone through the
// guard to a demo carrier, by real SIP on loopback; then the PBX of one is hijacked as
// in the press of 2015 (Sierra Leone, again and again).
//
// Everything lives in a temporary folder. The guard knows the firms from four weeks
// of journal that are written first. Time is pressed: the thief's calls come about a second
// apart and not 25, and last seconds and not half a minute; prices are the real ones, so a call of
// three seconds costs what the press's calls of 32 seconds cost, JPY 175: one step of a minute.
//
// What is counted is what the demo's own PBXs and carrier saw, not what the guard says of
// itself.
package demo
