// Package syslogreceiver is the receiver `syslog`: messages of RFC 3164 and RFC 5424 by UDP, TCP,
// TLS and a Unix socket.
//
// Syslog acknowledges nothing. By TCP the receiver stops reading while the next part does not take
// what it has, so that the sender waits; by UDP and the Unix socket what is not taken is dropped and
// counted.
package syslogreceiver
