package kafkareceiver

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/otel/trace"

	"github.com/pharos-obs/pharos/internal/kafkaclient"
)

func TestGoOn(t *testing.T) {
	tests := map[string]struct {
		messages []string // the digit of the trace, and whether it is sampled
		parent   string
		links    []string
	}{
		"none has a trace":              {messages: []string{"", ""}},
		"the first one's":               {messages: []string{"1+", "2+", "3-"}, parent: "1", links: []string{"2"}},
		"not that of one without trace": {messages: []string{"", "2-"}, parent: "2"},
		"sampled ones come first":       {messages: []string{"1-", "2-", "3+", "4+"}, parent: "3", links: []string{"4"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			messages := make([]message, len(tt.messages))
			for i, text := range tt.messages {
				if text == "" {
					continue
				}
				flags := map[byte]string{'+': "01", '-': "00"}[text[1]]
				messages[i].headers = kafkaclient.Headers{}
				messages[i].headers.Set("traceparent", "00-"+traceID(text[:1])+"-b7ad6b7169203331-"+flags)
			}
			ctx, links := goOn(t.Context(), messages)
			parent := trace.SpanContextFromContext(ctx)
			assert.Equal(t, tt.parent != "", parent.IsValid())
			if tt.parent != "" {
				assert.Equal(t, traceID(tt.parent), parent.TraceID().String())
			}
			var linked []string
			for _, link := range links {
				linked = append(linked, link.SpanContext.TraceID().String()[31:])
			}
			assert.Equal(t, tt.links, linked)
		})
	}
}

func traceID(digit string) string { return "0000000000000000000000000000000" + digit }
