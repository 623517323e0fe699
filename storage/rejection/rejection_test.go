package rejection

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestReport(t *testing.T) {
	report := &Report{}
	ctx := NewContext(context.Background(), report)
	assert.Empty(t, report.Summary())

	FromContext(ctx).Add(Item{Message: "first"})
	assert.Equal(t, "first", report.Summary())
	for range maxItems {
		FromContext(ctx).Add(Item{Message: "more"})
	}

	assert.Equal(t, maxItems+1, report.Count())
	assert.Len(t, report.Items(), maxItems)
	assert.Equal(t, "first (and 1000 more)", report.Summary())
}

func TestNilReportForgets(t *testing.T) {
	report := FromContext(context.Background())
	report.Add(Item{Message: "lost"})
	assert.Zero(t, report.Count())
	assert.Empty(t, report.Items())
}

func TestSeriesKeyIgnoresOrder(t *testing.T) {
	first, second, other := pcommon.NewMap(), pcommon.NewMap(), pcommon.NewMap()
	first.PutStr("a", "1")
	first.PutStr("b", "2")
	second.PutStr("b", "2")
	second.PutStr("a", "1")
	other.PutStr("a", "2")
	other.PutStr("b", "1")

	assert.Equal(t, SeriesKey("m", first), SeriesKey("m", second))
	assert.NotEqual(t, SeriesKey("m", first), SeriesKey("m", other))
	assert.NotEqual(t, SeriesKey("m", first), SeriesKey("n", first))
}
