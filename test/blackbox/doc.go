// Package blackbox holds the tests that look at Pharos from outside: they start the real binary,
// go in by every protocol and out by every API, and count exactly what comes back.
//
// The tests of protocols and APIs run on every kind of stores: on the all-in-one (TestLocal), and
// on three roles with real servers (TestClusters). They share a server there; each has services
// and metrics of its own. Tests that break something have a server of their own, or take turns.
// What clients are told of bad input is docs/errors.md, and what is promised when something
// breaks docs/faults.md: tests read the tables of both.
package blackbox
