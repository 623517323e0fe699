package blackbox

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/storage"
	storemeta "github.com/pharos-obs/pharos/storage/metadata"
	"github.com/pharos-obs/pharos/test/server"
)

type session struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

func sessions(t *testing.T, s *server.Server) {
	t.Helper()
	c := newClient(s.HTTP, "")
	wrong := c.postJSON(t, "/v1/auth/login", map[string]string{"email": s.Bootstrap.AdminEmail, "password": "wrong"})
	assert.Equal(t, http.StatusUnauthorized, wrong.status, "%s", wrong)
	unknown := c.postJSON(t, "/v1/auth/login", map[string]string{"email": "nobody@localhost", "password": "wrong"})
	assert.Equal(t, http.StatusUnauthorized, unknown.status)
	assert.JSONEq(t, string(wrong.body), string(unknown.body), "an answer does not tell which users exist")

	var first, second session
	got := c.postJSON(t, "/v1/auth/login", map[string]string{"email": s.Bootstrap.AdminEmail, "password": s.Bootstrap.AdminPassword})
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	got.decode(t, &first)
	require.NotEmpty(t, first.AccessToken)
	for _, cookie := range got.header.Values("Set-Cookie") {
		assert.Contains(t, cookie, "HttpOnly")
		assert.Contains(t, cookie, "SameSite=Strict")
	}
	assert.Equal(t, http.StatusOK, c.with(first.AccessToken).get(t, "/v1/auth/me").status)

	got = c.postJSON(t, "/v1/auth/refresh", map[string]string{"refresh_token": first.RefreshToken})
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	got.decode(t, &second)
	assert.NotEqual(t, first.RefreshToken, second.RefreshToken, "a refresh token is good once")

	got = c.postJSON(t, "/v1/auth/logout", map[string]string{"refresh_token": second.RefreshToken})
	assert.Equal(t, http.StatusNoContent, got.status, "%s", got)
	assert.Equal(t, http.StatusUnauthorized, c.postJSON(t, "/v1/auth/refresh", map[string]string{"refresh_token": second.RefreshToken}).status)
	assert.Equal(t, http.StatusUnauthorized, c.with(second.AccessToken).get(t, "/v1/auth/me").status, "the login has ended")
	crossSite := c.send(t, http.MethodPost, "/v1/auth/login", []byte(`{"email":"a","password":"b"}`),
		map[string]string{"Content-Type": "application/json", "Origin": "https://elsewhere.example"})
	assert.Equal(t, http.StatusForbidden, crossSite.status, "%s", crossSite)
}

// createKey makes an API key and returns its text and id.
func createKey(t *testing.T, c client, name string, scopes ...string) (text, id string) {
	t.Helper()
	got := c.postJSON(t, "/v1/auth/apikey", map[string]any{"name": name, "scopes": scopes})
	require.Equal(t, http.StatusCreated, got.status, "%s", got)
	var made struct{ Key, ID string }
	got.decode(t, &made)
	return made.Key, made.ID
}

func keys(t *testing.T, s *server.Server) {
	t.Helper()
	admin := clientOf(s)
	ingest, _ := createKey(t, admin, "only ingest", "ingest")
	query, _ := createKey(t, admin, "only query", "query")
	item := []byte(`{"service":"bb-keys","metric_name":"bb_keys","value":1}`)
	header := map[string]string{"Content-Type": "application/json"}
	for _, tt := range []struct {
		key          string
		method, path string
		body         []byte
		want         int
	}{
		{ingest, http.MethodPost, "/v1/ingest/metrics", item, http.StatusOK},
		{ingest, http.MethodGet, "/api/v1/query?query=up", nil, http.StatusForbidden},
		{ingest, http.MethodPost, "/v1/query/logs", []byte(`{}`), http.StatusForbidden},
		{ingest, http.MethodGet, "/v1/stream?logs=", nil, http.StatusForbidden},
		{ingest, http.MethodGet, "/v1/auth/apikey", nil, http.StatusForbidden},
		{query, http.MethodGet, "/api/v1/query?query=up", nil, http.StatusOK},
		{query, http.MethodPost, "/v1/query/logs", []byte(`{}`), http.StatusOK},
		{query, http.MethodPost, "/v1/ingest/metrics", item, http.StatusForbidden},
		{query, http.MethodPost, "/v1/metrics", item, http.StatusForbidden},
		{query, http.MethodPost, "/api/v1/write", item, http.StatusForbidden},
		{query, http.MethodGet, "/v1/auth/apikey", nil, http.StatusForbidden},
		{query, http.MethodGet, "/v1/metrics/platform", nil, http.StatusForbidden},
		{"", http.MethodPost, "/v1/ingest/metrics", item, http.StatusUnauthorized},
		{"", http.MethodGet, "/v1/openapi.json", nil, http.StatusUnauthorized},
	} {
		got := admin.with(tt.key).send(t, tt.method, tt.path, tt.body, header)
		assert.Equal(t, tt.want, got.status, "%s %s: %s", tt.method, tt.path, got)
	}
	escalated := admin.with(query).postJSON(t, "/v1/auth/apikey", map[string]any{"name": "more", "scopes": []string{"admin"}})
	assert.Equal(t, http.StatusForbidden, escalated.status)

	revoked, id := createKey(t, admin, "soon revoked", "query")
	require.Equal(t, http.StatusOK, admin.with(revoked).get(t, "/api/v1/labels").status)
	require.Equal(t, http.StatusNoContent, admin.send(t, http.MethodDelete, "/v1/auth/apikey/"+id, nil, nil).status)
	assert.Equal(t, http.StatusUnauthorized, admin.with(revoked).get(t, "/api/v1/labels").status, "a revoked key is dead at once")
	list := admin.get(t, "/v1/auth/apikey")
	assert.NotContains(t, string(list.body), revoked, "a list does not hold secrets")
	assert.NotContains(t, string(list.body), ingest)
	assert.NotContains(t, s.Log(), s.Bootstrap.APIKey, "nor does the log")
	assert.NotContains(t, s.Log(), s.Bootstrap.AdminPassword)

	for header, value := range map[string]string{"X-API-Key": query, "Authorization": "Bearer " + query} {
		got := admin.with("").send(t, http.MethodGet, "/api/v1/labels", nil, map[string]string{header: value})
		assert.Equal(t, http.StatusOK, got.status, header)
	}
	request := pmetricotlp.NewExportRequestFromMetrics(otlpGauge("bb-keys", "bb.keys.grpc", 1, time.Now()))
	for key, want := range map[string]codes.Code{ingest: codes.OK, query: codes.PermissionDenied, "": codes.Unauthenticated, "phk_nonsense": codes.Unauthenticated} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-api-key", key)
		if key == "" {
			ctx = t.Context()
		}
		_, err := pmetricotlp.NewGRPCClient(dial(t, s.GRPC)).Export(ctx, request)
		assert.Equal(t, want, status.Code(err), "%q: %v", key, err)
	}
}

func loginLink(t *testing.T, s *server.Server) {
	t.Helper()
	made := server.Run(t, "admin", "login-link", "--data-dir", s.Dir)
	require.Zero(t, made.Code, made.Stderr)
	address, once, found := strings.Cut(strings.TrimSpace(made.Stdout), "/login?once=")
	require.True(t, found, made.Stdout)
	assert.Equal(t, s.Bootstrap.URL, address)
	c := newClient(s.HTTP, "")
	got := c.postJSON(t, "/v1/auth/link", map[string]string{"once": once})
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	var in session
	got.decode(t, &in)
	assert.Equal(t, http.StatusOK, c.with(in.AccessToken).get(t, "/v1/auth/me").status)
	assert.Equal(t, http.StatusUnauthorized, c.postJSON(t, "/v1/auth/link", map[string]string{"once": once}).status, "a link is good once")

	elsewhere := server.Run(t, "admin", "login-link", "--data-dir", t.TempDir())
	assert.Equal(t, 2, elsewhere.Code)
	assert.Contains(t, elsewhere.Stderr, "--data-dir")
}

// secondOrg makes an organisation with a key. No API does that yet, so it goes by the metadata
// store, as `pharos admin` does, beside the running server.
func secondOrg(t *testing.T, s *server.Server, name string) string {
	t.Helper()
	ctx := context.Background()
	where := storemeta.Config{Path: filepath.Join(s.Dir, "metadata.db")}
	if s.MetadataDSN != "" {
		where = storemeta.Config{PostgreSQL: storemeta.DefaultPostgreSQLConfig()}
		where.PostgreSQL.DSN = s.MetadataDSN
	}
	db, err := storemeta.Open(ctx, where, zap.NewNop())
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	org := storage.OrgID(uuid.NewString())
	require.NoError(t, db.CreateOrg(ctx, storemeta.Org{ID: org, Name: name, CreatedAt: time.Now()}))
	service := auth.New(db, auth.Config{}, zap.NewNop())
	require.NoError(t, service.Start(ctx))
	defer service.Close(ctx)
	_, key, err := service.CreateKey(ctx, auth.Principal{OrgID: org, Scopes: []auth.Scope{auth.ScopeAdmin, auth.ScopeIngest, auth.ScopeQuery}},
		auth.NewKey{Name: "second", Scopes: []auth.Scope{auth.ScopeIngest, auth.ScopeQuery}})
	require.NoError(t, err)
	return key
}

// organisations see nothing of each other, whatever their clients send along.
func organisations(t *testing.T, s *server.Server) {
	t.Helper()
	first := clientOf(s)
	second := first.with(secondOrg(t, s, "second"))
	at := time.Now()
	for i, c := range []client{first, second} {
		for _, header := range []map[string]string{{}, {"X-Scope-OrgID": s.Bootstrap.OrgID, "X-Pharos-Org": s.Bootstrap.OrgID, "org": s.Bootstrap.OrgID, "pharos-org": s.Bootstrap.OrgID, "org_id": s.Bootstrap.OrgID}} {
			header["Content-Type"] = "application/x-protobuf"
			got := c.send(t, http.MethodPost, "/v1/metrics", protobuf.metrics(t, otlpGauge("bb-org", "bb.org", 3+i, at)), header)
			require.Equal(t, http.StatusOK, got.status, "%s", got)
			got = c.send(t, http.MethodPost, "/v1/logs", protobuf.logs(t, otlpLogs("bb-org", 3+i, at)), header)
			require.Equal(t, http.StatusOK, got.status, "%s", got)
		}
	}
	for i, c := range []client{first, second} {
		assert.InDelta(t, 3+i, c.number(t, "count(bb_org)"), 0)
		records := c.logsOf(t, "bb-org")
		assert.Len(t, records, 3+i)
	}
	assert.Empty(t, second.query(t, fmt.Sprintf("{__name__=~%q}", "system_.*|process_.*")), "this host belongs to the first")
	assert.Empty(t, second.logsOf(t, "pharos"))
}
