package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/pharos-obs/pharos/test/servers"
)

// writerGroup is the first part of the writer's consumer groups, as configs/writer.yaml has it.
const writerGroup = "pharos-writer"

// The topics of the configurations.
const (
	metricsTopic = "metrics.incoming"
	logsTopic    = "logs.incoming"
)

// distributed is the three roles on real servers.
type distributed struct {
	options   *options
	transport *kafka.Transport
	dir       string
	env       []string

	kafka         *servers.Kafka
	elasticsearch *servers.Elasticsearch
	postgres      *servers.PostgreSQL
	redis         *servers.Redis

	gateway, writer, backend *server

	drained time.Duration // of the backlog of metrics
	rows    int           // in it
	lines   int           // in the backlog of logs
	logRate float64       // lines a second from Kafka into Elasticsearch
}

func startDistributed(ctx context.Context, o *options) (d *distributed, err error) {
	// What it knows of topics is new: they are made while it looks.
	d = &distributed{options: o, transport: &kafka.Transport{MetadataTTL: 200 * time.Millisecond}}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.stop())
		}
	}()
	if d.dir, err = os.MkdirTemp("", "pharos-bench-"); err != nil {
		return d, fmt.Errorf("make a folder: %w", err)
	}
	if err := os.Chmod(d.dir, 0o755); err != nil { //nolint:gosec // servers of other accounts
		return d, err
	}
	if d.postgres, err = begin(ctx, d.dir, "postgres", servers.StartPostgreSQL); err != nil {
		return d, err
	}
	if d.redis, err = begin(ctx, d.dir, "redis", servers.StartRedis); err != nil {
		return d, err
	}
	if d.kafka, err = begin(ctx, d.dir, "kafka", servers.StartKafka); err != nil {
		return d, err
	}
	if d.elasticsearch, err = begin(ctx, d.dir, "elasticsearch", servers.StartElasticsearch); err != nil {
		return d, err
	}
	d.env = []string{
		"PHAROS_KAFKA_BROKERS=" + d.kafka.Address, "PHAROS_TIMESCALE_DSN=" + d.postgres.DSN("postgres"),
		"PHAROS_POSTGRES_DSN=" + d.postgres.DSN("postgres"), "PHAROS_ELASTICSEARCH_URL=" + d.elasticsearch.URL,
		"PHAROS_REDIS_ADDR=" + d.redis.Address, "PHAROS_LOG_LEVEL=warn",
	}
	if d.backend, err = d.role(ctx, "backend"); err != nil {
		return d, err
	}
	if d.gateway, err = d.role(ctx, "gateway", "PHAROS_BACKEND_URL="+d.backend.base); err != nil {
		return d, err
	}
	d.gateway.key, err = readKey(filepath.Join(d.backend.dir, "bootstrap.json"))
	if err != nil {
		return d, err
	}
	return d, d.startWriter(ctx)
}

// begin starts a server in a folder of its own, which other accounts can get to.
func begin[S any](ctx context.Context, root, name string, start func(ctx context.Context, dir string) (S, error)) (S, error) {
	dir := filepath.Join(root, name)
	if err := os.Mkdir(dir, 0o755); err != nil { //nolint:gosec // see above
		return *new(S), err
	}
	return start(ctx, dir)
}

func (d *distributed) startWriter(ctx context.Context) (err error) {
	d.writer, err = d.role(ctx, "writer")
	return err
}

// role starts a role and waits until it is ready.
func (d *distributed) role(ctx context.Context, name string, env ...string) (*server, error) {
	return d.roleWith(ctx, name, nil, env...)
}

func (d *distributed) roleWith(ctx context.Context, name string, args []string, env ...string) (*server, error) {
	ports, err := freePorts(4)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(d.dir, name+"-")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, exited: make(chan error, 1), base: "http://" + ports[0], ops: "http://" + ports[3], metrics: "/v1/metrics", logs: "/v1/logs", write: "/api/v1/write"}
	s.command = exec.CommandContext(ctx, d.options.binary, append([]string{"run", "--config", "role:" + name}, args...)...) //nolint:gosec // the user's own binary
	s.command.Env = append(append(append(os.Environ(), d.env...),
		"PHAROS_DATA_DIR="+dir, "PHAROS_HTTP="+ports[0], "PHAROS_OTLP_GRPC="+ports[1], "PHAROS_OTLP_HTTP="+ports[2], "PHAROS_OPS="+ports[3]), env...)
	if s.log, err = os.OpenFile(d.options.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	s.command.Stdout, s.command.Stderr = s.log, s.log
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("start the %s: %w", name, err)
	}
	go func() { s.exited <- s.command.Wait() }()
	if err := s.awaitReady(ctx, s.ops+"/readyz"); err != nil {
		return nil, errors.Join(fmt.Errorf("the %s: %w", name, err), s.stop())
	}
	return s, nil
}

// stop ends everything that was started.
func (d *distributed) stop() error {
	var errs []error
	for _, role := range []*server{d.gateway, d.writer, d.backend} {
		if role != nil {
			errs = append(errs, role.stop())
		}
	}
	if d.elasticsearch != nil {
		d.elasticsearch.Stop()
	}
	if d.kafka != nil {
		d.kafka.Stop()
	}
	if d.redis != nil {
		d.redis.Stop()
	}
	if d.postgres != nil {
		d.postgres.Stop()
	}
	d.transport.CloseIdleConnections()
	return errors.Join(append(errs, os.RemoveAll(d.dir))...)
}

// behind returns how many messages of a topic a consumer group has not committed.
func (d *distributed) behind(ctx context.Context, group, topic string) (int64, error) {
	client := &kafka.Client{Addr: kafka.TCP(d.kafka.Address), Timeout: 10 * time.Second, Transport: d.transport}
	found, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return 0, fmt.Errorf("ask for the partitions of %s: %w", topic, err)
	}
	if found.Topics[0].Error != nil {
		return 0, fmt.Errorf("ask for the partitions of %s: %w", topic, found.Topics[0].Error)
	}
	offsets := &kafka.ListOffsetsRequest{Topics: make(map[string][]kafka.OffsetRequest)}
	committed := &kafka.OffsetFetchRequest{GroupID: group, Topics: make(map[string][]int)}
	for _, partition := range found.Topics[0].Partitions {
		offsets.Topics[topic] = append(offsets.Topics[topic], kafka.LastOffsetOf(partition.ID), kafka.FirstOffsetOf(partition.ID))
		committed.Topics[topic] = append(committed.Topics[topic], partition.ID)
	}
	ends, err := client.ListOffsets(ctx, offsets)
	if err != nil {
		return 0, fmt.Errorf("ask for the ends of %s: %w", topic, err)
	}
	reached, err := client.OffsetFetch(ctx, committed)
	if err == nil {
		err = reached.Error
	}
	if err != nil {
		return 0, fmt.Errorf("ask how far %s is: %w", group, err)
	}
	at := make(map[int]int64)
	for _, partition := range reached.Topics[topic] {
		at[partition.Partition] = partition.CommittedOffset
	}
	var lag int64
	for _, partition := range ends.Topics[topic] {
		lag += partition.LastOffset - max(at[partition.Partition], partition.FirstOffset)
	}
	return lag, nil
}

// drain waits until a consumer group has committed all of a topic.
func (d *distributed) drain(ctx context.Context, group, topic string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	for {
		lag, err := d.behind(ctx, group, topic)
		if err == nil && lag == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %d messages are left: %w", group, lag, errors.Join(ctx.Err(), err))
		case <-time.After(20 * time.Millisecond):
		}
	}
}
