// Package gatewayextension owns the server's listeners: it puts backend/frontdoor on the
// network and ends requests in flight before the pipelines stop.
package gatewayextension
