// Package install puts the agent on a host: its user, its configuration and its systemd unit; it
// takes them away again, and tells how the agent is.
//
// What it knows of the server it learns by asking it before anything is written, and what a step
// has changed is put back when a later one does not work.
package install
