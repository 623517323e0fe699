package blackbox

import (
	"testing"

	"github.com/pharos-obs/pharos/test/cluster"
	"github.com/pharos-obs/pharos/test/matrix"
)

// places says in words where a kind of cluster keeps its data.
var places = map[cluster.Kind]string{
	cluster.Timescale:  "TimescaleDB, Elasticsearch, Kafka; 3 roles",
	cluster.PostgreSQL: "PostgreSQL, Elasticsearch, Kafka; 3 roles",
}

// TestClusters runs the tests of the API, and those of faults, on three roles and real servers.
// The servers are shared, so that it is one test; it runs before those that are parallel.
func TestClusters(t *testing.T) {
	servers := cluster.StartServers(t, cluster.Timescale, cluster.PostgreSQL)
	t.Run("traces", func(t *testing.T) { testTraces(t, servers) })
	for _, kind := range []cluster.Kind{cluster.Timescale, cluster.PostgreSQL} {
		t.Run(string(kind), func(t *testing.T) {
			c := servers.Start(t, kind)
			t.Run("API", func(t *testing.T) {
				suite := matrix.Begin(t, suiteName, places[kind])
				testAPI(t, c, suite)
			})
			if kind == cluster.PostgreSQL {
				t.Run("faults", func(t *testing.T) {
					testFaults(t, c, matrix.Begin(t, "faults", places[kind]))
				})
			}
		})
	}
}

func testAPI(t *testing.T, c *cluster.Cluster, suite *matrix.Suite) {
	t.Helper()
	t.Run("together", func(t *testing.T) {
		for name, test := range apiTests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				suite.Part(t)
				test(t, c.Front)
			})
		}
	})
	for name, test := range crashTests {
		t.Run(name, func(t *testing.T) {
			suite.Part(t)
			test(t, c.Front)
		})
	}
}
