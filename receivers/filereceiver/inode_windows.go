package filereceiver

import (
	"os"
	"syscall"
)

// inodeOf says where a file is; without an open file it is not known.
func inodeOf(_ os.FileInfo, file *os.File) inode {
	if file == nil {
		return inode{}
	}
	var found syscall.ByHandleFileInformation
	if syscall.GetFileInformationByHandle(syscall.Handle(file.Fd()), &found) != nil {
		return inode{}
	}
	return inode{uint64(found.VolumeSerialNumber), uint64(found.FileIndexHigh)<<32 | uint64(found.FileIndexLow)}
}
