package promapi

import (
	"net/http"
	"runtime"
	"time"

	"github.com/pharos-obs/pharos/storage"
)

func (*API) rules(*http.Request, storage.OrgID) (response, error) {
	return response{data: encoded(`{"groups":[]}`)}, nil
}

func (*API) alerts(*http.Request, storage.OrgID) (response, error) {
	return response{data: encoded(`{"alerts":[]}`)}, nil
}

func (a *API) buildInfo(*http.Request, storage.OrgID) (response, error) {
	data, err := plain(a.build)
	return response{data: data}, err
}

// runtimeInfo says no more than a client may know: no paths, no host name.
func (a *API) runtimeInfo(*http.Request, storage.OrgID) (response, error) {
	data, err := plain(struct {
		StartTime           time.Time `json:"startTime"`
		ServerTime          time.Time `json:"serverTime"`
		ReloadConfigSuccess bool      `json:"reloadConfigSuccess"`
		LastConfigTime      time.Time `json:"lastConfigTime"`
		GoroutineCount      int       `json:"goroutineCount"`
		GOMAXPROCS          int       `json:"GOMAXPROCS"`
	}{
		StartTime: a.started.UTC(), ServerTime: a.now().UTC(), ReloadConfigSuccess: true, LastConfigTime: a.started.UTC(),
		GoroutineCount: runtime.NumGoroutine(), GOMAXPROCS: runtime.GOMAXPROCS(0),
	})
	return response{data: data}, err
}

type headStats struct {
	NumSeries     uint64 `json:"numSeries"`
	NumLabelPairs int    `json:"numLabelPairs"`
	ChunkCount    int64  `json:"chunkCount"`
	MinTime       int64  `json:"minTime"`
	MaxTime       int64  `json:"maxTime"`
}

// tsdb answers from the store's counters alone; the lists, which would walk the index, stay
// empty.
func (a *API) tsdb(r *http.Request, org storage.OrgID) (response, error) {
	stats, err := a.engine.Stats(r.Context(), org)
	if err != nil {
		return response{}, err
	}
	head := headStats{NumSeries: stats.ActiveSeries}
	if !stats.Oldest.IsZero() {
		head.MinTime, head.MaxTime = stats.Oldest.UnixMilli(), stats.Newest.UnixMilli()
	}
	data, err := plain(struct {
		HeadStats                   headStats  `json:"headStats"`
		SeriesCountByMetricName     []struct{} `json:"seriesCountByMetricName"`
		LabelValueCountByLabelName  []struct{} `json:"labelValueCountByLabelName"`
		MemoryInBytesByLabelName    []struct{} `json:"memoryInBytesByLabelName"`
		SeriesCountByLabelValuePair []struct{} `json:"seriesCountByLabelValuePair"`
	}{head, []struct{}{}, []struct{}{}, []struct{}{}, []struct{}{}})
	return response{data: data}, err
}
