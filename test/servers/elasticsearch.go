package servers

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
)

// Elasticsearch is one node without security.
type Elasticsearch struct {
	*Process
	// URL is where its API is.
	URL string
}

// StartElasticsearch starts a node with its data in a folder.
func StartElasticsearch(ctx context.Context, dir string) (*Elasticsearch, error) {
	home, err := cache("elasticsearch")
	if err != nil {
		return nil, err
	}
	java, err := javaHome()
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(ctx, 2)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "config")
	for _, folder := range []string{config, filepath.Join(config, "jvm.options.d"), filepath.Join(dir, "tmp")} {
		if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // for a server under another account
			return nil, err
		}
	}
	if err := writeFiles(map[string]string{
		filepath.Join(config, "elasticsearch.yml"): fmt.Sprintf(elasticsearchSettings, ports[0], ports[1], filepath.Join(dir, "data"), filepath.Join(dir, "logs")),
		filepath.Join(config, "jvm.options"):       "-Xms512m\n-Xmx512m\n-XX:+UseSerialGC\n-XX:TieredStopAtLevel=1\n-Djava.io.tmpdir=${ES_TMPDIR}\n", // the second compiler costs a test more than it gains
		filepath.Join(config, "log4j2.properties"): elasticsearchLogging,
	}); err != nil {
		return nil, err
	}
	account, err := unprivileged(dir)
	if err != nil {
		return nil, fmt.Errorf("hand the folder to the account of elasticsearch: %w", err)
	}
	if account != nil && !reachable(home) {
		// The account cannot get to the cache, so that it gets a copy.
		own := filepath.Join(dir, "home")
		if err := os.CopyFS(own, os.DirFS(home)); err != nil {
			return nil, fmt.Errorf("copy elasticsearch: %w", err)
		}
		home = own
		if err := os.Chmod(filepath.Join(home, "bin", "elasticsearch"), 0o755); err != nil { //nolint:gosec // a program
			return nil, fmt.Errorf("copy elasticsearch: %w", err)
		}
		if _, err := unprivileged(home); err != nil {
			return nil, fmt.Errorf("hand the copy to the account of elasticsearch: %w", err)
		}
	}
	e := &Elasticsearch{URL: "http://" + address(ports[0])}
	e.Process = &Process{
		Name: "elasticsearch", Dir: dir, program: filepath.Join(home, "bin", "elasticsearch"), stop: syscall.SIGTERM, account: account,
		env: []string{"ES_JAVA_HOME=" + java, "ES_PATH_CONF=" + config, "ES_TMPDIR=" + filepath.Join(dir, "tmp"), "HOME=" + dir},
		ready: func(ctx context.Context) error {
			return answers(ctx, e.URL+"/_cluster/health?wait_for_status=yellow&timeout=1s")
		},
	}
	return e, e.Start(ctx)
}

// answers says whether a GET is answered with 200.
func answers(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // only the status counts
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", response.Status)
	}
	return nil
}

// javaHome returns the folder of the JDK whose java is on the path.
func javaHome() (string, error) {
	java, err := program("java")
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(java)
	if err != nil {
		return "", fmt.Errorf("find the JDK: %w", err)
	}
	home := filepath.Dir(filepath.Dir(real))
	if _, err := os.Stat(filepath.Join(home, "bin", "java")); err != nil {
		return "", fmt.Errorf("find the JDK in %s: %w", home, fs.ErrNotExist)
	}
	return home, nil
}

// elasticsearchSettings are for a small heap. Its collector leaves garbage until the heap is full, which
// the breaker would take for use.
const elasticsearchSettings = `cluster.name: pharos-test
node.name: one
network.host: 127.0.0.1
http.port: %d
transport.port: %d
path.data: %s
path.logs: %s
discovery.type: single-node
xpack.security.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
node.store.allow_mmap: false
action.destructive_requires_name: false
indices.breaker.total.use_real_memory: false
`

const elasticsearchLogging = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1.} %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
`
