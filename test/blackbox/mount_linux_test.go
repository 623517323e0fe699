package blackbox

import (
	"fmt"
	"syscall"
)

// mountSmall mounts a file system of a size.
func mountSmall(dir string, size int) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size))
}
