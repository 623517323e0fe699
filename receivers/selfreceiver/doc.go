// Package selfreceiver is the `self` receiver: it sends the program's own metrics through a
// pipeline, so that they can be queried, charted and alerted on like any other.
package selfreceiver
