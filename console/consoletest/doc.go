// Package consoletest helps to test pages: their words, and what a browser sees of them.
package consoletest
