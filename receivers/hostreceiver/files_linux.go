package hostreceiver

import (
	"errors"

	"golang.org/x/sys/unix"
)

// readInto reads a file into the buffer, which grows as needed. It asks the kernel itself: the
// files of proc and sys are never waited for, and os would offer each to the poller first.
func readInto(path string, buffer []byte) ([]byte, error) {
	fd, err := openFile(path)
	if err != nil {
		return buffer[:0], err
	}
	defer unix.Close(fd) //nolint:errcheck // it was only read
	if cap(buffer) == 0 {
		buffer = make([]byte, 0, 1024)
	}
	buffer = buffer[:0]
	for {
		if len(buffer) == cap(buffer) {
			buffer = append(buffer, 0)[:len(buffer)]
		}
		n, err := unix.Read(fd, buffer[len(buffer):cap(buffer)])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return buffer[:0], err
		case n == 0:
			return buffer, nil
		}
		buffer = buffer[:len(buffer)+n]
	}
}

func openFile(path string) (int, error) {
	for {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}
