package kafkareceiver

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// offsetsFile holds how far a replica is in one topic: a file that is replaced as a whole.
type offsetsFile struct {
	path string
	lock *flock.Flock

	mu    sync.Mutex
	saved savedTopic
	dirty bool
}

// savedTopic is the content of the file.
type savedTopic struct {
	Cluster string `json:"cluster"` // id of the Kafka cluster
	Topic   string `json:"topic"`
	// Boot is the start of the machine during which the offsets were written. Without it a loss
	// of power could keep the offsets and lose what the store had not put on the disk.
	Boot       string                 `json:"boot"`
	Partitions map[int]savedPartition `json:"partitions"`
	// Lacks are the organisations of which something was left out that writers may have stored,
	// and when the newest of it came.
	Lacks map[string]time.Time `json:"lacks,omitempty"`
}

// savedPartition is how far a partition was read.
type savedPartition struct {
	Next int64 `json:"next"`
	// Since is from which time on nothing was left out; zero when nothing ever was.
	Since time.Time `json:"since,omitzero"`
	// Time and Sum are of the message before Next. A topic that was deleted and created again
	// has another one there.
	Time time.Time `json:"time,omitzero"`
	Sum  uint32    `json:"sum"`
}

func savedAfter(last *message, since time.Time) savedPartition {
	return savedPartition{Next: last.offset + 1, Since: since, Time: last.time.UTC(), Sum: crc32.ChecksumIEEE(last.value)}
}

// isLast says whether a message is the one before Next.
func (s savedPartition) isLast(m *message) bool {
	return s.Time.Equal(m.time) && s.Sum == crc32.ChecksumIEEE(m.value)
}

// openOffsets takes the file for itself and reads it. What cannot be read is as if it were not
// there, and said so in why.
func openOffsets(dir, topic string) (f *offsetsFile, why string, err error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, "", errcode.InvalidField("directory", err.Error(), "name a folder that can be written")
	}
	f = &offsetsFile{path: filepath.Join(dir, topic+".json"), lock: flock.New(filepath.Join(dir, topic+".lock"))}
	if taken, err := f.lock.TryLock(); err != nil || !taken {
		return nil, "", errcode.InvalidField("directory", fmt.Sprintf("%s is used by another receiver of %s, or cannot be written", dir, topic), "give each receiver and each process a folder of its own")
	}
	if why = f.read(); why != "" {
		f.saved = savedTopic{}
	}
	f.saved.Topic, f.saved.Boot = topic, bootID()
	return f, why, nil
}

// read returns why the offsets are not used; empty also when there are none.
func (f *offsetsFile) read() string {
	content, err := os.ReadFile(f.path)
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	if err == nil {
		err = json.Unmarshal(content, &f.saved)
	}
	switch {
	case err != nil:
		return "they cannot be read: " + err.Error()
	case f.saved.Boot != bootID():
		return "the machine was started since they were written"
	}
	return ""
}

// bootID identifies the start of the machine; empty where the system does not tell.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// belongTo forgets the offsets of another cluster, and returns whether there were any.
func (f *offsetsFile) belongTo(cluster string) (forgot bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.saved.Cluster != cluster {
		forgot = len(f.saved.Partitions) > 0
		f.saved.Cluster, f.saved.Partitions = cluster, nil
	}
	return forgot
}

func (f *offsetsFile) get(partition int) (savedPartition, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	saved, ok := f.saved.Partitions[partition]
	return saved, ok
}

func (f *offsetsFile) set(partition int, saved savedPartition) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.saved.Partitions == nil {
		f.saved.Partitions = map[int]savedPartition{}
	}
	f.saved.Partitions[partition] = saved
	f.dirty = true
}

// lack notes that something of an organisation was left out.
func (f *offsetsFile) lack(org string, came time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.saved.Lacks == nil {
		f.saved.Lacks = map[string]time.Time{}
	}
	if came.After(f.saved.Lacks[org]) {
		f.saved.Lacks[org] = came.UTC()
		f.dirty = true
	}
}

// lacks returns what lack noted that is not older than a time, and forgets the rest.
func (f *offsetsFile) lacks(oldest time.Time) map[string]time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.saved.Lacks, func(_ string, came time.Time) bool { return came.Before(oldest) })
	return maps.Clone(f.saved.Lacks)
}

// save replaces the file, if there is something new. What is missing in it after a crash is read
// and stored again.
func (f *offsetsFile) save() error {
	f.mu.Lock()
	copied := f.saved
	copied.Partitions, copied.Lacks = maps.Clone(f.saved.Partitions), maps.Clone(f.saved.Lacks)
	dirty := f.dirty
	f.dirty = false
	f.mu.Unlock()
	if !dirty {
		return nil
	}
	if err := f.replace(copied); err != nil {
		f.mu.Lock()
		f.dirty = true
		f.mu.Unlock()
		return fmt.Errorf("save the offsets of %s: %w", copied.Topic, err)
	}
	return nil
}

func (f *offsetsFile) replace(saved savedTopic) error {
	content, err := json.Marshal(saved)
	if err != nil {
		return err
	}
	if err := os.WriteFile(f.path+".tmp", content, 0o600); err != nil {
		return err
	}
	return os.Rename(f.path+".tmp", f.path)
}

func (f *offsetsFile) close() error { return errors.Join(f.save(), f.lock.Unlock()) }
