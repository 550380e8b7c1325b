package info

import "fmt"

// Stats is the section of counts since the start, or since CONFIG RESETSTAT.
type Stats struct {
	Connections, Commands, InputBytes, OutputBytes int64
	// CommandsPerSecond, InputPerSecond and OutputPerSecond are the rates at present, the last two in bytes.
	CommandsPerSecond, InputPerSecond, OutputPerSecond float64
	// Rejected are connections beyond maxclients.
	Rejected int64
	// Expired are keys that this node removed at their end. Overdue is the share, from 0 to 1, of keys that have ended
	// among those that are stored with a deadline.
	Expired int64
	Overdue float64
	// Hits and Misses are keys that clients of this node read and that were there, or were not.
	Hits, Misses int64
	// Channels, Patterns and ShardChannels are those to which clients listen.
	Channels, Patterns, ShardChannels int
	// TrackedKeys, TrackedItems and TrackedPrefixes are those of CLIENT TRACKING.
	TrackedKeys, TrackedItems, TrackedPrefixes int
	ErrorReplies                               int64
	// AuthDenied are passwords that were wrong.
	AuthDenied int64
	// What follows counts ends of connections, runs whose client was gone, and failed accepts.
	ProtocolErrors, InputLimit, OutputLimit, WriteTimeouts, RefusedTooLong, AbandonedRuns, AcceptErrors int64
	// AcceptWaitsFor is what the system lacks for new connections, in words.
	AcceptWaitsFor string
}

// Write writes the fields.
func (s *Stats) Write(t Text) {
	t.Field("total_connections_received", s.Connections)
	t.Field("total_commands_processed", s.Commands)
	t.Field("instantaneous_ops_per_sec", int64(s.CommandsPerSecond))
	t.Field("total_net_input_bytes", s.InputBytes)
	t.Field("total_net_output_bytes", s.OutputBytes)
	t.Fieldf("instantaneous_input_kbps", "%.2f", s.InputPerSecond/1024)
	t.Fieldf("instantaneous_output_kbps", "%.2f", s.OutputPerSecond/1024)
	t.Field("rejected_connections", s.Rejected)
	t.Field("expired_keys", s.Expired)
	t.Fieldf("expired_stale_perc", "%.2f", 100*s.Overdue)
	t.None("evicted_keys", "evicted_clients", "total_eviction_exceeded_time", "current_eviction_exceeded_time")
	t.Field("keyspace_hits", s.Hits)
	t.Field("keyspace_misses", s.Misses)
	t.Field("pubsub_channels", s.Channels)
	t.Field("pubsub_patterns", s.Patterns)
	t.Field("pubsubshard_channels", s.ShardChannels)
	t.None("latest_fork_usec", "total_forks", "migrate_cached_sockets", "slave_expires_tracked_keys",
		"active_defrag_hits", "active_defrag_misses", "active_defrag_key_hits", "active_defrag_key_misses",
		"total_active_defrag_time", "current_active_defrag_time")
	t.Field("tracking_total_keys", s.TrackedKeys)
	t.Field("tracking_total_items", s.TrackedItems)
	t.Field("tracking_total_prefixes", s.TrackedPrefixes)
	t.None("unexpected_error_replies")
	t.Field("total_error_replies", s.ErrorReplies)
	t.None("dump_payload_sanitizations", "io_threaded_reads_processed", "io_threaded_writes_processed")
	t.Field("acl_access_denied_auth", s.AuthDenied)
	t.None("acl_access_denied_cmd", "acl_access_denied_key", "acl_access_denied_channel")
	t.Field("client_query_protocol_errors", s.ProtocolErrors)
	t.Field("client_query_buffer_limit_disconnections", s.InputLimit)
	t.Field("client_output_buffer_limit_disconnections", s.OutputLimit)
	t.Field("client_write_timeout_disconnections", s.WriteTimeouts)
	t.Field("client_refusal_disconnections", s.RefusedTooLong)
	t.Field("client_abandoned_runs", s.AbandonedRuns)
	t.Field("accept_errors", s.AcceptErrors)
	t.Field("accept_waits_for", s.AcceptWaitsFor)
}

// Database is what INFO tells of a database that has keys. MillisLeft is what keys with a deadline have left, on
// average.
type Database struct{ Number, Keys, Deadlines, MillisLeft int64 }

// Keyspace is the section about databases: those with keys, in the order of their numbers.
type Keyspace []Database

// Write writes a line for each.
func (k Keyspace) Write(t Text) {
	for _, d := range k {
		fmt.Fprintf(t, "db%d:keys=%d,expires=%d,avg_ttl=%d\r\n", d.Number, d.Keys, d.Deadlines, d.MillisLeft)
	}
}
