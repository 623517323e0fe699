// Package elasticsearch is the log store on Elasticsearch 8 and OpenSearch.
//
// Records lie in indices of a retention class and a day, `pharos-logs-<class>-2006.01.02`, routed
// by their organisation. A record's document id is made of the organisation and the record's id, and
// documents are only ever created, so that what is written again is not stored again.
//
// Elasticsearch finds records by fields that the store computes: the words of the message and of
// other values, the names of fields that occur, numbers in a form whose order is that of texts (see
// docs/formats/elasticsearch.md). So words are those of package logfilter whatever analysers the
// server has. A filter that the server can't decide (a regular expression, say) becomes a query
// that finds too much, and logfilter.Match decides about each record found.
//
// The server need not be there when the store opens: see Open.
package elasticsearch
