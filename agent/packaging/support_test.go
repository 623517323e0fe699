package packaging_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/test/server"
)

// owner is a user and a group.
type owner struct{ uid, gid int }

func (o owner) text() string { return strconv.Itoa(o.uid) + ":" + strconv.Itoa(o.gid) }

// nobody is a user without rights, where the test may become one.
func nobody() owner {
	if os.Geteuid() != 0 {
		return owner{os.Getuid(), os.Getgid()}
	}
	const id = 65534
	return owner{id, id}
}

// attributes let a process run as the owner, who has to reach the folders of the test.
func (o owner) attributes(t *testing.T, root string) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	for dir := root; len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
		require.NoError(t, os.Chmod(dir, 0o755))
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}}
}

// trusting is a client that knows the server's CA.
func trusting(t *testing.T, s *server.Server) *http.Client {
	t.Helper()
	ca, err := os.ReadFile(filepath.Join(s.Dir, "tls", "ca.crt"))
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(ca))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// Tags of an rpm's header.
const (
	tagFileModes   = 1030
	tagFileTimes   = 1034
	tagFileFlags   = 1037
	tagFileUsers   = 1039
	tagFileGroups  = 1040
	tagDirIndexes  = 1116
	tagBasenames   = 1117
	tagDirnames    = 1118
	flagConfig     = 1 << 0
	flagNoReplace  = 1 << 4
	directoryInTar = 0o040000
)

// rpmFiles lists the files of an rpm with mode, owner and group. An rpm is a lead, a header of
// signatures and a header of facts; each header is an index of typed entries over a store.
func rpmFiles(t *testing.T, path string) map[string]string {
	t.Helper()
	header := rpmFacts(t, path)
	names, folders := header.texts(tagBasenames), header.texts(tagDirnames)
	users, groups := header.texts(tagFileUsers), header.texts(tagFileGroups)
	files := make(map[string]string)
	for i, name := range names {
		mode := fs.FileMode(header.number(tagFileModes, 2, i) & 0o777)
		if header.number(tagFileModes, 2, i)&directoryInTar != 0 {
			mode |= fs.ModeDir
		}
		text := fmt.Sprintf("%s %s %s", mode, users[i], groups[i])
		if flags := header.number(tagFileFlags, 4, i); flags&flagConfig != 0 {
			text += ", config"
			if flags&flagNoReplace != 0 {
				text += ", noreplace"
			}
		}
		files[folders[header.number(tagDirIndexes, 4, i)]+name] = text
	}
	return files
}

// rpmTimes are when files were changed, in seconds.
func rpmTimes(t *testing.T, path string) map[string]int {
	t.Helper()
	header := rpmFacts(t, path)
	times := make(map[string]int)
	for i, name := range header.texts(tagBasenames) {
		times[name] = header.number(tagFileTimes, 4, i)
	}
	return times
}

// rpmFacts is the header that describes an rpm.
func rpmFacts(t *testing.T, path string) rpmEntries {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	const lead = 96
	_, signatures := rpmHeader(t, content[lead:])
	header, _ := rpmHeader(t, content[lead+(signatures+7)/8*8:])
	return header
}

// rpmEntries are where the values of tags begin, to the end of the header.
type rpmEntries map[uint32]rpmEntry

type rpmEntry struct {
	count int
	store []byte
}

// rpmHeader reads the header at the beginning of content, and how long it is.
func rpmHeader(t *testing.T, content []byte) (rpmEntries, int) {
	t.Helper()
	require.Equal(t, []byte{0x8e, 0xad, 0xe8, 1}, content[:4], "a header of an rpm")
	const fixed, each = 16, 16
	count, size := int(binary.BigEndian.Uint32(content[8:])), int(binary.BigEndian.Uint32(content[12:]))
	store := content[fixed+count*each : fixed+count*each+size]
	entries := make(rpmEntries)
	for i := range count {
		entry := content[fixed+i*each:]
		entries[binary.BigEndian.Uint32(entry)] = rpmEntry{int(binary.BigEndian.Uint32(entry[12:])), store[binary.BigEndian.Uint32(entry[8:]):]}
	}
	return entries, fixed + count*each + size
}

func (e rpmEntries) texts(tag uint32) []string {
	all := bytes.SplitN(e[tag].store, []byte{0}, e[tag].count+1)
	texts := make([]string, e[tag].count)
	for i := range texts {
		texts[i] = string(all[i])
	}
	return texts
}

func (e rpmEntries) number(tag uint32, size, index int) int {
	at := e[tag].store[index*size:]
	if size == 2 {
		return int(binary.BigEndian.Uint16(at))
	}
	return int(binary.BigEndian.Uint32(at))
}
