package elasticsearch

import (
	"testing"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage"
)

const auditOrg storage.OrgID = "9e7d6c5b-4a39-4281-b706-f5e4d3c2b222"

func withAudit(cfg *Config) {
	cfg.Classes = []Class{{Name: "audit", Retention: model.Duration(30 * day), Orgs: []string{string(auditOrg)}}}
}

func TestTargets(t *testing.T) {
	c := newClasses(DefaultConfig())
	at := func(text string) int64 {
		parsed, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return parsed.UnixNano()
	}
	assert.Equal(t, []string{"pharos-logs-*-2026.11.23", "pharos-logs-*-2026.11.24"}, c.targets(at("2026-11-23T23:59:59Z"), at("2026-11-24T00:00:00Z")))
	assert.Equal(t, []string{"pharos-logs-*-2026.11.24"}, c.targets(at("2026-11-24T00:00:00Z"), at("2026-11-24T23:59:59Z")))
	assert.Equal(t, []string{"pharos-logs-*"}, c.targets(at("2026-10-01T00:00:00Z"), at("2026-11-24T00:00:00Z")))
	assert.Equal(t, []string{"pharos-logs-*"}, c.targets(0, latest))
	assert.Equal(t, []string{"pharos-logs-*"}, c.targets(latest, 0), "never all indices of the cluster")
}

func TestRetention(t *testing.T) {
	store := openTest(t, withAudit)
	now := time.Now().UTC()
	prefix := store.cfg.IndexPrefix
	name := func(class string, age int) string {
		return prefix + "-" + class + "-" + now.Truncate(day).AddDate(0, 0, -age).Format(dayLayout)
	}
	kept := []string{name("audit", 30), name("audit", 8), name("default", 0), name("default", 7), prefix + "-default-new", name("old", 400)}
	for _, index := range append([]string{name("default", 8), name("default", 20), name("audit", 31)}, kept...) {
		require.NoError(t, store.client.do(t.Context(), esapi.IndicesCreateRequest{Index: index}, nil))
	}
	told := map[string]bool{}
	done := make(chan error)
	for range 2 { // two processes at the same time
		go func() { done <- store.dropExpired(t.Context(), now, map[string]bool{}) }()
	}
	for range 2 {
		require.NoError(t, <-done)
	}
	require.NoError(t, store.dropExpired(t.Context(), now, told))
	assert.Equal(t, map[string]bool{prefix + "-default-new": true, name("old", 400): true}, told)
	names, err := store.indexNames(t.Context())
	require.NoError(t, err)
	assert.ElementsMatch(t, kept, names)
}

// TestRetentionRuns lets the store do it by itself.
func TestRetentionRuns(t *testing.T) {
	first := openTest(t)
	old := first.classes.of(testOrg).index(time.Now().Add(-20 * day).UnixNano())
	require.NoError(t, first.client.do(t.Context(), esapi.IndicesCreateRequest{Index: old}, nil))
	cfg := first.cfg
	cfg.MaintainEvery = 10 * time.Millisecond
	openConfig(t, cfg)
	require.Eventually(t, func() bool {
		names, err := first.indexNames(t.Context())
		return err == nil && len(names) == 0
	}, 10*time.Second, 10*time.Millisecond)
}

func TestClasses(t *testing.T) {
	store := openTest(t, withAudit)
	at := recent()
	require.NoError(t, store.Write(t.Context(), testOrg, testLogs("batch", 0, 10, at)))
	require.NoError(t, store.Write(t.Context(), auditOrg, testLogs("batch", 0, 20, at)))
	old := time.Now().Add(-20 * day)
	refused, err := write(t.Context(), store, testLogs("old", 0, 5, old))
	require.NoError(t, err)
	assert.Len(t, refused, 5)
	require.NoError(t, store.Write(t.Context(), auditOrg, testLogs("old", 0, 5, old)), "its class keeps them longer")
	names, err := store.indexNames(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{
		store.classes.all[1].index(old.UnixNano()), store.classes.all[1].index(at.UnixNano()), store.classes.all[0].index(at.UnixNano()),
	}, names)
	for org, want := range map[storage.OrgID]uint64{testOrg: 10, auditOrg: 25} {
		stats, err := store.LogStats(t.Context(), org)
		require.NoError(t, err)
		assert.Equal(t, want, stats.Records)
	}
	// The organisation leaves its class: what it has stays readable.
	cfg := store.cfg
	cfg.Classes = nil
	page, err := openConfig(t, cfg).Search(t.Context(), auditOrg, storage.LogQuery{Limit: 100})
	require.NoError(t, err)
	assert.Len(t, page.Records, 25)
}

// TestWritten looks at what people see in Kibana.
func TestWritten(t *testing.T) {
	store := openTest(t)
	_, err := write(t.Context(), store, testLogs("batch", 0, 10, recent()))
	require.NoError(t, err)
	for query, want := range map[string]int{
		"labels.http.status:200": 10, `labels.host.name:"web-1"`: 10, "service:checkout AND level:info": 10, "search.message:3ms": 1, "cart": 10,
		`search.message:"GET api cart 3"`: 1, "labels.user_agent:curl": 0, `search.fields:"labels.user_agent"`: 10, "org_id:" + string(auditOrg): 0,
	} {
		content, err := body(object{"query": object{"query_string": object{"query": query}}})
		require.NoError(t, err)
		var answer struct{ Count int }
		require.NoError(t, store.client.do(t.Context(), esapi.CountRequest{Index: []string{store.classes.pattern()}, Body: content}, &answer))
		assert.Equal(t, want, answer.Count, query)
	}
}
