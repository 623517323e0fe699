package plugin

import (
	"fmt"
	"time"

	"github.com/pharos-obs/pharos/agent/plugin/proto"
)

// Metrics takes what a Collect has measured. It belongs to one call and one goroutine.
type Metrics struct {
	order    []*Metric
	byName   map[string]*Metric
	warnings []string
}

// Metric is one metric, with any number of values.
type Metric struct {
	message *proto.Metric
	since   time.Time
	at      time.Time
}

// Attribute tells a value from the others of its metric.
type Attribute struct{ key, value string }

// Attr returns an attribute. An empty value leaves it out.
func Attr(key, value string) Attribute { return Attribute{key, value} }

// Gauge returns a metric whose values are those of now: a temperature, a queue's length. The name
// follows OpenTelemetry's conventions (redis.memory.used) and the unit UCUM (By, s, 1,
// {connection}). The same name again returns the same metric.
func (m *Metrics) Gauge(name, unit, description string) *Metric {
	return m.metric(name, unit, description, proto.Kind_KIND_GAUGE)
}

// Counter returns a metric whose values are totals that only grow, and begin anew at 0: requests
// since the start.
func (m *Metrics) Counter(name, unit, description string) *Metric {
	return m.metric(name, unit, description, proto.Kind_KIND_COUNTER)
}

// UpDownCounter returns a metric whose values are totals that may be added up over their
// attributes, and also shrink: connections, bytes in use.
func (m *Metrics) UpDownCounter(name, unit, description string) *Metric {
	return m.metric(name, unit, description, proto.Kind_KIND_UP_DOWN_COUNTER)
}

// Warn says what could not be measured while the rest could. The agent logs it and shows that the
// plugin has a fault.
func (m *Metrics) Warn(err error) { m.warnings = append(m.warnings, err.Error()) }

func (m *Metrics) metric(name, unit, description string, kind proto.Kind) *Metric {
	if known, ok := m.byName[name]; ok {
		return known
	}
	created := &Metric{message: &proto.Metric{Name: name, Unit: unit, Description: description, Kind: kind}}
	if m.byName == nil {
		m.byName = make(map[string]*Metric)
	}
	m.byName[name] = created
	m.order = append(m.order, created)
	return created
}

// Since says since when the values added from now on count, so that a restart of what is measured
// shows. The zero time means unknown.
func (m *Metric) Since(start time.Time) *Metric {
	m.since = start
	return m
}

// At says when the values added from now on were measured. The zero time means now.
func (m *Metric) At(when time.Time) *Metric {
	m.at = when
	return m
}

// Int adds a whole number.
func (m *Metric) Int(value int64, attributes ...Attribute) *Metric {
	return m.add(&proto.Point{Value: &proto.Point_IntValue{IntValue: value}}, attributes)
}

// Float adds a number. One that is not a number (NaN) is dropped by the agent.
func (m *Metric) Float(value float64, attributes ...Attribute) *Metric {
	return m.add(&proto.Point{Value: &proto.Point_DoubleValue{DoubleValue: value}}, attributes)
}

func (m *Metric) add(point *proto.Point, attributes []Attribute) *Metric {
	for _, one := range attributes {
		if one.value == "" {
			continue
		}
		if point.Attributes == nil {
			point.Attributes = make(map[string]string, len(attributes))
		}
		point.Attributes[one.key] = one.value
	}
	point.TimeUnixNano, point.StartTimeUnixNano = nanoseconds(m.at), nanoseconds(m.since)
	m.message.Points = append(m.message.Points, point)
	return m
}

func nanoseconds(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.UnixNano())
}

// response returns what goes to the agent; metrics without a value are left out.
func (m *Metrics) response() *proto.CollectResponse {
	response := &proto.CollectResponse{Warnings: m.warnings}
	for _, one := range m.order {
		if len(one.message.Points) > 0 {
			response.Metrics = append(response.Metrics, one.message)
		}
	}
	return response
}

// Values returns what was added, as name{key=value} -> number, for tests of plugins.
func (m *Metrics) Values() map[string]float64 {
	values := make(map[string]float64)
	for _, one := range m.order {
		for _, point := range one.message.GetPoints() {
			value := point.GetDoubleValue()
			if whole, ok := point.GetValue().(*proto.Point_IntValue); ok {
				value = float64(whole.IntValue)
			}
			values[one.message.GetName()+describe(point.GetAttributes())] = value
		}
	}
	return values
}

// Warnings returns what Warn was told, for tests of plugins.
func (m *Metrics) Warnings() []string { return m.warnings }

func describe(attributes map[string]string) string {
	if len(attributes) == 0 {
		return ""
	}
	text := fmt.Sprint(attributes) // map[k:v k:v], in the order of the keys
	return "{" + text[len("map["):len(text)-1] + "}"
}
