package main

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pharos-obs/pharos/agent/plugin"
	"github.com/pharos-obs/pharos/agent/plugin/host"
	"github.com/pharos-obs/pharos/agent/plugins"
	pluginpython "github.com/pharos-obs/pharos/examples/plugin-python"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// newPlugin is what `plugin new` writes.
type newPlugin struct{ name, dir, language, sdk string }

func pluginNewCommand() *cobra.Command {
	var one newPlugin
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a plugin that compiles, with its tests and a README, to begin with",
		Long: `Write a plugin that compiles, with its tests and a README, to begin with. It counts the files of
a folder; the README says how to build, check and install it.`,
		Example: "  pharos-agent plugin new weather\n  pharos-agent plugin new weather --lang python --dir ./weather",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			one.name = args[0]
			return one.write(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&one.dir, "dir", "", "folder to write to (default ./pharos-plugin-NAME)")
	cmd.Flags().StringVar(&one.language, "lang", "go", "go or python")
	cmd.Flags().StringVar(&one.sdk, "sdk", "", "a clone of Pharos whose SDK a plugin in Go is to use, instead of a published version")
	return cmd
}

func (n *newPlugin) write(out io.Writer) error {
	if !plugin.ValidName.MatchString(n.name) {
		return errcode.InvalidField("NAME", fmt.Sprintf("is %q", n.name), "use lower case letters, digits, '-', '_' and '.'")
	}
	if n.dir == "" {
		n.dir = host.Prefix + n.name
	}
	entries, err := os.ReadDir(n.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look into the folder: %w", err)
	}
	if len(entries) > 0 {
		return errcode.InvalidField("--dir", n.dir+" is not empty", "name another folder")
	}
	var next string
	switch n.language {
	case "go":
		if err := n.copyAll(plugins.Template, "template"); err != nil {
			return err
		}
		if err := n.goModule(); err != nil {
			return err
		}
		next = fmt.Sprintf("go mod tidy && go test ./... && go build -o %[1]s%[2]s . && pharos-agent plugin check ./%[1]s%[2]s", host.Prefix, n.name)
	case "python":
		if err := n.copyAll(pluginpython.Files, "."); err != nil {
			return err
		}
		next = fmt.Sprintf("python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && pharos-agent plugin check ./%s%s", host.Prefix, n.name)
	default:
		return errcode.InvalidField("--lang", fmt.Sprintf("is %q", n.language), "use go or python")
	}
	fmt.Fprintf(out, "Wrote the plugin %s to %s. Next:\n\n  cd %s && %s\n", n.name, n.dir, n.dir, next)
	return nil
}

// copyAll copies a template under the plugin's own name.
func (n *newPlugin) copyAll(from embed.FS, root string) error {
	if err := os.MkdirAll(n.dir, 0o755); err != nil { //nolint:gosec // source code
		return fmt.Errorf("make the folder: %w", err)
	}
	entries, err := from.ReadDir(root)
	if err != nil {
		return fmt.Errorf("read the template: %w", err)
	}
	for _, entry := range entries {
		content, err := from.ReadFile(path.Join(root, entry.Name()))
		if err != nil {
			return fmt.Errorf("read the template: %w", err)
		}
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(entry.Name(), host.Prefix) {
			mode = 0o755 // a script
		}
		target := filepath.Join(n.dir, n.rename(entry.Name()))
		if err := os.WriteFile(target, []byte(n.rename(string(content))), mode); err != nil {
			return fmt.Errorf("write the plugin: %w", err)
		}
	}
	return nil
}

// rename puts the plugin's name where the template has `example`: my-plugin, metrics of my_plugin,
// class MyPlugin.
func (n *newPlugin) rename(text string) string {
	class := ""
	for _, word := range strings.FieldsFunc(n.name, func(r rune) bool { return strings.ContainsRune("-_.", r) }) {
		class += strings.ToUpper(word[:1]) + word[1:]
	}
	if class[0] >= '0' && class[0] <= '9' {
		class = "Plugin" + class
	}
	return strings.NewReplacer(
		"example.entries", strings.ReplaceAll(n.name, "-", "_")+".entries", "example", n.name,
		"class Example", "class "+class, "serve(Example", "serve("+class,
	).Replace(text)
}

// released is a version that a proxy for modules has.
var released = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)$`)

// goModule writes go.mod. Without a version that is published `go mod tidy` takes the newest.
func (n *newPlugin) goModule() error {
	lines := []string{"module " + host.Prefix + n.name, "", "go 1.26"}
	if found := released.FindStringSubmatch(version); found != nil && n.sdk == "" {
		lines = append(lines, "", "require github.com/pharos-obs/pharos v"+found[1])
	}
	if n.sdk != "" {
		folder, err := filepath.Abs(n.sdk)
		if err != nil {
			return fmt.Errorf("find the SDK: %w", err)
		}
		if _, err := os.Stat(filepath.Join(folder, "agent", "plugin", "plugin.go")); err != nil {
			return errcode.InvalidField("--sdk", n.sdk+" is no clone of Pharos", "name the folder that holds its go.mod")
		}
		lines = append(lines, "", "require github.com/pharos-obs/pharos v0.0.0", "", "replace github.com/pharos-obs/pharos => "+folder)
	}
	content := strings.Join(slices.Concat(lines, []string{""}), "\n")
	if err := os.WriteFile(filepath.Join(n.dir, "go.mod"), []byte(content), 0o644); err != nil { //nolint:gosec // source code
		return fmt.Errorf("write go.mod: %w", err)
	}
	return nil
}
