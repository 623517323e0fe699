// Package server starts the real program for tests that look at it from outside.
//
// The binary is the one that PHAROS_BIN names; without it Main builds one. A server listens on
// free ports of this machine and keeps them over a restart. Nothing here skips: what cannot be
// had fails the test, and the log of the server is shown when its test has failed.
package server
