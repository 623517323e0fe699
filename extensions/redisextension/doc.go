// Package redisextension is the extension `redis`: what several gateways and backends share in a
// Redis server, and can do without.
package redisextension
