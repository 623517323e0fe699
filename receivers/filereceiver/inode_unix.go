//go:build unix

package filereceiver

import (
	"os"
	"syscall"
)

// inodeOf says where a file is. The open file is not needed here.
func inodeOf(info os.FileInfo, _ *os.File) inode {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return inode{}
	}
	return inode{uint64(stat.Dev), stat.Ino} //nolint:unconvert // the types differ by system
}
