package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pharos-obs/pharos/extensions/agentstatusextension"
)

// pollInterval is how often the agent is asked whether it has sent something.
const pollInterval = 250 * time.Millisecond

// startService starts the agent, or starts it again when something has changed. What is reported
// after the time it returns comes from the agent that runs now.
func (i *Installer) startService(ctx context.Context, changed, wasActive bool) (time.Time, error) {
	const step = "start the service"
	begun := time.Now()
	if wasActive && !changed {
		if !i.edited() {
			i.say("service", "runs already, and nothing has changed")
			return time.Time{}, nil
		}
		if err := systemctl(ctx, "reload", Unit); err != nil {
			return begun, &Error{step, errors.Join(err, said(journal(ctx))), "", ExitService}
		}
		i.say("service", "runs already, and takes what has changed in %s", ConfigFolder)
		return begun, nil
	}
	for _, args := range [][]string{{"daemon-reload"}, {"restart", Unit}} {
		if err := systemctl(ctx, args...); err != nil {
			return begun, &Error{step, errors.Join(err, said(journal(ctx))), "", ExitService}
		}
	}
	i.say("service", "%s is started, and starts with the system", Unit)
	return begun, nil
}

// edited says whether somebody has changed the configuration since the agent has read it.
func (i *Installer) edited() bool {
	f := files{root: i.Root}
	status, err := agentstatusextension.ReadStatus(f.at(StateFolder + "/" + StatusFile))
	if err != nil {
		return false // it is read by whoever waits for the first sample
	}
	paths := []string{f.at(ConfigFolder + "/" + configFile), f.at(ConfigFolder + "/" + moreFolder), f.at(ConfigFolder + "/" + EnvironmentFile)}
	more, err := filepath.Glob(f.at(ConfigFolder + "/" + moreFolder + "/*.yaml"))
	if err != nil {
		return false
	}
	for _, path := range append(paths, more...) {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(status.Started) {
			return true
		}
	}
	return false
}

// said is the end of the journal as an error; nil when it is empty.
func said(lines string) error {
	if lines == "" {
		return nil
	}
	return fmt.Errorf("it says:\n    %s", strings.ReplaceAll(lines, "\n", "\n    "))
}

// await waits until the server has something of the agent that runs since begun.
func (i *Installer) await(whole context.Context, next *plan, begun time.Time) error {
	ctx, cancel := context.WithTimeout(whole, i.Wait)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	f := files{root: i.Root}
	var last agentstatusextension.Status
	for {
		if active(ctx) == "failed" {
			return &Error{"start the service", errors.Join(errors.New("the agent has ended"), said(journal(ctx))), "", ExitService}
		}
		status, err := agentstatusextension.ReadStatus(f.at(StateFolder + "/" + StatusFile))
		if err == nil && !status.Started.Before(begun) {
			last = status
		}
		if delivered(last) > 0 || next.server.seen(ctx, next.host, begun) {
			i.say("sample", "the server has stored the first")
			return nil
		}
		select {
		case <-ctx.Done():
			if whole.Err() != nil {
				return &Error{"wait for the first sample", errors.New("interrupted"), goesOn, ExitNoSample}
			}
			return nothingArrived(ctx, i.Wait, last)
		case <-tick.C:
		}
	}
}

const goesOn = "the agent is installed and goes on trying; look at `pharos-agent status` and `journalctl -u pharos-agent`"

// nothingArrived says why, as far as the agent has said so.
func nothingArrived(ctx context.Context, wait time.Duration, last agentstatusextension.Status) error {
	ctx = context.WithoutCancel(ctx)
	cause := fmt.Errorf("the server has stored nothing after %s", wait)
	for _, part := range last.Parts {
		if part.State == agentstatusextension.StateFailing {
			cause = errors.Join(cause, fmt.Errorf("%s %s: %s", part.Kind, part.ID, part.Error))
		}
	}
	if last.Started.IsZero() {
		if state := active(ctx); state != stateActive {
			return &Error{"start the service", errors.Join(fmt.Errorf("it is %s", state), said(journal(ctx))), "", ExitService}
		}
		cause = errors.Join(cause, errors.New("the agent has written no status"))
	}
	return &Error{
		"wait for the first sample", cause, goesOn, ExitNoSample,
	}
}

// delivered is how many items the server has taken.
func delivered(status agentstatusextension.Status) (items int64) {
	for _, queue := range status.Queues {
		items += queue.Delivered
	}
	return items
}

// putBack undoes what was changed, and runs what ran before.
func (i *Installer) putBack(ctx context.Context, changes *files, touched, wasActive bool) error {
	ctx = context.WithoutCancel(ctx)
	var errs []error
	if touched && !wasActive {
		err := systemctl(ctx, "stop", Unit)
		if active(ctx) == stateActive {
			errs = append(errs, err)
		}
	}
	undone := len(changes.undo) > 0
	errs = append(errs, changes.back())
	if touched {
		errs = append(errs, systemctl(ctx, "daemon-reload"))
	}
	if touched && wasActive {
		errs = append(errs, systemctl(ctx, "restart", Unit))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("put back what was changed: %w; run this again once the cause is gone", err)
	}
	if undone {
		i.say("undone", "what was changed is as it was before")
	}
	return nil
}
