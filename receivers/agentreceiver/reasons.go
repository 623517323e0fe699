package agentreceiver

import (
	"regexp"
	"strings"
)

const (
	// longestReason keeps what a part says of itself from becoming a label without end.
	longestReason = 300
	// mostReasons bounds how many different ones an agent sends: each is a series.
	mostReasons = 50
	// furtherReason stands for all that come later.
	furtherReason = "more different reasons than are sent: see the agent's log"
)

// passing matches what is different at each failure and helps nobody: the port that a connection
// came from, numbers of requests and processes, and the like.
var passing = regexp.MustCompile(`\S+:\d+->|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{16,}\b|\b\d{6,}\b|\b\d+(\.\d+)?(ms|µs|ns)\b`)

// wordy matches what the Collector puts around the fault of a configuration.
var wordy = regexp.MustCompile(`read the configuration: |cannot unmarshal the configuration: |decoding failed due to the following error\(s\):`)

// reasons makes labels of what parts say when they fail.
type reasons struct{ sent map[string]struct{} }

// label shortens a text to what is the same at each failure of its kind.
func (r *reasons) label(text string) string {
	text = strings.Join(strings.Fields(wordy.ReplaceAllString(passing.ReplaceAllString(text, ""), "")), " ")
	if letters := []rune(text); len(letters) > longestReason {
		text = string(letters[:longestReason-1]) + "…"
	}
	if _, known := r.sent[text]; known {
		return text
	}
	if len(r.sent) >= mostReasons {
		return furtherReason
	}
	if r.sent == nil {
		r.sent = map[string]struct{}{}
	}
	r.sent[text] = struct{}{}
	return text
}
