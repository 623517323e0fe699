package kafkareceiver

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/errcode"
	"github.com/pharos-obs/pharos/storage"
	"github.com/pharos-obs/pharos/storage/tiered"
)

// saveInterval is how often the offsets are written. What was read since is read again after a
// crash.
const saveInterval = 500 * time.Millisecond

// replica reads all partitions of a topic, and keeps its own offsets.
type replica[T any] struct {
	receiver *kafkaReceiver[T]
	offsets  *offsetsFile
	pace     *pace
	measure  *measure[T]

	mu      sync.Mutex
	places  map[int]*replicaPlace[T]
	readers sync.WaitGroup
}

// hotTier is the extension that holds the store that a replica feeds.
type hotTier interface {
	HotProgress() *tiered.Progress
}

// newReplica returns what reads the topic until its context ends.
func newReplica[T any](r *kafkaReceiver[T], host component.Host) (func(context.Context), error) {
	dir, progress, err := r.hot(host)
	if err != nil {
		return nil, err
	}
	if err := r.telemetry.observeHot(progress); err != nil {
		return nil, err
	}
	offsets, why, err := openOffsets(dir, r.signal.topic)
	if err != nil {
		return nil, err
	}
	if why != "" {
		r.logger.Warn("not using the saved offsets", zap.String("topic", r.signal.topic), zap.String("why", why), zap.Duration("replay", r.cfg.Replay))
	}
	created := &replica[T]{receiver: r, offsets: offsets, pace: newPace(r.cfg.MaxAhead), places: map[int]*replicaPlace[T]{}}
	created.measure = newMeasure(created, progress)
	for org, came := range offsets.lacks(time.Now().Add(-r.cfg.Replay)) {
		progress.Lack(storage.OrgID(org), came.Add(r.cfg.Future))
	}
	r.lacks = func(org string, came time.Time) {
		offsets.lack(org, came)
		progress.Lack(storage.OrgID(org), came.Add(r.cfg.Future))
	}
	return created.run, nil
}

// hot returns the folder for the offsets, and whom to tell the progress.
func (r *kafkaReceiver[T]) hot(host component.Host) (dir string, progress *tiered.Progress, err error) {
	dir, progress = r.cfg.Directory, &tiered.Progress{}
	if !r.cfg.hasProgress() {
		return dir, progress, nil
	}
	extension, ok := host.GetExtensions()[r.cfg.Progress]
	if !ok {
		return "", nil, fmt.Errorf("progress: there is no extension %q; add it to service.extensions", r.cfg.Progress)
	}
	tier, ok := extension.(hotTier)
	if !ok {
		return "", nil, fmt.Errorf("progress: extension %q has no hot tier; name a storage extension", r.cfg.Progress)
	}
	if r.signal.name == metricsName {
		progress = tier.HotProgress()
	}
	if dir == "" {
		folder, ok := extension.(interface{ Directory() string })
		if !ok || folder.Directory() == "" {
			return "", nil, errcode.InvalidField("directory", fmt.Sprintf("is empty, and extension %q has none either", r.cfg.Progress), "name a folder for the offsets")
		}
		dir = filepath.Join(folder.Directory(), "offsets")
	}
	return dir, progress, nil
}

// run reads the topic until the context ends.
func (r *replica[T]) run(ctx context.Context) {
	defer func() {
		r.readers.Wait()
		if err := r.offsets.close(); err != nil {
			r.receiver.logger.Warn("close the offsets", zap.Error(err))
		}
	}()
	if !r.receiver.awaitTopic(ctx) {
		return
	}
	r.readers.Go(func() {
		for sleep(ctx, saveInterval) {
			r.save()
		}
	})
	r.readers.Go(func() {
		for sleep(ctx, measureInterval) {
			r.measure.take(ctx)
		}
	})
	for {
		if err := r.discover(ctx); err != nil && ctx.Err() == nil {
			r.receiver.unwell(fmt.Errorf("look for the partitions of %s: %w", r.receiver.signal.topic, err))
		}
		if !sleep(ctx, watchInterval) {
			return
		}
	}
}

func (r *replica[T]) save() {
	if err := r.offsets.save(); err != nil {
		r.receiver.logger.Warn("offsets are not saved; after a crash more is read again", zap.Error(err))
	}
}

// discover begins to read the partitions that are new.
func (r *replica[T]) discover(ctx context.Context) error {
	cluster, partitions, err := r.receiver.partitions(ctx)
	if err != nil {
		return err
	}
	if r.offsets.belongTo(cluster) {
		r.receiver.logger.Warn("not using the saved offsets", zap.String("why", "they are of another Kafka cluster"), zap.String("cluster", cluster))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var fresh []*replicaPlace[T]
	for _, partition := range partitions {
		if r.places[partition] == nil {
			place := &replicaPlace[T]{replica: r, partition: partition}
			r.places[partition] = place
			fresh = append(fresh, place)
			// From the first on, so that none runs ahead of one that has not begun.
			r.pace.enter(partition, time.Now().Add(-r.receiver.cfg.Replay))
		}
	}
	if len(fresh) > 0 {
		r.receiver.well()
		r.receiver.logger.Info("reading partitions", zap.String("topic", r.receiver.signal.topic), zap.String("mode", r.receiver.cfg.Mode), zap.Int("partitions", len(partitions)), zap.Int("new", len(fresh)))
	}
	share := r.receiver.cfg.MaxBytesInFlight / max(1, len(r.places))
	for _, place := range fresh {
		r.readers.Go(func() { place.run(ctx, share) })
	}
	return nil
}

// partitions returns the partitions of the topic, which is created when it is not there.
func (r *kafkaReceiver[T]) partitions(ctx context.Context) (cluster string, partitions []int, err error) {
	answer, err := r.client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{r.signal.topic}})
	if err != nil {
		return "", nil, err
	}
	for i := range answer.Topics {
		if err := answer.Topics[i].Error; err != nil {
			if errors.Is(err, kafka.UnknownTopicOrPartition) {
				err = errors.Join(err, r.cfg.EnsureTopic(ctx, r.transport, r.signal.topic, 0))
			}
			return "", nil, err
		}
		for j := range answer.Topics[i].Partitions {
			partitions = append(partitions, answer.Topics[i].Partitions[j].ID)
		}
	}
	return answer.ClusterID, partitions, nil
}
