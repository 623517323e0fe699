package frontdoor

import (
	"context"
	"net/http"
	"strings"

	"github.com/pharos-obs/pharos/backend/auth"
)

// ClosedHeader marks the answer of a door that is not open: the request has not been looked at,
// so that a gateway may give it to another server.
const ClosedHeader = "Pharos-Closed"

// forwardPattern is what forwarded requests are counted under.
const forwardPattern = "(forwarded)"

// Forward makes next take every request to the HTTP listener that no route wants, but for paths
// of ingest, which are this server's own matter. Next hands credentials on and lets the server
// behind it check them; here only the number of requests without any is limited, and size and
// time of bodies as ever.
func (d *Door) Forward(next http.Handler) {
	route := Route{Pattern: forwardPattern, Handler: next}
	d.forward = d.middleware(HTTP, route, d.admitForwarded)
}

// forwards says whether a request that no route wants goes to another server.
func (d *Door) forwards(listener Listener, r *http.Request) bool {
	return d.forward != nil && listener == HTTP &&
		strings.HasPrefix(r.URL.Path, "/") && !strings.HasPrefix(r.URL.Path, "/v1/ingest/")
}

func (d *Door) admitForwarded(r *http.Request) (context.Context, error) {
	if credential, err := auth.CredentialFromRequest(r); credential == "" || err != nil {
		if limited := d.limits.anonymous(r.Context(), r.RemoteAddr); limited != nil {
			return nil, limited
		}
	}
	return r.Context(), nil
}
