// Package evidence makes a journal provable.
package evidence
