// Package forward hands requests on to the servers behind a gateway: queries, login, the
// dashboard, WebSockets and server-sent events. It spreads them over several backends, goes on
// to the next one where that cannot do anything twice, and ends streams in a way that makes
// clients come again.
package forward
