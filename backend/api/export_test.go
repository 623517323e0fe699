package api

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

const exportSpan = "from=2026-01-02T03:00:00Z&to=2026-01-02T05:00:00Z"

// addLines stores so many records, a second apart.
func addLines(s *server, count int) {
	at := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	for i := range count {
		s.logs.Add(storage.LogRecord{
			Time: at.Add(time.Duration(i) * time.Second), ID: fmt.Sprintf("b-%05d", i), Service: "shop", Level: "info",
			Message: fmt.Sprintf("line %d", i), Labels: map[string]string{"zone": "a"},
		})
	}
}

// downloaded is a download that was read to its end.
type downloaded struct {
	status          int
	header, trailer http.Header
}

func (s *server) export(t *testing.T, params string) (downloaded, string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/v1/query/logs/export?"+exportSpan+"&"+params, nil)
	require.NoError(t, err)
	response, err := s.Client().Do(request)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	return downloaded{response.StatusCode, response.Header, response.Trailer}, string(text), err
}

func TestExportOfManyPages(t *testing.T) {
	s := newServer(t)
	const count = 4501
	addLines(s, count)
	for _, order := range []string{"desc", "asc"} {
		response, text, err := s.export(t, "order="+order)
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, response.status)
		assert.Equal(t, "application/x-ndjson", response.header.Get("Content-Type"))
		assert.Equal(t, `attachment; filename="logs-20260102T030000Z-20260102T050000Z.ndjson"`, response.header.Get("Content-Disposition"))
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		require.Len(t, lines, count)
		for i, line := range lines {
			var record storage.LogRecord
			require.NoError(t, json.Unmarshal([]byte(line), &record))
			want := i
			if order == "desc" {
				want = count - 1 - i
			}
			require.Equal(t, fmt.Sprintf("line %d", want), record.Message)
		}
		assert.Equal(t, "4501", response.trailer.Get("Pharos-Records"))
		assert.Equal(t, "true", response.trailer.Get("Pharos-Complete"))
	}
	response, text, err := s.export(t, "limit=2100&format=csv")
	require.NoError(t, err)
	assert.Equal(t, 2101, strings.Count(text, "\r\n"))
	assert.Equal(t, "2100", response.trailer.Get("Pharos-Records"))
	assert.Equal(t, "false", response.trailer.Get("Pharos-Complete"), "there were more")
}

func TestExportIsCutOffWhenTheStoreFails(t *testing.T) {
	s := newServer(t)
	addLines(s, 4501)
	s.logs.FailAfter(1, errcode.New(errcode.Internal, "disk gone"))
	response, text, err := s.export(t, "")
	require.Error(t, err, "a part is not taken for the whole")
	assert.Equal(t, http.StatusOK, response.status)
	assert.Empty(t, response.trailer.Get("Pharos-Complete"))
	assert.NotEmpty(t, text)

	s.logs.FailAfter(0, errcode.New(errcode.Unavailable, "closing"))
	response, text, err = s.export(t, "")
	require.NoError(t, err)
	assert.Equal(t, http.StatusServiceUnavailable, response.status)
	assert.Contains(t, text, `"code":"unavailable"`)
	s.logs.FailAfter(0, nil)
	for range 10 { // more than may run at once: all have given their place back
		response, _, err = s.export(t, "limit=1")
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, response.status)
	}
}

func TestExportToSpreadsheets(t *testing.T) {
	s := newServer(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	s.logs.Add(storage.LogRecord{
		Time: at, ID: "b-1", Service: "shop", Level: "error", Message: "=HYPERLINK(\"http://evil\",\"a\")\nsecond, line",
		Labels: map[string]string{"delta": "-5", "user": "@SUM(A1)", "space": " x "}, JSON: json.RawMessage(`{"a":"1"}`),
	})
	_, text, err := s.export(t, "format=csv")
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, [][]string{
		{"time", "level", "service", "instance_id", "message", "labels", "json", "trace_id", "span_id", "id"},
		{
			"2026-01-02T03:04:05.000000006Z", "error", "shop", "", "'=HYPERLINK(\"http://evil\",\"a\")\nsecond, line",
			`{"delta":"-5","space":" x ","user":"@SUM(A1)"}`, `{"a":"1"}`, "", "", "b-1",
		},
	}, rows)
	_, text, err = s.export(t, "format=csv&fields=time,labels.delta,user,space,absent")
	require.NoError(t, err)
	assert.Equal(t, "time,labels.delta,user,space,absent\r\n2026-01-02T03:04:05.000000006Z,-5,\"'@SUM(A1)\",\" x \",\r\n", text)
	_, text, err = s.export(t, "fields=message,delta,labels,json,absent")
	require.NoError(t, err)
	assert.JSONEq(t, `{"message":"=HYPERLINK(\"http://evil\",\"a\")\nsecond, line","delta":"-5","labels":{"delta":"-5","space":" x ","user":"@SUM(A1)"},"json":{"a":"1"}}`, text)
}
