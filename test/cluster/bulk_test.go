package cluster

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// elastic stores whatever comes, and counts the documents.
func elastic(t *testing.T) (string, *[]string) {
	t.Helper()
	var stored []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		lines := strings.Split(strings.TrimSpace(string(content)), "\n")
		var items []string
		for i := 1; i < len(lines); i += 2 {
			stored = append(stored, lines[i])
			items = append(items, `{"create":{"status":201,"_id":`+lines[i]+`}}`)
		}
		_, err = w.Write([]byte(`{"took":1,"errors":false,"items":[` + strings.Join(items, ",") + `]}`))
		assert.NoError(t, err)
	}))
	t.Cleanup(server.Close)
	return server.URL, &stored
}

func TestBulk(t *testing.T) {
	target, stored := elastic(t)
	bulk := newBulk(t, target)
	send := func(documents ...string) (int, string) {
		var body bytes.Buffer
		for _, document := range documents {
			body.WriteString(`{"create":{"_index":"i","_id":"` + document + `"}}` + "\n" + document + "\n")
		}
		response, err := http.Post("http://"+bulk.Address+"/_bulk", "application/x-ndjson", &body)
		require.NoError(t, err)
		defer response.Body.Close()
		content, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(content)
	}
	status, _ := send("1")
	assert.Equal(t, http.StatusOK, status)
	bulk.Busy(1)
	status, body := send("2")
	assert.Equal(t, http.StatusTooManyRequests, status)
	assert.Contains(t, body, "es_rejected_execution_exception")

	bulk.Refuse(func(document []byte) *Refusal {
		if string(document) == "4" {
			return &Refusal{http.StatusBadRequest, "mapper_parsing_exception", "no"}
		}
		return nil
	})
	status, body = send("3", "4", "5")
	assert.Equal(t, http.StatusOK, status)
	assert.JSONEq(t, `{"took":1,"errors":true,"items":[{"create":{"status":201,"_id":3}},
		{"create":{"_index":"i","_id":"4","status":400,"error":{"type":"mapper_parsing_exception","reason":"no"}}},
		{"create":{"status":201,"_id":5}}]}`, body)
	_, body = send("4")
	assert.JSONEq(t, `{"took":0,"errors":true,"items":[{"create":{"_index":"i","_id":"4","status":400,"error":{"type":"mapper_parsing_exception","reason":"no"}}}]}`, body)
	bulk.Refuse(nil)
	_, body = send("4")
	assert.Contains(t, body, `"errors":false`)
	assert.Equal(t, []string{"1", "3", "5", "4"}, *stored)
	requests, documents := bulk.Counts()
	assert.Equal(t, [2]int{1, 2}, [2]int{requests, documents})
}
