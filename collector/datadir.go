package main

import (
	"fmt"
	"os"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// checkDataDir makes the data folder and finds out whether it can be written, before the first
// part meets it: the log's file would fail on it with less to say.
func checkDataDir(dir string) error {
	err := os.MkdirAll(dir, 0o750)
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(dir, ".probe-*"); err == nil {
			// Closing and removing an empty file of our own; what fails here fails again, and tells more, later.
			_ = probe.Close()
			_ = os.Remove(probe.Name())
			return nil
		}
	}
	return &errcode.Error{
		Code: errcode.Invalid, Field: "--data-dir", Message: fmt.Sprintf("the data folder %s cannot be written", dir),
		Fix: "give the user that runs pharos the right to write there, or choose another folder", Err: err,
	}
}
