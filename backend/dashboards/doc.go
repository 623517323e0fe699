// Package dashboards keeps the dashboards of organisations: create, read, change, delete,
// versions, import, and the ready ones that come with the program.
//
// Every change makes a version. A change names the version that it began with, and is refused
// when somebody was faster. The last versions are kept, also those of a deleted dashboard, so
// that a restore brings it back.
package dashboards
