package servers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Kafka is one broker, which is its own controller.
type Kafka struct {
	*Process
	// Address is where clients connect, as host:port.
	Address string
}

// StartKafka starts a broker with its data in a folder.
func StartKafka(ctx context.Context, dir string) (*Kafka, error) {
	jars, err := cache("kafka")
	if err != nil {
		return nil, err
	}
	java, err := program("java")
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(ctx, 2)
	if err != nil {
		return nil, err
	}
	k := &Kafka{Address: address(ports[0])}
	properties := filepath.Join(dir, "server.properties")
	logging := filepath.Join(dir, "log4j2.xml")
	if err := writeFiles(map[string]string{
		properties: fmt.Sprintf(kafkaProperties, k.Address, address(ports[1]), filepath.Join(dir, "data")),
		logging:    kafkaLogging,
	}); err != nil {
		return nil, err
	}
	tool := []string{"-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", filepath.Join(jars, "*"), "-Dlog4j2.configurationFile=" + logging, "kafka.tools.StorageTool"}
	id, err := run(ctx, nil, dir, java, append(tool, "random-uuid")...)
	if err != nil {
		return nil, fmt.Errorf("name the cluster: %w", err)
	}
	id = id[strings.LastIndexByte(id, '\n')+1:]
	if _, err := run(ctx, nil, dir, java, append(tool, "format", "-t", id, "-c", properties)...); err != nil {
		return nil, fmt.Errorf("format the broker's data: %w", err)
	}
	k.Process = &Process{
		Name: "kafka", Dir: dir, program: java, stop: syscall.SIGTERM,
		args: []string{
			// The second compiler takes as long as most tests, and more CPU than their messages.
			"-Xms384m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", filepath.Join(jars, "*"),
			"-Dlog4j2.configurationFile=" + logging, "kafka.Kafka", properties,
		},
	}
	started := 0
	k.ready = func(ctx context.Context) error {
		// It listens before it knows its controller; a restart adds another line.
		if said := strings.Count(k.logText(), "Kafka Server started"); said <= started {
			return fmt.Errorf("it has not said that it started")
		}
		if err := dials(ctx, k.Address); err != nil {
			return err
		}
		started = strings.Count(k.logText(), "Kafka Server started")
		return nil
	}
	return k, k.Start(ctx)
}

func (p *Process) logText() string {
	content, err := os.ReadFile(p.LogFile())
	if err != nil {
		return ""
	}
	return string(content)
}

func writeFiles(files map[string]string) error {
	for path, content := range files {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil { //nolint:gosec // a server under another account reads it
			return fmt.Errorf("write a server's configuration: %w", err)
		}
	}
	return nil
}

const kafkaProperties = `process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://%[1]s,CONTROLLER://%[2]s
advertised.listeners=PLAINTEXT://%[1]s
controller.listener.names=CONTROLLER
controller.quorum.voters=1@%[2]s
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=%[3]s
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.cleaner.dedupe.buffer.size=8388608
`

const kafkaLogging = `<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="WARN">
  <Appenders><Console name="out"><PatternLayout pattern="%d{ISO8601} %p %c %m%n"/></Console></Appenders>
  <Loggers>
    <Root level="WARN"><AppenderRef ref="out"/></Root>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
  </Loggers>
</Configuration>
`
