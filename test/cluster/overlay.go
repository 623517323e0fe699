package cluster

import "fmt"

// MaxSeries is how many series an organisation may have in the metric store of a cluster.
const MaxSeries = 20_000

// overlay returns what a role has for itself among clusters that share their servers. Fetches are
// handed on soon, so that tests do not wait for more.
func (c *Cluster) overlay(role string) string {
	topics := fmt.Sprintf("topics: { metrics: metrics.%[1]s, logs: logs.%[1]s, traces: traces.%[1]s }, create_topics: { partitions: 4 }", c.Name)
	switch role {
	case "gateway":
		return fmt.Sprintf("exporters: { kafka: { %s } }\nextensions: { redis: { prefix: %s } }\n", topics, c.Prefix())
	case "writer":
		return fmt.Sprintf("receivers: { kafka: { %s, group: %s } }\nexporters: { timescale: { max_series: %d }, elasticsearch: { index_prefix: %s } }\n",
			topics, c.group(), MaxSeries, c.Name)
	default:
		return fmt.Sprintf("receivers: { kafka/hot: { %[1]s, max_wait: 20ms, writers: %[3]s }, kafka/tail: { %[1]s, max_wait: 20ms } }\nextensions: { storage: { logs: { elasticsearch: { index_prefix: %[2]s } } }, redis: { prefix: %[4]s } }\n", topics, c.Name, c.group(), c.Prefix())
	}
}

// Prefix begins the cluster's keys in Redis.
func (c *Cluster) Prefix() string { return c.Name + "-" }

// Topic returns the name of the cluster's topic of a signal.
func (c *Cluster) Topic(signal string) string { return signal + "." + c.Name }

// group is the first part of the names of the writers' consumer groups.
func (c *Cluster) group() string { return "writer-" + c.Name }
