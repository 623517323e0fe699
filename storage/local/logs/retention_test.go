package logs

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestDroppedDays(t *testing.T) {
	var days droppedDays
	assert.Zero(t, days.until([]string{"20260101", "20260102"}))
	assert.Zero(t, days.until([]string{"20260101", "20260102", "20260103"}))
	end := time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC).UnixNano()
	assert.Equal(t, end, days.until([]string{"20260103"}))
	assert.Equal(t, end, days.until([]string{"20260103", "20260104"}))
}
