// Package agentstate says where the agent keeps what must outlive it, and replaces small files
// there as a whole.
package agentstate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.opentelemetry.io/collector/component"
)

const variable = "PHAROS_AGENT_STATE"

// Folder returns the folder for a kind of part: below PHAROS_AGENT_STATE, or below
// /var/lib/pharos-agent.
func Folder(kind string) string {
	root := os.Getenv(variable)
	if root == "" {
		root = "/var/lib/pharos-agent"
	}
	return filepath.Join(root, kind)
}

// FileName returns a file name for a part, `nginx` for `files/nginx`.
func FileName(id component.ID) string {
	if id.Name() == "" {
		return "default"
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|.`, r) || r < ' ' {
			return '_'
		}
		return r
	}, id.Name())
}

// Replace writes a file so that at any moment either its old or its new content is there, and
// creates its folder. With sync it is there after the loss of power too.
func Replace(path string, content []byte, sync bool) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("create the folder of the state: %w", err)
	}
	file, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	_, err = file.Write(content)
	if err == nil && sync {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	return nil
}
