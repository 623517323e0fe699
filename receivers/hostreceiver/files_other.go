//go:build !linux

package hostreceiver

import "os"

func readInto(path string, _ []byte) ([]byte, error) { return os.ReadFile(path) }
