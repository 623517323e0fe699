package auth_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/zap/zaptest"

	"github.com/pharos-obs/pharos/backend/api"
	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/frontdoor"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/metadata"
)

// server is the API with its real front door, on stores that are not asked.
type server struct {
	*httptest.Server
	service *auth.Service
	db      *metadata.DB
	first   auth.Credentials
}

func serve(t *testing.T, listen func(http.Handler) *httptest.Server) *server {
	t.Helper()
	logger := zaptest.NewLogger(t)
	db, err := metadata.Open(t.Context(), metadata.Config{Path: filepath.Join(t.TempDir(), "m.db")}, logger)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	service := auth.New(db, auth.Config{}, logger)
	require.NoError(t, service.Start(t.Context()))
	t.Cleanup(func() { service.Close(context.WithoutCancel(t.Context())) })
	first, err := service.Bootstrap(t.Context(), "", nil)
	require.NoError(t, err)

	a, err := api.New(api.Deps{
		Metrics: struct{ storage.MetricStore }{}, Logs: struct{ storage.LogStore }{}, Query: &query.Engine{}, Auth: service,
		Health:   func(context.Context) []api.ComponentHealth { return nil },
		Platform: prometheus.NewRegistry(), Logger: logger,
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, a.Close()) })
	door, err := frontdoor.New(frontdoor.Config{MaxBody: 1 << 20, BodyTimeout: time.Minute}, service,
		func(ctx context.Context, _ string) context.Context { return ctx }, noop.Meter{}, logger)
	require.NoError(t, err)
	routes := slices.DeleteFunc(a.Routes(), func(r frontdoor.Route) bool { return !strings.Contains(r.Pattern, "/v1/auth/") })
	require.NoError(t, door.Handle(routes...))
	door.Open()
	s := &server{Server: listen(door.Handler(frontdoor.HTTP)), service: service, db: db, first: *first}
	t.Cleanup(s.Close)
	return s
}

// request is a call of the API.
type request struct {
	method, path, body string
	headers            map[string]string
	client             *http.Client
}

// answer is what came back beside the body.
type answer struct {
	status  int
	header  http.Header
	cookies []*http.Cookie
}

// do calls the API and decodes the body of the answer.
func (s *server) do(t *testing.T, r request) (answer, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.method, s.URL+r.path, strings.NewReader(r.body))
	require.NoError(t, err)
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.headers {
		req.Header.Set(name, value)
	}
	client := r.client
	if client == nil {
		client = s.Client()
	}
	resp, err := client.Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	var decoded map[string]any
	if len(body) > 0 {
		require.NoError(t, json.Unmarshal(body, &decoded), string(body))
	}
	return answer{status: resp.StatusCode, header: resp.Header, cookies: resp.Cookies()}, decoded
}

func (s *server) login(t *testing.T, client *http.Client) map[string]any {
	t.Helper()
	resp, body := s.do(t, request{
		method: "POST", path: "/v1/auth/login", client: client,
		body: `{"email":"admin@localhost","password":"` + s.first.AdminPassword + `"}`,
	})
	require.Equal(t, http.StatusOK, resp.status, body)
	return body
}

func bearer(credential any) map[string]string {
	text, _ := credential.(string)
	return map[string]string{"Authorization": "Bearer " + text}
}

func TestHTTPLogin(t *testing.T) {
	s := serve(t, httptest.NewServer)
	resp, body := s.do(t, request{
		method: "POST", path: "/v1/auth/login",
		body: `{"email":"admin@localhost","password":"` + s.first.AdminPassword + `"}`,
	})
	require.Equal(t, http.StatusOK, resp.status)
	assert.Equal(t, "Bearer", body["token_type"])
	assert.InDelta(t, 900, body["expires_in"], 0)
	assert.NotEmpty(t, body["refresh_token"])
	assert.Equal(t, "no-store", resp.header.Get("Cache-Control"))
	user, _ := body["user"].(map[string]any)
	assert.Equal(t, "admin@localhost", user["email"])
	assert.Equal(t, "admin", user["role"])
	assert.Equal(t, string(s.first.OrgID), user["org_id"])

	got := map[string]*http.Cookie{}
	for _, cookie := range resp.cookies {
		got[cookie.Name] = cookie
		assert.True(t, cookie.HttpOnly)
		assert.False(t, cookie.Secure, "the request came without TLS")
		assert.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
	}
	require.Len(t, got, 2)
	assert.Equal(t, body["access_token"], got[auth.AccessCookie].Value)
	assert.Equal(t, "/", got[auth.AccessCookie].Path)
	assert.Equal(t, 900, got[auth.AccessCookie].MaxAge)
	assert.Equal(t, body["refresh_token"], got[auth.RefreshCookie].Value)
	assert.Equal(t, "/v1/auth", got[auth.RefreshCookie].Path)
	assert.Equal(t, 30*24*3600, got[auth.RefreshCookie].MaxAge)
}

func TestHTTPCookiesAreSecureOverTLS(t *testing.T) {
	s := serve(t, httptest.NewTLSServer)
	link, err := s.service.NewLoginLink(t.Context(), auth.DefaultAdmin)
	require.NoError(t, err)
	resp, _ := s.do(t, request{method: "POST", path: "/v1/auth/link", body: `{"once":"` + link.Token + `"}`})
	require.Equal(t, http.StatusOK, resp.status)
	require.Len(t, resp.cookies, 2)
	for _, cookie := range resp.cookies {
		assert.True(t, cookie.Secure, cookie.Name)
	}
}

func TestHTTPRefusals(t *testing.T) {
	s := serve(t, httptest.NewServer)
	reader, _, err := newKey(t, s, "reader", auth.ScopeQuery)
	require.NoError(t, err)
	key := bearer(s.first.APIKey)
	crossSite := map[string]string{"Sec-Fetch-Site": "cross-site"}
	tests := []struct {
		name, method, path, body string
		headers                  map[string]string
		status                   int
		code, field              string
	}{
		{"wrong password", "POST", "/v1/auth/login", `{"email":"admin@localhost","password":"x"}`, nil, 401, "unauthenticated", ""},
		{"no password", "POST", "/v1/auth/login", `{"email":"admin@localhost"}`, nil, 400, "invalid", "password"},
		{"password of a wrong type", "POST", "/v1/auth/login", `{"email":"a","password":1}`, nil, 400, "invalid", "password"},
		{"unknown field", "POST", "/v1/auth/login", `{"email":"a","password":"b","c":1}`, nil, 400, "invalid", "c"},
		{"no JSON", "POST", "/v1/auth/login", `{`, nil, 400, "invalid", "body"},
		{"login from another site", "POST", "/v1/auth/login", `{"email":"a","password":"b"}`, crossSite, 403, "forbidden", ""},
		{"unknown link", "POST", "/v1/auth/link", `{"once":"x"}`, nil, 401, "unauthenticated", "once"},
		{"empty link", "POST", "/v1/auth/link", `{"once":""}`, nil, 400, "invalid", "once"},
		{"link from another site", "POST", "/v1/auth/link", `{"once":"x"}`, crossSite, 403, "forbidden", ""},
		{"refresh with nothing", "POST", "/v1/auth/refresh", ``, nil, 401, "unauthenticated", "refresh_token"},
		{"refresh with an empty token", "POST", "/v1/auth/refresh", `{}`, nil, 401, "unauthenticated", "refresh_token"},
		{"refresh with an unknown token", "POST", "/v1/auth/refresh", `{"refresh_token":"x"}`, nil, 401, "unauthenticated", ""},
		{"logout with nothing", "POST", "/v1/auth/logout", ``, nil, 401, "unauthenticated", "refresh_token"},
		{"logout from another site", "POST", "/v1/auth/logout", `{"refresh_token":"x"}`, crossSite, 403, "forbidden", ""},
		{"me without a credential", "GET", "/v1/auth/me", ``, nil, 401, "unauthenticated", "Authorization"},
		{"keys without a credential", "GET", "/v1/auth/apikey", ``, nil, 401, "unauthenticated", "Authorization"},
		{"keys by a reader", "GET", "/v1/auth/apikey", ``, bearer(reader), 403, "forbidden", "Authorization"},
		{"new key by a reader", "POST", "/v1/auth/apikey", `{"name":"k","scopes":["query"]}`, bearer(reader), 403, "forbidden", "Authorization"},
		{"new key without a name", "POST", "/v1/auth/apikey", `{"scopes":["query"]}`, key, 400, "invalid", "name"},
		{"new key without scopes", "POST", "/v1/auth/apikey", `{"name":"k","scopes":[]}`, key, 400, "invalid", "scopes"},
		{"new key with an unknown scope", "POST", "/v1/auth/apikey", `{"name":"k","scopes":["root"]}`, key, 400, "invalid", "scopes[0]"},
		{"new key of the past", "POST", "/v1/auth/apikey", `{"name":"k","scopes":["query"],"expires_at":"2020-01-01T00:00:00Z"}`, key, 400, "invalid", "expires_at"},
		{"new key with no time", "POST", "/v1/auth/apikey", `{"name":"k","scopes":["query"],"expires_at":"soon"}`, key, 400, "invalid", "expires_at"},
		{"unknown key", "DELETE", "/v1/auth/apikey/00000000-0000-0000-0000-000000000000", ``, key, 404, "not_found", ""},
		{"key id that is none", "DELETE", "/v1/auth/apikey/x", ``, key, 400, "invalid", "id"},
		{"password by a key", "POST", "/v1/auth/password", `{"current_password":"x","new_password":"correct horse"}`, key, 403, "forbidden", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, body := s.do(t, request{method: tt.method, path: tt.path, body: tt.body, headers: tt.headers})
			assert.Equal(t, tt.status, resp.status, body)
			assert.Equal(t, "application/problem+json", resp.header.Get("Content-Type"))
			assert.Equal(t, tt.code, body["code"], body)
			if tt.field == "" {
				assert.NotContains(t, body, "field")
			} else {
				assert.Contains(t, fmt.Sprint(body["field"], " ", body["detail"]), tt.field)
			}
			assert.Empty(t, resp.cookies)
		})
	}
}

// newKey creates a key and returns its text and id.
func newKey(t *testing.T, s *server, name string, scopes ...auth.Scope) (text, id string, err error) {
	t.Helper()
	admin, err := s.service.Authenticate(t.Context(), s.first.APIKey)
	require.NoError(t, err)
	key, text, err := s.service.CreateKey(t.Context(), admin, auth.NewKey{Name: name, Scopes: scopes})
	return text, key.ID, err
}

func TestHTTPLoginIsLimited(t *testing.T) {
	s := serve(t, httptest.NewServer)
	wrong := request{method: "POST", path: "/v1/auth/login", body: `{"email":"admin@localhost","password":"wrong"}`}
	for range 5 {
		resp, _ := s.do(t, wrong)
		assert.Equal(t, http.StatusUnauthorized, resp.status)
	}
	resp, body := s.do(t, wrong)
	assert.Equal(t, http.StatusTooManyRequests, resp.status)
	assert.Equal(t, "rate_limited", body["code"])
	assert.Equal(t, "60", resp.header.Get("Retry-After"))
}

// A browser logs in, goes on by cookies alone, and logs out.
func TestHTTPBrowser(t *testing.T) {
	s := serve(t, httptest.NewServer)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := &http.Client{Jar: jar, Transport: s.Client().Transport}
	own := map[string]string{"Sec-Fetch-Site": "same-origin"}
	s.login(t, browser)

	resp, me := s.do(t, request{method: "GET", path: "/v1/auth/me", client: browser, headers: own})
	require.Equal(t, http.StatusOK, resp.status)
	assert.Equal(t, "admin@localhost", me["name"])
	resp, _ = s.do(t, request{
		method: "POST", path: "/v1/auth/apikey", body: `{"name":"k","scopes":["query"]}`, client: browser,
		headers: map[string]string{"Sec-Fetch-Site": "same-site"},
	})
	assert.Equal(t, http.StatusForbidden, resp.status, "a page of another port")
	resp, _ = s.do(t, request{method: "POST", path: "/v1/auth/refresh", client: browser, headers: map[string]string{"Origin": "http://evil.example"}})
	assert.Equal(t, http.StatusForbidden, resp.status)

	resp, body := s.do(t, request{method: "POST", path: "/v1/auth/refresh", client: browser, headers: own})
	require.Equal(t, http.StatusOK, resp.status, body)
	assert.NotContains(t, body, "refresh_token", "a script has no use for it")
	assert.Len(t, resp.cookies, 2)

	resp, _ = s.do(t, request{method: "POST", path: "/v1/auth/logout", client: browser, headers: own})
	require.Equal(t, http.StatusNoContent, resp.status)
	for _, cookie := range resp.cookies {
		assert.Negative(t, cookie.MaxAge, cookie.Name)
	}
	resp, _ = s.do(t, request{method: "GET", path: "/v1/auth/me", client: browser, headers: own})
	assert.Equal(t, http.StatusUnauthorized, resp.status)
	resp, _ = s.do(t, request{method: "GET", path: "/v1/auth/me", headers: bearer(body["access_token"])})
	assert.Equal(t, http.StatusUnauthorized, resp.status, "the access token ended too")
}

// A program refreshes by body, strictly once each.
func TestHTTPRefreshByBody(t *testing.T) {
	s := serve(t, httptest.NewServer)
	first := s.login(t, nil)
	body := func(body map[string]any) string {
		text, err := json.Marshal(map[string]any{"refresh_token": body["refresh_token"]})
		require.NoError(t, err)
		return string(text)
	}
	resp, second := s.do(t, request{method: "POST", path: "/v1/auth/refresh", body: body(first)})
	require.Equal(t, http.StatusOK, resp.status)
	for _, spent := range []map[string]any{first, second} {
		resp, _ = s.do(t, request{method: "POST", path: "/v1/auth/refresh", body: body(spent)})
		assert.Equal(t, http.StatusUnauthorized, resp.status)
	}
}

func TestHTTPLogoutByAccessToken(t *testing.T) {
	s := serve(t, httptest.NewServer)
	token := bearer(s.login(t, nil)["access_token"])
	resp, _ := s.do(t, request{method: "POST", path: "/v1/auth/logout", headers: token})
	assert.Equal(t, http.StatusNoContent, resp.status)
	resp, _ = s.do(t, request{method: "GET", path: "/v1/auth/me", headers: token})
	assert.Equal(t, http.StatusUnauthorized, resp.status)
}

func TestHTTPKeys(t *testing.T) {
	s := serve(t, httptest.NewServer)
	admin := bearer(s.first.APIKey)
	resp, made := s.do(t, request{
		method: "POST", path: "/v1/auth/apikey", headers: admin,
		body: `{"name":"checkout","scopes":["query","ingest"],"expires_at":"2099-01-01T00:00:00+01:00"}`,
	})
	require.Equal(t, http.StatusCreated, resp.status, made)
	assert.Equal(t, "no-store", resp.header.Get("Cache-Control"))
	assert.Equal(t, "2098-12-31T23:00:00Z", made["expires_at"])
	assert.Equal(t, []any{"ingest", "query"}, made["scopes"])
	key := map[string]string{"X-API-Key": made["key"].(string)}

	resp, me := s.do(t, request{method: "GET", path: "/v1/auth/me", headers: key})
	require.Equal(t, http.StatusOK, resp.status)
	assert.Equal(t, made["id"], me["key_id"])
	assert.Equal(t, "checkout", me["name"])

	resp, list := s.do(t, request{method: "GET", path: "/v1/auth/apikey", headers: admin})
	require.Equal(t, http.StatusOK, resp.status)
	keys, _ := list["keys"].([]any)
	require.Len(t, keys, 2)
	for _, item := range keys {
		fields, _ := item.(map[string]any)
		assert.NotContains(t, fields, "key")
		assert.NotContains(t, fields, "hash")
	}

	path := "/v1/auth/apikey/" + made["id"].(string)
	resp, _ = s.do(t, request{method: "DELETE", path: path, headers: admin})
	assert.Equal(t, http.StatusNoContent, resp.status)
	resp, _ = s.do(t, request{method: "GET", path: "/v1/auth/me", headers: key})
	assert.Equal(t, http.StatusUnauthorized, resp.status)
	resp, _ = s.do(t, request{method: "DELETE", path: path, headers: admin})
	assert.Equal(t, http.StatusNotFound, resp.status)
}

func TestHTTPPassword(t *testing.T) {
	s := serve(t, httptest.NewServer)
	token := bearer(s.login(t, nil)["access_token"])
	change := func(current, next string) request {
		body, err := json.Marshal(map[string]string{"current_password": current, "new_password": next})
		require.NoError(t, err)
		return request{method: "POST", path: "/v1/auth/password", headers: token, body: string(body)}
	}
	resp, body := s.do(t, change("wrong", "correct horse"))
	assert.Equal(t, http.StatusBadRequest, resp.status)
	assert.Equal(t, "current_password", body["field"])
	resp, body = s.do(t, change(s.first.AdminPassword, "short"))
	assert.Equal(t, http.StatusBadRequest, resp.status)
	assert.Equal(t, "new_password", body["field"])

	resp, body = s.do(t, change(s.first.AdminPassword, "correct horse"))
	require.Equal(t, http.StatusOK, resp.status, body)
	resp, _ = s.do(t, request{method: "GET", path: "/v1/auth/me", headers: token})
	assert.Equal(t, http.StatusUnauthorized, resp.status, "the old login has ended")
	resp, _ = s.do(t, request{method: "GET", path: "/v1/auth/me", headers: bearer(body["access_token"])})
	assert.Equal(t, http.StatusOK, resp.status)
}

func TestHTTPDatabaseAway(t *testing.T) {
	s := serve(t, httptest.NewServer)
	token := bearer(s.login(t, nil)["access_token"])
	resp, _ := s.do(t, request{method: "GET", path: "/v1/auth/me", headers: token})
	require.Equal(t, http.StatusOK, resp.status)
	require.NoError(t, s.db.Close())

	resp, _ = s.do(t, request{method: "GET", path: "/v1/auth/me", headers: token})
	assert.Equal(t, http.StatusOK, resp.status, "from memory")
	resp, body := s.do(t, request{method: "POST", path: "/v1/auth/login", body: `{"email":"a","password":"b"}`})
	assert.Equal(t, http.StatusServiceUnavailable, resp.status)
	assert.Equal(t, "unavailable", body["code"])
	assert.NotEmpty(t, resp.header.Get("Retry-After"))
}

// Who may call what without a credential is decided here, and nowhere by accident.
func TestScopesOfOperations(t *testing.T) {
	a, err := api.New(api.Deps{
		Metrics: struct{ storage.MetricStore }{}, Logs: struct{ storage.LogStore }{}, Query: &query.Engine{},
		Auth:     auth.New(nil, auth.Config{}, zaptest.NewLogger(t)),
		Health:   func(context.Context) []api.ComponentHealth { return nil },
		Platform: prometheus.NewRegistry(), Logger: zaptest.NewLogger(t),
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, a.Close()) })
	got := map[string]auth.Scope{}
	for _, route := range a.Routes() {
		if strings.Contains(route.Pattern, "/v1/auth/") {
			got[route.Pattern] = route.Scope
		}
	}
	assert.Equal(t, map[string]auth.Scope{
		"POST /v1/auth/login":         "",
		"POST /v1/auth/link":          "",
		"POST /v1/auth/refresh":       "",
		"POST /v1/auth/logout":        "",
		"GET /v1/auth/me":             auth.ScopeQuery,
		"POST /v1/auth/password":      auth.ScopeQuery,
		"POST /v1/auth/apikey":        auth.ScopeAdmin,
		"GET /v1/auth/apikey":         auth.ScopeAdmin,
		"DELETE /v1/auth/apikey/{id}": auth.ScopeAdmin,
	}, got)
}

// What huma does not see is missing from the document and from the clients made from it.
func TestDocumentIsComplete(t *testing.T) {
	document := humago.New(http.NewServeMux(), huma.DefaultConfig("", ""))
	auth.New(nil, auth.Config{}, zaptest.NewLogger(t)).Register(document)
	properties := func(schema string) []string {
		found := document.OpenAPI().Components.Schemas.Map()[schema]
		require.NotNil(t, found, schema)
		return slices.Sorted(maps.Keys(found.Properties))
	}
	key := []string{"created_at", "expires_at", "id", "last_used_at", "name", "prefix", "scopes", "user_id"}
	assert.Equal(t, key, properties("KeyBody"))
	assert.Subset(t, properties("CreateKeyOutputBody"), append(key, "key"))
	assert.Subset(t, properties("SessionBody"), []string{"access_token", "token_type", "expires_in", "refresh_token", "user"})
}
