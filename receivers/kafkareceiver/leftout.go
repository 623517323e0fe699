package kafkareceiver

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/storage/rejection"
)

// leftOutInterval is how often the log tells of items that were left out, at most. A replica
// leaves out what is already too old for its store, which can be much and does no harm.
const leftOutInterval = time.Minute

// leftOut counts items for the log.
type leftOut struct {
	mu    sync.Mutex
	items int
	told  time.Time
}

// leaveOut counts items that this receiver cannot hand on, and goes on without. Writers make dead
// letters of the same items.
func (r *kafkaReceiver[T]) leaveOut(ctx context.Context, code, reason string, items int) {
	r.telemetry.leftOut.Add(ctx, int64(items), metricCode(r.telemetry.signal, code))
	r.left.mu.Lock()
	defer r.left.mu.Unlock()
	r.left.items += items
	if time.Since(r.left.told) < leftOutInterval {
		return
	}
	r.logger.Warn("leaving out what cannot be handed on", zap.String("topic", r.signal.topic), zap.Int("items", r.left.items),
		zap.String("code", code), zap.String("reason", shorten(reason, longestReason)))
	r.left.items, r.left.told = 0, time.Now()
}

// leaveOutAll leaves out the items of a report, which lists only the first of very many.
func (r *kafkaReceiver[T]) leaveOutAll(ctx context.Context, org string, messages []message, report *rejection.Report) {
	items, count := report.Items(), report.Count()
	byReason, harmless := map[string]int{}, count == len(items)
	for i := range items {
		byReason[items[i].Reason]++
		harmless = harmless && r.refusedByAll(&items[i])
	}
	byReason[items[0].Reason] += count - len(items)
	for reason, of := range byReason {
		r.leaveOut(ctx, reason, items[0].Message, of)
	}
	if !harmless {
		r.lacking(org, messages)
	}
}

// refusedByAll says whether other stores refuse an item too, or nobody would look for it here. A
// limit of series is each store's own.
func (r *kafkaReceiver[T]) refusedByAll(item *rejection.Item) bool {
	switch item.Reason {
	case "series_limit":
		return false
	case "too_old":
		return time.UnixMilli(item.Time).Before(time.Now().Add(-r.cfg.Replay))
	}
	return true
}

// lacking notes that something in messages of an organisation was left out.
func (r *kafkaReceiver[T]) lacking(org string, messages []message) {
	if r.lacks == nil {
		return
	}
	came := messages[0].time
	for i := range messages {
		if messages[i].time.After(came) {
			came = messages[i].time
		}
	}
	r.lacks(org, came)
}
