package hostreceiver

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/pharos-obs/pharos/internal/hostidentity"
)

// metadataWaits are the times between the attempts to ask the cloud's metadata service: at the
// start of a machine its network may not be up yet.
func metadataWaits() []time.Duration {
	return []time.Duration{5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute}
}

// askCloud asks the metadata service and then sends with what it has said. What was sent before
// has not waited for it.
func (r *hostReceiver) askCloud(ctx context.Context) {
	waits := metadataWaits()
	for {
		resource := pcommon.NewResource()
		r.resource.Load().CopyTo(resource)
		err := r.metadata.Describe(ctx, resource.Attributes())
		switch {
		case err == nil:
			r.resource.Store(&resource)
			return
		case ctx.Err() != nil:
			return
		case len(waits) == 0 || errors.Is(err, hostidentity.ErrNoMetadata):
			r.logger.Warn("The cloud's metadata is left out (cloud_metadata)", zap.Error(err))
			return
		}
		again, stop := r.host.readings.tick(waits[0])
		waits = waits[1:]
		select {
		case <-ctx.Done():
		case <-again:
		}
		stop()
	}
}
