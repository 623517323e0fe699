package metrics

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
)

const (
	familiesFile = "families.jsonl"
	// maxVariants is how many descriptions of one family are kept, the newest ones.
	maxVariants = 5
	// maxFamilies bounds the table, as a client can make up names without end.
	maxFamilies = 100_000
)

// family is a line of the file: what one source said of a metric family.
type family struct {
	Name string           `json:"name"`
	Type model.MetricType `json:"type,omitempty"`
	Unit string           `json:"unit,omitempty"`
	Help string           `json:"help,omitempty"`
}

func (f family) metadata() metadata.Metadata {
	return metadata.Metadata{Type: f.Type, Unit: f.Unit, Help: f.Help}
}

// familyTable holds the descriptions by family name, the newest last. It is not changed
// once it can be seen.
type familyTable map[string][]metadata.Metadata

func (t familyTable) has(name string, meta metadata.Metadata) bool {
	return slices.Contains(t[name], meta)
}

// with returns the descriptions of a family with one more.
func (t familyTable) with(f family) []metadata.Metadata {
	variants := append(slices.Clone(t[f.Name]), f.metadata())
	return variants[max(0, len(variants)-maxVariants):]
}

// families keeps the metadata of metric families in memory and in a file of one JSON object
// a line, to which new ones are appended.
type families struct {
	current atomic.Pointer[familyTable]
	mu      sync.Mutex
	file    *os.File
}

func openFamilies(path string) (*families, error) {
	table, lines, err := readFamilies(path)
	if err != nil {
		return nil, err
	}
	kept := 0
	for _, variants := range table {
		kept += len(variants)
	}
	if lines != kept {
		if err := rewriteFamilies(path, table); err != nil {
			return nil, err
		}
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	f := &families{file: file}
	f.current.Store(&table)
	return f, nil
}

// readFamilies returns the table and how many lines it was read from. A line that can't be
// read, such as a torn last one, counts and is left out.
func readFamilies(path string) (familyTable, int, error) {
	table := familyTable{}
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return table, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = file.Close() }()
	lines := 0
	reader := bufio.NewReader(file)
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			lines++
			var f family
			if json.Unmarshal(line, &f) == nil && f.Name != "" && !table.has(f.Name, f.metadata()) {
				table[f.Name] = table.with(f)
			}
		}
		if errors.Is(err, io.EOF) {
			return table, lines, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("read %s: %w", path, err)
		}
	}
}

// rewriteFamilies replaces the file by one with just the table.
func rewriteFamilies(path string, table familyTable) error {
	var content bytes.Buffer
	for name, variants := range table {
		for _, meta := range variants {
			if err := encodeFamily(&content, family{Name: name, Type: meta.Type, Unit: meta.Unit, Help: meta.Help}); err != nil {
				return err
			}
		}
	}
	if err := os.WriteFile(path+".tmp", content.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

func encodeFamily(to io.Writer, f family) error { return json.NewEncoder(to).Encode(f) }

func (f *families) table() familyTable { return *f.current.Load() }

// add keeps what is new among some families.
func (f *families) add(news []family) error {
	if len(news) == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	table := maps.Clone(f.table())
	var lines bytes.Buffer
	for _, n := range news {
		if table.has(n.Name, n.metadata()) || len(table) >= maxFamilies && table[n.Name] == nil {
			continue
		}
		if err := encodeFamily(&lines, n); err != nil {
			return err
		}
		table[n.Name] = table.with(n)
	}
	if _, err := f.file.Write(lines.Bytes()); err != nil {
		return err
	}
	f.current.Store(&table)
	return nil
}

// get returns the metadata of one family, or of limit families; see storage.MetricReader.
func (f *families) get(metric string, limit int) map[string][]metadata.Metadata {
	table := f.table()
	found := map[string][]metadata.Metadata{}
	if metric != "" {
		if variants, ok := table[metric]; ok {
			found[metric] = slices.Clone(variants)
		}
		return found
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if limit > 0 && len(found) == limit {
			break
		}
		found[name] = slices.Clone(table[name])
	}
	return found
}

func (f *families) close() error { return f.file.Close() }

// note remembers for Commit what is not known of a sample's family.
func (a *appender) note(name string, ls labels.Labels, meta metadata.Metadata) {
	if name == "" {
		name = ls.Get(model.MetricNameLabel)
	}
	if name == "" || a.known.has(name, meta) {
		return
	}
	// The table outlives the request, whose strings may be parts of its whole body.
	news := family{Name: strings.Clone(name), Type: model.MetricType(strings.Clone(string(meta.Type))), Unit: strings.Clone(meta.Unit), Help: strings.Clone(meta.Help)}
	if len(a.news) == 0 || a.news[len(a.news)-1] != news {
		a.news = append(a.news, news)
	}
}

// DescribeFamily implements storage.FamilyDescriber.
func (a *appender) DescribeFamily(name string, meta metadata.Metadata) {
	a.note(name, labels.EmptyLabels(), meta)
}
