package plugin

import (
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// closeTimeout is how long the sources may take to close. The agent waits a little longer.
const closeTimeout = 3 * time.Second

// endWithAgent ends the program when the agent asks for it by SIGTERM, and when the agent has died,
// which closes the standard input.
func endWithAgent(s *server) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	orphaned := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(orphaned)
	}()
	alone := false
	select {
	case <-asked:
	case <-orphaned:
		alone = true
	}
	closed := make(chan struct{})
	go func() {
		s.close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(closeTimeout):
	}
	if alone {
		killGroup() // nobody else is left to end the plugin's children
	}
	os.Exit(0)
}
