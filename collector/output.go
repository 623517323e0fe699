package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// isTerminal says whether people look at the file.
func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// yamlURI is a configuration as a URI of the Collector. A dollar sign is doubled, because the
// Collector would take it for the start of a reference.
func yamlURI(content map[string]any) (string, error) {
	text, err := yaml.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("write the configuration of the flags: %w", err)
	}
	return "yaml:" + strings.ReplaceAll(string(text), "$", "$$"), nil
}

// announceAgents tells how other machines reach this one.
func (o *upOptions) announceAgents(out io.Writer) {
	if o.insecure {
		fmt.Fprintf(out, "More hosts send to %s, in plaintext, with the API key\n", o.url())
		return
	}
	files := certificateFilesIn(filepath.Join(o.dataDir, "tls"))
	if print, err := fingerprint(files.ca); err == nil {
		fmt.Fprintf(out, "More hosts send to %s with the API key; CA %s, SHA-256 %s\n", o.url(), files.ca, print)
		return
	}
	fmt.Fprintf(out, "More hosts send to %s with the API key\n", o.url())
}
