// Package hostreceiver is the `host` receiver: it measures the machine that it runs on
// (CPU, load, memory, paging, disks, filesystems, network, connections, uptime and the
// busiest processes) and sends it on under OpenTelemetry's system.* and process.* names.
package hostreceiver
