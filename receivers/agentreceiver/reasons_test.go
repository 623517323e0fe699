package agentreceiver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestReasonsAreFew(t *testing.T) {
	var known reasons
	for _, tt := range []struct{ text, want string }{
		{"dial tcp 10.0.0.1:8080: connect: connection refused", "dial tcp 10.0.0.1:8080: connect: connection refused"},
		{"read tcp 10.0.0.2:43210->10.0.0.1:8080: reset by peer", "read tcp 10.0.0.1:8080: reset by peer"},
		{"read tcp 10.0.0.2:43211->10.0.0.1:8080: reset by peer", "read tcp 10.0.0.1:8080: reset by peer"},
		{"request 1f0c9a3e-7a8b-4c5d-9e0f-112233445566 after 12.5ms", "request after"},
		{"process 1234567 of 12", "process of 12"},
		{strings.Repeat("é", 400), strings.Repeat("é", 299) + "…"},
		{
			"refused: read the configuration: cannot unmarshal the configuration: decoding failed due to the following error(s):\n\n'receivers' error: decoding failed due to the following error(s):\n\n'interval' invalid",
			"refused: 'receivers' error: 'interval' invalid",
		},
		{"", ""},
	} {
		assert.Equal(t, tt.want, known.label(tt.text))
	}
	assert.Len(t, known.sent, 7)
	for i := range 2 * mostReasons {
		known.label(fmt.Sprint("another ", i))
	}
	assert.Len(t, known.sent, mostReasons)
	assert.Equal(t, furtherReason, known.label("one more"))
	assert.Equal(t, "another 3", known.label("another 3"), "what was sent goes on")
}
