package auth

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestCredentialFromRequest(t *testing.T) {
	cookie := "pharos_access=fromcookie; other=x"
	tests := []struct {
		name    string
		method  string
		headers map[string]string
		want    string
		code    errcode.Code
	}{
		{"nothing", "GET", nil, "", ""},
		{"bearer", "POST", map[string]string{"Authorization": "Bearer abc"}, "abc", ""},
		{"bearer in lower case", "POST", map[string]string{"Authorization": "bearer  abc "}, "abc", ""},
		{"api key", "POST", map[string]string{"X-API-Key": "abc"}, "abc", ""},
		{"bearer before api key", "GET", map[string]string{"Authorization": "Bearer abc", "X-API-Key": "def"}, "abc", ""},
		{"api key before cookie", "GET", map[string]string{"X-API-Key": "def", "Cookie": cookie}, "def", ""},
		{"basic", "GET", map[string]string{"Authorization": "Basic abc"}, "", errcode.Unauthenticated},
		{"no token", "GET", map[string]string{"Authorization": "Bearer"}, "", errcode.Unauthenticated},
		{"bad header and cookie", "GET", map[string]string{"Authorization": "abc", "Cookie": cookie}, "", errcode.Unauthenticated},
		{"cookie of a program", "POST", map[string]string{"Cookie": cookie}, "fromcookie", ""},
		{"empty cookie", "GET", map[string]string{"Cookie": "pharos_access="}, "", ""},
		{"cookie, same origin", "POST", map[string]string{"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}, "fromcookie", ""},
		{"cookie, typed address", "GET", map[string]string{"Cookie": cookie, "Sec-Fetch-Site": "none"}, "fromcookie", ""},
		{"cookie, other site", "POST", map[string]string{"Cookie": cookie, "Sec-Fetch-Site": "cross-site"}, "", errcode.Forbidden},
		{"cookie, sibling", "POST", map[string]string{"Cookie": cookie, "Sec-Fetch-Site": "same-site"}, "", errcode.Forbidden},
		{"cookie, read by another site", "GET", map[string]string{"Cookie": cookie, "Sec-Fetch-Site": "cross-site"}, "", errcode.Forbidden},
		{"cookie, old browser", "POST", map[string]string{"Cookie": cookie, "Origin": "http://pharos.example:8080"}, "fromcookie", ""},
		{"cookie, old browser, other site", "POST", map[string]string{"Cookie": cookie, "Origin": "http://evil.example"}, "", errcode.Forbidden},
		{"cookie, other port", "GET", map[string]string{"Cookie": cookie, "Origin": "http://pharos.example:9090"}, "", errcode.Forbidden},
		{"cookie, hidden origin", "POST", map[string]string{"Cookie": cookie, "Origin": "null"}, "", errcode.Forbidden},
		{"header from another site", "POST", map[string]string{"X-API-Key": "abc", "Sec-Fetch-Site": "cross-site"}, "abc", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), tt.method, "http://pharos.example:8080/v1/query/logs", http.NoBody)
			for name, value := range tt.headers {
				r.Header.Set(name, value)
			}
			got, err := CredentialFromRequest(r)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.code, errcode.Of(err))
		})
	}
}

func TestTwoHeadersOfAKindAreRefused(t *testing.T) {
	for _, name := range []string{"Authorization", "X-API-Key"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.Header.Add(name, "Bearer a")
		r.Header.Add(name, "Bearer b")
		_, err := CredentialFromRequest(r)
		assert.Equal(t, errcode.Unauthenticated, errcode.Of(err), name)
	}
}

func TestCredentialFromMetadata(t *testing.T) {
	for name, tt := range map[string]struct {
		md   map[string][]string
		want string
		code errcode.Code
	}{
		"nothing": {nil, "", ""},
		"bearer":  {map[string][]string{"authorization": {"Bearer abc"}}, "abc", ""},
		"api key": {map[string][]string{"x-api-key": {"abc"}}, "abc", ""},
		"cookie":  {map[string][]string{"cookie": {"pharos_access=abc"}}, "", ""},
		"basic":   {map[string][]string{"authorization": {"Basic abc"}}, "", errcode.Unauthenticated},
		"two":     {map[string][]string{"x-api-key": {"abc", "def"}}, "", errcode.Unauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := CredentialFromMetadata(tt.md)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.code, errcode.Of(err))
		})
	}
}
