package blackbox

import (
	"testing"

	"github.com/pharos-obs/pharos/test/matrix"
	"github.com/pharos-obs/pharos/test/server"
)

type apiTest func(*testing.T, *server.Server)

// apiTests go in by every protocol and out by every API. They share a server, on which each has
// services and metrics of its own, and hold on every kind of stores.
var apiTests = map[string]apiTest{
	"OTLP over HTTP":    otlpOverHTTP,
	"OTLP over gRPC":    otlpOverGRPC,
	"JSON metrics":      jsonMetrics,
	"JSON logs":         jsonLogs,
	"remote write 1":    remoteWriteVersion1,
	"remote write 2":    remoteWriteVersion2,
	"Prometheus API":    prometheusAPI,
	"Prometheus client": prometheusClient,
	"metric queries":    metricQueries,
	"chart queries":     chartQueries,
	"log orders":        logOrders,
	"services":          serviceList,
	"hosts":             hostList,
	"retention":         retentionSettings,
	"log queries":       logQueries,
	"pages over ties":   pagesOverTies,
	"event stream":      eventStream,
	"WebSocket":         webSocket,
	"operations":        operations,
	"OpenAPI":           openAPI,
	"sessions":          sessions,
	"keys":              keys,
	"organisations":     organisations,
	"sent twice":        sentTwice,
	"bad input":         badInput,
	"partly bad input":  partlyBadInput,
	"import":            importOfADashboard,

	"deleted and written again": deletedAndWrittenAgain,
}

// crashTests kill and restart what they run on, so that they come one after the other.
var crashTests = map[string]apiTest{
	"dashboards":      dashboards,
	"saved searches":  savedSearches,
	"kill under load": killUnderLoad,
	"stop under load": stopUnderLoad,
	"deleted data":    deletedDataStaysDeleted,
}

// localTests look at what only the all-in-one has: its own host, its data folder.
var localTests = map[string]apiTest{
	"login link":       loginLink,
	"ready dashboards": readyDashboards,
}

const suiteName = "API, black box"

// TestLocal runs the tests of the API on the all-in-one. What kills it has one of its own.
func TestLocal(t *testing.T) {
	t.Parallel()
	suite := matrix.Begin(t, suiteName, "local stores, one process")
	s := server.Start(t)
	for _, tests := range []map[string]apiTest{apiTests, localTests} {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				suite.Part(t)
				test(t, s)
			})
		}
	}
	for name, test := range crashTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suite.Part(t)
			test(t, server.Start(t))
		})
	}
}
