package pharos

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/pharos-obs/pharos"

// The house rules as numbers.
const (
	maxFileLines     = 600
	maxFunctionLines = 80
)

// topLevel is what may stand at the top of the tree.
var topLevel = strings.Fields(`
	README.md CONTRIBUTING.md CHANGELOG.md LICENSE Makefile .golangci.yml .ci .github .gitignore .git .cache go.mod go.sum
	doc.go layout_test.go builder-config.yaml bin data dist
	collector agent receivers processors exporters extensions providers configs storage backend dashboard
	internal deploy docs examples scripts test bench`)

// folders that hold no Go of ours.
var skipped = []string{".git", ".cache", "node_modules", "bin", "data", "dist", "testdata"}

type goFile struct {
	path    string // slashes, relative to the root
	content []byte
	syntax  *ast.File
	set     *token.FileSet
}

func (f goFile) folder() string     { return path.Dir(f.path) }
func (f goFile) test() bool         { return strings.HasSuffix(f.path, "_test.go") }
func (f goFile) generated() bool    { return ast.IsGenerated(f.syntax) }
func (f goFile) lines() int         { return bytes.Count(f.content, []byte("\n")) }
func (f goFile) in(dir string) bool { return f.folder() == dir || strings.HasPrefix(f.path, dir+"/") }

func (f goFile) imports() []string {
	var all []string
	for _, spec := range f.syntax.Imports {
		if name, err := strconv.Unquote(spec.Path.Value); err == nil {
			all = append(all, name)
		}
	}
	return all
}

func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains(skipped, entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		syntax, err := parser.ParseFile(set, name, content, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, goFile{filepath.ToSlash(name), content, syntax, set})
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, entry := range entries {
		assert.Contains(t, topLevel, entry.Name(), "DESIGN names what stands at the top")
	}
	for _, banned := range []string{"pkg", "util", "utils", "common", "helpers"} {
		for _, file := range goFiles(t) {
			assert.NotContains(t, strings.Split(file.path, "/"), banned, file.path)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, file := range goFiles(t) {
		if file.generated() {
			continue
		}
		assert.LessOrEqual(t, file.lines(), maxFileLines, file.path)
		if file.test() {
			continue
		}
		for _, declaration := range file.syntax.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || function.Body == nil {
				continue
			}
			length := file.set.Position(function.End()).Line - file.set.Position(function.Pos()).Line + 1
			assert.LessOrEqual(t, length, maxFunctionLines, "%s: %s", file.path, function.Name.Name)
		}
	}
}

func TestEveryPackageIsDocumentedOnce(t *testing.T) {
	comments := make(map[string][]string)
	for _, file := range goFiles(t) {
		if file.test() {
			continue
		}
		if _, ok := comments[file.folder()]; !ok {
			comments[file.folder()] = nil
		}
		if file.syntax.Doc != nil && !file.generated() {
			comments[file.folder()] = append(comments[file.folder()], file.path)
		}
	}
	for folder, where := range comments {
		assert.Len(t, where, 1, "package comments of %s: %v", folder, where)
	}
}

// importRule says who may not import what.
type importRule struct {
	name   string
	from   func(goFile) bool
	banned func(string) bool
	tests  bool // whether it holds for tests too
}

func under(prefixes ...string) func(string) bool {
	return func(name string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool {
			return name == prefix || strings.HasPrefix(name, prefix+"/")
		})
	}
}

func within(folders ...string) func(goFile) bool {
	return func(f goFile) bool { return slices.ContainsFunc(folders, f.in) }
}

func own(folder string) string { return module + "/" + folder }

var importRules = []importRule{
	{
		name: "storage and backend know no Collector but pdata",
		from: within("storage", "backend"),
		banned: func(name string) bool {
			return under("go.opentelemetry.io/collector")(name) && !under("go.opentelemetry.io/collector/pdata")(name)
		},
	},
	{
		name:   "storage knows no backend and no part",
		from:   within("storage"),
		banned: under(own("backend"), own("receivers"), own("processors"), own("exporters"), own("extensions"), own("dashboard")),
	},
	{
		name:   "backend knows no part",
		from:   within("backend"),
		banned: under(own("receivers"), own("processors"), own("exporters"), own("extensions")),
		tests:  true,
	},
	{
		name:   "internal knows nothing above it",
		from:   within("internal"),
		banned: func(name string) bool { return strings.HasPrefix(name, module) && !under(own("internal"))(name) },
		tests:  true,
	},
	{
		name: "nothing imports the programs, but for what plugins are made with",
		from: func(f goFile) bool { return !f.in("collector") && !f.in("agent") },
		banned: func(name string) bool {
			return under(own("collector"), own("agent"))(name) && !under(own("agent/plugin"))(name)
		},
		tests: true,
	},
	{
		name: "plugins are made without the Collector and the rest of Pharos",
		from: func(f goFile) bool { return f.folder() == "agent/plugin" || f.in("agent/plugin/proto") },
		banned: func(name string) bool {
			return under("go.opentelemetry.io")(name) || strings.HasPrefix(name, module) && !under(own("agent/plugin/proto"))(name)
		},
	},
	{
		name: "a store implementation is known to storageextension and the exporter of its own store",
		from: func(f goFile) bool {
			return !f.in("extensions/storageextension") && !f.in("exporters/localexporter") && !f.in("storage/local")
		},
		banned: under(own("storage/local")),
	},
	{
		name: "the metric store on PostgreSQL is known to storageextension, its exporter and the programs",
		from: func(f goFile) bool {
			return !f.in("extensions/storageextension") && !f.in("exporters/timescaleexporter") && !f.in("collector") && !f.in("storage/timescale")
		},
		banned: under(own("storage/timescale")),
	},
	{
		name: "the log store on Elasticsearch is known to storageextension and its exporter",
		from: func(f goFile) bool {
			return !f.in("extensions/storageextension") && !f.in("exporters/elasticsearchexporter") && !f.in("storage/elasticsearch")
		},
		banned: under(own("storage/elasticsearch")),
	},
	{
		name:   "stores do not import each other",
		from:   within("storage/elasticsearch"),
		banned: under(own("storage/local"), own("storage/metadata"), own("storage/timescale")),
		tests:  true,
	},
	{
		name:   "stores do not import each other",
		from:   within("storage/timescale"),
		banned: under(own("storage/local"), own("storage/metadata"), own("storage/elasticsearch")),
		tests:  true,
	},
	{
		name:   "stores do not import each other",
		from:   within("storage/local"),
		banned: under(own("storage/metadata"), own("storage/timescale"), own("storage/elasticsearch")),
		tests:  true,
	},
	{
		name: "the agent links no store and no backend; its plugins are programs of their own",
		from: func(f goFile) bool {
			return within("agent", "receivers/hostreceiver", "receivers/pluginreceiver", "receivers/filereceiver", "receivers/journaldreceiver",
				"receivers/syslogreceiver", "exporters/deliveryexporter")(f) && !f.in("agent/plugins")
		},
		banned: under(own("storage"), own("backend"), "github.com/jackc/pgx", "github.com/elastic/go-elasticsearch"),
	},
}

func TestImports(t *testing.T) {
	files := goFiles(t)
	for _, rule := range importRules {
		t.Run(rule.name, func(t *testing.T) {
			for _, file := range files {
				if !rule.from(file) || file.test() && !rule.tests {
					continue
				}
				for _, name := range file.imports() {
					assert.False(t, rule.banned(name), "%s imports %s", file.path, name)
				}
			}
		})
	}
}

// TestInternalHasImporters keeps internal/ to what several packages share.
func TestInternalHasImporters(t *testing.T) {
	importers := make(map[string]map[string]bool)
	for _, file := range goFiles(t) {
		if file.in("internal") && !file.test() {
			if importers[own(file.folder())] == nil {
				importers[own(file.folder())] = make(map[string]bool)
			}
		}
		for _, name := range file.imports() {
			if under(own("internal"))(name) {
				if importers[name] == nil {
					importers[name] = make(map[string]bool)
				}
				importers[name][file.folder()] = true
			}
		}
	}
	for name, folders := range importers {
		assert.GreaterOrEqual(t, len(folders), 2, "%s has too few importers: move it to the one it has", name)
	}
}

// TestAnatomy holds that every part has the same files.
func TestAnatomy(t *testing.T) {
	for _, kind := range []string{"receivers", "processors", "exporters", "extensions"} {
		parts, err := os.ReadDir(kind)
		require.NoError(t, err)
		for _, part := range parts {
			folder := path.Join(kind, part.Name())
			assert.True(t, strings.HasSuffix(part.Name(), strings.TrimSuffix(kind, "s")), "%s: the name ends in the kind", folder)
			for _, name := range []string{"doc.go", "README.md", "metadata.yaml", "config.go", "factory.go", "config_test.go", "testdata/config.yaml"} {
				assert.FileExists(t, path.Join(folder, name))
			}
		}
	}
}

func TestNoUnfinishedBusiness(t *testing.T) {
	for _, file := range goFiles(t) {
		if file.path == "layout_test.go" {
			continue
		}
		for _, mark := range []string{"TODO", "FIXME", "XXX"} {
			assert.NotContains(t, string(file.content), mark, file.path)
		}
	}
}

func TestNoInitFunctions(t *testing.T) {
	for _, file := range goFiles(t) {
		if file.generated() {
			continue
		}
		for _, declaration := range file.syntax.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && function.Recv == nil {
				assert.NotEqual(t, "init", function.Name.Name, file.path)
			}
		}
	}
}

// TestComponentsAreGenerated says when components.go of a program and its parts list drift.
func TestComponentsAreGenerated(t *testing.T) {
	for list, program := range map[string]string{"builder-config.yaml": "collector", "agent/builder-config.yaml": "agent"} {
		assert.ElementsMatch(t, listedParts(t, list), generatedParts(t, program+"/components.go"), "%s: run `make generate`", list)
	}
}

func listedParts(t *testing.T, list string) []string {
	t.Helper()
	config, err := os.ReadFile(list)
	require.NoError(t, err)
	var listed []string
	section, gomod := "", ""
	add := func() {
		if gomod != "" && section != "providers" {
			listed = append(listed, gomod)
		}
		gomod = ""
	}
	for line := range strings.SplitSeq(string(config), "\n") {
		trimmed := strings.TrimPrefix(strings.TrimSpace(line), "- ")
		switch {
		case line != "" && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "#"):
			add()
			section = strings.TrimSuffix(line, ":")
		case strings.HasPrefix(trimmed, "gomod:"):
			add()
			gomod = strings.Fields(trimmed)[1]
		case strings.HasPrefix(trimmed, "import:"):
			gomod = strings.Fields(trimmed)[1]
		}
	}
	add()
	return listed
}

func generatedParts(t *testing.T, components string) []string {
	t.Helper()
	var generated []string
	for _, file := range goFiles(t) {
		if file.path == components {
			for _, name := range file.imports() {
				if path.Dir(name) != "go.opentelemetry.io/collector" {
					generated = append(generated, name)
				}
			}
		}
	}
	return generated
}
