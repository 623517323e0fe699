package packaging_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/agent/install"
	"github.com/pharos-obs/pharos/agent/packaging"
	"github.com/pharos-obs/pharos/configs"
	"github.com/pharos-obs/pharos/test/agent"
	"github.com/pharos-obs/pharos/test/server"
)

// patience is how long anything may take on a machine that is busy with other tests.
const patience = time.Minute

func TestMain(m *testing.M) { os.Exit(server.Main(m, agent.Program())) }

// built is when the commit of the packages was made, in seconds.
const built = 1_700_000_000

// files are those of both packages, without examples and plugins.
func files() map[string]string {
	return map[string]string{
		"/etc/pharos-agent":                            "drwxr-x--- root pharos-agent",
		"/etc/pharos-agent/conf.d":                     "drwxr-x--- root pharos-agent",
		"/etc/pharos-agent/agent.yaml":                 "-rw-r----- root pharos-agent, config, noreplace",
		"/usr/bin/pharos-agent":                        "-rwxr-xr-x root root",
		"/usr/lib/pharos-agent/plugins":                "drwxr-xr-x root root",
		"/usr/lib/systemd/system/pharos-agent.service": "-rw-r--r-- root root",
		"/usr/share/doc/pharos-agent/README.md":        "-rw-r--r-- root root",
		"/usr/share/doc/pharos-agent/copyright":        "-rw-r--r-- root root",
		"/var/lib/pharos-agent":                        "drwxr-x--- pharos-agent pharos-agent",
	}
}

// packages builds deb and rpm of the agent under test, and returns their paths.
func packages(t *testing.T) (deb, rpm string) {
	t.Helper()
	out := t.TempDir()
	build := exec.CommandContext(t.Context(), "../../scripts/packages.sh", out)
	build.Env = append(os.Environ(), "VERSION=1.2.3", "ARCHES="+runtime.GOARCH, "AGENT="+agent.Binary(t), "SOURCE_DATE_EPOCH="+strconv.Itoa(built))
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	for pattern, path := range map[string]*string{"*.deb": &deb, "*.rpm": &rpm} {
		found, err := filepath.Glob(filepath.Join(out, pattern))
		require.NoError(t, err)
		require.Len(t, found, 1, "%s", output)
		*path = found[0]
	}
	return deb, rpm
}

// host is a folder that stands for the root of a host.
func host(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "etc"), 0o755))
	return root
}

// installCommand is what the server prints for other hosts, as arguments of the agent.
func installCommand(t *testing.T, s *server.Server) []string {
	t.Helper()
	printed := regexp.MustCompile(`(?m)^More hosts sudo pharos-agent (install .*)$`).FindStringSubmatch(s.Log())
	require.NotEmpty(t, printed, "%s", s.Log())
	return strings.Fields(printed[1])
}

// mapped is the environment that takes the place of the paths in agent.env, which are those of a
// host whose root is elsewhere here.
func mapped(root string) []string {
	return []string{
		"PHAROS_AGENT_STATE=" + filepath.Join(root, install.StateFolder),
		"PHAROS_API_KEY_FILE=" + filepath.Join(root, install.KeyPath),
		"PHAROS_CA_FILE=" + filepath.Join(root, install.ConfigFolder, "ca.pem"),
	}
}

// stored asks the server whether it has samples of an agent.
func stored(t *testing.T, s *server.Server) bool {
	t.Helper()
	return strings.Contains(get(t, s, "/api/v1/query?query="+url.QueryEscape("pharos_agent_info")), `"version"`)
}

// get asks the server, whose CA it knows.
func get(t *testing.T, s *server.Server, path string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Bootstrap.URL+path, nil)
	require.NoError(t, err)
	request.Header.Set("X-API-Key", s.Bootstrap.APIKey)
	response, err := trusting(t, s).Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}

// TestPackages installs from the deb in a clean root by the command that the server prints, and
// runs the command line of the unit as a user without rights.
func TestPackages(t *testing.T) {
	t.Parallel()
	deb, rpm := packages(t)
	s := server.Start(t, "--public", "localhost")
	root := host(t)
	output, err := exec.CommandContext(t.Context(), "dpkg-deb", "-x", deb, root).CombinedOutput()
	require.NoError(t, err, "%s", output)
	for path := range files() {
		info, err := os.Stat(filepath.Join(root, path))
		require.NoError(t, err)
		assert.EqualValues(t, built, info.ModTime().Unix(), "%s: the same commit gives the same bytes", path)
	}
	who := nobody()
	passwd := "pharos-agent:x:" + who.text() + "::/var/lib/pharos-agent:/usr/sbin/nologin\n"
	require.NoError(t, os.WriteFile(filepath.Join(root, "etc/passwd"), []byte(passwd), 0o600)) // as preinst does
	program := filepath.Join(root, "usr/bin/pharos-agent")

	one := exec.CommandContext(t.Context(), program, append(installCommand(t, s), "--root", root, "--key-file", "-")...)
	one.Stdin = strings.NewReader(s.Bootstrap.APIKey + "\n")
	output, err = one.CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.NoFileExists(t, filepath.Join(root, "etc/systemd/system", install.Unit), "the package has the unit")
	link, err := os.Readlink(filepath.Join(root, "etc/systemd/system/multi-user.target.wants", install.Unit))
	require.NoError(t, err)
	unit, err := os.ReadFile(filepath.Join(root, link))
	require.NoError(t, err)
	assert.Equal(t, packaging.Unit, string(unit))
	for _, path := range []string{install.KeyPath, install.ConfigFolder + "/agent.yaml", install.ConfigFolder + "/" + install.EnvironmentFile} {
		info, err := os.Stat(filepath.Join(root, path))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o640), info.Mode().Perm(), path)
	}

	line := regexp.MustCompile(`(?m)^ExecStart=(.*)$`).FindStringSubmatch(string(unit))
	require.NotEmpty(t, line)
	words := strings.Fields(line[1])
	log := &bytes.Buffer{}
	run := exec.CommandContext(context.Background(), filepath.Join(root, words[0]), append(words[1:], "--config", filepath.Join(root, install.ConfigFolder))...)
	run.Env, run.Stdout, run.Stderr = append(os.Environ(), mapped(root)...), log, log
	run.SysProcAttr = who.attributes(t, root)
	require.NoError(t, run.Start())
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()
	t.Cleanup(func() { _ = run.Process.Kill() })
	require.Eventually(t, func() bool { return stored(t, s) }, patience, 100*time.Millisecond)

	status := func() (code int, report install.Report) {
		command := exec.CommandContext(t.Context(), program, "status", "--json", "--file", filepath.Join(root, install.StateFolder, install.StatusFile))
		command.Env = append(os.Environ(), "PATH="+t.TempDir()) // the service of this machine is another
		answer, _ := command.Output()
		require.NoError(t, json.Unmarshal(answer, &report), "%s", answer)
		return command.ProcessState.ExitCode(), report
	}
	code, report := status()
	assert.Equal(t, 0, code, "%+v", report)
	assert.Equal(t, "healthy", report.State)
	require.NoError(t, run.Process.Signal(syscall.SIGTERM))
	require.NoError(t, <-ended, "%s", log)
	code, report = status()
	assert.Equal(t, install.ExitNotRunning, code)
	assert.Equal(t, "not running", report.State)

	t.Run("rpm", func(t *testing.T) { checkRPM(t, rpm) })
	t.Run("unit", func(t *testing.T) { checkUnit(t) })
}

// checkRPM holds what the rpm has.
func checkRPM(t *testing.T, path string) {
	t.Helper()
	found := rpmFiles(t, path)
	for name, times := range rpmTimes(t, path) {
		assert.Equal(t, built, times, name)
	}
	for name := range found {
		if strings.HasPrefix(name, "/usr/share/doc/pharos-agent/agent.d/") {
			delete(found, name)
		}
	}
	assert.Equal(t, files(), found)
}

// checkUnit holds what the unit promises; `systemd-analyze security` is for people.
func checkUnit(t *testing.T) {
	t.Helper()
	for _, setting := range []string{
		"User=pharos-agent", "NoNewPrivileges=yes", "ProtectSystem=strict", "StateDirectory=pharos-agent", "Delegate=yes",
		"ExecReload=/bin/sh -c 'kill -HUP $MAINPID'", "ConditionPathExists=" + install.ConfigFolder + "/" + install.EnvironmentFile,
	} {
		assert.Contains(t, packaging.Unit, "\n"+setting+"\n")
	}
	assert.Regexp(t, `(?m)^MemoryMax=\d+M$`, packaging.Unit)
}

// TestInstallStartsTheAgent installs with a systemctl that starts what the unit says, against the
// real server, and takes everything away again.
func TestInstallStartsTheAgent(t *testing.T) {
	s := server.Start(t, "--public", "localhost")
	root, bin := host(t), t.TempDir()
	who := owner{os.Getuid(), os.Getgid()}
	for path, content := range map[string]string{
		filepath.Join(root, "etc/passwd"):                "pharos-agent:x:" + who.text() + "::/:/bin/false\n",
		filepath.Join(root, "run/systemd/system/exists"): "",
		filepath.Join(bin, "userdel"):                    "#!/bin/sh\n",
		filepath.Join(bin, "journalctl"):                 "#!/bin/sh\ncat " + root + "/log\n",
		filepath.Join(bin, "systemctl"): `#!/bin/sh
root=` + root + `
pid=$(cat $root/pid 2>/dev/null)
case "$1" in
is-active) kill -0 $pid 2>/dev/null && echo active || echo failed ;;
stop) [ -z "$pid" ] || kill $pid ;;
restart)
  [ -z "$pid" ] || kill $pid
  command=$(sed -n 's/^ExecStart=//p' $root/etc/systemd/system/pharos-agent.service)
  export '` + strings.Join(mapped(root), "' '") + `'
  $root$command --config $root/etc/pharos-agent > $root/log 2>&1 &
  echo $! > $root/pid ;;
esac
`,
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o755))
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	out := &bytes.Buffer{}
	uninstall := &install.Uninstaller{Root: root, Purge: true, Out: out}
	t.Cleanup(func() { _ = uninstall.Run(context.WithoutCancel(t.Context())) })

	flags := installCommand(t, s)
	require.Equal(t, []string{"install", "--url", s.Bootstrap.URL, "--ca-sha256"}, flags[:4])
	assert.Contains(t, get(t, s, "/v1/health"), `"ca_sha256":"`+flags[4]+`"`, "the dashboard shows the same command")
	one := &install.Installer{
		URL: s.Bootstrap.URL, CASHA256: flags[4], Root: root, Start: true, Wait: patience, Out: out,
		Program: agent.Binary(t), Config: configs.Agent, Key: func(bool) (string, error) { return s.Bootstrap.APIKey, nil },
	}
	require.NoError(t, one.Run(t.Context()), "%s", out)
	assert.True(t, stored(t, s), "it says so when the server has it: %s", out)

	one.Key = func(bool) (string, error) { return s.Bootstrap.APIKey + "x", nil }
	code, _ := install.ExitCode(one.Run(t.Context()))
	assert.Equal(t, install.ExitKey, code, "the server knows its keys")

	// A configuration that does not start: the old one runs on.
	path := filepath.Join(root, install.ConfigFolder, "agent.yaml")
	require.NoError(t, os.WriteFile(path, []byte("receivers: {hots: }"), 0o600))
	one.Key = func(bool) (string, error) { return "", nil }
	one.CASHA256, one.URL = "", strings.Replace(s.Bootstrap.URL, "localhost", "127.0.0.1", 1) // a change, so that it starts again
	err := one.Run(t.Context())
	code, _ = install.ExitCode(err)
	assert.Equal(t, install.ExitService, code, "%v", err)
	require.ErrorContains(t, err, `unknown type: "hots"`, "what the agent has logged")
	one.Force = true
	require.NoError(t, one.Run(t.Context()), "%s", out)

	require.NoError(t, uninstall.Run(t.Context()))
	assert.NoDirExists(t, filepath.Join(root, install.ConfigFolder))
}
