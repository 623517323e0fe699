package deliveryexporter

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// keySource gives the key that the server knows this agent by.
type keySource struct {
	path string // empty means that there is no file

	mu   sync.Mutex
	last string
}

func newKeySource(cfg *Config) (*keySource, error) {
	if cfg.APIKeyFile == "" {
		return &keySource{last: strings.TrimSpace(string(cfg.APIKey))}, nil
	}
	key, err := readKey(cfg.APIKeyFile)
	if err != nil {
		return nil, fmt.Errorf("api_key_file: %w", err)
	}
	return &keySource{path: cfg.APIKeyFile, last: key}, nil
}

// key returns what the file holds now, so that a new key counts at once; what it held before when
// it cannot be read, for example while it is replaced.
func (k *keySource) key() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.path != "" {
		if key, err := readKey(k.path); err == nil {
			k.last = key
		}
	}
	return k.last
}

func readKey(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	key := strings.TrimSpace(string(content))
	if key == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return key, checkKey(key)
}

// checkKey says whether a key fits into a header.
func checkKey(key string) error {
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("the key has a blank or another character that no key has")
	}
	return nil
}

// validateKey checks what is configured.
func (c *Config) validateKey() error {
	switch {
	case c.APIKey != "" && c.APIKeyFile != "":
		return errcode.InvalidField("api_key_file", "is given beside api_key", "give one of them")
	case c.APIKeyFile != "":
		if _, err := readKey(c.APIKeyFile); err != nil {
			return errcode.InvalidField("api_key_file", err.Error(), "name a file that holds the key")
		}
	default:
		if err := checkKey(strings.TrimSpace(string(c.APIKey))); err != nil {
			return errcode.InvalidField("api_key", err.Error(), "copy it again")
		}
	}
	return nil
}
