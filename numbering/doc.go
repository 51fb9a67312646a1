// Package numbering reads digits as they were dialled and says which number they
// are and where it leads. It does nothing else: no lookup, no routing, no price.
package numbering
