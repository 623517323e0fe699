// Package blackbox holds the tests that look at Pharos from outside: they start the real binary,
// go in by every protocol and out by every API, and count exactly what comes back.
//
// The protocols and APIs share one server; each test has services and metrics of its own there.
// Tests that break something have a server of their own. What clients are told of bad input is
// docs/errors.md: faults_test.go reads its table.
package blackbox
