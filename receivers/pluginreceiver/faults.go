package pluginreceiver

import (
	"errors"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
)

// What can be wrong with a plugin, in the order in which it is reported.
const (
	faultProcess    = iota // it does not run
	faultOffers            // it does not give what the pipeline wants
	faultCollect           // it does not measure
	faultLogs              // it sends no logs
	faultPoints            // metrics that it gives are dropped
	faultRecords           // log records that it gives are dropped
	faultHealth            // it says that it cannot work
	faultMetricsOut        // the pipeline refuses its metrics
	faultLogsOut           // the pipeline refuses its logs
	faultCount
)

// faults tells the Collector, and so the server, when something begins to be wrong, and when all
// is well again.
type faults struct {
	logger *zap.Logger

	mu    sync.Mutex
	hosts []component.Host
	now   [faultCount]error
	said  string
}

// tell adds a pipeline's host.
func (f *faults) tell(host component.Host) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hosts = append(f.hosts, host)
}

// ended says why the plugin does not run; whatever else was wrong with it is over.
func (f *faults) ended(err error) {
	f.mu.Lock()
	f.now = [faultCount]error{}
	f.mu.Unlock()
	f.set(faultProcess, err)
}

// set says that something is wrong, or with nil that it is not.
func (f *faults) set(which int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now[which] = err
	all := errors.Join(f.now[:]...)
	text := ""
	if all != nil {
		text = all.Error()
	}
	if text == f.said {
		return
	}
	event := componentstatus.NewEvent(componentstatus.StatusOK)
	if all == nil {
		f.logger.Info("The plugin works again")
	} else {
		event = componentstatus.NewRecoverableErrorEvent(all)
		if which != faultProcess { // which is logged with what is done about it
			f.logger.Warn("The plugin has a fault", zap.Error(all))
		}
	}
	f.said = text
	for _, host := range f.hosts {
		componentstatus.ReportStatus(host, event)
	}
}
