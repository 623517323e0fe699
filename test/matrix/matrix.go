// Package matrix remembers which suite of tests ran on which stores, for the table that
// `make test` prints at its end.
package matrix

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Suite is a suite of tests that runs on one kind of stores.
type Suite struct {
	Name  string `json:"name"`
	Where string `json:"where"`
	// Passed, Failed and Skipped count its parts.
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`

	mu sync.Mutex
}

// Begin remembers that a suite runs in a test. What came of it is written when the test ends.
func Begin(tb testing.TB, name, where string) *Suite {
	tb.Helper()
	s := &Suite{Name: name, Where: where}
	tb.Cleanup(func() {
		if err := s.write(dir()); err != nil {
			tb.Errorf("write what has run: %v", err)
		}
	})
	return s
}

// Store names the store that a suite runs on by the package and the subtest that it runs in.
func Store(tb testing.TB) string {
	tb.Helper()
	folder, err := os.Getwd()
	if err != nil {
		tb.Fatalf("find the package of the test: %v", err)
	}
	name, err := filepath.Rel(filepath.Join(dir(), "..", ".."), folder)
	if err != nil {
		tb.Fatalf("find the package of the test: %v", err)
	}
	if _, subtest, found := strings.Cut(tb.Name(), "/"); found {
		name += " (" + subtest + ")"
	}
	return name
}

// Part counts a test as a part of the suite when it ends.
func (s *Suite) Part(tb testing.TB) {
	tb.Helper()
	tb.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case tb.Failed():
			s.Failed++
		case tb.Skipped():
			s.Skipped++
		default:
			s.Passed++
		}
	})
}

// dir is where the lines of the table are, in the repository.
func dir() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", ".cache", "matrix")
}

func (s *Suite) write(dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	content, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, url.QueryEscape(s.Name+" on "+s.Where)+".json"), content, 0o600)
}

// Print writes the table of what has run.
func Print(out io.Writer) error { return print(out, dir()) }

func print(out io.Writer, dir string) error {
	suites, err := read(dir)
	if err != nil {
		return err
	}
	const row = "%-36s %-40s %7s %7s %7s\n"
	var text strings.Builder
	fmt.Fprintf(&text, row, "suite", "ran on", "passed", "failed", "skipped")
	last := ""
	for _, s := range suites {
		name := s.Name
		if name == last {
			name = ""
		}
		last = s.Name
		fmt.Fprintf(&text, row, name, s.Where, fmt.Sprint(s.Passed), fmt.Sprint(s.Failed), fmt.Sprint(s.Skipped))
	}
	_, err = io.WriteString(out, text.String())
	return err
}

func read(dir string) ([]*Suite, error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var suites []*Suite
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if err != nil {
			return nil, err
		}
		s := &Suite{}
		if err := json.Unmarshal(content, s); err != nil {
			return nil, fmt.Errorf("read %s: %w", file.Name(), err)
		}
		suites = append(suites, s)
	}
	slices.SortFunc(suites, func(a, b *Suite) int {
		return strings.Compare(a.Name+"\x00"+a.Where, b.Name+"\x00"+b.Where)
	})
	return suites, nil
}
