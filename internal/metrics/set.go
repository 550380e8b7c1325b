package metrics

// Set is all that a node counts and measures. Make one with New. A new metric is one row here and its use.
type Set struct {
	registry registry

	// Clients.
	Clients         Gauge       `name:"connected_clients" help:"Open connections of clients."`
	Accepted        Counter     `name:"connections_received_total" help:"Connections that were accepted."`
	Rejected        Counter     `name:"rejected_connections_total" help:"Connections beyond maxclients."`
	AcceptErrors    Counter     `name:"accept_errors_total" help:"Connections that the system could not give."`
	AuthDenied      Counter     `name:"auth_denied_total" help:"Passwords of clients that were wrong."`
	ProtocolErrors  Counter     `name:"protocol_errors_total" help:"Connections closed for breaking the protocol."`
	InputLimit      Counter     `name:"refused_requests_total" help:"Requests refused for their length."`
	OutputLimit     Counter     `name:"output_limit_disconnections_total" help:"Connections closed for their output."`
	WriteTimeouts   Counter     `name:"write_timeout_disconnections_total" help:"Clients that took no replies."`
	RefusedTooLong  Counter     `name:"refusal_disconnections_total" help:"Clients for which nothing was done for long."`
	AbandonedRuns   Counter     `name:"abandoned_runs_total" help:"Runs whose client left before the reply."`
	Parked          Gauge       `name:"parked_clients" help:"Connections that wait for anything but input."`
	Blocked         Gauge       `name:"blocked_clients" help:"Parked connections that wait for their own wish."`
	TrackingClients GaugeFunc   `name:"tracking_clients" help:"Connections with CLIENT TRACKING."`
	InputHeld       GaugeFunc   `name:"client_input_bytes" unit:"bytes" help:"Long requests that are incomplete."`
	InputBytes      CounterFunc `name:"input_bytes_total" unit:"bytes" help:"Bytes that clients sent."`
	OutputBytes     CounterFunc `name:"output_bytes_total" unit:"bytes" help:"Bytes that clients were sent."`

	LoopTaken CounterFunc `name:"event_loop_taken_away_total" help:"Calls that the event loop went on without."`

	// Commands.
	Commands     CounterFunc      `name:"commands_total" help:"Commands that were received."`
	ErrorReplies CounterFunc      `name:"error_replies_total" help:"Replies that are errors."`
	ErrorKinds   LabelledCounters `name:"error_kind_replies_total" label:"error" help:"Errors by their first word."`
	Called       LabelledCounters `name:"command_calls_total" label:"command" help:"Calls that were executed."`
	CallsFailed  LabelledCounters `name:"command_failed_total" label:"command" help:"Calls that ended in an error."`
	CallsRefused LabelledCounters `name:"command_rejected_total" label:"command" help:"Calls that were not executed."`
	CallTimes    Histograms       `name:"command_seconds" unit:"seconds" label:"command" help:"What clients waited."`
	SlowRuns     Counter          `name:"slow_runs_total" help:"Runs that came into the slow log."`
	LateEvents   Counter          `name:"late_events_total" help:"Events beyond latency-monitor-threshold."`

	// State.
	Quarantined  GaugeFunc `name:"state_quarantined" help:"1 while this node's state differs from that of a majority."`
	Sessions     GaugeFunc `name:"sessions" help:"Sessions of clients, in which RAFT.ONCE executes commands."`
	SessionBytes GaugeFunc `name:"session_bytes" unit:"bytes" help:"What the sessions occupy, with the replies kept."`

	// Memory.
	MemoryUsed    GaugeFunc `name:"memory_used_bytes" unit:"bytes" help:"What keys, log and clients occupy."`
	MemoryProcess GaugeFunc `name:"memory_process_bytes" unit:"bytes" help:"What the process holds."`
	MemoryLimit   GaugeFunc `name:"memory_limit_bytes" unit:"bytes" help:"maxmemory, 0 if there is none."`
}
