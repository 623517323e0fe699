package install

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/pharos-obs/pharos/extensions/agentstatusextension"
)

// staleAfter is the age of a status at which its writer is taken for hung: it writes every ten
// seconds.
const staleAfter = time.Minute

// States of the agent.
const (
	stateHealthy    = "healthy"
	stateUnhealthy  = "unhealthy"
	stateNotRunning = "not running"
)

// Report is how the agent is.
type Report struct {
	// State is healthy, unhealthy or "not running".
	State string `json:"state"`
	// Reasons say why it is not healthy.
	Reasons []string `json:"reasons,omitempty"`
	// Service is systemd's word for the unit; empty without systemd.
	Service string `json:"service,omitempty"`
	// Agent is what the agent last said of itself; absent when it never has.
	Agent *agentstatusextension.Status `json:"agent,omitempty"`
}

// ReadReport asks systemd, and reads what the agent writes into the file.
func ReadReport(ctx context.Context, file string, now time.Time) (Report, error) {
	service := ""
	if booted("") {
		if _, err := exec.CommandContext(ctx, "systemctl", "cat", Unit).Output(); err == nil {
			service = active(ctx)
		}
	}
	status, err := agentstatusextension.ReadStatus(file)
	switch {
	case err == nil:
		return judge(&status, service, alive(status.PID), now), nil
	case errors.Is(err, fs.ErrNotExist):
		return judge(nil, service, false, now), nil
	case errors.Is(err, fs.ErrPermission):
		return Report{}, &Error{"read how the agent is", err, "run it with sudo", ExitRights}
	}
	return Report{}, &Error{"read how the agent is", err, "is this the file of agent_status::file?", ExitUnhealthy}
}

// judge says what the facts mean.
func judge(status *agentstatusextension.Status, service string, processAlive bool, now time.Time) Report {
	report := Report{State: stateHealthy, Service: service, Agent: status}
	add := func(format string, args ...any) {
		report.Reasons = append(report.Reasons, fmt.Sprintf(format, args...))
	}
	running := processAlive
	if service != "" {
		running = service == stateActive
	}
	switch {
	case !running && service != "" && service != "inactive":
		add("the service is %s: `systemctl status pharos-agent` says why", service)
	case !running && status == nil:
		add("it has never run here")
	case !running:
		add("it was last heard of at %s", status.Updated.Format(time.RFC3339))
	case status == nil:
		add("it has not written its status: is agent_status in service::extensions?")
	case now.Sub(status.Updated) > staleAfter:
		add("it has not written its status since %s: does it hang, or is the disk full?", status.Updated.Format(time.RFC3339))
	}
	if running && status != nil {
		for _, part := range status.Parts {
			if part.State == agentstatusextension.StateFailing {
				add("%s %s fails since %s: %s", part.Kind, part.ID, part.Since.Format(time.RFC3339), cmp.Or(part.Error, "it does not say why"))
			}
		}
	}
	switch {
	case !running:
		report.State = stateNotRunning
	case len(report.Reasons) > 0:
		report.State = stateUnhealthy
	}
	return report
}

// ExitCode is 0 for healthy, 1 for unhealthy, 3 for not running.
func (r *Report) ExitCode() int {
	switch r.State {
	case stateHealthy:
		return 0
	case stateNotRunning:
		return ExitNotRunning
	}
	return ExitUnhealthy
}

// Print writes the report for people.
func (r *Report) Print(out io.Writer, now time.Time) error {
	head := r.State
	if status := r.Agent; status != nil && r.State != stateNotRunning {
		head += fmt.Sprintf(", version %s, up %s, process %d", status.Version, now.Sub(status.Started).Round(time.Second), status.PID)
	}
	fmt.Fprintf(out, "pharos-agent is %s\n", head)
	for _, reason := range r.Reasons {
		fmt.Fprintln(out, "  -", reason)
	}
	if r.Agent == nil {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "\nsignal\twaiting\ton disk\toldest\tdelivered\tdropped\tlast success")
	for _, queue := range r.Agent.Queues {
		last := "never"
		if !queue.LastSuccess.IsZero() {
			last = now.Sub(queue.LastSuccess).Round(time.Second).String() + " ago"
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%d\t%d\t%s\n", queue.Signal, queue.Items, bytesText(queue.Bytes),
			time.Duration(queue.AgeSeconds*float64(time.Second)).Round(time.Second), queue.Delivered, queue.Dropped, last)
	}
	fmt.Fprintln(table, "\npart\tstate\tsince")
	for _, part := range r.Agent.Parts {
		fmt.Fprintf(table, "%s %s\t%s\t%s\n", part.Kind, part.ID, part.State, part.Since.Local().Format(time.DateTime))
	}
	return table.Flush()
}

// PrintJSON writes the report for programs.
func (r *Report) PrintJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

func bytesText(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}

// alive says whether the process is there and is an agent.
func alive(pid int) bool {
	if pid <= 0 {
		return false
	}
	if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); err == nil {
		return strings.HasPrefix(strings.TrimSpace(string(name)), "pharos-agent")
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = process.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}
