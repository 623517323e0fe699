package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// running is a server in this process.
type running struct {
	*server
	dir, base, ops string
	site           string // a file over the configuration, for reloads
	ended          chan error
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// startServer runs `pharos up` on a folder until the test ends.
func startServer(t *testing.T, dir string) *running {
	t.Helper()
	o := testOptions(t, dir)
	o.http, o.otlpGRPC, o.otlpHTTP, o.ops = freeAddress(t), freeAddress(t), freeAddress(t), freeAddress(t)
	overlay, err := o.overlay()
	require.NoError(t, err)
	r := &running{dir: dir, base: "http://" + o.http, ops: o.ops, site: writeFile(t, "{}"), ended: make(chan error, 1)}
	quick := "yaml:extensions: {storage: {min_free: 1MiB, logs: {memory: 32MiB}}}"
	r.server = newServer([]string{"role:all-in-one", overlay, quick, r.site})
	ready, ended := make(chan struct{}), r.ended
	go func() {
		ended <- r.Run(context.WithoutCancel(t.Context()), func(context.Context, *otelcol.Config) { close(ready) })
	}()
	select {
	case <-ready:
	case err := <-ended:
		require.NoError(t, err)
	}
	t.Cleanup(func() { r.stop(t) })
	return r
}

// stop ends the server as the operating system does.
func (r *running) stop(t *testing.T) {
	t.Helper()
	if r.ended == nil {
		return
	}
	r.Signal(syscall.SIGTERM)
	require.NoError(t, r.wait(t))
}

// wait returns what run returned.
func (r *running) wait(t *testing.T) error {
	t.Helper()
	ended := r.ended
	r.ended = nil
	select {
	case err := <-ended:
		return err
	case <-time.After(time.Minute):
		require.Fail(t, "the server does not stop")
		return nil
	}
}

// reloadWith writes the file and waits until the server has said something of it.
func (r *running) reloadWith(t *testing.T, site, until string) map[string]any {
	t.Helper()
	require.NoError(t, os.WriteFile(r.site, []byte(site), 0o600))
	r.Signal(syscall.SIGHUP)
	var found map[string]any
	require.Eventually(t, func() bool {
		found = r.logged(t, until)
		return found != nil
	}, 30*time.Second, 20*time.Millisecond, "the log should say %q", until)
	return found
}

// logged returns the last entry of the log file with a message.
func (r *running) logged(t *testing.T, message string) map[string]any {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(r.dir, "log", "pharos.log"))
	require.NoError(t, err)
	var found map[string]any
	for line := range strings.Lines(string(content)) {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) == nil && entry["message"] == message {
			found = entry
		}
	}
	return found
}

func status(t *testing.T, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode
}

func (r *running) ready(t *testing.T) int {
	t.Helper()
	return status(t, "http://"+r.ops+"/readyz")
}

func TestServe(t *testing.T) {
	r := startServer(t, t.TempDir())
	assert.Equal(t, http.StatusOK, r.ready(t))
	assert.Equal(t, http.StatusOK, status(t, r.base+"/v1/health"))
	assert.True(t, waitForSample(t.Context(), r.process), "this host is measured")
	assert.FileExists(t, bootstrapPath(r.dir))

	r.stop(t)
	assert.Zero(t, status(t, r.base+"/v1/health"), "the sockets are closed")
	assert.NotNil(t, r.logged(t, "Stopping"))
}

func TestSecondServerOnTheFolder(t *testing.T) {
	r := startServer(t, t.TempDir())
	o := testOptions(t, r.dir)
	o.http, o.otlpGRPC, o.otlpHTTP, o.ops = freeAddress(t), freeAddress(t), freeAddress(t), freeAddress(t)
	overlay, err := o.overlay()
	require.NoError(t, err)
	err = newServer([]string{"role:all-in-one", overlay}).Run(t.Context(), nil)
	require.ErrorContains(t, err, "is in use by another pharos")
	assert.Equal(t, exitInUse, exitCode(err))
	assert.Equal(t, http.StatusOK, r.ready(t))

	o.http = strings.TrimPrefix(r.base, "http://")
	o.dataDir = t.TempDir()
	overlay, err = o.overlay()
	require.NoError(t, err)
	err = newServer([]string{"role:all-in-one", overlay}).Run(t.Context(), nil)
	require.ErrorContains(t, err, "http::endpoint: "+o.http+": another program listens on this address")
	assert.Equal(t, exitInUse, exitCode(err))
}

func TestReload(t *testing.T) {
	r := startServer(t, t.TempDir())

	t.Run("invalid: the old one goes on", func(t *testing.T) {
		entry := r.reloadWith(t, "extensions: {storage: {durability: disk}}", "The new configuration is refused, the old one goes on")
		assert.Contains(t, entry["error"], `durability is "disk": use process or fsync`)
		assert.Nil(t, r.logged(t, "Reloading the configuration"))
		assert.Equal(t, http.StatusOK, r.ready(t))
	})

	t.Run("valid: it is applied", func(t *testing.T) {
		ops := freeAddress(t)
		r.reloadWith(t, fmt.Sprintf("service: {telemetry: {operations: {endpoint: %q}}}", ops), "The new configuration is running")
		assert.Zero(t, r.ready(t), "the old address is given up")
		r.ops = ops
		assert.Equal(t, http.StatusOK, r.ready(t))
		assert.Equal(t, http.StatusOK, status(t, r.base+"/v1/health"))
	})

	t.Run("does not start: back to the old one", func(t *testing.T) {
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { assert.NoError(t, taken.Close()) }()
		entry := r.reloadWith(t, fmt.Sprintf("extensions: {gateway: {otlp_http: {endpoint: %q}}}", taken.Addr()),
			"The new configuration did not start, the old one goes on")
		assert.Contains(t, entry["error"], "another program listens on this address")
		assert.Equal(t, http.StatusOK, r.ready(t))
		assert.Equal(t, http.StatusOK, status(t, r.base+"/v1/health"))
	})
}

func TestNeitherConfigurationStarts(t *testing.T) {
	r := startServer(t, t.TempDir())
	lock := filepath.Join(r.dir, "pharos.lock")
	require.NoError(t, os.Rename(lock, lock+".old"))
	require.NoError(t, os.Mkdir(lock, 0o750)) // no start can lock the folder any more
	r.Signal(syscall.SIGHUP)
	err := r.wait(t)
	require.ErrorContains(t, err, "start the new configuration: ")
	require.ErrorContains(t, err, "go back to the old one: ")
}

func TestEndOfTheContext(t *testing.T) {
	dir := t.TempDir()
	o := testOptions(t, dir)
	o.http, o.otlpGRPC, o.otlpHTTP, o.ops = freeAddress(t), freeAddress(t), freeAddress(t), freeAddress(t)
	overlay, err := o.overlay()
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	calledBack := false
	err = newServer([]string{"role:all-in-one", overlay}).Run(ctx, func(ctx context.Context, _ *otelcol.Config) {
		cancel()
		<-ctx.Done()
		calledBack = true
	})
	require.NoError(t, err)
	assert.True(t, calledBack, "run waits for the callback")
}

func TestAdminBesideARunningServer(t *testing.T) {
	r := startServer(t, t.TempDir())
	link, err := call(t, "admin", "login-link", "--data-dir", r.dir)
	require.NoError(t, err)
	parsed, err := url.Parse(strings.TrimSpace(link))
	require.NoError(t, err)
	assert.Equal(t, r.base+"/login", parsed.Scheme+"://"+parsed.Host+parsed.Path, "where the server is, from its file")
	once := parsed.Query().Get("once")
	assert.Equal(t, http.StatusOK, r.post(t, "/v1/auth/link", map[string]string{"once": once}))
	assert.Equal(t, http.StatusUnauthorized, r.post(t, "/v1/auth/link", map[string]string{"once": once}), "a link works once")

	var first struct {
		Email    string `json:"admin_email"`
		Password string `json:"admin_password"`
	}
	read := func() {
		content, err := os.ReadFile(bootstrapPath(r.dir))
		require.NoError(t, err)
		first.Password = ""
		require.NoError(t, json.Unmarshal(content, &first))
	}
	read()
	old := map[string]string{"email": first.Email, "password": first.Password}
	assert.Equal(t, http.StatusOK, r.post(t, "/v1/auth/login", old))
	password, err := call(t, "admin", "reset-password", "--data-dir", r.dir)
	require.NoError(t, err)
	assert.Equal(t, http.StatusUnauthorized, r.post(t, "/v1/auth/login", old))
	assert.Equal(t, http.StatusOK, r.post(t, "/v1/auth/login", map[string]string{"email": first.Email, "password": strings.TrimSpace(password)}))
	read()
	assert.Empty(t, first.Password, "the old password leaves the file")

	_, err = call(t, "admin", "login-link", "--data-dir", r.dir, "--email", "nobody@localhost")
	require.ErrorContains(t, err, "make a login link for nobody@localhost")
	assert.Equal(t, exitFailure, exitCode(err))
}

func (r *running) post(t *testing.T, path string, body any) int {
	t.Helper()
	encoded, err := json.Marshal(body)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.base+path, strings.NewReader(string(encoded)))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

func TestFailedReadOfTheConfiguration(t *testing.T) {
	err := newServer([]string{"role:x"}).Run(t.Context(), nil)
	assert.Equal(t, errcode.Invalid, errcode.Of(err))
}
