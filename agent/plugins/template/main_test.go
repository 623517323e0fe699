package main

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/pharos-obs/pharos/agent/plugin"
)

func TestCollect(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var m plugin.Metrics
	if err := (&source{&Config{Folder: folder}}).Collect(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"example.entries{kind:file}": 1, "example.entries{kind:folder}": 0, "example.entries{kind:other}": 0}
	if got := m.Values(); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCollectSaysWhatIsWrong(t *testing.T) {
	var m plugin.Metrics
	if (&source{&Config{Folder: filepath.Join(t.TempDir(), "nowhere")}}).Collect(t.Context(), &m) == nil {
		t.Error("a folder that is not there is an error")
	}
}

func TestValidate(t *testing.T) {
	if (&Config{}).Validate() == nil {
		t.Error("a folder has to be named")
	}
}
