package live

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/backend/query"
	"github.com/pharos-obs/pharos/backend/query/queryjson"
	"github.com/pharos-obs/pharos/backend/query/querytime"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/problem"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/logfilter"
)

// frame is a message to the client.
type frame struct {
	event string // metrics, logs, error, subscribed or pong
	data  []byte // JSON object
}

// session is one connection: its subscriptions and the frames that wait for it.
type session struct {
	service *Service
	org     storage.OrgID
	frames  chan frame

	mu            sync.Mutex // guards subscriptions
	subscriptions map[string]*subscription
	wait          sync.WaitGroup
}

type subscription struct{ cancel context.CancelFunc }

// request is a message from the client.
type request struct {
	Type     string `json:"type"`
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Query    string `json:"query"`
	Interval string `json:"interval"`
	Limit    int    `json:"limit"`
	Order    string `json:"order"`
	Service  string `json:"service"`
	Level    string `json:"level"`
}

func (s *Service) newSession(org storage.OrgID) *session {
	return &session{
		service: s, org: org,
		frames:        make(chan frame, s.config.QueueLength),
		subscriptions: map[string]*subscription{},
	}
}

// send queues a frame, or drops it when the client is too slow.
func (s *session) send(f frame) bool {
	select {
	case s.frames <- f:
		return true
	default:
		s.service.dropped.Inc()
		return false
	}
}

func (s *session) sendError(id string, err error) {
	if errcode.Of(err) == errcode.Internal {
		s.service.logger.Error("Live subscription failed", zap.Error(err))
	}
	s.send(errorFrame(id, err))
}

func errorFrame(id string, err error) frame {
	data, encodeErr := json.Marshal(struct {
		Type  string            `json:"type"`
		ID    string            `json:"id,omitempty"`
		Error *problem.Document `json:"error"`
	}{"error", id, problem.Of(err)})
	if encodeErr != nil { // strings and a number can be written
		data = []byte(`{"type":"error"}`)
	}
	return frame{"error", data}
}

// subscribe starts a subscription, which ends with the context; one of the same id is replaced.
func (s *session) subscribe(ctx context.Context, r request) error {
	if r.ID == "" {
		return errcode.InvalidField("id", "is missing", "name the subscription; its frames carry the name")
	}
	run, err := s.prepare(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.subscriptions[r.ID]; ok {
		old.cancel()
		delete(s.subscriptions, r.ID)
	}
	if len(s.subscriptions) >= s.service.config.MaxSubscriptions {
		return &errcode.Error{
			Code: errcode.Unprocessable, Field: "id",
			Message: "the connection has " + strconv.Itoa(len(s.subscriptions)) + " subscriptions, which is the limit (max_subscriptions)",
			Fix:     "unsubscribe one first",
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	s.subscriptions[r.ID] = &subscription{cancel}
	s.wait.Go(func() { run(ctx) })
	return nil
}

func (s *session) unsubscribe(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.subscriptions[id]; ok {
		old.cancel()
		delete(s.subscriptions, id)
	}
}

// prepare checks a subscription and returns what runs it.
func (s *session) prepare(r request) (func(context.Context), error) {
	switch r.Kind {
	case "metrics":
		return s.prepareMetrics(r)
	case "logs":
		filter, err := filterOf(r)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context) { s.tail(ctx, r.ID, filter) }, nil
	}
	return nil, errcode.InvalidField("kind", "is not a kind of subscription: "+strconv.Quote(r.Kind), "use metrics or logs")
}

func (s *session) prepareMetrics(r request) (func(context.Context), error) {
	interval := s.service.config.MinInterval
	if r.Interval != "" {
		var err error
		if interval, err = querytime.ParseDuration("interval", r.Interval); err != nil {
			return nil, err
		}
		if interval < s.service.config.MinInterval {
			return nil, errcode.InvalidField("interval", "is shorter than the limit of "+s.service.config.MinInterval.String(),
				"use "+s.service.config.MinInterval.String()+" or more")
		}
	}
	if _, err := s.service.evaluator.engine.Parser().ParseExpr(r.Query); err != nil {
		return nil, errcode.InvalidField("query", err.Error(), "")
	}
	if r.Limit < 0 {
		return nil, errcode.InvalidField("limit", "is below 0", "use a number of series, or 0 for all")
	}
	order, err := query.ParseOrder(r.Order)
	if err != nil {
		return nil, err
	}
	key := evaluation{org: s.org, expr: r.Query, limit: r.Limit, order: order}
	return func(ctx context.Context) { s.watch(ctx, r.ID, key, interval) }, nil
}

func filterOf(r request) (*logfilter.Filter, error) {
	parsed, err := logfilter.Parse(r.Query)
	if err != nil {
		return nil, err
	}
	filters := []*logfilter.Filter{parsed}
	if r.Service != "" {
		filters = append(filters, logfilter.FieldEquals(logfilter.FieldService, r.Service))
	}
	if r.Level != "" {
		filters = append(filters, logfilter.FieldEquals(logfilter.FieldLevel, r.Level))
	}
	return logfilter.And(filters...), nil
}

// watch evaluates an expression now and then at every multiple of the interval. An error is
// sent when it begins, not again while it lasts.
func (s *session) watch(ctx context.Context, id string, key evaluation, interval time.Duration) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	lastError := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		at := time.Now().Truncate(interval)
		key.at = at.UnixMilli()
		found, err := s.service.evaluator.evaluate(ctx, key)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			lastError = ""
			s.send(frame{"metrics", metricsFrame(id, at.UnixMilli(), found)})
		case err.Error() != lastError:
			lastError = err.Error()
			s.sendError(id, err)
		}
		timer.Reset(time.Until(time.Now().Truncate(interval).Add(interval)))
	}
}

func metricsFrame(id string, at int64, found seriesFrame) []byte {
	b := make([]byte, 0, len(found.series)+len(id)+96)
	b = append(b, `{"type":"metrics","id":`...)
	b = queryjson.AppendString(b, id)
	b = append(b, `,"time":`...)
	b = strconv.AppendInt(b, at, 10)
	b = append(b, `,"total_series":`...)
	b = strconv.AppendInt(b, int64(found.total), 10)
	b = append(b, `,"series":`...)
	b = append(b, found.series...)
	return append(b, '}')
}

// maxTailRecords bounds one frame of logs; of more, the newest are sent and the others counted.
const maxTailRecords = 500

// tail sends records as they are written.
func (s *session) tail(ctx context.Context, id string, filter *logfilter.Filter) {
	missed := 0
	err := s.service.logs.Tail(ctx, s.org, filter, func(records []storage.LogRecord, more int) error {
		missed += more
		if over := len(records) - maxTailRecords; over > 0 {
			missed += over
			records = records[over:]
		}
		data, err := json.Marshal(struct {
			Type   string              `json:"type"`
			ID     string              `json:"id"`
			Logs   []storage.LogRecord `json:"logs"`
			Missed int                 `json:"missed"`
		}{"logs", id, records, missed})
		if err != nil {
			return err
		}
		if s.send(frame{"logs", data}) {
			missed = 0
		} else {
			missed += len(records)
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		s.sendError(id, err)
	}
}

// close ends all subscriptions and waits for them.
func (s *session) close() {
	s.mu.Lock()
	for _, subscription := range s.subscriptions {
		subscription.cancel()
	}
	s.mu.Unlock()
	s.wait.Wait()
}
