package auth

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// The cookies of a browser's login.
const (
	AccessCookie  = "pharos_access"
	RefreshCookie = "pharos_refresh"
)

// CredentialFromRequest returns the credential of a request: the bearer token of the
// Authorization header, else the X-API-Key header, else the access cookie, which counts only
// when the request comes from a page of this server. Without one it returns "". A credential that
// cannot be taken is an Unauthenticated error, a cookie from another site's page a Forbidden one.
func CredentialFromRequest(r *http.Request) (string, error) {
	credential, err := fromHeaders(r.Header["Authorization"], r.Header["X-Api-Key"])
	if credential != "" || err != nil {
		return credential, err
	}
	cookie, err := r.Cookie(AccessCookie)
	if err != nil || cookie.Value == "" {
		return "", nil //nolint:nilerr // the only error is that there is none
	}
	if err := CheckSameOrigin(r.Header.Get, r.Host); err != nil {
		return "", err
	}
	return cookie.Value, nil
}

// CredentialFromMetadata returns the credential of a gRPC call's metadata, whose keys are in lower
// case; "" without one.
func CredentialFromMetadata(md map[string][]string) (string, error) {
	return fromHeaders(md["authorization"], md["x-api-key"])
}

func fromHeaders(authorization, apiKey []string) (string, error) {
	if len(authorization) > 1 || len(apiKey) > 1 {
		return "", errcode.New(errcode.Unauthenticated, "the request has more than one credential in the same header")
	}
	if len(authorization) == 1 {
		scheme, token, _ := strings.Cut(authorization[0], " ")
		token = strings.TrimSpace(token)
		if !strings.EqualFold(scheme, "Bearer") || token == "" {
			return "", &errcode.Error{
				Code: errcode.Unauthenticated, Field: "Authorization", Message: "is no bearer token",
				Fix: "send `Authorization: Bearer KEY` or `X-API-Key: KEY`",
			}
		}
		return token, nil
	}
	if len(apiKey) == 1 {
		return strings.TrimSpace(apiKey[0]), nil
	}
	return "", nil
}

// CheckSameOrigin returns a Forbidden error when a browser says that the request comes from a
// page of another origin; also for reads, since a WebSocket is opened by one. A request that has
// neither header comes from no page of a current browser.
func CheckSameOrigin(header func(name string) string, host string) error {
	site, origin := header("Sec-Fetch-Site"), header("Origin")
	switch {
	case site == "same-origin" || site == "none":
		return nil
	case site == "" && origin == "":
		return nil
	case site == "":
		if page, err := url.Parse(origin); err == nil && page.Host != "" && strings.EqualFold(page.Host, host) {
			return nil
		}
	}
	return &errcode.Error{
		Code: errcode.Forbidden, Message: "the request comes from a page of another site",
		Fix: "use the dashboard of this server, or send a key in the X-API-Key header",
	}
}
