package backendextension

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"github.com/pharos-obs/pharos/backend/auth"
	"github.com/pharos-obs/pharos/storage"
)

// bootstrapFile is the form of the file that the first start writes.
type bootstrapFile struct {
	URL           string `json:"url"`
	OrgID         string `json:"org_id"`
	AdminEmail    string `json:"admin_email"`
	AdminPassword string `json:"admin_password,omitempty"`
	APIKey        string `json:"api_key"`
}

// saveBootstrap writes the file for its owner only, whole or not at all.
func saveBootstrap(path, url string, made auth.Credentials) error {
	return writeBootstrap(path, bootstrapFile{
		URL: url, OrgID: string(made.OrgID), AdminEmail: made.AdminEmail, AdminPassword: made.AdminPassword, APIKey: made.APIKey,
	})
}

func writeBootstrap(path string, content bootstrapFile) error {
	encoded, err := json.MarshalIndent(content, "", "  ") //nolint:gosec // the file is there to hold the key, for its owner only
	if err != nil {
		return fmt.Errorf("encode the bootstrap file: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("write the bootstrap file: %w", err)
	}
	draft := path + ".tmp"
	if err := os.WriteFile(draft, append(encoded, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the bootstrap file: %w", err)
	}
	if err := os.Rename(draft, path); err != nil {
		return fmt.Errorf("write the bootstrap file: %w", err)
	}
	return nil
}

// ForgetPassword removes the admin's password from the bootstrap file once that user has
// another. It does nothing for other users, or when there is no file.
func ForgetPassword(path, email string) error {
	return changeBootstrap(path, func(content *bootstrapFile) {
		if content.AdminEmail == email {
			content.AdminPassword = ""
		}
	})
}

// rememberURL writes down where the server is now, which may be another place than at the first
// start. It does nothing when there is no file.
func rememberURL(path, url string) error {
	return changeBootstrap(path, func(content *bootstrapFile) {
		if url != "" {
			content.URL = url
		}
	})
}

// bootstrappedOrg returns the organisation of an earlier first start, or nothing.
func bootstrappedOrg(path string) (storage.OrgID, error) {
	content, err := readBootstrapFile(path)
	if content == nil || err != nil {
		return "", err
	}
	if _, err := uuid.Parse(content.OrgID); err != nil {
		return "", fmt.Errorf("read the bootstrap file %s: org_id is %q, which is no UUID: %w", path, content.OrgID, err)
	}
	return storage.OrgID(content.OrgID), nil
}

// readBootstrapFile returns what is in the file, or nil when there is none.
func readBootstrapFile(path string) (*bootstrapFile, error) {
	encoded, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the bootstrap file: %w", err)
	}
	var content bootstrapFile
	if err := json.Unmarshal(encoded, &content); err != nil {
		return nil, fmt.Errorf("read the bootstrap file %s: %w", path, err)
	}
	return &content, nil
}

// changeBootstrap writes the file again where change changes it.
func changeBootstrap(path string, change func(*bootstrapFile)) error {
	content, err := readBootstrapFile(path)
	if content == nil || err != nil {
		return err
	}
	before := *content
	change(content)
	if *content == before {
		return nil
	}
	return writeBootstrap(path, *content)
}
