package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Marks that are encoded in the place of what changes from request to request. They cannot
// occur by chance in what else is encoded.
const (
	timeMark  = uint64(0x7A11_5EED_0BAD_CAFE) >> 1
	valueMark = 6.02214076e23
)

// traceMark returns what stands for a trace id.
func traceMark() [16]byte {
	return [16]byte{0xfe, 0xed, 0xfa, 0xce, 0xca, 0xfe, 0xbe, 0xef, 0xde, 0xad, 0xc0, 0xde, 0x0d, 0xd0, 0xfe, 0xed}
}

// template is an encoded body and where in it are the times, values and trace ids.
type template struct {
	body   []byte
	times  []int // of 8 bytes, little endian: OTLP's nanoseconds
	values []int // of 8 bytes, little endian: doubles
	traces []int // of 16 bytes
}

func newTemplate(body []byte) template {
	trace := traceMark()
	return template{
		body:   body,
		times:  find(body, binary.LittleEndian.AppendUint64(nil, timeMark)),
		values: find(body, binary.LittleEndian.AppendUint64(nil, math.Float64bits(valueMark))),
		traces: find(body, trace[:]),
	}
}

// find returns where a mark stands.
func find(body, mark []byte) []int {
	var places []int
	for from := 0; ; {
		i := bytes.Index(body[from:], mark)
		if i < 0 {
			return places
		}
		places = append(places, from+i)
		from += i + len(mark)
	}
}

// check says whether the marks were found as often as they were written.
func (t *template) check(times, values, traces int) error {
	if len(t.times) != times || len(t.values) != values || len(t.traces) != traces {
		return fmt.Errorf("found %d times, %d values and %d trace ids in a template: want %d, %d, %d",
			len(t.times), len(t.values), len(t.traces), times, values, traces)
	}
	return nil
}

// fill copies the body into the buffer with all times set; the i-th apart by spacing, which may be 0.
func (t *template) fill(buffer []byte, at time.Time, spacing time.Duration) []byte {
	buffer = append(buffer[:0], t.body...)
	stamp := uint64(at.UnixNano())
	for i, place := range t.times {
		binary.LittleEndian.PutUint64(buffer[place:], stamp+uint64(i)*uint64(spacing))
	}
	return buffer
}

// setValues sets the values to what the function returns for each.
func (t *template) setValues(buffer []byte, value func(i int) float64) {
	for i, place := range t.values {
		binary.LittleEndian.PutUint64(buffer[place:], math.Float64bits(value(i)))
	}
}

// setTraces sets all trace ids to random ones.
func (t *template) setTraces(buffer []byte) {
	for _, place := range t.traces {
		binary.LittleEndian.PutUint64(buffer[place:], rand.Uint64())   //nolint:gosec // made-up data
		binary.LittleEndian.PutUint64(buffer[place+8:], rand.Uint64()) //nolint:gosec // as above
	}
}

// walk is the i-th series' value at a step: half are counters with uneven growth, half are
// gauges that wander, in whole steps of a hundredth as real ones mostly are.
func walk(series, step int) float64 {
	phase := float64(series%97) + float64(step)
	if series%2 == 0 {
		return math.Floor(float64(step)*float64(10+series%50) + 8*math.Sin(phase))
	}
	return math.Round(100*(50+40*math.Sin(phase/40)+3*math.Sin(phase*7))) / 100
}

// errWindow says that the load has outrun the time that the server takes.
var errWindow = errors.New("the load has used up the time window: use a shorter --duration")
