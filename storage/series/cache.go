package series

import (
	"encoding/binary"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/pharos-obs/pharos/storage"
)

// cacheKey is a 128-bit hash, of two seeds that are secret and differ from one start to the
// next. Keys are taken to be equal when it is: among a million series two collide with a
// probability of 10^-27.
type cacheKey struct{ high, low uint64 }

// entry is the series of a data point, as the converter made it.
type entry struct {
	labels labels.Labels
	ref    atomic.Uint64
	family string
	kind   model.MetricType
	unit   string
}

// resource is what a resource's data points have in common.
type resource struct {
	converter  *converter
	targetInfo *entry // nil when the resource has none
}

// cache remembers series and resources of all organisations. When one is full it forgets all
// of its kind: a load that doesn't fit is no slower than without a cache, and one that does
// is learned again at once.
type cache struct {
	seeds [2]maphash.Seed
	max   int

	mu        sync.RWMutex
	series    map[cacheKey]*entry
	groups    map[cacheKey][]*entry // the series of a histogram's or summary's data point
	grouped   int                   // how many series are in groups
	resources map[cacheKey]*resource
}

func newCache(size int) *cache {
	return &cache{
		seeds:     [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		max:       max(size, 1),
		series:    map[cacheKey]*entry{},
		groups:    map[cacheKey][]*entry{},
		resources: map[cacheKey]*resource{},
	}
}

func (c *cache) hash(content []byte) cacheKey {
	return cacheKey{maphash.Bytes(c.seeds[0], content), maphash.Bytes(c.seeds[1], content)}
}

func (c *cache) putSeries(key cacheKey, e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.series) >= c.max {
		clear(c.series)
	}
	c.series[key] = e
}

func (c *cache) putGroup(key cacheKey, group []*entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.grouped += len(group) - len(c.groups[key]); c.grouped > c.max {
		clear(c.groups)
		c.grouped = len(group)
	}
	c.groups[key] = group
}

func (c *cache) resource(key cacheKey) *resource {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.resources[key]
}

func (c *cache) putResource(key cacheKey, r *resource) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.resources) >= c.max/10+1 {
		clear(c.resources)
	}
	c.resources[key] = r
}

// append adds a sample to the entry's series.
func (e *entry) append(app promstorage.AppenderV2, start, t int64, v float64, opts promstorage.AppendV2Options) error {
	known := promstorage.SeriesRef(e.ref.Load())
	ref, err := app.Append(known, e.labels, start, t, v, nil, nil, opts)
	if ref != 0 && ref != known {
		e.ref.Store(uint64(ref))
	}
	return err
}

// keyBuilder writes what identifies a series: a prefix for the resource and the metric, and
// after it the attributes of one data point. Strings are preceded by their length, so that
// different contents never read the same.
type keyBuilder struct {
	buf    []byte
	prefix int
}

// The kinds of key, which never share one.
const (
	resourceKey = iota
	gaugeKey
	monotonicKey
	sumKey
	markedKey
	histogramKey
	summaryKey
)

func (k *keyBuilder) resource(org storage.OrgID, attributes pcommon.Map) []byte {
	k.buf = append(k.buf[:0], resourceKey)
	k.string(string(org))
	return k.attributes(attributes)
}

// metric begins the keys of a metric's data points.
func (k *keyBuilder) metric(kind byte, org storage.OrgID, resource cacheKey, name, unit string) {
	k.buf = append(k.buf[:0], kind)
	k.string(string(org))
	k.buf = binary.LittleEndian.AppendUint64(k.buf, resource.high)
	k.buf = binary.LittleEndian.AppendUint64(k.buf, resource.low)
	k.string(name)
	k.string(unit)
	k.prefix = len(k.buf)
}

// point returns the key of a data point of the metric.
func (k *keyBuilder) point(attributes pcommon.Map) []byte {
	k.buf = k.buf[:k.prefix]
	return k.attributes(attributes)
}

func (k *keyBuilder) attributes(attributes pcommon.Map) []byte {
	for name, value := range attributes.All() {
		k.string(name)
		k.buf = append(k.buf, byte(value.Type()))
		if value.Type() == pcommon.ValueTypeStr {
			k.string(value.Str())
		} else {
			k.string(value.AsString())
		}
	}
	return k.buf
}

func (k *keyBuilder) string(s string) {
	k.buf = binary.AppendUvarint(k.buf, uint64(len(s)))
	k.buf = append(k.buf, s...)
}
