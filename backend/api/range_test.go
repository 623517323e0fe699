package api

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/problem"
)

func (s *server) post(t *testing.T, target, body string) (int, string) {
	t.Helper()
	status, _, answer := s.do(t, http.MethodPost, target, body, "Content-Type", "application/json")
	return status, answer
}

func TestQueryRange(t *testing.T) {
	s := newServer(t)
	for name, tt := range map[string]struct{ body, want string }{
		"one value a step": {
			`{"query":"cpu{job=\"cart\"}","from":60,"to":180,"step":"60s"}`,
			`{"step":60,"times":[60,120,180],"series":[{"labels":{"__name__":"cpu","instance":"c","job":"cart"},"values":[5,5,5],
			  "stats":{"min":5,"max":5,"avg":5,"last":5}}],"total_series":1,"limit":50,"reduced":false,"warnings":[]}`,
		},
		"cap": {
			`{"query":"cpu","from":"1970-01-01T00:01:00Z","to":60.5,"step":"60s","limit":1,"order":"last","points":5}`,
			`{"step":60,"times":[60],"series":[{"labels":{"__name__":"cpu","instance":"c","job":"cart"},"values":[5],
			  "stats":{"min":5,"max":5,"avg":5,"last":5}}],"total_series":3,"limit":1,"reduced":false,"warnings":[]}`,
		},
		"pairs": {
			`{"query":"requests_total","from":0,"to":599,"step":"60s","points":4}`,
			`{"step":150,"times":[0,150,300,450],"series":[{"labels":{"__name__":"requests_total","job":"cart"},"values":[0,240,300,540],
			  "stats":{"min":0,"max":540,"avg":270,"last":540}}],"total_series":1,"limit":50,"reduced":true,"warnings":[]}`,
		},
		"what JSON has no number for": {
			`{"query":"odd","from":0,"to":60,"step":60,"order":"name"}`,
			`{"step":60,"times":[0,60],"series":[{"labels":{"__name__":"odd","kind":"inf"},"values":[null,null]},
			  {"labels":{"__name__":"odd","kind":"nan"},"values":[null,null]}],"total_series":2,"limit":50,"reduced":false,"warnings":[]}`,
		},
		"nothing": {
			`{"query":"absent_metric","from":0,"to":60,"step":"60s"}`,
			`{"step":60,"times":[0,60],"series":[],"total_series":0,"limit":50,"reduced":false,"warnings":[]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := s.post(t, "/v1/query/range", tt.body)
			assert.Equal(t, http.StatusOK, status, body)
			assert.JSONEq(t, tt.want, body)
		})
	}
	assert.Zero(t, s.metrics.OpenCount(), "every request closes the metrics")
}

func TestQueryRangeRefuses(t *testing.T) {
	s := newServer(t)
	for body, field := range map[string]string{
		`{"query":"sum("}`:                       "query",
		`{"query":""}`:                           "query",
		`{}`:                                     "query",
		`{"query":"cpu","from":20,"to":10}`:      "to",
		`{"query":"cpu","from":"yesterday"}`:     "from",
		`{"query":"cpu","points":0.5}`:           "points",
		`{"query":"cpu","points":5001}`:          "points",
		`{"query":"cpu","limit":1001}`:           "limit",
		`{"query":"cpu","order":"random"}`:       "order",
		`{"query":"cpu","step":"often"}`:         "step",
		`{"query":"cpu","step":"0.1ms"}`:         "step",
		`{"query":"cpu","step":"0"}`:             "step",
		`{"query":"cpu","aggregation":"median"}`: "aggregation",
	} {
		status, answer := s.post(t, "/v1/query/range", body)
		assert.Equal(t, http.StatusBadRequest, status, body)
		var doc problem.Document
		require.NoError(t, json.Unmarshal([]byte(answer), &doc))
		assert.Equal(t, field, doc.Field, "%s: %s", body, answer)
	}
	_, answer := s.post(t, "/v1/query/range", `{"query":"sum(rate(cpu[5m])"}`)
	assert.Contains(t, answer, `1:18: parse error: unclosed left parenthesis`, "the position is told")
}
