package blackbox

import (
	"testing"

	"github.com/pharos-obs/pharos/test/server"
)

func badInput(t *testing.T, s *server.Server)       {}
func partlyBadInput(t *testing.T, s *server.Server) {}
