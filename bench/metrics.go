package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

const (
	protobufType = "application/x-protobuf"

	hosts          = 100
	metricsPerHost = 100
	hostsInRequest = 10
	samplesInBody  = hostsInRequest * metricsPerHost
	bodies         = hosts / hostsInRequest

	// The load's samples are apart as in a usual scrape, and begin so long ago that a run does
	// not reach the present. Servers take the last 24 hours.
	sampleSpacing = 15 * time.Second
	loadBegin     = 23 * time.Hour
)

// stepTime returns the time of a step of the load, and false when it would be in the future.
func stepTime(begin time.Time, step int) (time.Time, bool) {
	at := begin.Add(time.Duration(step) * sampleSpacing)
	return at, time.Since(at) > 0
}

func hostName(i int) string   { return fmt.Sprintf("host-%03d", i) }
func metricName(i int) string { return fmt.Sprintf("bench.metric.%03d", i) }

// oneService is whose the load is, unless several are wanted.
func oneService(int) string { return "bench" }

// otlpMetricBodies returns templates that together hold every series once, each of a service.
func otlpMetricBodies(count int, service func(n int) string) ([]template, error) {
	templates := make([]template, 0, count)
	for n := range count {
		metrics := pmetric.NewMetrics()
		for h := range hostsInRequest {
			addHost(metrics, service(n), hostName(n*hostsInRequest+h))
		}
		body, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
		if err != nil {
			return nil, fmt.Errorf("encode metrics: %w", err)
		}
		t := newTemplate(body)
		if err := t.check(samplesInBody, samplesInBody, 0); err != nil {
			return nil, err
		}
		templates = append(templates, t)
	}
	return templates, nil
}

func addHost(metrics pmetric.Metrics, service, host string) {
	r := metrics.ResourceMetrics().AppendEmpty()
	r.Resource().Attributes().PutStr("service.name", service)
	r.Resource().Attributes().PutStr("service.instance.id", host)
	r.Resource().Attributes().PutStr("host.name", host)
	slice := r.ScopeMetrics().AppendEmpty().Metrics()
	for i := range metricsPerHost {
		m := slice.AppendEmpty()
		m.SetName(metricName(i))
		points := pmetric.NumberDataPointSlice{}
		if i%2 == 0 {
			sum := m.SetEmptySum()
			sum.SetIsMonotonic(true)
			sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			points = sum.DataPoints()
		} else {
			points = m.SetEmptyGauge().DataPoints()
		}
		point := points.AppendEmpty()
		point.SetTimestamp(pcommon.Timestamp(timeMark))
		point.SetDoubleValue(valueMark)
		point.Attributes().PutStr("device", fmt.Sprintf("dev%d", i))
		point.Attributes().PutStr("zone", "a")
	}
}

// otlpMetricLoad goes through the templates again and again, a step of time each round.
func otlpMetricLoad(s *server, templates []template, begin time.Time) load {
	return load{
		url: s.base + s.metrics, key: s.key, items: samplesInBody,
		headers: map[string]string{"Content-Type": protobufType},
		body: func(n int, buffer []byte) []byte {
			which, step := n%len(templates), n/len(templates)
			at, past := stepTime(begin, step)
			if !past {
				return nil
			}
			t := &templates[which]
			buffer = t.fill(buffer, at, 0)
			t.setValues(buffer, func(i int) float64 { return walk(which*samplesInBody+i, step) })
			return buffer
		},
	}
}

func runOTLPMetrics(ctx context.Context, o *options) (result, error) {
	templates, err := otlpMetricBodies(bodies, oneService)
	if err != nil {
		return result{}, err
	}
	begin := time.Now().Add(-loadBegin).Truncate(sampleSpacing)
	return measure(ctx, o, apart, func(s *server) load { return otlpMetricLoad(s, templates, begin) })
}

// writeTemplate is a remote-write body before compression: prompb's times are varints, of which
// those of this century's milliseconds have six bytes.
type writeTemplate struct {
	template

	stamps []int
}

const (
	stampMark  = int64(0x2BAD_CAFE_5EE) // between 2^35 and 2^42: six bytes
	stampBytes = 6
)

func remoteWriteBodies() ([]writeTemplate, error) {
	var templates []writeTemplate
	for n := range bodies {
		var request prompb.WriteRequest
		for h := range hostsInRequest {
			host := hostName(n*hostsInRequest + h)
			for i := range metricsPerHost {
				request.Timeseries = append(request.Timeseries, prompb.TimeSeries{
					Labels: []prompb.Label{
						{Name: "__name__", Value: fmt.Sprintf("bench_metric_%03d", i)},
						{Name: "device", Value: fmt.Sprintf("dev%d", i)},
						{Name: "host_name", Value: host},
						{Name: "instance", Value: host},
						{Name: "job", Value: "bench"},
						{Name: "zone", Value: "a"},
					},
					Samples: []prompb.Sample{{Value: valueMark, Timestamp: stampMark}},
				})
			}
		}
		body, err := request.Marshal()
		if err != nil {
			return nil, fmt.Errorf("encode a write request: %w", err)
		}
		t := writeTemplate{newTemplate(body), find(body, binary.AppendUvarint(nil, uint64(stampMark)))}
		if err := t.check(0, samplesInBody, 0); err != nil || len(t.stamps) != samplesInBody {
			return nil, fmt.Errorf("found %d of %d times in a write request: %w", len(t.stamps), samplesInBody, err)
		}
		templates = append(templates, t)
	}
	return templates, nil
}

func (t *writeTemplate) setStamps(buffer []byte, at time.Time) {
	var encoded [binary.MaxVarintLen64]byte
	if binary.PutUvarint(encoded[:], uint64(at.UnixMilli())) != stampBytes {
		return // not in this century
	}
	for _, place := range t.stamps {
		copy(buffer[place:], encoded[:stampBytes])
	}
}

func runRemoteWrite(ctx context.Context, o *options) (result, error) {
	templates, err := remoteWriteBodies()
	if err != nil {
		return result{}, err
	}
	begin := time.Now().Add(-loadBegin).Truncate(sampleSpacing)
	return measure(ctx, o, apart, func(s *server) load {
		return load{
			url: s.base + s.write, key: s.key, items: samplesInBody,
			headers: map[string]string{
				"Content-Type": protobufType, "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0",
			},
			body: func(n int, buffer []byte) []byte {
				which, step := n%len(templates), n/len(templates)
				at, past := stepTime(begin, step)
				if !past {
					return nil
				}
				t := &templates[which]
				plain := append([]byte(nil), t.body...)
				t.setStamps(plain, at)
				t.setValues(plain, func(i int) float64 { return walk(which*samplesInBody+i, step) })
				return snappy.Encode(buffer[:cap(buffer)], plain)
			},
		}
	})
}

// round keeps tables readable.
func round(value float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(value*scale) / scale
}
