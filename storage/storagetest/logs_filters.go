package storagetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
	"github.com/pharos-obs/pharos/storage/logrecord"
)

// filterLines are records with everything in them that filters find hard.
func filterLines(start time.Time) []logLine {
	messages := []string{
		"Connection refused: dial tcp 10.0.0.1:80", "connection  refused", "refused connection", "reconnection refused_now",
		"GET /health 200 12ms", "code=-5 retry", "5", "-5", "55", "a\nb", "łódź ŁÓDŹ_2", "日本語 テスト", "x² half ½", "K ſ İ i", "tab\tquote\"back\\slash `tick`",
		"2026-01-02T03:04:05.678Z", "1.5", "007", "1_000", "broken \ufffd here", "broken\ufffdhere", "*", "NOT and OR", "",
	}
	values := []string{"", "prod", "staging", "/api/health", "512", "512.5", "-12", "0", "5ms", "1e3", "10.1.2.3", "99999999999999999999", "0.25", "true", "Error"}
	lines := make([]logLine, 0, len(messages)*len(values))
	for i, message := range messages {
		for j, value := range values {
			lines = append(lines, logLine{
				at:      start.Add(time.Duration(i*len(values)+j) * 100 * time.Millisecond),
				service: []string{"checkout", "checkout-api", "web"}[(i+j)%3],
				level:   []string{"info", "error", "notice"}[j%3],
				message: message,
				labels:  map[string]string{"env": value, "path": values[(i+j)%len(values)], "only.label": "yes", "int": fmt.Sprint((i - 5) * 3)},
				json:    map[string]any{"env": values[(i*3+j)%len(values)], "latency": i * j, "ratio": float64(i) / 4, "user": map[string]any{"name": value}},
			})
		}
	}
	return lines
}

// checkFilter compares a search with what logfilter.Match says about every record.
func checkFilter(t *testing.T, store storage.LogStore, records []storage.LogRecord, text string) {
	t.Helper()
	filter := mustFilter(t, text)
	var want []string
	for _, record := range records {
		if logfilter.Match(filter, logrecord.Fields(record)) {
			want = append(want, record.ID)
		}
	}
	page, err := store.Search(t.Context(), logOrg, storage.LogQuery{Filter: filter, Limit: len(records) + 1})
	require.NoError(t, err, text)
	byID := map[string]storage.LogRecord{}
	for _, record := range records {
		byID[record.ID] = record
	}
	got := make([]string, len(page.Records))
	for i, record := range page.Records {
		got[i] = record.ID
	}
	for _, id := range want {
		if !slices.Contains(got, id) {
			assert.Fail(t, "record not found", "%s\n%+v", text, byID[id])
			return
		}
	}
	for _, id := range got {
		if !slices.Contains(want, id) {
			assert.Fail(t, "record found that does not match", "%s\n%+v", text, byID[id])
			return
		}
	}
	assert.Len(t, got, len(want), "%s found twice", text)
}

// writeFilterLines writes in several batches, so that records meet in parts of a store by chance.
func writeFilterLines(t *testing.T, store storage.LogStore) []storage.LogRecord {
	t.Helper()
	lines := filterLines(logTime())
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // no secret
	random.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	for i, chunk := range slices.Collect(slices.Chunk(lines, 50)) {
		writeLogs(t, store, logOrg, fmt.Sprintf("batch-%d", i), 0, chunk...)
	}
	records := searchAll(t, store, logOrg, storage.LogQuery{Limit: 1000})
	require.Len(t, records, len(lines))
	return records
}

func logFilterTable(t *testing.T, store storage.LogStore) {
	t.Helper()
	records := writeFilterLines(t, store)
	at := logTime().Format(time.RFC3339)
	for _, text := range []string{
		"", "*", "-*", "refused", "refuse", "refuse*", `"connection refused"`, `"refused dial"`, `i("CONNECTION REFUSED")`, `i(refu*)`,
		"5", "-5", "5*", "55", "12ms", "12*", "a", `"a b"`, "łódź", "łódź*", "i(ŁÓDŹ)", `i("łódź łódź_2")`, "日本語", "x", "half", "i(k)", "i(s)", "i(i)", `i("k s")`, `i("k ſ i i")`,
		"007", "7", "1", "1_000", "broken", "here", `"broken here"`, "\ufffd", "\"broken \ufffd here\"", `"2026 01 02T03"`, "678Z", `="5"`, `=""`, `"":""`[3:],
		"service:checkout", "service:=checkout", "service:check*", `service:"checkout api"`, "level:error", "level:=Error", "level:in(error, notice)", `level:""`,
		"env:prod", "env:=prod", "-env:=prod", `env:""`, "env:*", "env:in(prod, 512, \"\")", `env:in("*", prod)`, `in("*", "5")`, "labels.env:prod", "json.env:prod", "env:512", `env:"10 1"`, "env:10*", "env:~\"^[0-9.]+$\"", `env:~"^$"`, "env:~pro", "env:i(ERROR)",
		"path:health", `path:"/api/health"`, "path:=/api/health", "path:api*", "env:>500", "env:>=512", "env:<0", "env:<=-12", "env:range(0, 512.5]", "env:range[0, 512.5)", "-env:>0", "env:>99999999999999999998", "env:<1e"[:6],
		"latency:>100", "latency:=12", "latency:12", "latency:1*", "ratio:>1.25", "ratio:=1.25", "ratio:25", "ratio:1*", "int:3", "int:-3"[:4] + `"-3"`, "int:<0", "int:=-3", "int:1*", "int:in(-3, 3)", "int:i(3)",
		"user.name:prod", "json.user.name:prod", "only.label:yes", "only:yes", "absent:x", "-absent:x", `absent:""`, "absent:*", "absent:>0", `absent:~"x?"`,
		"level:error -env:prod (refused or 5)", "-(level:error env:prod)", "-(level:error or env:prod)", "level:(error or info) -path:(health or 512)",
		"time:>=" + at, "time:<" + at, "id:batch-0-0", "id:in(batch-0-0, batch-1-7, nonsense)", "-id:batch-0-0", "id:nonsense", "id:*", `id:""`,
		"and_", `"NOT"`, `"or"`, `~"a.b"`, `~"(?i)CONNECTION +refused"`, `~"\\*"`, `"quote back"`,
	} {
		checkFilter(t, store, records, text)
	}
}

// randomFilter makes a filter of conditions that records have a chance to meet.
func randomFilter(random *rand.Rand, depth int) string {
	pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	if depth > 0 && random.IntN(2) == 0 {
		left, right := randomFilter(random, depth-1), randomFilter(random, depth-1)
		return pick("(%s) (%s)", "(%s) or (%s)", "-(%s) (%s)", "-((%s) or -(%s))")[:0] + fmt.Sprintf(pick("(%s) (%s)", "(%s) or (%s)", "-(%s) (%s)", "-((%s) or -(%s))"), left, right)
	}
	field := pick("", "", "service", "level", "env", "labels.env", "json.env", "path", "latency", "ratio", "int", "user.name", "absent")
	value := pick("refused", "connection", "5", "12", "checkout", "error", "prod", "api", "health", "512", "0", "25", "3", "łódź", "here", "Error", "\"dial tcp\"", "\"connection refused\"", "\"api health\"", "\"512 5\"")
	bare := strings.Trim(value, `"`)
	number := pick("0", "-3", "5", "12", "512", "512.5", "0.25", "1000000")
	condition := ""
	switch random.IntN(9) {
	case 0, 1, 2:
		condition = value
	case 3:
		condition = value + "*"
	case 4:
		condition = "i(" + strings.ToUpper(value) + pick("", "*") + ")"
	case 5:
		condition = pick("=", "=\""+bare+"\"", "in("+value+", prod, \"-3\")")
		if condition == "=" {
			condition += value
		}
	case 6:
		condition = pick(">", ">=", "<", "<=") + number
	case 7:
		condition = "~\"" + pick(bare, "^"+bare, bare+"$", "[0-9]+", "^.$") + "\""
	case 8:
		condition = pick("\"\"", "*")
		if field == "" {
			field = "path"
		}
	}
	if field != "" {
		condition = field + ":" + condition
	}
	return pick("", "", "-") + condition
}

func logRandomFilters(t *testing.T, store storage.LogStore) {
	t.Helper()
	records := writeFilterLines(t, store)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // no secret
	for range 400 {
		checkFilter(t, store, records, randomFilter(random, 3))
	}
}

// logRandomCounts compares histograms and field values with what logfilter.Match says about every
// record.
func logRandomCounts(t *testing.T, store storage.LogStore) {
	t.Helper()
	records := writeFilterLines(t, store)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // no secret
	names := []string{"", "level", "service", "env", "labels.env", "json.env", "path", "latency", "user.name", "absent", "id"}
	for range 60 {
		text := randomFilter(random, 2)
		filter := mustFilter(t, text)
		var matching []storage.LogRecord
		for _, record := range records {
			if logfilter.Match(filter, logrecord.Fields(record)) {
				matching = append(matching, record)
			}
		}
		by := names[random.IntN(len(names))]
		step := time.Duration(1+random.IntN(20)) * time.Second
		limit := 1 + random.IntN(5)
		buckets, err := store.Histogram(t.Context(), logOrg, storage.HistogramQuery{Filter: filter, Step: step, By: by, Limit: limit})
		require.NoError(t, err, text)
		top := countValues(matching, by)
		got := map[storage.LogBucket]uint64{}
		for _, bucket := range buckets {
			key := bucket
			key.Count = 0
			got[key] += bucket.Count
		}
		assert.Equal(t, wantBuckets(matching, by, step, top.Values[:min(limit, len(top.Values))]), got, "%s by %s", text, by)
		if by == "" {
			continue
		}
		fields, err := store.Fields(t.Context(), logOrg, storage.FieldsQuery{Filter: filter, Names: []string{by}, Limit: 1000})
		require.NoError(t, err, text)
		assert.Equal(t, []storage.LogField{top}, fields, "%s: %s", text, by)
	}
}

// valueOf returns the value of a field: a label counts before a json member of the same name.
func valueOf(record storage.LogRecord, name string) string {
	fields := logrecord.Fields(record)
	for _, full := range []string{name, logfilter.LabelsPrefix + name, logfilter.JSONPrefix + name} {
		for _, f := range fields {
			if f.Name == full {
				return f.Value
			}
		}
	}
	return ""
}

func countValues(records []storage.LogRecord, name string) storage.LogField {
	counts := map[string]uint64{}
	field := storage.LogField{Name: name}
	for _, record := range records {
		if value := valueOf(record, name); value != "" {
			counts[value]++
			field.Records++
		}
	}
	for value, count := range counts {
		field.Values = append(field.Values, storage.FieldValue{Value: value, Count: count})
	}
	slices.SortFunc(field.Values, func(a, b storage.FieldValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	field.Total = uint64(len(counts))
	return field
}

func wantBuckets(records []storage.LogRecord, by string, step time.Duration, top []storage.FieldValue) map[storage.LogBucket]uint64 {
	counts := map[storage.LogBucket]uint64{}
	for _, record := range records {
		bucket := storage.LogBucket{Time: time.Unix(0, record.Time.UnixNano()/int64(step)*int64(step)).UTC()}
		if by != "" {
			bucket.By = valueOf(record, by)
			if bucket.By != "" && !slices.ContainsFunc(top, func(v storage.FieldValue) bool { return v.Value == bucket.By }) {
				bucket.By, bucket.Other = "", true
			}
		}
		counts[bucket]++
	}
	return counts
}
