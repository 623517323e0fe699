package blackbox

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/test/cluster"
	"github.com/pharos-obs/pharos/test/server"
)

// redisAway cuts and hangs what nothing depends on, and asks whether everybody says so.
func redisAway(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	client := clientOf(c.Front)
	underLoad(t, c, "redis", func(load *loadView) {
		for _, fail := range []func(){c.Redis.Cut, c.Redis.Hang} {
			fail()
			load.goesOnLong("without Redis")
			assert.NotEmpty(t, client.query(t, `count(count_over_time(redis_grpc[3h]))`), "queries go on")
			got := client.get(t, fmt.Sprintf("/api/v1/query_range?query=redis_grpc&start=%d&end=%d&step=1", time.Now().Unix()-3600, time.Now().Unix()))
			assert.Equal(t, http.StatusOK, got.status, "%s", got)
			for _, role := range []*server.Server{c.Gateway, c.Backend} {
				assert.Equal(t, "down", redisState(t, role), role.Role)
			}
			c.Redis.Restore()
			for _, role := range []*server.Server{c.Gateway, c.Backend} {
				require.Eventually(t, func() bool { return redisState(t, role) == "ok" }, time.Minute, 50*time.Millisecond, role.Role)
			}
		}
	})
}

// redisState is what a role that works says of Redis.
func redisState(t *testing.T, role *server.Server) string {
	t.Helper()
	got := newClient(role.Ops, "").get(t, "/readyz")
	require.Equal(t, http.StatusOK, got.status, "Redis is no condition: %s", got)
	var told struct {
		Dependencies []struct{ Name, Status string }
	}
	got.decode(t, &told)
	for _, one := range told.Dependencies {
		if one.Name == "redis::server" {
			return one.Status
		}
	}
	t.Fatalf("the %s does not tell of Redis: %s", role.Role, got)
	return ""
}

// redisShares holds that a caller's limit is that of all gateways together, and that an answer that
// was calculated once is not calculated again, until data is deleted.
func redisShares(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	t.Run("limits", func(t *testing.T) { sharedLimits(t, c) })
	t.Run("answers", func(t *testing.T) { sharedAnswers(t, c) })
}

func sharedLimits(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	const burst = 30
	gateways := []*server.Server{c.Replica("gateway"), c.Replica("gateway")}
	for _, gateway := range gateways {
		gateway.Env = append(gateway.Env, "PHAROS_BACKEND_URL=http://"+c.Backend.HTTP)
		gateway.Args = append(gateway.Args, "--config", fmt.Sprintf("yaml:extensions: { gateway: { limits: { requests_per_second: 0.001, burst: %d } }, redis: { prefix: %sfew } }", burst, c.Prefix()))
		gateway.Start()
	}
	send := func(gateway *server.Server) int {
		client := newClient(gateway.HTTP, c.Front.Bootstrap.APIKey)
		return client.postJSON(t, "/v1/ingest/logs", map[string]any{"service": "limited", "message": "one of few"}).status
	}
	accepted := 0
	for i := range 3 * burst {
		if send(gateways[i%2]) == http.StatusOK {
			accepted++
		}
	}
	assert.Equal(t, burst, accepted, "of both together")

	c.Redis.Cut()
	require.Eventually(t, func() bool { return send(gateways[0]) == http.StatusOK }, time.Minute, 100*time.Millisecond, "without Redis it counts by itself")
	c.Redis.Restore()
	for _, gateway := range gateways {
		require.Zero(t, gateway.Stop())
	}
}

func sharedAnswers(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	client := clientOf(c.Front)
	base := time.Now().Add(-2 * time.Hour).Truncate(time.Minute)
	var items []map[string]any
	for minute := range 60 {
		items = append(items, map[string]any{"time": base.Add(time.Duration(minute) * time.Minute), "service": "shared", "metric_name": "bb_cached", "value": minute})
	}
	got := client.postJSON(t, "/v1/ingest/metrics", items)
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	ask := func() string {
		got := client.get(t, fmt.Sprintf("/api/v1/query_range?query=%s&start=%d&end=%d&step=60", url.QueryEscape("bb_cached * 2"), base.Unix(), base.Unix()+3540))
		require.Equal(t, http.StatusOK, got.status, "%s", got)
		return string(got.body)
	}
	hits := func() float64 {
		return gaugeOf(t, newClient(c.Backend.Ops, "").get(t, "/metrics"), `pharos_query_cache_blocks_total{result="hit"}`)
	}
	first, before := ask(), hits()
	assert.Equal(t, first, ask())
	assert.Greater(t, hits(), before)

	client.remove(t, map[string]any{"signal": "metrics", "selector": "bb_cached", "from": base.Add(10 * time.Minute), "to": base.Add(50 * time.Minute)})
	after := ask()
	assert.NotContains(t, after, fmt.Sprintf(`[%d,"60"]`, base.Add(30*time.Minute).Unix()), "what was deleted is not shown, not for a moment")
	assert.Contains(t, first, fmt.Sprintf(`[%d,"60"]`, base.Add(30*time.Minute).Unix()))
}

// gaugeOf returns the value of a series of an answer in Prometheus' text format; 0 when it is not there.
func gaugeOf(t *testing.T, got answer, series string) float64 {
	t.Helper()
	require.Equal(t, http.StatusOK, got.status, "%s", got)
	for line := range strings.Lines(string(got.body)) {
		if value, found := strings.CutPrefix(line, series+" "); found {
			number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			require.NoError(t, err)
			return number
		}
	}
	return 0
}
