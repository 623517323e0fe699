package logsearch

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/query/querytest"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

func known(ctx context.Context) context.Context {
	return auth.NewContext(ctx, auth.Principal{OrgID: querytest.Org})
}

func TestFiltersAreJoined(t *testing.T) {
	joined, err := Filters{
		Query: `"connection refused"`, Service: "checkout", InstanceID: "a", Level: "warn, error", Labels: map[string]string{"zone": "x"},
	}.Filter()
	require.NoError(t, err)
	record := map[string]string{
		logfilter.FieldMessage: "connection refused", logfilter.FieldService: "checkout", logfilter.FieldInstanceID: "a",
		logfilter.FieldLevel: "error", "labels.zone": "x",
	}
	fields := func() []logfilter.Field {
		var out []logfilter.Field
		for name, value := range record {
			out = append(out, logfilter.Field{Name: name, Value: value})
		}
		return out
	}
	assert.True(t, logfilter.Match(joined, fields()))
	for name, value := range record {
		record[name] = "other"
		assert.False(t, logfilter.Match(joined, fields()), name)
		record[name] = value
	}
	all, err := Filters{}.Filter()
	require.NoError(t, err)
	assert.True(t, all.MatchesAll())
}

func TestTimesAreStringsOrNumbers(t *testing.T) {
	var filters Filters
	require.NoError(t, json.Unmarshal([]byte(`{"from":1767323045,"to":"now"}`), &filters))
	assert.Equal(t, Filters{From: "1767323045", To: "now"}, filters)
	assert.Error(t, json.Unmarshal([]byte(`{"from":{}}`), &filters))
}

func TestTimeoutAndCancel(t *testing.T) {
	logs := querytest.NewLogs()
	logs.Block = true
	config := DefaultConfig()
	config.Timeout = time.Millisecond
	service, err := New(logs, config)
	require.NoError(t, err)
	_, err = service.search(known(t.Context()), &searchInput{})
	assert.Equal(t, errcode.Timeout, errcode.Of(err))
	require.ErrorContains(t, err, "the limit of 1ms (ask for")

	gone, cancel := context.WithCancel(known(t.Context()))
	cancel()
	_, err = service.fields(gone, &fieldsInput{})
	assert.Equal(t, errcode.Canceled, errcode.Of(err))
	_, err = service.histogram(t.Context(), &histogramInput{})
	assert.Equal(t, errcode.Unauthenticated, errcode.Of(err))
}

func TestLimit(t *testing.T) {
	for asked, want := range map[int]int{0: 100, 1: 1, 200: 200} {
		got, err := limit(asked, 100, 200)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err := limit(201, 100, 200)
	require.ErrorContains(t, err, "from 1 to 200")
	got, err := limit(0, 100, 50)
	require.NoError(t, err)
	assert.Equal(t, 50, got)
}

func TestConfigNamesWhatIsWrong(t *testing.T) {
	for field, change := range map[string]func(*Config){
		"timeout":     func(c *Config) { c.Timeout = 0 },
		"max_rows":    func(c *Config) { c.MaxRows = 0 },
		"max_buckets": func(c *Config) { c.MaxBuckets = 0 },
		"max_values":  func(c *Config) { c.MaxValues = 0 },
	} {
		config := DefaultConfig()
		change(&config)
		_, err := New(nil, config)
		assert.ErrorContains(t, err, field)
	}
}
