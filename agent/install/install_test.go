package install

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/agent/packaging"
	"github.com/pharos-obs/pharos/extensions/agentstatusextension"
	"github.com/pharos-obs/pharos/internal/errcode"
)

const goodKey = "phk_good"

// fakeServer answers as Pharos does.
func fakeServer(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/health", func(w http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Header.Get("X-API-Key"), "the key is sent to nobody before the certificate is right")
		fmt.Fprint(w, `{"status":"ok"}`)
	})
	mux.HandleFunc("POST /v1/metrics", func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("X-API-Key") {
		case goodKey:
			fmt.Fprint(w, `{}`)
		case "phk_reads":
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"code":7,"message":"the credential lacks the scope ingest"}`)
		default:
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"code":16,"message":"the credential is not known"}`)
		}
	})
	mux.HandleFunc("GET /api/v1/query", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	return server
}

func pinOf(server *httptest.Server) string {
	sum := sha256.Sum256(server.Certificate().Raw)
	return hex.EncodeToString(sum[:])
}

// fakeHost makes a root whose systemctl runs script for start, with useradd beside it.
func fakeHost(t *testing.T, script string) string {
	t.Helper()
	root, bin := t.TempDir(), t.TempDir()
	for path, content := range map[string]string{
		filepath.Join(root, "etc/passwd"):             "root:x:0:0::/root:/bin/sh\n",
		filepath.Join(root, "run/systemd/system/run"): "",
		filepath.Join(bin, "useradd"):                 fmt.Sprintf("#!/bin/sh\necho \"pharos-agent:x:%d:%d::/:/bin/false\" >> %s/etc/passwd\n", os.Getuid(), os.Getgid(), root),
		filepath.Join(bin, "userdel"):                 fmt.Sprintf("#!/bin/sh\nsed -i /^pharos-agent:/d %s/etc/passwd\n", root),
		filepath.Join(bin, "journalctl"):              "#!/bin/sh\necho 'the reason'\n",
		filepath.Join(bin, "systemctl"): fmt.Sprintf(`#!/bin/sh
root=%s
echo "$*" >> $root/calls
case "$1" in
is-active) cat $root/state 2>/dev/null || echo inactive ;;
restart) %s ;;
stop) echo inactive > $root/state ;;
esac
`, root, script),
		filepath.Join(bin, "program"): "the program",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o755))
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return root
}

// works is what a unit does that starts well.
func works(t *testing.T) string {
	t.Helper()
	content, err := json.Marshal(agentstatusextension.Status{Started: time.Now().Add(time.Hour), Queues: []agentstatusextension.Queue{{Signal: "metrics", Delivered: 9}}})
	require.NoError(t, err)
	return fmt.Sprintf("echo active > $root/state; echo '%s' > $root/var/lib/pharos-agent/status.json", content)
}

// installer returns one for a host and a server, and what it says.
func installer(t *testing.T, root string, server *httptest.Server) (*Installer, *bytes.Buffer) {
	t.Helper()
	out := &bytes.Buffer{}
	programFile := filepath.Join(strings.Split(os.Getenv("PATH"), ":")[0], "program")
	one := &Installer{
		Root: root, Config: []byte("built: in\n"), Out: out, Start: true, Wait: 20 * time.Second, Program: programFile,
		Key: func(bool) (string, error) { return goodKey, nil },
	}
	if server != nil {
		one.URL, one.CASHA256 = server.URL, pinOf(server)
	}
	return one, out
}

func read(t *testing.T, root, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(content)
}

// tree lists files and their content, but for what the fakes write.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	require.NoError(t, filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		name, _ := filepath.Rel(root, path)
		if err != nil || info.IsDir() || name == "calls" || name == "state" || strings.HasSuffix(name, StatusFile) {
			return err
		}
		if info.Mode()&os.ModeSymlink != 0 {
			found[name], err = os.Readlink(path)
			return err
		}
		content, err := os.ReadFile(path)
		found[name] = string(content)
		return err
	}))
	return found
}

func TestInstall(t *testing.T) {
	server := fakeServer(t)
	root := fakeHost(t, works(t))
	one, out := installer(t, root, server)
	require.NoError(t, one.Run(t.Context()), out)
	assert.Contains(t, out.String(), "the server has stored the first")
	host, err := os.Hostname()
	require.NoError(t, err)
	assert.Contains(t, out.String(), server.URL+"/hosts/"+host)

	environment, err := ReadEnvironment(filepath.Join(root, ConfigFolder, EnvironmentFile))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{
		"PHAROS_URL": server.URL, "PHAROS_API_KEY_FILE": "/etc/pharos-agent/api-key", "PHAROS_CA_FILE": "/etc/pharos-agent/ca.pem",
	}, environment)
	assert.Equal(t, goodKey+"\n", read(t, root, KeyPath))
	assert.Equal(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})), read(t, root, ConfigFolder+"/ca.pem"))
	assert.Equal(t, "built: in\n", read(t, root, ConfigFolder+"/agent.yaml"))
	assert.Equal(t, "the program", read(t, root, program))
	assert.Equal(t, strings.ReplaceAll(packaging.Unit, packaged, program), read(t, root, unitFolder+"/"+Unit))
	link, err := os.Readlink(filepath.Join(root, wantsFolder, Unit))
	require.NoError(t, err)
	assert.Equal(t, unitFolder+"/"+Unit, link)
	info, err := os.Stat(filepath.Join(root, KeyPath))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())

	t.Run("again changes nothing and restarts nothing", func(t *testing.T) {
		before := tree(t, root)
		require.NoError(t, os.Remove(filepath.Join(root, "calls")))
		again, out := installer(t, root, nil)
		again.Key = func(installed bool) (string, error) {
			assert.True(t, installed)
			return "", nil
		}
		require.NoError(t, again.Run(t.Context()), out)
		assert.Equal(t, before, tree(t, root))
		assert.NotContains(t, read(t, root, "calls"), "restart")
		assert.Contains(t, out.String(), "nothing has changed")
	})
	t.Run("again takes what was edited", func(t *testing.T) {
		later := time.Now().Add(2 * time.Hour) // than the status says that it was read
		path := filepath.Join(root, ConfigFolder, moreFolder, "nginx.yaml")
		require.NoError(t, os.WriteFile(path, []byte("more: too\n"), 0o600))
		require.NoError(t, os.Chtimes(path, later, later))
		again, out := installer(t, root, server)
		again.Wait = time.Nanosecond // nothing reports anew here
		code, _ := ExitCode(again.Run(t.Context()))
		assert.NotEqual(t, ExitService, code)
		assert.Contains(t, out.String(), "takes what has changed")
		assert.Contains(t, read(t, root, "calls"), "reload pharos-agent.service")
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.Chtimes(filepath.Dir(path), time.Now(), time.Now()))
	})
	t.Run("again keeps what is the user's", func(t *testing.T) {
		mine := read(t, root, ConfigFolder+"/"+EnvironmentFile) + "# mine\nMINE=1\n"
		for path, content := range map[string]string{
			ConfigFolder + "/agent.yaml": "my: own\n", ConfigFolder + "/conf.d/nginx.yaml": "more: too\n",
			ConfigFolder + "/" + EnvironmentFile: mine,
		} {
			require.NoError(t, os.WriteFile(filepath.Join(root, path), []byte(content), 0o600))
		}
		again, out := installer(t, root, server)
		require.NoError(t, again.Run(t.Context()), out)
		assert.Contains(t, out.String(), "is kept as it is")
		assert.Equal(t, "my: own\n", read(t, root, ConfigFolder+"/agent.yaml"))
		assert.Equal(t, mine, read(t, root, ConfigFolder+"/"+EnvironmentFile))
		again.Force = true
		require.NoError(t, again.Run(t.Context()), out)
		assert.Equal(t, "built: in\n", read(t, root, ConfigFolder+"/agent.yaml"))
		assert.Equal(t, "my: own\n", read(t, root, ConfigFolder+"/agent.yaml.bak"))
		assert.Equal(t, "more: too\n", read(t, root, ConfigFolder+"/conf.d/nginx.yaml"))
	})
	t.Run("a package takes over", func(t *testing.T) {
		for _, path := range []string{packaged, packagedUnit} {
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(root, path), []byte("of the package"), 0o600))
		}
		again, out := installer(t, root, server)
		require.NoError(t, again.Run(t.Context()), out)
		assert.NoFileExists(t, filepath.Join(root, unitFolder, Unit))
		link, err := os.Readlink(filepath.Join(root, wantsFolder, Unit))
		require.NoError(t, err)
		assert.Equal(t, packagedUnit, link)
	})
	t.Run("uninstall", func(t *testing.T) {
		out := &bytes.Buffer{}
		require.NoError(t, (&Uninstaller{Root: root, Out: out}).Run(t.Context()))
		assert.NoFileExists(t, filepath.Join(root, program))
		assert.NoFileExists(t, filepath.Join(root, wantsFolder, Unit))
		assert.FileExists(t, filepath.Join(root, KeyPath), "configuration stays")
		assert.Contains(t, out.String(), "--purge")
		require.NoError(t, (&Uninstaller{Root: root, Out: out, Purge: true}).Run(t.Context()))
		assert.NoDirExists(t, filepath.Join(root, ConfigFolder))
		assert.NoDirExists(t, filepath.Join(root, StateFolder))
		assert.NotContains(t, read(t, root, "etc/passwd"), userName)
		require.NoError(t, (&Uninstaller{Root: root, Out: out, Purge: true}).Run(t.Context()), "again")
	})
}

func TestInstallWithoutStart(t *testing.T) {
	root := fakeHost(t, "exit 1")
	one, out := installer(t, root, fakeServer(t))
	one.Start = false
	require.NoError(t, one.Run(t.Context()))
	assert.NoFileExists(t, filepath.Join(root, "calls"))
	assert.Contains(t, out.String(), "starts with the system")

	require.NoError(t, os.RemoveAll(filepath.Join(root, bootedBy)))
	one.Start = true
	require.NoError(t, one.Run(t.Context()))
	assert.Contains(t, out.String(), program+" run", "without systemd it says what to run")
}

// TestInstallSaysWhatIsWrong holds for each failure its exit code, that it names a fix, and that
// nothing stays.
func TestInstallSaysWhatIsWrong(t *testing.T) {
	server := fakeServer(t)
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	for _, tt := range []struct {
		name   string
		script string
		change func(i *Installer)
		code   int
		says   string
	}{
		{"no server", "", func(i *Installer) { i.URL = "https://127.0.0.1:1" }, ExitServer, "connection refused"},
		{"another server", "", func(i *Installer) { i.URL, i.CASHA256 = other.URL, "" }, ExitServer, "not as Pharos does"},
		{"plaintext there", "", func(i *Installer) { i.URL = "https" + strings.TrimPrefix(other.URL, "http") }, ExitCertificate, "begin --url with http://"},
		{"TLS there", "", func(i *Installer) { i.URL, i.CASHA256 = "http"+strings.TrimPrefix(server.URL, "https"), "" }, ExitCertificate, "begin --url with https://"},
		{"no pin", "", func(i *Installer) { i.CASHA256 = "" }, ExitCertificate, "give --ca-sha256"},
		{"another pin", "", func(i *Installer) { i.CASHA256 = strings.Repeat("0", 64) }, ExitCertificate, "somebody stands in between"},
		{"another name", "", func(i *Installer) { i.URL = strings.Replace(i.URL, "127.0.0.1", "localhost", 1) }, ExitCertificate, "--public localhost"},
		{"unknown key", "", func(i *Installer) { i.Key = func(bool) (string, error) { return "phk_other", nil } }, ExitKey, "the credential is not known"},
		{"key that reads", "", func(i *Installer) { i.Key = func(bool) (string, error) { return "phk_reads", nil } }, ExitKey, "lacks the scope ingest"},
		{"unit that fails", "echo failed > $root/state", func(*Installer) {}, ExitService, "the reason"},
		{"systemd that refuses", "echo no such thing; exit 5", func(*Installer) {}, ExitService, "no such thing"},
		{"agent that does not come up", "echo activating > $root/state", func(i *Installer) { i.Wait = time.Second }, ExitService, "it is activating"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := fakeHost(t, tt.script)
			one, out := installer(t, root, server)
			tt.change(one)
			before := tree(t, root)
			err := one.Run(t.Context())
			require.ErrorContains(t, err, tt.says)
			code, known := ExitCode(err)
			assert.True(t, known)
			assert.Equal(t, tt.code, code, "%v", err)
			after := tree(t, root)
			delete(after, "etc/passwd") // the user may stay
			delete(before, "etc/passwd")
			assert.Equal(t, before, after, "%s", out)
		})
	}
}

func TestInstallWithNothingArriving(t *testing.T) {
	status, err := json.Marshal(agentstatusextension.Status{
		Started: time.Now().Add(time.Hour), Parts: []agentstatusextension.Part{{Kind: "exporter", ID: "delivery", State: agentstatusextension.StateFailing, Error: "it is full"}},
	})
	require.NoError(t, err)
	root := fakeHost(t, fmt.Sprintf("echo active > $root/state; echo '%s' > $root/var/lib/pharos-agent/status.json", status))
	one, _ := installer(t, root, fakeServer(t))
	one.Wait = time.Second
	err = one.Run(t.Context())
	require.ErrorContains(t, err, "exporter delivery: it is full")
	code, _ := ExitCode(err)
	assert.Equal(t, ExitNoSample, code)
	assert.FileExists(t, filepath.Join(root, KeyPath), "it goes on trying")
}

// A change that does not start leaves what ran before.
func TestInstallPutsBackWhatRan(t *testing.T) {
	server := fakeServer(t)
	root := fakeHost(t, works(t))
	one, out := installer(t, root, server)
	require.NoError(t, one.Run(t.Context()), out)
	before := tree(t, root)

	systemctl := filepath.Join(strings.Split(os.Getenv("PATH"), ":")[0], "systemctl")
	fails := strings.Replace(read(t, "/", systemctl), "restart)", "restart) [ -e $root"+unitFolder+"/"+Unit+" ] || { echo failed > $root/state; exit 0; };", 1)
	require.NoError(t, os.WriteFile(systemctl, []byte(fails), 0o755))
	for _, path := range []string{packaged, packagedUnit} { // a package, so that the link goes elsewhere
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, path), []byte("of the package"), 0o600))
		before[path[1:]] = "of the package"
	}
	one.Key = func(bool) (string, error) { return "", nil }
	one.CASHA256 = "" // nothing else changes
	err := one.Run(t.Context())
	code, _ := ExitCode(err)
	require.Equal(t, ExitService, code, "%v", err)
	assert.Equal(t, before, tree(t, root))
	assert.Equal(t, "active\n", read(t, root, "state"))
}

// What fails before the service is touched leaves it alone: a restart could be its end.
func TestInstallLeavesTheServiceAlone(t *testing.T) {
	server := fakeServer(t)
	root := fakeHost(t, works(t))
	one, out := installer(t, root, server)
	require.NoError(t, one.Run(t.Context()), out)
	require.NoError(t, os.Remove(filepath.Join(root, "calls")))
	require.NoError(t, os.Remove(filepath.Join(root, ConfigFolder, caFile)))
	require.NoError(t, os.Mkdir(filepath.Join(root, ConfigFolder, caFile), 0o755))
	one.Key = func(bool) (string, error) { return goodKey, nil }
	code, _ := ExitCode(one.Run(t.Context()))
	assert.Equal(t, ExitFiles, code)
	assert.Equal(t, "is-active pharos-agent.service\n", read(t, root, "calls"))
}

func TestInstallWrongUse(t *testing.T) {
	server := fakeServer(t)
	for says, change := range map[string]func(i *Installer){
		"--url: is missing":              func(i *Installer) { i.URL = "" },
		`--url: is "pharos.example.org"`: func(i *Installer) { i.URL = "pharos.example.org" },
		"leave out user":                 func(i *Installer) { i.URL = "https://a:b@c" },
		"64 hexadecimal digits":          func(i *Installer) { i.CASHA256 = "12" },
		"begins with http:// while a CA": func(i *Installer) { i.URL = "http://localhost" },
		"and --ca-file are both given":   func(i *Installer) { i.CAFile = "x" },
		"--ca-file: open /nowhere":       func(i *Installer) { i.CASHA256, i.CAFile = "", "/nowhere" },
		"missing or empty":               func(i *Installer) { i.Key = func(bool) (string, error) { return "", nil } },
		"holds more than one word":       func(i *Installer) { i.Key = func(bool) (string, error) { return "a b", nil } },
		"--key-file: there is no termina": func(i *Installer) {
			i.Key = func(bool) (string, error) { return "", errcode.InvalidField("--key-file", "there is no terminal", "") }
		},
	} {
		t.Run(says, func(t *testing.T) {
			one, _ := installer(t, fakeHost(t, ""), server)
			change(one)
			err := one.Run(t.Context())
			require.ErrorContains(t, err, says)
			assert.Equal(t, errcode.Invalid, errcode.Of(err))
		})
	}
}

func TestCAFile(t *testing.T) {
	server := fakeServer(t)
	root := fakeHost(t, works(t))
	one, out := installer(t, root, server)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	one.CASHA256, one.CAFile = "", filepath.Join(t.TempDir(), "ca.crt")
	require.NoError(t, os.WriteFile(one.CAFile, ca, 0o600))
	require.NoError(t, one.Run(t.Context()), out)
	assert.Equal(t, string(ca), read(t, root, ConfigFolder+"/ca.pem"))
	require.NoError(t, os.WriteFile(one.CAFile, []byte("no"), 0o600))
	code, _ := ExitCode(one.Run(t.Context()))
	assert.Equal(t, ExitCertificate, code)
}

func TestConfigurationOfAnotherRootIsNotChecked(t *testing.T) {
	one, _ := installer(t, fakeHost(t, works(t)), fakeServer(t))
	one.Check = func(context.Context, string) error { return errors.New("receivers: no such thing") }
	f := &files{root: one.Root}
	_, err := one.apply(t.Context(), &plan{server: &server{}}, f)
	require.NoError(t, err, "its paths are not those of this host")
}
