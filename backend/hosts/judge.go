package hosts

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// defaultGap is the interval, in milliseconds, of a host that has sent but one sample.
	defaultGap = 30_000
	// gapsToSilence is how many reports may be missing.
	gapsToSilence = 3
)

// silentAfter is how long a host may say nothing that reports every gap, in milliseconds.
func silentAfter(gap int64) int64 {
	return min(gapsToSilence*max(gap, defaultGap), recent.Milliseconds())
}

// judge says how a host does as of a time, and why.
func (t *tally) judge(to time.Time) (State, []Reason) {
	if t.agent == nil {
		if to.UnixMilli()-t.newest > silentAfter(t.gap) {
			return StateSilent, []Reason{silence("host", "It reports no more.", t.newest)}
		}
		return StateNoAgent, nil
	}
	reasons := t.agent.reasons()
	if to.UnixMilli()-t.agent.info.last > silentAfter(t.agent.info.gap) {
		text := "The agent reports no more."
		if to.UnixMilli()-t.newest <= silentAfter(t.gap) {
			text = "The agent reports no more; others still measure this host."
		}
		return StateSilent, append([]Reason{silence("agent", text, t.agent.info.last)}, reasons...)
	}
	if len(reasons) > 0 {
		return StateUnhealthy, reasons
	}
	return StateOK, nil
}

func silence(kind, text string, last int64) Reason {
	since := fromMillis(last)
	return Reason{Kind: kind, Text: text, Since: &since}
}

// reasons is what the agent's last report complained of, and what it lost lately.
func (a *agentTally) reasons() []Reason {
	var all []Reason
	for i := range a.failures {
		if a.failures[i].seen >= a.info.last { // it still fails
			all = append(all, a.failures[i].reason)
		}
	}
	slices.SortFunc(all, func(a, b Reason) int { return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Part, b.Part)) })
	for _, signal := range slices.Sorted(maps.Keys(a.queues)) {
		dropped := a.queues[signal].dropped
		for _, reason := range slices.Sorted(maps.Keys(dropped)) {
			all = append(all, loss(signal, dropped[reason].grown(a.since), "dropped", dropWords(reason))...)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(a.limited)) {
		processor, what, _ := strings.Cut(key, " ")
		what = strings.ReplaceAll(what, "_", " ")
		all = append(all, loss(processor, a.limited[key].grown(a.since), "refused", "the agent is at its memory limit ("+what+")")...)
	}
	return all
}

// loss is a reason when something was lost.
func loss(part string, items float64, how, why string) []Reason {
	if items <= 0 {
		return nil
	}
	return []Reason{{Kind: "loss", Part: part, Text: fmt.Sprintf("%.0f items were %s within ten minutes: %s.", items, how, why)}}
}

// dropWords explains the delivery exporter's reasons.
func dropWords(reason string) string {
	switch reason {
	case "queue_full":
		return "the queue on disk was full"
	case "too_old":
		return "they waited longer than max_age"
	case "damaged":
		return "the queue on disk was damaged"
	case "refused", "rejected":
		return "the server refused them"
	}
	return reason
}
