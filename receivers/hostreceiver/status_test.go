package hostreceiver

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
)

// reporter takes what a part tells of itself.
type reporter struct{ events []*componentstatus.Event }

func (*reporter) GetExtensions() map[component.ID]component.Component { return nil }
func (r *reporter) Report(event *componentstatus.Event)               { r.events = append(r.events, event) }

func TestStatusIsThatOfTheScrapers(t *testing.T) {
	host := &reporter{}
	s := newStatus(host)
	s.scraped("cpu", nil)
	require.Empty(t, host.events, "it works as it did")
	s.scraped("memory", errors.New("gone"))
	s.scraped("memory", errors.New("still gone"))
	s.scraped("disk", errors.New("away"))
	s.scraped("memory", nil)
	s.scraped("disk", nil)
	var told []string
	for _, event := range host.events {
		text := event.Status().String()
		if event.Err() != nil {
			text += ": " + event.Err().Error()
		}
		told = append(told, text)
	}
	assert.Equal(t, []string{
		"StatusRecoverableError: scraper memory: gone",
		"StatusRecoverableError: scraper disk: away (memory too)",
		"StatusRecoverableError: scraper disk: away",
		"StatusOK",
	}, told)
}
