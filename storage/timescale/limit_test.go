package timescale

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	promstorage "github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/storage"
)

// TestSeriesExplosion sends many more series than an organisation may have, again and again.
func TestSeriesExplosion(t *testing.T) {
	for name, on := range engines() {
		t.Run(name, func(t *testing.T) {
			db := on(t)
			cfg := db.config()
			cfg.MaxSeries, cfg.CacheSeries = 1000, 2000
			store := openIn(t, cfg)
			org := openOrg(t, store)
			beside, err := store.Open(t.Context(), other)
			require.NoError(t, err)
			now := time.Now().UnixMilli()
			const sent = 20_000
			explode := func(at int64) (refused int) {
				app := org.AppenderV2(t.Context())
				for n := range sent {
					_, err := app.Append(0, numbered(n), 0, at, 1, nil, nil, promstorage.AppendV2Options{})
					if err != nil {
						require.ErrorIs(t, err, storage.ErrSeriesLimit)
						refused++
					}
				}
				require.NoError(t, app.Commit())
				return refused
			}
			for round := range int64(3) {
				assert.Equal(t, sent-cfg.MaxSeries, explode(now+round))
				require.NoError(t, write(t.Context(), beside, 10, now+round), "of another organisation")
			}
			series, samples := count(t, org)
			assert.Equal(t, [2]int{1000, 3000}, [2]int{series, samples}, "those that exist go on")
			series, samples = count(t, beside)
			assert.Equal(t, [2]int{10, 30}, [2]int{series, samples})
			assert.EqualValues(t, 1010, db.number(t, "SELECT count(*) FROM pharos.series"))
			assert.EqualValues(t, 1000, db.number(t, "SELECT series_count FROM pharos.orgs WHERE org_id = $1", string(acme)))
			assert.EqualValues(t, 1, store.counters.censuses.Load(), "the database is asked once, not for each of them")
			cache := org.(*handle).org.cache.Load()
			assert.LessOrEqual(t, len(cache.current)+len(cache.older), cfg.CacheSeries, "nothing is kept of those that were refused")

			// A process that knows nothing takes those that exist, and another one has made room.
			fresh := openOrg(t, openIn(t, cfg))
			require.NoError(t, write(t.Context(), fresh, 1000, now+3))
			require.NoError(t, openOrg(t, openIn(t, cfg)).Delete(t.Context(), time.UnixMilli(0), time.UnixMilli(now+10), labels.MustNewMatcher(labels.MatchRegexp, "n", "[0-9]{1,2}")))
			assert.Equal(t, sent-cfg.MaxSeries, explode(now+11), "the store notices by what it can store")
			assert.Equal(t, sent-cfg.MaxSeries, explode(now+12))
			assert.EqualValues(t, 1000, db.number(t, "SELECT count(*) FROM pharos.series WHERE org_id = $1", string(acme)))
		})
	}
}
