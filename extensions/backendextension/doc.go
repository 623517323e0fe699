// Package backendextension puts the backend behind the front door: queries, live data,
// authentication, operations and the dashboard.
package backendextension
