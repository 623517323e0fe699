package hostreceiver

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
)

// newNFS reads what the kernel's NFS client and server have done. A host without them has no
// such files.
func newNFS(h *host) scrapeFunc {
	client, server := h.procNet("rpc/nfs"), h.procNet("rpc/nfsd")
	return func(_ context.Context, b *batch) error {
		content, err := b.files.read(client)
		if err == nil {
			addNFSClient(b, content)
		}
		content, serverErr := b.files.read(server)
		if serverErr == nil {
			addNFSServer(b, content)
		}
		return errors.Join(unlessMissing(err), unlessMissing(serverErr))
	}
}

// unlessMissing returns the error unless it says that there is no such file.
func unlessMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func addNFSClient(b *batch, content []byte) {
	for line := range bytes.Lines(content) {
		name, rest := firstWord(line)
		var c [2]uint64
		if string(name) == "rpc" && numbersOf(rest, c[:]) == len(c) {
			b.counter("system.nfs.client.calls", "{call}", "Calls to NFS servers.").count(c[0])
			b.counter("system.nfs.client.retransmits", "{call}", "Calls to NFS servers that were sent again.").count(c[1])
		}
	}
}

func addNFSServer(b *batch, content []byte) {
	for line := range bytes.Lines(content) {
		name, rest := firstWord(line)
		var c [2]uint64
		n := numbersOf(rest, c[:])
		switch {
		case string(name) == "rpc" && n == len(c):
			b.counter("system.nfs.server.calls", "{call}", "Calls of NFS clients.").count(c[0])
			b.counter("system.nfs.server.errors", "{call}", "Calls of NFS clients that were wrong.").count(c[1])
		case string(name) == "io" && n == len(c):
			traffic := b.counter("system.nfs.server.io", "By", "Bytes that NFS clients read (transmit) and wrote (receive).")
			traffic.count(c[0], text(networkDirectionKey, "transmit"))
			traffic.count(c[1], text(networkDirectionKey, "receive"))
		case string(name) == "th" && n > 0:
			b.amount("system.nfs.server.threads", "{thread}", "Threads of the NFS server.").count(c[0])
		}
	}
}

// newZFS reads the cache of ZFS, which the kernel does not count as cached memory.
func newZFS(h *host) scrapeFunc {
	path := h.proc("spl", "kstat", "zfs", "arcstats")
	return func(_ context.Context, b *batch) error {
		content, err := b.files.read(path)
		if err != nil {
			return unlessMissing(err)
		}
		addARC(b, content)
		return nil
	}
}

// addARC parses lines of a name, a type and a number.
func addARC(b *batch, content []byte) {
	requests := b.counter("system.zfs.arc.requests", "{request}", "Requests to the cache of ZFS.")
	for line := range bytes.Lines(content) {
		name, rest := firstWord(line)
		_, rest = firstWord(rest)
		word, _ := firstWord(rest)
		value, ok := uintOf(word)
		if !ok {
			continue
		}
		switch string(name) {
		case "hits":
			requests.count(value, text("system.zfs.arc.outcome", "hit"))
		case "misses":
			requests.count(value, text("system.zfs.arc.outcome", "miss"))
		case "size":
			b.amount("system.zfs.arc.usage", "By", "Memory of the cache of ZFS.").count(value)
		case "c_max":
			b.amount("system.zfs.arc.limit", "By", "Memory that the cache of ZFS may take.").count(value)
		}
	}
}
