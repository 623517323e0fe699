package storageextension

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

func TestCrashOfTheProcessBefore(t *testing.T) {
	for name, test := range map[string]struct {
		before  string
		engine  bool
		written int
	}{
		"first start":    {},
		"killed":         {before: ""},
		"own fault":      {before: "panic: x\n\ngoroutine 1 [running]:\nmain.main()\n", written: 1},
		"engine's fault": {before: "panic: x\n\ngoroutine 9 [running]:\ngithub.com/VictoriaMetrics/VictoriaLogs/lib/logstorage.f()\n", engine: true, written: 1},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := defaultConfig()
			cfg.Directory = t.TempDir()
			if name != "first start" {
				require.NoError(t, os.WriteFile(filepath.Join(cfg.Directory, crashFile), []byte(test.before), 0o600))
			}
			e := &Extension{cfg: cfg, logger: zap.NewNop()}
			for range 2 { // the second start has nothing to say of it
				engine, err := e.watchCrashes()
				require.NoError(t, err)
				assert.Equal(t, test.engine, engine)
				require.NoError(t, e.unwatchCrashes())
				kept, err := filepath.Glob(filepath.Join(cfg.Directory, "crash-*.log"))
				require.NoError(t, err)
				assert.Len(t, kept, test.written)
				test.engine = false
			}
		})
	}
}
