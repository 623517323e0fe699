package pluginreceiver

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/pharos-obs/pharos/agent/plugin/proto"
)

func converting(now time.Time, most int) *conversion {
	resource := pcommon.NewMap()
	resource.PutStr("service.name", "mine")
	return newConversion(now, most, resource)
}

func points(values ...*proto.Point) []*proto.Metric {
	return []*proto.Metric{{Name: "m", Kind: proto.Kind_KIND_COUNTER, Points: values}}
}

func at(when time.Time) *proto.Point {
	return &proto.Point{Value: &proto.Point_IntValue{IntValue: 1}, TimeUnixNano: uint64(when.UnixNano())}
}

func TestConvertSimple(t *testing.T) {
	now := time.Now()
	one := &proto.Point{Value: &proto.Point_IntValue{IntValue: 1}}
	for name, tt := range map[string]struct {
		metrics []*proto.Metric
		kept    int
		dropped map[string]int
	}{
		"good":            {points(one, at(now), at(now.Add(-23*time.Hour)), at(now.Add(9*time.Minute))), 4, nil},
		"times":           {points(at(now.Add(-25*time.Hour)), at(now.Add(11*time.Minute)), one), 1, map[string]int{dropTime: 2}},
		"too many":        {points(one, one, one, one, one, one, one), 5, map[string]int{dropTooMany: 2}},
		"not a number":    {points(&proto.Point{Value: &proto.Point_DoubleValue{DoubleValue: math.NaN()}}, &proto.Point{}), 0, map[string]int{dropNotANumber: 2}},
		"infinite":        {points(&proto.Point{Value: &proto.Point_DoubleValue{DoubleValue: math.Inf(1)}}), 1, nil},
		"no name":         {[]*proto.Metric{{Kind: proto.Kind_KIND_GAUGE, Points: []*proto.Point{one}}}, 0, map[string]int{dropName: 1}},
		"name with blank": {[]*proto.Metric{{Name: "a b", Kind: proto.Kind_KIND_GAUGE, Points: []*proto.Point{one}}}, 0, map[string]int{dropName: 1}},
		"no kind":         {[]*proto.Metric{{Name: "a", Points: []*proto.Point{one, one}}}, 0, map[string]int{dropName: 2}},
		"unknown kind":    {[]*proto.Metric{{Name: "a", Kind: 99, Points: []*proto.Point{one}}}, 1, nil},
		"nothing":         {nil, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := converting(now, 5)
			metrics := c.metrics(&proto.CollectResponse{Metrics: tt.metrics})
			assert.Equal(t, tt.kept, metrics.DataPointCount())
			if tt.dropped == nil {
				tt.dropped = map[string]int{}
			}
			assert.Equal(t, tt.dropped, c.dropped)
			assert.Equal(t, len(tt.dropped) > 0, c.fault() != nil)
		})
	}
}

func TestConvertOTLP(t *testing.T) {
	now := time.Now()
	given := pmetric.NewMetrics()
	resource := given.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "another")
	resource.Resource().Attributes().PutStr("db.system", "redis")
	list := resource.ScopeMetrics().AppendEmpty().Metrics()
	add := func(name string) pmetric.Metric {
		metric := list.AppendEmpty()
		metric.SetName(name)
		return metric
	}
	for _, temporality := range []pmetric.AggregationTemporality{pmetric.AggregationTemporalityCumulative, pmetric.AggregationTemporalityDelta} {
		sum := add("sum").SetEmptySum()
		sum.SetAggregationTemporality(temporality)
		sum.DataPoints().AppendEmpty().SetIntValue(1)
		histogram := add("histogram").SetEmptyHistogram()
		histogram.SetAggregationTemporality(temporality)
		point := histogram.DataPoints().AppendEmpty()
		point.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(time.Hour)))
		exponential := add("exponential").SetEmptyExponentialHistogram()
		exponential.SetAggregationTemporality(temporality)
		exponential.DataPoints().AppendEmpty()
	}
	add("summary").SetEmptySummary().DataPoints().AppendEmpty()
	add("empty")
	bytes, err := pmetricotlp.NewExportRequestFromMetrics(given).MarshalProto()
	require.NoError(t, err)

	c := converting(now, 100)
	metrics := c.metrics(&proto.CollectResponse{OtlpMetrics: bytes})
	assert.Equal(t, 4, metrics.DataPointCount())
	assert.Equal(t, map[string]int{dropDelta: 3, dropName: 1}, c.dropped)
	attributes := metrics.ResourceMetrics().At(0).Resource().Attributes().AsRaw()
	assert.Equal(t, map[string]any{"service.name": "mine", "db.system": "redis"}, attributes)
	require.ErrorContains(t, c.fault(), `as the service "another": they are sent as mine's own`)
	kept := metrics.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(1).Histogram().DataPoints().At(0)
	assert.Equal(t, pcommon.NewTimestampFromTime(now), kept.Timestamp())
	assert.Zero(t, kept.StartTimestamp(), "nothing has counted since later than now")
}

func TestConvertLogs(t *testing.T) {
	now := time.Now()
	given := plog.NewLogs()
	record := given.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.Body().SetStr("by OTLP")
	bytes, err := plogotlp.NewExportRequestFromLogs(given).MarshalProto()
	require.NoError(t, err)
	c := converting(now, 10)
	logs := c.logs(&proto.StreamLogsResponse{OtlpLogs: bytes, Records: []*proto.LogRecord{
		{Level: "ERROR", Message: "simple"}, {Message: "old", TimeUnixNano: uint64(now.Add(-25 * time.Hour).UnixNano())},
	}})
	assert.Equal(t, 2, logs.LogRecordCount())
	assert.Equal(t, map[string]int{dropTime: 1}, c.dropped)
	simple := logs.ResourceLogs().At(1).ScopeLogs().At(0).LogRecords().At(0)
	assert.Equal(t, plog.SeverityNumberError, simple.SeverityNumber())
	assert.Equal(t, pcommon.NewTimestampFromTime(now), simple.Timestamp())
	service, _ := logs.ResourceLogs().At(0).Resource().Attributes().Get("service.name")
	assert.Equal(t, "mine", service.Str())
	c = converting(now, 10)
	assert.Zero(t, c.logs(&proto.StreamLogsResponse{OtlpLogs: []byte("\x0a\xff")}).LogRecordCount())
	assert.Equal(t, map[string]int{dropUndecodable: 1}, c.dropped)
	for level, want := range map[string]plog.SeverityNumber{
		"trace": 1, "Debug": 5, "info": 9, "warning": 13, "warn": 13, "error": 17, "fatal": 21, "": 0, "loud": 0,
	} {
		assert.Equal(t, want, severity(level), level)
	}
}

// Whatever bytes a plugin sends, they are converted or dropped.
func FuzzConvert(f *testing.F) {
	metrics := pmetric.NewMetrics()
	gauge(metrics.ResourceMetrics().AppendEmpty(), "a", 1, time.Now())
	bytes, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
	require.NoError(f, err)
	f.Add(bytes)
	f.Add([]byte("\x0a\xff"))
	f.Fuzz(func(t *testing.T, bytes []byte) {
		c := converting(time.Now(), 3)
		got := c.metrics(&proto.CollectResponse{OtlpMetrics: bytes})
		assert.LessOrEqual(t, got.DataPointCount(), 3)
		converting(time.Now(), 3).logs(&proto.StreamLogsResponse{OtlpLogs: bytes})
	})
}
