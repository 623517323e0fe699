// Package elasticsearchexporter stores logs in Elasticsearch or OpenSearch.
//
// It is synchronous: it neither queues nor batches, and it tries again for a few seconds only, so
// that what it acknowledges is in the cluster's translog.
package elasticsearchexporter
