package live

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/pharos-obs/pharos/backend/query/caller"
	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/internal/problem"
)

// ServeStream serves one client of /v1/stream by server-sent events.
func (s *Service) ServeStream(w http.ResponseWriter, r *http.Request) {
	org, err := caller.Org(r.Context())
	if err != nil {
		problem.Write(w, err)
		return
	}
	leave, err := s.enter()
	if err != nil {
		problem.Write(w, err)
		return
	}
	defer leave()
	ctx, cancel := s.connectionContext(r.Context())
	defer cancel()
	session := s.newSession(org)
	defer session.close()
	defer cancel()
	if err := session.subscribeAll(ctx, r.URL.Query()); err != nil {
		problem.Write(w, err)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // nginx must not hold events back
	w.WriteHeader(http.StatusOK)
	session.writeEvents(ctx, w, r)
}

// subscribeAll subscribes to what the parameters name: metrics by an expression each, under
// the ids metrics-1, metrics-2 ..., and logs.
func (s *session) subscribeAll(ctx context.Context, params url.Values) error {
	for name := range params {
		switch name {
		case "metrics", "interval", "limit", "order", "logs", "service", "level":
		default:
			return errcode.InvalidField(name, "is not a parameter", "use metrics, interval, limit, order, logs, service and level")
		}
	}
	limit := 0
	if text := params.Get("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil {
			return errcode.InvalidField("limit", "is not a whole number", "use a number of series, such as 50")
		}
	}
	for i, expr := range params["metrics"] {
		err := s.subscribe(ctx, request{
			ID: "metrics-" + strconv.Itoa(i+1), Kind: "metrics", Query: expr, Interval: params.Get("interval"),
			Limit: limit, Order: params.Get("order"),
		})
		if err != nil {
			return err
		}
	}
	if params.Has("logs") {
		return s.subscribe(ctx, request{ID: "logs", Kind: "logs", Query: params.Get("logs"), Service: params.Get("service"), Level: params.Get("level")})
	}
	if len(params["metrics"]) == 0 {
		return errcode.InvalidField("metrics", "is missing, and so is logs", "add metrics=<PromQL> or logs=<filter>; an empty filter means all")
	}
	return nil
}

// writeEvents sends what waits, and a comment when there is nothing, until the client goes.
func (s *session) writeEvents(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	heartbeat := time.NewTicker(s.service.config.Heartbeat)
	defer heartbeat.Stop()
	if s.writeEvent(w, ": connected\n\n") != nil {
		return
	}
	for {
		text := ": heartbeat\n\n"
		select {
		case <-ctx.Done():
			return
		case f := <-s.frames:
			text = f.text()
		case <-heartbeat.C:
			if s.service.ended(r) {
				_ = s.writeEvent(w, errorFrame("", errcode.New(errcode.Unauthenticated, "the credential has ended")).text()) // the client may be gone
				return
			}
		}
		if s.writeEvent(w, text) != nil {
			return
		}
	}
}

// text is the frame as an event.
func (f frame) text() string { return "event: " + f.event + "\ndata: " + string(f.data) + "\n\n" }

func (s *session) writeEvent(w http.ResponseWriter, text string) error {
	controller := http.NewResponseController(w)
	// Not every writer has deadlines; one without is still written to.
	_ = controller.SetWriteDeadline(time.Now().Add(s.service.config.WriteTimeout))
	if _, err := w.Write([]byte(text)); err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	if err := controller.Flush(); err != nil {
		return fmt.Errorf("flush an event: %w", err)
	}
	return nil
}
