//go:build !linux

package app

// standBack does nothing where threads have no priority of their own.
func standBack() {}

// standFarBack does nothing where threads have no priority of their own.
func standFarBack() {}
