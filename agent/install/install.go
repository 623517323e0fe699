package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/pharos-obs/pharos/agent/packaging"
	"github.com/pharos-obs/pharos/internal/errcode"
)

// Installer puts the agent on a host.
type Installer struct {
	// URL is the server; empty keeps the one that is installed.
	URL string
	// Key gives the API key, once the server is known to be the right one. It is told whether one
	// is installed, and returns the empty string to keep that.
	Key func(installed bool) (string, error)
	// CASHA256 is the fingerprint of a certificate that signs the server's; CAFile is a file of
	// such. With neither, those that are installed are kept, else the system's are trusted.
	CASHA256, CAFile string
	// Force replaces agent.yaml by the built-in one. The old one becomes agent.yaml.bak.
	Force bool
	// Start starts the agent and waits for its first sample, Wait at most.
	Start bool
	Wait  time.Duration
	// Root is where the host's files are; empty means /.
	Root string
	// Program is the running executable. It becomes the installed one, unless it is that already.
	Program string
	// Config is the built-in agent.yaml.
	Config []byte
	// Check says what is wrong with the configuration in a folder; nil checks nothing.
	Check func(ctx context.Context, folder string) error
	// Out takes a line for each step.
	Out io.Writer
}

// plan is what is to be installed, after looking at what is.
type plan struct {
	server      *server
	environment string // text of agent.env
	host        string
}

// Run installs the agent. Errors are an *Error with the step, the cause and the fix, or of
// errcode.Invalid. What was changed until then is put back, unless the agent runs already.
func (i *Installer) Run(ctx context.Context) error {
	if runtime.GOOS != "linux" {
		return &Error{"install", fmt.Errorf("this works on Linux, not on %s", runtime.GOOS), "write agent.yaml, and let the system start `pharos-agent run --config FOLDER`", ExitRights}
	}
	if i.Root == "" && os.Geteuid() != 0 {
		return &Error{"install", errors.New("this needs the rights of root"), "run it with sudo", ExitRights}
	}
	next, err := i.plan(ctx)
	if err != nil {
		return err
	}
	i.say("server", "%s answers, and takes data with this key", next.server.url)

	changes := &files{root: i.Root}
	runs := i.Start && booted(i.Root)
	wasActive := runs && active(ctx) == stateActive
	changed, err := i.apply(ctx, next, changes)
	var begun time.Time
	touched := err == nil && runs // what ran before may not run any more
	if touched {
		begun, err = i.startService(ctx, changed, wasActive)
	}
	if err == nil && runs {
		err = i.await(ctx, next, begun)
	}
	if code, _ := ExitCode(err); err != nil && code != ExitNoSample {
		return errors.Join(err, i.putBack(ctx, changes, touched, wasActive))
	}
	if err != nil {
		return err
	}
	i.sayWhatNext(next, runs)
	return nil
}

func (i *Installer) sayWhatNext(next *plan, runs bool) {
	switch {
	case runs:
		fmt.Fprintf(i.Out, "\nThis host: %s/hosts/%s\nIts state: sudo pharos-agent status\nSettings:  %s\n", next.server.url, url.PathEscape(next.host), ConfigFolder)
	case i.Start:
		i.say("service", "systemd does not run this system. Start the agent as a user that may read\n          %s and write %s:\n\n          %s run", ConfigFolder, StateFolder, i.installed())
	default:
		i.say("service", "starts with the system, or by `systemctl start pharos-agent`")
	}
}

func (i *Installer) say(step, format string, args ...any) {
	fmt.Fprintf(i.Out, "%-9s %s\n", step, fmt.Sprintf(format, args...))
}

// plan looks at what is installed and at the server, and changes nothing.
func (i *Installer) plan(ctx context.Context) (*plan, error) {
	f := files{root: i.Root}
	text, err := os.ReadFile(f.at(ConfigFolder + "/" + EnvironmentFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{"read what is installed", err, "", ExitFiles}
	}
	known := map[string]string{}
	if len(text) > 0 {
		if known, err = ReadEnvironment(f.at(ConfigFolder + "/" + EnvironmentFile)); err != nil {
			return nil, &Error{"read what is installed", err, "mend the line", ExitConfig}
		}
	}
	address := i.URL
	if address == "" {
		address = known["PHAROS_URL"]
	}
	if address == "" {
		return nil, errcode.InvalidField("--url", "is missing", "name the server, for example https://pharos.example.org:8080")
	}
	parsed, err := parseURL(address)
	if err != nil {
		return nil, err
	}
	pin, ca, err := i.trust(parsed.Scheme, f.at(ConfigFolder+"/"+caFile), known["PHAROS_CA_FILE"] != "")
	if err != nil {
		return nil, err
	}
	found, err := connect(ctx, parsed, pin, ca)
	if err != nil {
		return nil, err
	}
	if found.key, err = i.key(f.at(KeyPath)); err != nil {
		return nil, err
	}
	if err := found.checkKey(ctx); err != nil {
		return nil, err
	}
	next := &plan{server: found}
	settings := []setting{
		{"PHAROS_URL", parsed.String()},
		{"PHAROS_API_KEY_FILE", KeyPath},
		{"PHAROS_CA_FILE", ""},
	}
	if found.ca != nil {
		settings[2].value = ConfigFolder + "/" + caFile
	}
	next.environment = changeEnvironment(string(text), settings)
	if next.host, err = os.Hostname(); err != nil {
		return nil, &Error{"read the name of this host", err, "", ExitFiles}
	}
	return next, nil
}

// key is the one that is given, else the one that is installed.
func (i *Installer) key(installed string) (string, error) {
	before, err := os.ReadFile(installed)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", &Error{"read what is installed", err, "", ExitFiles}
	}
	key, err := i.Key(len(before) > 0)
	if err != nil {
		return "", err
	}
	if key == "" {
		key = strings.TrimSpace(string(before))
	}
	switch {
	case key == "":
		return "", errcode.InvalidField("--key-file", "is missing or empty", "name a file with the API key, or - for standard input")
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", errcode.InvalidField("--key-file", "holds more than one word", "it must hold the API key and nothing else")
	}
	return key, nil
}

// trust is the pin, or the certificates, by which the server is known; both are nil for those of
// the system.
func (i *Installer) trust(scheme, installed string, use bool) (pin, ca []byte, err error) {
	if scheme == "http" {
		if i.CASHA256 != "" || i.CAFile != "" {
			return nil, nil, errcode.InvalidField("--url", "begins with http:// while a CA is given", "use https://, or leave the CA out")
		}
		return nil, nil, nil
	}
	switch {
	case i.CASHA256 != "" && i.CAFile != "":
		return nil, nil, errcode.InvalidField("--ca-sha256", "and --ca-file are both given", "give one of them")
	case i.CASHA256 != "":
		pin, err = parsePin(i.CASHA256)
		return pin, nil, err
	case i.CAFile != "":
		if ca, err = os.ReadFile(i.CAFile); err != nil {
			return nil, nil, errcode.InvalidField("--ca-file", err.Error(), "name a file of PEM")
		}
		return nil, ca, nil
	case use:
		if ca, err = os.ReadFile(installed); err != nil {
			return nil, nil, &Error{"read what is installed", err, "give --ca-sha256 again", ExitCertificate}
		}
	}
	return nil, ca, nil
}

// installed is the program that the unit runs.
func (i *Installer) installed() string {
	if i.fromPackage() {
		return packaged
	}
	return program
}

// fromPackage says whether a package has put program and unit there.
func (i *Installer) fromPackage() bool {
	f := files{root: i.Root}
	return exists(f.at(packaged)) && exists(f.at(packagedUnit))
}

// apply makes user, files and unit; it says whether anything is another than before.
func (i *Installer) apply(ctx context.Context, next *plan, f *files) (changed bool, err error) {
	who, err := account(ctx, i.Root)
	if err != nil {
		return false, err
	}
	wrong := func(err error) error {
		return &Error{"write the files", err, "", ExitFiles}
	}
	group := owner{0, who.gid}
	for _, folder := range []string{ConfigFolder, ConfigFolder + "/" + moreFolder} {
		if err := f.folder(folder, 0o750, group); err != nil {
			return false, wrong(err)
		}
	}
	if err := f.folder(StateFolder, 0o750, who); err != nil {
		return false, wrong(err)
	}
	config, err := i.config(f, group)
	if err != nil {
		return false, wrong(err)
	}
	changed = config
	for _, one := range []struct {
		name, content string
		mode          fs.FileMode
	}{
		{EnvironmentFile, next.environment, 0o640},
		{keyFile, next.server.key + "\n", 0o640},
		{caFile, string(next.server.ca), 0o644},
	} {
		if one.content == "" {
			continue
		}
		wrote, err := f.write(ConfigFolder+"/"+one.name, []byte(one.content), one.mode, group)
		if err != nil {
			return false, wrong(err)
		}
		changed = changed || wrote
	}
	i.say("files", "%s, as user %s", ConfigFolder, userName)
	if i.Check != nil && i.Root == "" {
		if err := i.Check(ctx, ConfigFolder); err != nil {
			return false, &Error{"check the configuration", err, "mend it, until `pharos-agent validate` is content; --force replaces agent.yaml by the built-in one", ExitConfig}
		}
	}
	wrote, err := i.unit(f)
	if err != nil {
		return false, wrong(err)
	}
	return changed || wrote, nil
}

// config writes agent.yaml, unless there is one of the user's.
func (i *Installer) config(f *files, group owner) (changed bool, err error) {
	const path = ConfigFolder + "/" + configFile
	before, err := os.ReadFile(f.at(path))
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && string(before) == string(i.Config):
		return f.write(path, i.Config, 0o640, group)
	case err != nil:
		return false, err
	case !i.Force:
		i.say("files", "%s is kept as it is; --force replaces it by the one of this version", path)
		return false, f.own(f.at(path), 0o640, group)
	}
	if _, err := f.write(path+".bak", before, 0o640, group); err != nil {
		return false, err
	}
	i.say("files", "%s is replaced; the old one is in %s.bak", path, path)
	return f.write(path, i.Config, 0o640, group)
}

// unit puts program and unit where they belong, and has the system start them.
func (i *Installer) unit(f *files) (changed bool, err error) {
	const path = unitFolder + "/" + Unit
	if i.fromPackage() {
		if ours(f.at(path)) { // from an installation without the package
			if err := f.remove(path); err != nil {
				return false, err
			}
			changed = true
		}
		return changed, i.enable(f, packagedUnit)
	}
	wrote, err := i.copyProgram(f)
	if err != nil {
		return false, err
	}
	for _, folder := range []string{filepath.Dir(program), unitFolder} {
		if exists(f.at(folder)) {
			continue
		}
		if err := f.folder(folder, 0o755, owner{}); err != nil {
			return false, err
		}
	}
	text := strings.ReplaceAll(packaging.Unit, packaged, program)
	changed, err = f.write(path, []byte(text), 0o644, owner{})
	if err != nil {
		return false, err
	}
	return changed || wrote, i.enable(f, path)
}

// ours says whether install has written a unit.
func ours(path string) bool {
	content, err := os.ReadFile(path)
	head, _, _ := strings.Cut(packaging.Unit, "\n")
	return err == nil && strings.HasPrefix(string(content), head)
}

func (i *Installer) enable(f *files, unit string) error {
	if !exists(f.at(wantsFolder)) {
		if err := f.folder(wantsFolder, 0o755, owner{}); err != nil {
			return err
		}
	}
	return f.link(wantsFolder+"/"+Unit, unit)
}

// copyProgram puts the running program where the unit expects it.
func (i *Installer) copyProgram(f *files) (changed bool, err error) {
	if i.Program == f.at(program) {
		return false, nil
	}
	if !exists(f.at(filepath.Dir(program))) {
		if err := f.folder(filepath.Dir(program), 0o755, owner{}); err != nil {
			return false, err
		}
	}
	content, err := os.ReadFile(i.Program)
	if err != nil {
		return false, err
	}
	return f.write(program, content, 0o755, owner{})
}
