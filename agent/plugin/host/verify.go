package host

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Prefix begins the name of a plugin's file.
const Prefix = "pharos-plugin-"

// Directory is where packages put plugins.
const Directory = "/usr/lib/pharos-agent/plugins"

// File returns the path of a plugin in a folder.
func File(directory, name string) string {
	file := filepath.Join(directory, Prefix+name)
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	return file
}

// List returns the names of the plugins in a folder, in order; none when there is no such folder.
func List(directory string) ([]string, error) {
	entries, err := os.ReadDir(directory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for plugins: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if name, found := strings.CutPrefix(entry.Name(), Prefix); found && !entry.IsDir() {
			names = append(names, strings.TrimSuffix(name, ".exe"))
		}
	}
	return names, nil
}

// Verify returns the file that a path leads to, or why it must not be run: only the agent's own
// account and root may be able to change it or to put another one in its place. A checksum that is
// not empty must be the file's SHA-256.
func Verify(path, checksum string) (string, error) {
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("%s is not an absolute path", path)
	}
	file, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no %s", path)
	}
	if err != nil {
		return "", fmt.Errorf("find the plugin: %w", err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", fmt.Errorf("find the plugin: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a file", file)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o111 == 0 {
		return "", fmt.Errorf("%s is not executable: chmod 755 %s", file, file)
	}
	for place, at := file, info; ; {
		if err := checkOwner(place, at); err != nil {
			return "", err
		}
		parent := filepath.Dir(place)
		if parent == place {
			break
		}
		place = parent
		if at, err = os.Stat(place); err != nil {
			return "", fmt.Errorf("look at the folder of the plugin: %w", err)
		}
	}
	if checksum == "" {
		return file, nil
	}
	sum, err := Checksum(file)
	if err != nil {
		return "", err
	}
	if !strings.EqualFold(sum, checksum) {
		return "", fmt.Errorf("the SHA-256 of %s is %s, and %s is configured: it is another version, or was tampered with", file, sum, checksum)
	}
	return file, nil
}

// Checksum returns the SHA-256 of a file in hexadecimal digits.
func Checksum(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the plugin: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	digest := sha256.New()
	if _, err := io.Copy(digest, file); err != nil {
		return "", fmt.Errorf("read the plugin: %w", err)
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}
