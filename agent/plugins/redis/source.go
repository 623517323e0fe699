package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pharos-obs/pharos/agent/plugin"
)

// source measures one server.
type source struct {
	config *Config
	client *redis.Client
}

func newSource(config *Config) (*source, error) {
	options, err := config.options()
	if err != nil {
		return nil, err
	}
	return &source{config: config, client: redis.NewClient(options)}, nil
}

// Collect implements plugin.MetricsSource.
func (s *source) Collect(ctx context.Context, m *plugin.Metrics) error {
	begun := time.Now()
	if err := s.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ask %s: %w", s.config.Endpoint, plain(err))
	}
	m.Gauge("redis.ping.duration", "s", "How long the server took to answer a PING.").Float(time.Since(begun).Seconds())
	text, err := s.client.Info(ctx, "all").Result()
	if err != nil {
		return fmt.Errorf("ask %s about itself: %w", s.config.Endpoint, plain(err))
	}
	measure(parseInfo(text), s.config.Commands, time.Now(), m)
	return nil
}

// plain says what to do about the commonest answers.
func plain(err error) error {
	switch text := err.Error(); {
	case strings.HasPrefix(text, "NOAUTH"), strings.HasPrefix(text, "WRONGPASS"):
		return fmt.Errorf("the server wants another password (password_file): %w", err)
	case strings.HasPrefix(text, "NOPERM"):
		return fmt.Errorf("the user lacks a right (ACL SETUSER ... +ping +info): %w", err)
	}
	return err
}

// Close implements io.Closer.
func (s *source) Close() error { return s.client.Close() }
