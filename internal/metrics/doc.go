// Package metrics is the one place where a node counts and measures. Set has a row for each metric: name, help, unit,
// and type. INFO and LATENCY read it, and so does Prometheus: a Set is a collector of its registry.
//
// A row is a field of Set, and its type says who keeps the number:
//
//	Counter, Gauge       the row itself; add to it where the thing happens
//	CounterFunc, ...     the owner of the number, who sets the field to a function that returns it
//
// What happens for each command (Calls) is counted in atomics that are resolved once for a connection, in shards, and
// summed by who reads. A counter of the Prometheus library would do the same for a scrape, but costs a command more:
// see decision 0028.
//
// Counters only grow. CONFIG RESETSTAT marks them, and INFO tells what came since the mark.
package metrics
