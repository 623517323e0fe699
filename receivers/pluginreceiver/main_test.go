package pluginreceiver

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// The test binary is also the plugin that the tests start: a variable tells it to behave so.
func TestMain(m *testing.M) {
	if mode := os.Getenv(modeVariable); mode != "" {
		behave(mode)
		return
	}
	goleak.VerifyTestMain(m)
}
