package command

var latencySubcommands = []Spec{
	{
		ID: LatencyDoctor, Name: "latency|doctor", Arity: 2, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "2.8.13", Group: "server",
		Summary: "Says in sentences what was late, and what to do.", Complexity: "O(1)",
	},
	{
		ID: LatencyGraph, Name: "latency|graph", Arity: 3, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "2.8.13", Group: "server",
		Summary: "Draws when an event took long, and how long.", Complexity: "O(1)",
	},
	{
		ID: LatencyHelp, Name: "latency|help", Arity: 2, Flags: always,
		Categories: []string{"@slow"}, Since: "2.8.13", Group: "server",
		Summary: "Lists the subcommands of LATENCY.", Complexity: "O(1)",
	},
	{
		ID: LatencyHistogram, Name: "latency|histogram", Arity: -2, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "7.0.0", Group: "server",
		Summary: "Tells how many calls of commands took how long.", Complexity: "O(N) in the number of commands.",
	},
	{
		ID: LatencyHistory, Name: "latency|history", Arity: 3, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "2.8.13", Group: "server",
		Summary: "Tells when an event took long, and how long.", Complexity: "O(1)",
	},
	{
		ID: LatencyLatest, Name: "latency|latest", Arity: 2, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "2.8.13", Group: "server",
		Summary: "Tells of the last time that each event took long.", Complexity: "O(1)",
	},
	{
		ID: LatencyReset, Name: "latency|reset", Arity: -2, Flags: FlagAdmin | connection,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "2.8.13", Group: "server",
		Summary: "Forgets what took long.", Complexity: "O(1)",
	},
}

var slowLogSubcommands = []Spec{
	{
		ID: SlowLogGet, Name: "slowlog|get", Arity: -2, Flags: FlagAdmin | always,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "2.2.12", Group: "server",
		Summary: "Lists the newest of the runs that took long.", Complexity: "O(N) in the number of runs listed.",
	},
	{
		ID: SlowLogHelp, Name: "slowlog|help", Arity: 2, Flags: always,
		Categories: []string{"@slow"}, Since: "6.2.0", Group: "server",
		Summary: "Lists the subcommands of SLOWLOG.", Complexity: "O(1)",
	},
	{
		ID: SlowLogLen, Name: "slowlog|len", Arity: 2, Flags: FlagAdmin | always,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "2.2.12", Group: "server",
		Summary: "Counts the runs that took long.", Complexity: "O(1)",
	},
	{
		ID: SlowLogReset, Name: "slowlog|reset", Arity: 2, Flags: FlagAdmin | always,
		Categories: []string{"@admin", "@slow", "@dangerous"}, Since: "2.2.12", Group: "server",
		Summary: "Forgets the runs that took long.", Complexity: "O(N) in their number.",
	},
}
