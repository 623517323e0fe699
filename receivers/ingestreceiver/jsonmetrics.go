package ingestreceiver

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pharos-obs/pharos/storage/series"
)

// Members of the JSON items, which are also the fields named in rejections.
const (
	fieldTime     = "time"
	fieldService  = "service"
	fieldInstance = "instance_id"
	fieldName     = "metric_name"
	fieldValue    = "value"
	fieldLabels   = "labels"
	fieldLevel    = "level"
	fieldMessage  = "message"
	fieldJSON     = "json"
)

// Labels that service and instance_id become.
const (
	labelService  = "service"
	labelJob      = "job"
	labelInstance = "instance"
)

// metricItems turns items of POST /v1/ingest/metrics into series.
type metricItems struct {
	now     time.Time
	builder *series.Builder
	indexes []int // place in the body, by place in the builder

	seen     seenFields
	at       time.Time
	service  string
	instance string
	name     string
	value    float64
	hasValue bool
	labels   []series.Label
}

func newMetricItems(now time.Time) *metricItems {
	return &metricItems{now: now, builder: series.NewBuilder(0)}
}

// seenFields finds a member that is there twice.
type seenFields uint16

func (s *seenFields) mark(bit int, field string) error {
	if *s&(1<<bit) != 0 {
		return &itemError{field, reasonDuplicate, "is there twice"}
	}
	*s |= 1 << bit
	return nil
}

func (m *metricItems) reset() {
	m.seen, m.at, m.service, m.instance, m.name = 0, time.Time{}, "", "", ""
	m.value, m.hasValue, m.labels = 0, false, m.labels[:0]
}

func (m *metricItems) field(values *jsonReader, name []byte) (err error) {
	switch string(name) {
	case fieldTime:
		if err = m.seen.mark(0, fieldTime); err == nil {
			m.at, err = values.time(fieldTime)
		}
	case fieldService:
		if err = m.seen.mark(1, fieldService); err == nil {
			m.service, err = values.word(fieldService)
		}
	case fieldInstance:
		if err = m.seen.mark(2, fieldInstance); err == nil {
			m.instance, err = values.word(fieldInstance)
		}
	case fieldName:
		if err = m.seen.mark(3, fieldName); err == nil {
			m.name, err = values.word(fieldName)
		}
	case fieldValue:
		if err = m.seen.mark(4, fieldValue); err == nil {
			m.value, m.hasValue, err = values.number(fieldValue)
		}
	case fieldLabels:
		if err = m.seen.mark(5, fieldLabels); err == nil {
			err = values.strings(fieldLabels, m.label)
		}
	default:
		return errUnknownField(name, "time, service, instance_id, metric_name, value and labels")
	}
	return err
}

func errUnknownField(name []byte, known string) error {
	field := strings.ToValidUTF8(shorten(string(name)), "?")
	return &itemError{field, reasonUnknownField, "is not a field; known are " + known + "; put anything else into labels"}
}

func (m *metricItems) label(name, value string) error {
	switch {
	case !validLabelName(name):
		return &itemError{fieldLabels, reasonLabel, fmt.Sprintf("%q is not a label name; use letters, digits and _, not beginning with a digit", shorten(name))}
	case strings.HasPrefix(name, "__"):
		return &itemError{fieldLabels, reasonLabel, fmt.Sprintf("%q begins with __, which is reserved; rename it", shorten(name))}
	case slices.ContainsFunc(m.labels, func(l series.Label) bool { return l.Name == name }):
		return &itemError{fieldLabels, reasonLabel, strconv.Quote(shorten(name)) + " is there twice"}
	}
	m.labels = append(m.labels, series.Label{Name: name, Value: value})
	return nil
}

func (m *metricItems) complete() error {
	switch {
	case m.service == "":
		return &itemError{fieldService, reasonMissing, "is missing; name the service that sends the metric"}
	case m.name == "":
		return &itemError{fieldName, reasonMissing, "is missing"}
	case !validMetricName(m.name):
		return &itemError{fieldName, reasonName, fmt.Sprintf("%q is not a metric name; use letters, digits, _ and :, not beginning with a digit", shorten(m.name))}
	case !m.hasValue:
		return &itemError{fieldValue, reasonMissing, "is missing"}
	}
	// An empty label is the same as none.
	m.labels = slices.DeleteFunc(m.labels, func(l series.Label) bool { return l.Value == "" })
	for _, derived := range [...]struct{ label, field, value string }{
		{labelService, fieldService, m.service}, {labelJob, fieldService, m.service}, {labelInstance, fieldInstance, m.instance},
	} {
		if err := m.derive(derived.label, derived.field, derived.value); err != nil {
			return err
		}
	}
	return nil
}

// derive adds a label that a field stands for, unless it is there with the same value.
func (m *metricItems) derive(label, field, value string) error {
	if value == "" {
		return nil
	}
	for _, sent := range m.labels {
		if sent.Name == label && sent.Value != value {
			return &itemError{fieldLabels, reasonLabel, fmt.Sprintf("%q is set by the field %s; leave the label out or send the same value", label, field)}
		} else if sent.Name == label {
			return nil
		}
	}
	m.labels = append(m.labels, series.Label{Name: label, Value: value})
	return nil
}

func (m *metricItems) add(index int) error {
	at := m.at
	if at.IsZero() {
		at = m.now
	}
	m.builder.AddSample(m.name, m.labels, at.UnixMilli(), m.value, series.Meta{})
	m.indexes = append(m.indexes, index)
	return nil
}
