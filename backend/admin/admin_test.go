package admin

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/querytest"
	"github.com/pharos-obs/pharos/backend/query/querytime"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newAPI(t *testing.T) (*API, *querytest.Logs, *observer.ObservedLogs) {
	t.Helper()
	metrics, logs := querytest.NewMetrics(t, "load 60s\n  up{job=\"a\"} 1x10\n  up{job=\"b\"} 1x10\n"), querytest.NewLogs()
	t.Cleanup(func() { assert.Zero(t, metrics.OpenCount()) })
	for i := range 10 {
		logs.Add(storage.LogRecord{Time: time.Unix(int64(i), 0), ID: fmt.Sprint(i), Service: []string{"a", "b"}[i%2]})
	}
	engine, err := query.New(metrics, query.DefaultConfig(), nil, zap.NewNop())
	require.NoError(t, err)
	core, logged := observer.New(zap.InfoLevel)
	return New(engine, metrics, logs, zap.New(core)), logs, logged
}

func known(ctx context.Context) context.Context {
	return auth.NewContext(ctx, auth.Principal{OrgID: querytest.Org, Name: "ann"})
}

func TestDeleteMetrics(t *testing.T) {
	api, _, logged := newAPI(t)
	ask := func(from, to querytime.Text, dry bool) Deleted {
		output, err := api.deleteData(known(t.Context()), &deleteInput{DataDeletion{
			Signal: "metrics", Selector: `up{job="a"}`, DryRun: dry,
		}.between(from, to)})
		require.NoError(t, err)
		return output.Body
	}
	assert.Equal(t, Deleted{Signal: "metrics", DryRun: true, Series: 1, Samples: 3}, ask("120", "300", true), "the end is kept")
	assert.Equal(t, Deleted{Signal: "metrics", DryRun: true, Series: 1, Samples: 11}, ask("0", "now", true), "nothing was deleted")
	assert.Empty(t, logged.All())
	assert.Equal(t, Deleted{Signal: "metrics", Series: 1, Samples: 3}, ask("120", "300", false))
	assert.Equal(t, Deleted{Signal: "metrics", DryRun: true, Series: 1, Samples: 8}, ask("0", "now", true))
	require.Len(t, logged.FilterMessage("Data deleted").All(), 1)
	assert.Equal(t, "ann", logged.All()[0].ContextMap()["by"])
}

// between sets the range of a deletion.
func (d DataDeletion) between(from, to querytime.Text) DataDeletion {
	d.From, d.To = from, to
	return d
}

func TestDeleteLogs(t *testing.T) {
	api, _, _ := newAPI(t)
	ask := func(dry bool) Deleted {
		output, err := api.deleteData(known(t.Context()), &deleteInput{DataDeletion{Signal: "logs", Query: "service:=a", DryRun: dry}.between("2", "7")})
		require.NoError(t, err)
		return output.Body
	}
	assert.Equal(t, Deleted{Signal: "logs", DryRun: true, Records: 3}, ask(true))
	assert.Equal(t, Deleted{Signal: "logs", Records: 3}, ask(false))
	assert.Equal(t, Deleted{Signal: "logs"}, ask(false))
}

func TestDeletionsThatAreRefused(t *testing.T) {
	api, _, logged := newAPI(t)
	for field, body := range map[string]DataDeletion{
		"from":     {Signal: "logs", Query: "*", To: "now"},
		"to":       {Signal: "logs", Query: "*", From: "0"},
		"selector": {Signal: "metrics", From: "0", To: "now"},
		"query":    {Signal: "logs", From: "0", To: "now"},
	} {
		_, err := api.deleteData(known(t.Context()), &deleteInput{body})
		var coded *errcode.Error
		require.ErrorAs(t, err, &coded, field)
		assert.Equal(t, errcode.Invalid, coded.Code)
		assert.Equal(t, field, coded.Field)
		assert.NotEmpty(t, coded.Fix)
	}
	for _, body := range []DataDeletion{
		{Signal: "metrics", Selector: `{job=~".*"}`, From: "0", To: "now"}, // everything, by accident
		{Signal: "metrics", Selector: "up", Query: "*", From: "0", To: "now"},
		{Signal: "logs", Selector: "up", Query: "*", From: "0", To: "now"},
		{Signal: "logs", Query: "(", From: "0", To: "now"},
		{Signal: "logs", Query: "*", From: "9", To: "1"},
	} {
		_, err := api.deleteData(known(t.Context()), &deleteInput{body})
		assert.Equal(t, errcode.Invalid, errcode.Of(err), "%+v", body)
	}
	_, err := api.deleteData(t.Context(), &deleteInput{DataDeletion{Signal: "logs", Query: "*", From: "0", To: "now"}})
	assert.Equal(t, errcode.Unauthenticated, errcode.Of(err))
	assert.Empty(t, logged.All())
}

func TestRetention(t *testing.T) {
	api, _, _ := newAPI(t)
	output, err := api.retention(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, RetentionSettings{
		Metrics: Retention{MaxAge: "30d", Seconds: 30 * 24 * 3600, MaxBytes: 1 << 30},
		Logs:    Retention{MaxBytes: 1 << 30},
	}, output.Body)
}
