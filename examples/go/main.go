// Command go shows how a Go program sends metrics and logs to Pharos over its JSON endpoints
// with nothing but the standard library: in batches, tried again until they are stored, and
// never stored twice. Copy client.go into your program.
//
// A program that uses OpenTelemetry's SDK needs none of this: it sends OTLP.
package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strconv"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Getenv, 10); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "example:", err)
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// run works off some made-up orders, and sends a metric and a log record of each.
func run(ctx context.Context, getenv func(string) string, orders int) error {
	base, key := getenv("PHAROS_URL"), getenv("PHAROS_API_KEY")
	if base == "" || key == "" {
		return fmt.Errorf("set PHAROS_URL and PHAROS_API_KEY: `pharos up` has written both to data/bootstrap.json")
	}
	client := NewClient(base, key, Options{ //nolint:contextcheck // it outlives an interrupt, to send what is queued
		OnError: func(err error) { fmt.Fprintln(os.Stderr, err) },
	})
	total := 0.0
	for i := range orders {
		value := 5 + 95*rand.Float64() //nolint:gosec // made-up data
		total += value
		if err := report(client, i, value, total); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
			continue
		}
		break
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := client.Close(closing); err != nil {
		return err
	}
	fmt.Printf("sent %d orders; query: shop_order_value_total{service=\"example-go\"}\n", orders)
	return nil
}

func report(client *Client, order int, value, total float64) error {
	now := time.Now()
	if err := client.Metric(Metric{
		Time: now, Service: "example-go", InstanceID: "1",
		Name: "shop_order_value_total", Value: total, Labels: map[string]string{"currency": "EUR"},
	}); err != nil {
		return err
	}
	return client.Log(Log{
		Time: now, Service: "example-go", InstanceID: "1", Level: "info",
		Message: "order " + strconv.Itoa(order) + " placed",
		Labels:  map[string]string{"currency": "EUR"}, JSON: map[string]any{"order": order, "value": value},
	})
}
