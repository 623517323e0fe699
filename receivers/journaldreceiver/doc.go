// Package journaldreceiver is the receiver `journald`: it reads systemd's journal by running
// `journalctl --follow`, so that no C library is linked.
//
// Which entries a batch is made of is written down before it is handed over, and how far the
// journal was read when it was taken (state.go). After a crash the same entries are read again
// under the same id.
package journaldreceiver
