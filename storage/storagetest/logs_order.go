package storagetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

func logOldestFirst(t *testing.T, store storage.LogStore) {
	t.Helper()
	start := logTime()
	writeLogs(t, store, logOrg, "old", 0, numbered(start, 10, time.Second)...)
	query := storage.LogQuery{Limit: 4, OldestFirst: true}
	page, err := store.Search(t.Context(), logOrg, query)
	require.NoError(t, err)
	assert.Equal(t, []string{"line 0", "line 1", "line 2", "line 3"}, messagesOf(page.Records))

	// What comes before the cursor does not show up any more; what comes behind it does.
	writeLogs(t, store, logOrg, "before", 0, numbered(start.Add(-time.Minute), 10, time.Second)...)
	writeLogs(t, store, logOrg, "behind", 0, logLine{at: start.Add(time.Minute), service: "s", message: "new"})
	query.Cursor = page.Next
	rest := searchAll(t, store, logOrg, query)
	assert.Equal(t, []string{"line 4", "line 5", "line 6", "line 7", "line 8", "line 9", "new"}, messagesOf(rest))

	// The same cursor leads back.
	query.OldestFirst = false
	back := searchAll(t, store, logOrg, query)
	assert.Equal(t, []string{"line 2", "line 1", "line 0"}, messagesOf(back[:3]))
	assert.Len(t, back, 13)

	query = storage.LogQuery{Limit: 3, OldestFirst: true, From: start.Add(2 * time.Second), To: start.Add(6 * time.Second)}
	assert.Equal(t, []string{"line 2", "line 3", "line 4", "line 5"}, messagesOf(searchAll(t, store, logOrg, query)))
}

// logBothOrders compares pages with the records sorted in memory, at random times that often
// fall together.
func logBothOrders(t *testing.T, store storage.LogStore) {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // no secret
	start := logTime()
	type known struct {
		at      time.Time
		id      string
		service string
	}
	var all []known
	for batch := range 8 {
		var lines []logLine
		for i := range 40 {
			at := start.Add(time.Duration(random.IntN(25)) * time.Second)
			service := []string{"a", "b"}[random.IntN(2)]
			lines = append(lines, logLine{at: at, service: service, message: "m"})
			all = append(all, known{at, fmt.Sprintf("b%d-%d", batch, i), service})
		}
		writeLogs(t, store, logOrg, fmt.Sprintf("b%d", batch), 0, lines...)
	}
	slices.SortFunc(all, func(a, b known) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) })
	for range 60 {
		from := start.Add(time.Duration(random.IntN(25)) * time.Second)
		to := from.Add(time.Duration(random.IntN(25)) * time.Second)
		query := storage.LogQuery{From: from, To: to, Limit: 1 + random.IntN(60), OldestFirst: random.IntN(2) == 0}
		if random.IntN(2) == 0 {
			query.Filter = mustFilter(t, "service:=a")
		}
		var want []string
		for _, record := range all {
			if !record.at.Before(from) && record.at.Before(to) && (query.Filter == nil || record.service == "a") {
				want = append(want, record.id)
			}
		}
		if !query.OldestFirst {
			slices.Reverse(want)
		}
		var got []string
		for _, record := range searchAll(t, store, logOrg, query) {
			got = append(got, record.ID)
		}
		require.Equal(t, want, got, "%+v", query)
	}
}

// logSeenAtOnce writes and searches from several goroutines: each sees its own record as soon as
// it was written, whatever the others do.
func logSeenAtOnce(t *testing.T, store storage.LogStore) {
	t.Helper()
	at := logTime()
	var group sync.WaitGroup
	for writer := range 24 {
		group.Go(func() {
			for i := range 25 {
				batch := fmt.Sprintf("w%d.%d", writer, i)
				if err := store.Write(t.Context(), logOrg, logsOf(t, batch, 0, logLine{at: at, service: batch, message: "m"})); err != nil {
					t.Error(err)
					return
				}
				page, err := store.Search(t.Context(), logOrg, storage.LogQuery{Limit: 10, Filter: logfilter.FieldEquals(logfilter.FieldService, batch)})
				if !assert.Len(t, page.Records, 1, "%s: %v", batch, err) {
					return
				}
			}
		})
	}
	group.Wait()
}
