package pluginreceiver

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/pharos-obs/pharos/agent/plugin/proto"
)

// Why something that a plugin gives is dropped.
const (
	dropTooMany     = "too_many"     // more points than limits::points
	dropTooLong     = "too_long"     // an answer longer than limits::message
	dropUndecodable = "undecodable"  // bytes that are no OTLP
	dropTime        = "time"         // older than a day, or from the future
	dropNotANumber  = "not_a_number" // NaN, or no value at all
	dropName        = "name"         // a metric without a usable name or kind
	dropDelta       = "delta"        // delta temporality, which the server refuses
)

// What the server takes: older and newer data is refused there.
const (
	oldest = 24 * time.Hour
	newest = 10 * time.Minute
)

const longestName = 255

// conversion makes pdata of what a plugin gives, and counts what it has to drop.
type conversion struct {
	now      time.Time
	room     int // how many more points there may be
	resource pcommon.Map
	dropped  map[string]int
	renamed  string // a service.name that the plugin gave to something
}

func newConversion(now time.Time, most int, resource pcommon.Map) *conversion {
	return &conversion{now: now, room: most, resource: resource, dropped: make(map[string]int)}
}

// fault says what was dropped, nil when nothing was.
func (c *conversion) fault() error {
	var errs []error
	for _, reason := range slices.Sorted(maps.Keys(c.dropped)) {
		errs = append(errs, errors.New(explanations()[reason]))
	}
	if c.renamed != "" {
		errs = append(errs, fmt.Errorf("the plugin gives metrics or logs as the service %q: they are sent as %s's own (service_name)", c.renamed, c.service()))
	}
	return errors.Join(errs...)
}

func (c *conversion) service() string {
	name, _ := c.resource.Get("service.name")
	return name.AsString()
}

func explanations() map[string]string {
	return map[string]string{
		dropTooMany:     "the plugin gives more data points than limits::points: the rest is dropped",
		dropUndecodable: "the plugin gives bytes that are no OTLP: they are dropped",
		dropTime:        "the plugin gives data that is older than a day or from the future: it is dropped",
		dropNotANumber:  "the plugin gives values that are no numbers: they are dropped",
		dropName:        "the plugin gives metrics without a usable name or kind: they are dropped",
		dropDelta:       "the plugin gives metrics with delta temporality: they are dropped; use cumulative",
	}
}

// claim puts our identity over the plugin's.
func (c *conversion) claim(attributes pcommon.Map) {
	if given, ok := attributes.Get("service.name"); ok && given.AsString() != c.service() {
		c.renamed = given.AsString()
	}
	for key, value := range c.resource.All() {
		value.CopyTo(attributes.PutEmpty(key))
	}
}

// metrics converts both forms.
func (c *conversion) metrics(answer *proto.CollectResponse) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	if bytes := answer.GetOtlpMetrics(); len(bytes) > 0 {
		request := pmetricotlp.NewExportRequest()
		if err := request.UnmarshalProto(bytes); err != nil {
			c.dropped[dropUndecodable]++
		} else {
			metrics = request.Metrics()
		}
	}
	if simple := answer.GetMetrics(); len(simple) > 0 {
		scope := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty()
		scope.Scope().SetName(scopeName)
		for _, one := range simple {
			c.simple(one, scope.Metrics())
		}
	}
	c.check(metrics)
	return metrics
}

// simple converts a metric of the simple form. What is wrong with its points is for check.
func (c *conversion) simple(one *proto.Metric, target pmetric.MetricSlice) {
	if one.GetKind() == proto.Kind_KIND_UNSPECIFIED {
		c.dropped[dropName] += len(one.GetPoints())
		return
	}
	metric := target.AppendEmpty()
	metric.SetName(one.GetName())
	metric.SetUnit(one.GetUnit())
	metric.SetDescription(one.GetDescription())
	var points pmetric.NumberDataPointSlice
	if one.GetKind() == proto.Kind_KIND_GAUGE {
		points = metric.SetEmptyGauge().DataPoints()
	} else {
		sum := metric.SetEmptySum()
		sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		sum.SetIsMonotonic(one.GetKind() == proto.Kind_KIND_COUNTER)
		points = sum.DataPoints()
	}
	for _, given := range one.GetPoints() {
		if points.Len() > c.room {
			c.dropped[dropTooMany]++
			continue
		}
		point := points.AppendEmpty()
		point.SetTimestamp(pcommon.Timestamp(given.GetTimeUnixNano()))
		point.SetStartTimestamp(pcommon.Timestamp(given.GetStartTimeUnixNano()))
		switch value := given.GetValue().(type) {
		case *proto.Point_IntValue:
			point.SetIntValue(value.IntValue)
		case *proto.Point_DoubleValue:
			point.SetDoubleValue(value.DoubleValue)
		}
		for key, value := range given.GetAttributes() {
			point.Attributes().PutStr(key, value)
		}
	}
}

// check takes out what must not go on, and puts the identity in.
func (c *conversion) check(metrics pmetric.Metrics) {
	metrics.ResourceMetrics().RemoveIf(func(resource pmetric.ResourceMetrics) bool {
		c.claim(resource.Resource().Attributes())
		resource.ScopeMetrics().RemoveIf(func(scope pmetric.ScopeMetrics) bool {
			scope.Metrics().RemoveIf(c.checkMetric)
			return scope.Metrics().Len() == 0
		})
		return resource.ScopeMetrics().Len() == 0
	})
}

func (c *conversion) checkMetric(metric pmetric.Metric) (remove bool) {
	bad := func(reason string, points int) bool {
		c.dropped[reason] += points
		return true
	}
	named := validName(metric.Name())
	switch metric.Type() {
	case pmetric.MetricTypeGauge:
		return checkPoints(c, named, metric.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		if metric.Sum().AggregationTemporality() != pmetric.AggregationTemporalityCumulative {
			return bad(dropDelta, metric.Sum().DataPoints().Len())
		}
		return checkPoints(c, named, metric.Sum().DataPoints())
	case pmetric.MetricTypeHistogram:
		if metric.Histogram().AggregationTemporality() != pmetric.AggregationTemporalityCumulative {
			return bad(dropDelta, metric.Histogram().DataPoints().Len())
		}
		return checkPoints(c, named, metric.Histogram().DataPoints())
	case pmetric.MetricTypeExponentialHistogram:
		if metric.ExponentialHistogram().AggregationTemporality() != pmetric.AggregationTemporalityCumulative {
			return bad(dropDelta, metric.ExponentialHistogram().DataPoints().Len())
		}
		return checkPoints(c, named, metric.ExponentialHistogram().DataPoints())
	case pmetric.MetricTypeSummary:
		return checkPoints(c, named, metric.Summary().DataPoints())
	}
	return bad(dropName, 1)
}

func validName(name string) bool {
	return name != "" && len(name) <= longestName && !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) })
}

// timed is what all kinds of points have.
type timed interface {
	Timestamp() pcommon.Timestamp
	SetTimestamp(at pcommon.Timestamp)
	StartTimestamp() pcommon.Timestamp
	SetStartTimestamp(at pcommon.Timestamp)
}

// pointSlice is a slice of any kind of points.
type pointSlice[P timed] interface {
	Len() int
	RemoveIf(remove func(P) bool)
}

func checkPoints[P timed](c *conversion, named bool, points pointSlice[P]) (remove bool) {
	points.RemoveIf(func(point P) bool {
		reason := cmp.Or(c.checkTime(point), checkValue(point))
		switch {
		case !named:
			reason = dropName
		case reason == "" && c.room == 0:
			reason = dropTooMany
		}
		if reason != "" {
			c.dropped[reason]++
			return true
		}
		c.room--
		return false
	})
	return points.Len() == 0
}

// checkTime puts the time of now where there is none.
func (c *conversion) checkTime(point timed) string {
	now := pcommon.NewTimestampFromTime(c.now)
	if point.Timestamp() == 0 {
		point.SetTimestamp(now)
	}
	if !c.inRange(point.Timestamp()) {
		return dropTime
	}
	if point.StartTimestamp() > point.Timestamp() {
		point.SetStartTimestamp(0)
	}
	return ""
}

func (c *conversion) inRange(at pcommon.Timestamp) bool {
	return at >= pcommon.NewTimestampFromTime(c.now.Add(-oldest)) && at <= pcommon.NewTimestampFromTime(c.now.Add(newest))
}

func checkValue(point any) string {
	number, ok := point.(pmetric.NumberDataPoint)
	if !ok {
		return ""
	}
	if number.ValueType() == pmetric.NumberDataPointValueTypeEmpty && !number.Flags().NoRecordedValue() || math.IsNaN(number.DoubleValue()) {
		return dropNotANumber
	}
	return ""
}

// logs converts both forms.
func (c *conversion) logs(batch *proto.StreamLogsResponse) plog.Logs {
	logs := plog.NewLogs()
	if bytes := batch.GetOtlpLogs(); len(bytes) > 0 {
		request := plogotlp.NewExportRequest()
		if err := request.UnmarshalProto(bytes); err != nil {
			c.dropped[dropUndecodable]++
		} else {
			logs = request.Logs()
		}
	}
	if simple := batch.GetRecords(); len(simple) > 0 {
		scope := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
		scope.Scope().SetName(scopeName)
		for _, one := range simple {
			record := scope.LogRecords().AppendEmpty()
			record.SetTimestamp(pcommon.Timestamp(one.GetTimeUnixNano()))
			record.SetSeverityText(one.GetLevel())
			record.SetSeverityNumber(severity(one.GetLevel()))
			record.Body().SetStr(one.GetMessage())
			for key, value := range one.GetAttributes() {
				record.Attributes().PutStr(key, value)
			}
		}
	}
	now := pcommon.NewTimestampFromTime(c.now)
	logs.ResourceLogs().RemoveIf(func(resource plog.ResourceLogs) bool {
		c.claim(resource.Resource().Attributes())
		resource.ScopeLogs().RemoveIf(func(scope plog.ScopeLogs) bool {
			scope.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				record.SetObservedTimestamp(now)
				if record.Timestamp() == 0 {
					record.SetTimestamp(now)
				}
				if c.inRange(record.Timestamp()) {
					return false
				}
				c.dropped[dropTime]++
				return true
			})
			return scope.LogRecords().Len() == 0
		})
		return resource.ScopeLogs().Len() == 0
	})
	return logs
}

func severity(level string) plog.SeverityNumber {
	switch strings.ToLower(level) {
	case "trace":
		return plog.SeverityNumberTrace
	case "debug":
		return plog.SeverityNumberDebug
	case "info":
		return plog.SeverityNumberInfo
	case "warn", "warning":
		return plog.SeverityNumberWarn
	case "error":
		return plog.SeverityNumberError
	case "fatal":
		return plog.SeverityNumberFatal
	}
	return plog.SeverityNumberUnspecified
}

// Metrics converts the metrics of an answer as the receiver does, for `pharos-agent plugin check`,
// and says what the receiver would drop.
func Metrics(answer *proto.CollectResponse, cfg *Config, service string) (pmetric.Metrics, error) {
	resource := pcommon.NewMap()
	resource.PutStr("service.name", service)
	converted := newConversion(time.Now(), cfg.Limits.Points, resource)
	metrics := converted.metrics(answer)
	return metrics, converted.fault()
}
