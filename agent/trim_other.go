//go:build !linux

package main

// trimProgram leaves it to the system, which has no call for it.
func trimProgram() {}
