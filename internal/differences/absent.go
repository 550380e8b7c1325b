package differences

// Absent are things of Redis 7.2 that are not here, each by its name, and why not.
type Absent struct {
	Names []string
	Why   string
}

// AbsentCommands are the commands of Redis 7.2 that do not exist here. The name of one of Redis's groups of commands
// behind an @, such as @hash, stands for all of that group.
var AbsentCommands = []Absent{
	{
		[]string{"blpop", "brpop", "blmove", "blmpop", "brpoplpush", "bzpopmin", "bzpopmax", "bzmpop"},
		"not built yet: no command waits for an element",
	},
	{[]string{"@scripting"}, "not built yet"},
	{
		[]string{"restore-asking"},
		"slots are a view, so that none is on its way to a node. A Redis may `MIGRATE` to here, it sends `RESTORE`",
	},

	{
		[]string{"acl|deluser", "acl|dryrun", "acl|load", "acl|log", "acl|save", "acl|setuser"},
		"there is one user, who may do everything",
	},
	{[]string{"module|load", "module|loadex", "module|unload"}, "there are no modules"},
	{[]string{"memory|doctor"}, "memory is Go's; `MEMORY STATS` and `LATENCY DOCTOR` tell more"},
	{[]string{"replconf"}, "it is said by replicas of Redis's kind, and there are none"},
	{
		[]string{
			"cluster|addslots", "cluster|addslotsrange", "cluster|delslots", "cluster|delslotsrange", "cluster|flushslots",
			"cluster|setslot",
		},
		"slots follow from the members: no operator moves them",
	},
	{
		[]string{"cluster|bumpepoch", "cluster|set-config-epoch"},
		"an epoch is a term of the log, and only an election begins one",
	},
	{[]string{"cluster|replicate"}, "every node has all keys: `CLUSTER ADDNODE … LEARNER` adds one without a vote"},
	{[]string{"cluster|reset"}, "a node that was removed begins anew with an empty directory"},
}

// AbsentFields are the fields of INFO of Redis 7.2 that are not shown here.
var AbsentFields = []Absent{
	{
		[]string{"redis_git_sha1", "redis_git_dirty", "redis_build_id", "gcc_version", "atomicvar_api"},
		"they tell how Redis was built; `raftredis_version` and `go_version` tell it of this server",
	},
	{
		[]string{"multiplexing_api", "monotonic_clock", "hz", "configured_hz"},
		"nothing is done so many times a second; `raft_event_loop` says whether a loop waits for the sockets",
	},
	{
		[]string{
			"eventloop_cycles", "eventloop_duration_sum", "eventloop_duration_cmd_sum",
			"instantaneous_eventloop_cycles_per_sec", "instantaneous_eventloop_duration_usec", "eventloop_duration_aof_sum",
			"eventloop_duration_cron_sum", "eventloop_duration_max", "eventloop_cmd_per_cycle_max",
			"used_cpu_sys_main_thread", "used_cpu_user_main_thread",
		},
		"the event loop goes from thread to thread, and its rounds are not counted; `raft_event_loop_taken_away`, " +
			"`LATENCY` and `RAFT.SLOWLOG` tell where time goes",
	},
	{[]string{"lru_clock"}, "uses of keys are not tracked"},
	{[]string{"shutdown_in_milliseconds"}, "a stop waits for no replica"},
	{[]string{"clients_in_timeout_table"}, "waits have no table"},
	{
		[]string{"total_reads_processed", "total_writes_processed", "reply_buffer_shrinks", "reply_buffer_expands"},
		"they would have to be counted at each system call, and say nothing of a server with goroutines",
	},
	{
		[]string{
			"total_net_repl_input_bytes", "total_net_repl_output_bytes", "instantaneous_input_repl_kbps",
			"instantaneous_output_repl_kbps", "sync_full", "sync_partial_ok", "sync_partial_err",
		},
		"nodes do not replicate in Redis's way; `INFO raft` tells how far each is, and counts snapshots",
	},
	{
		[]string{
			"master_sync_total_bytes", "master_sync_read_bytes", "master_sync_left_bytes", "master_sync_perc",
			"master_sync_last_io_seconds_ago",
		},
		"a snapshot that is fetched shows in `INFO raft`, as `raft_install_idx` and `raft_install_size`",
	},
	{[]string{"min_slaves_good_slaves"}, "a majority is always wanted: `min-replicas-to-write` has no other meaning here"},
	{
		[]string{"expired_time_cap_reached_count", "expire_cycle_cpu_milliseconds"},
		"no cycle looks for keys that have ended: the log removes them",
	},
	{
		[]string{"rdb_last_load_keys_expired", "rdb_last_load_keys_loaded"},
		"keys are not counted while a snapshot is read; `INFO keyspace` counts them afterwards",
	},
}
