package blackbox

import (
	"os"
	"testing"

	"github.com/pharos-obs/pharos/test/agent"
	"github.com/pharos-obs/pharos/test/server"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m, agent.Program(), pluginProgram())) }
