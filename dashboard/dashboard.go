// Package dashboard serves the web dashboard. Its React sources live beside this file; `make
// dashboard` builds them into dist/, which is embedded in the binary. A binary that was built
// without Node has only dist/placeholder.html in it and serves that instead.
package dashboard

import (
	"embed"
	"net/http"
)

//go:embed all:dist
var dist embed.FS

// Handler serves the dashboard. Every path that asks for a page gets index.html, which finds
// the page by its path; only unknown files and API paths are answered with 404. Nothing in it is
// secret, so it needs no credential.
//
// Register it on "/" without a method: http.ServeMux panics when "GET /" stands beside a
// pattern without a method for a sub-path. It answers 405 itself.
func Handler() http.Handler {
	return newSite(dist)
}
