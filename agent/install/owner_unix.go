//go:build unix

package install

import (
	"io/fs"
	"syscall"
)

// ownerOf is who owns a file; otherwise where the system does not say.
func ownerOf(info fs.FileInfo, otherwise owner) owner {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return owner{int(stat.Uid), int(stat.Gid)}
	}
	return otherwise
}
