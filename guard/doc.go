// Package guard decides on calls: rules, money and evidence in one place, in memory.
package guard
