package main

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// cleanProgram returns the parts of the memory that are the program's file as it is on the disk;
// none where the kernel does not tell.
func cleanProgram() []addresses {
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return []addresses{}
	}
	return cleanParts(smaps)
}

// release unmaps pages that are as they are on the disk. The kernel maps them again when they are
// read. Where it cannot, memory stays as it is.
func release(parts []addresses) {
	for _, part := range parts {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, part.from, part.to-part.from, unix.MADV_DONTNEED)
	}
}

// cleanParts returns the private mappings of files that nobody may write to and nobody has written
// to; the loader writes into some before it takes the right away. The format is that of proc(5).
func cleanParts(smaps []byte) []addresses {
	parts := []addresses{}
	var current addresses
	candidate := false
	for line := range bytes.Lines(smaps) {
		fields := bytes.Fields(line)
		switch {
		case len(fields) >= 2 && string(fields[0]) == "Anonymous:":
			if candidate && string(fields[1]) == "0" {
				parts = append(parts, current)
			}
			candidate = false
		case len(fields) >= 6 && len(fields[1]) == 4:
			var ok bool
			current, ok = parseAddresses(fields[0])
			candidate = ok && fields[1][1] == '-' && fields[1][3] == 'p' && string(fields[4]) != "0"
		}
	}
	return parts
}

// parseAddresses parses 00400000-00f97000.
func parseAddresses(text []byte) (addresses, bool) {
	from, to, found := bytes.Cut(text, []byte("-"))
	first, err1 := strconv.ParseUint(string(from), 16, 64)
	last, err2 := strconv.ParseUint(string(to), 16, 64)
	ok := found && err1 == nil && err2 == nil && first < last && uint64(uintptr(last)) == last
	return addresses{uintptr(first), uintptr(last)}, ok
}
