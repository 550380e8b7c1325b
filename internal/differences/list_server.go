package differences

import (
	"slices"
	"strings"
)

// serverList has the differences in what is about the server, its clients and its settings.
var serverList = []Difference{
	{
		ID:    "databases",
		Redis: "`SELECT`, `MOVE`, `SWAPDB` and `COPY … DB` are refused in a cluster, which has database 0 only",
		Here: "all databases are there for every client, also where the node shows a cluster. `CLUSTER COUNTKEYSINSLOT` " +
			"and `CLUSTER GETKEYSINSLOT` are about the database of the client",
		Why:   "each node has all keys. Cluster clients do not send `SELECT`, and are in database 0",
		Proof: "TestClientsOfAClusterHaveDatabases",
	},
	{
		ID: "select-without-a-look",
		Redis: "behind a `SELECT` that is refused before its argument is looked at (without the password, say) commands " +
			"are executed",
		Here:  "those on data are refused until a `SELECT` is accepted",
		Why:   "a client sends both together, and means the other database",
		Proof: "TestTranscripts",
	},
	{
		ID:    "swapped",
		Redis: "behind `SWAPDB` clients that track keep what they have read in their caches",
		Here:  "they are told that all of it is old",
		Why:   "the keys have other values",
		Proof: "TestASwapTellsThatAllIsOld",
	},
	{
		ID:    "swap-of-names",
		Redis: "`SWAPDB` does not ask what is in the databases",
		Here:  "it is refused while one of them has a lock (`RAFT.LOCK`) or a topic (`RAFT.LOG`)",
		Why: "a lock would be free under its name while it is held, and readers of a topic would miss entries; Redis has " +
			"neither",
		Proof: "TestASwapLeavesLocksAndTopicsAlone",
	},
	{
		ID:    "no-scripts",
		Redis: "scripts and functions are programs in the server",
		Here: "there are none. The commands that a client sends together have one fate, but others may run between them; " +
			"`MULTI` … `EXEC` executes commands as one",
		Why: "not built yet",
		Probes: []Probe{
			{[]string{"FUNCTION LIST"}, `\*0\r\n`, `-ERR unknown command 'FUNCTION'.*\r\n`},
		},
	},
	{
		ID:    "transaction-order",
		Redis: "`EXEC` executes all commands in their order",
		Here: "it executes those on data first, as one, and behind them those on the connection or the node, such as " +
			"`INFO`; each answers at its place",
		Why: "the log has the commands on data, and a node executes the others by itself",
		Probes: []Probe{
			{[]string{"MULTI", "INFO keyspace", "SET k v", "EXEC"}, `(?s:\*2.*Keyspace\r\n\r\n\+OK\r\n)`,
				`(?s:\*2.*db0:keys=1,.*\+OK\r\n)`},
		},
	},
	{
		ID: "migrate",
		Redis: "`MIGRATE` holds up the server until all keys are moved; it may stand in `MULTI`; all that the target " +
			"answers but errors counts as done, also what follows a refused `AUTH` or `SELECT`",
		Here: "other commands go on meanwhile: a key that changes while it is on its way stays, or is sent again if the " +
			"call says `REPLACE`, and an error names what stays. It is refused in `MULTI` and `RAFT.ONCE`. Nothing is sent " +
			"before `AUTH` and `SELECT` are done, and only `OK` removes a key. A key that is named twice is moved once",
		Why: "a cluster does not wait for another server, and no key is lost",
		Probes: []Probe{
			{[]string{"MULTI", "MIGRATE 127.0.0.1 1 k 0 1"}, `\+QUEUED\r\n`,
				`-ERR Command not allowed inside a transaction\r\n`},
		},
	},
	{
		ID:    "transaction-limits",
		Redis: "a client that queues more than `client-query-buffer-limit` is closed",
		Here: "a command beyond that is refused, or one with which the writes are longer than `max-entry-bytes`, and so is " +
			"`EXEC`",
		Why:   "the client knows that nothing was done",
		Proof: "TestATransactionHasItsLimits",
	},
	{
		ID:    "watched-absence",
		Redis: "`EXEC` answers null if a watched key was touched",
		Here: "it does so too where a watched key was absent, and keys came behind `WATCH` and went before `EXEC`: one " +
			"that shares one of 16,384 places with it, in whichever database, or any by `FLUSHALL`, `FLUSHDB` or `SWAPDB`",
		Why:   "every node has to remember what is there no more",
		Proof: "TestAPlaceHasTheHighestVersion",
	},
	{
		ID: "watched-groups",
		Redis: "`XACK`, `XCLAIM`, `XAUTOCLAIM`, `XREADGROUP`, `XGROUP` and `XSETID` of a stream, `PFDEBUG`, and a " +
			"`BITFIELD` that lengthens a string before all its operations overflow, touch no key for those who watch or " +
			"track it",
		Here:  "they do, where they change something: `EXEC` answers null",
		Why:   "what is pending in a group is a part of the value, and the version of a key tells of each change",
		Proof: "TestWatchedKeysChangeAsInRedis",
	},
	{
		ID:    "watched-past",
		Redis: "a watched key that was absent, and is put with a deadline long past, was touched",
		Here:  "it was not: the key was never there, and `EXEC` goes on",
		Why:   "no client has seen another state",
		Proof: "TestWatchedKeysChangeAsInRedis",
	},
	{
		ID: "messages-in-the-log",
		Redis: "in a cluster `PUBLISH` and `SPUBLISH` reach the clients of other nodes at most once, in no order with " +
			"writes, and also those of a minority",
		Here: "a message is an entry of the log: all that listen hear it once and in one order with all writes, and it " +
			"wants a majority. `SPUBLISH` reaches all nodes, too",
		Why:   "who hears of a write by a message then finds it, on any node",
		Proof: "TestMessages_AreHeardOnceInOneOrder",
	},
	{
		ID:    "listening-is-confirmed",
		Redis: "`SUBSCRIBE`, `PSUBSCRIBE` and `SSUBSCRIBE` always succeed",
		Here: "they are confirmed as reads are. Without a leader they are refused, and the connection ends behind the " +
			"error",
		Why: "a node that is behind would send what was said long before; libraries do not expect the error and would " +
			"wait in vain",
		Proof: "TestToListenIsConfirmed",
	},
	{
		ID:    "long-patterns",
		Redis: "`PSUBSCRIBE` takes patterns of any length",
		Here:  "it refuses a pattern of more than 1,024 bytes",
		Why:   "each message is compared with all patterns while all other commands wait",
		Probes: []Probe{
			{[]string{"PSUBSCRIBE " + strings.Repeat("p", 1025)}, `(?s:\*3\r\n\$10\r\npsubscribe.*)`,
				`-ERR a pattern is longer than 1024 bytes: .*\r\n`},
		},
	},
	{
		ID: "long-patterns-of-names",
		Redis: "`KEYS`, `SCAN`, `SSCAN`, `HSCAN`, `ZSCAN`, `CONFIG GET`, `COMMAND LIST`, `PUBSUB CHANNELS` " +
			"and `PUBSUB SHARDCHANNELS` take patterns of any length",
		Here: "they refuse one of more than 1,024 bytes, unless it has none of `*?[\\` and so is a name",
		Why:  "to compare names costs no more than to read them, whatever the pattern is",
		Probes: []Probe{
			{[]string{"KEYS *" + strings.Repeat("p", 1024)}, `\*0\r\n`, `-ERR a pattern that has one of .* 1024 bytes\r\n`},
		},
	},
	{
		ID:    "sorts-end",
		Redis: "the patterns of `SORT` and `SORT_RO` look for and find as much as there is memory for",
		Here: "a call is refused whose keys to look for, and copies of what they hold, are more than 1 GiB together, " +
			"and in a transaction with those of the calls before it",
		Why:   "it would end all nodes of a cluster, and again at each start",
		Proof: "TestSortsOfTooManyPatternsAreRefused",
	},
	{
		ID:    "comparisons-end",
		Redis: "`PUBLISH` compares a channel with a pattern for as long as that takes: at worst the product of the lengths",
		Here: "the comparison ends after 16,384 steps, without a match. A step is the look at a byte of the pattern for " +
			"one of the channel: a pattern of 64 bytes and a channel of 256 are always compared to the end, and `news.*` " +
			"with any channel",
		Why:   "each message is compared with all patterns while all other commands wait",
		Proof: "TestAMessageIsComparedInBoundedSteps",
	},
	{
		ID:    "listeners-miss-nothing",
		Redis: "clients that listen stay connected to a node that hears of no message",
		Here:  "their connections end there, and where a node takes over a snapshot and passes over messages",
		Why:   "a client whose connection lasts has missed nothing",
		Proof: "TestMissedMessagesEndTheConnection",
	},
	{
		ID:    "messages-behind-replies",
		Redis: "a message may come between the replies to commands that a client has sent together",
		Here:  "it comes behind them",
		Why:   "they are one run, and are answered at once; RESP3 allows both",
		Proof: "TestMessagesToOneself",
	},
	{
		ID:    "no-notifications",
		Redis: "clients may be told of changes of keys by messages (`notify-keyspace-events`)",
		Here:  "they are not; `CLIENT TRACKING` tells of changes to what a client has read",
		Why:   "not built yet",
		Probes: []Probe{
			{[]string{"CONFIG SET notify-keyspace-events KEA"}, `\+OK\r\n`, `-ERR CONFIG SET failed .*\r\n`},
		},
	},
	{
		ID:    "no-users",
		Redis: "`ACL` keeps users with rights of their own",
		Here: "there is the user `default`, who may do everything, with the password of `requirepass`; `ACL` tells of that " +
			"user and changes nothing",
		Why: "not built yet",
		Probes: []Probe{
			{[]string{"ACL SETUSER a on"}, `\+OK\r\n`, `-ERR unknown subcommand 'SETUSER'.*\r\n`},
		},
	},
	{
		ID:    "no-modules",
		Redis: "a module may be loaded",
		Here:  "`MODULE LIST` is always empty, and there is nothing else",
		Why:   "what a module does would have to be the same on every node, for ever",
		Probes: []Probe{
			{[]string{"MODULE LOAD m"}, `-ERR MODULE command not allowed.*\r\n`, `-ERR unknown subcommand 'LOAD'.*\r\n`},
		},
	},
	{
		ID: "durability",
		Redis: "a write is on disk some time after its reply, as `appendonly`, `appendfsync` and `save` say; a replica " +
			"may be behind",
		Here: "every write is on the disks of a majority before its reply, and every read is linearizable; these settings " +
			"have one value, and `SAVE`, `BGSAVE` and `BGREWRITEAOF` take a snapshot, which shortens the log and the next start",
		Why: "that is what this server is for",
		Probes: []Probe{
			{[]string{"CONFIG GET appendfsync"}, `(?s:.*)\r\neverysec\r\n`, `(?s:.*)\r\nalways\r\n`},
		},
	},
	{
		ID: "replication",
		Redis: "an operator makes replicas (`REPLICAOF`, `PSYNC`), and moves slots between the nodes of a cluster " +
			"(`CLUSTER ADDSLOTS`, `CLUSTER SETSLOT`, `CLUSTER RESET` …)",
		Here: "every node has all keys. Members come and go with `CLUSTER ADDNODE`, `CLUSTER REMOVENODE` and `CLUSTER " +
			"REPLACENODE`, or `CLUSTER MEET` and `CLUSTER FORGET`; leadership is asked for by `CLUSTER FAILOVER`. " +
			"`REPLICAOF`, `SYNC` and `PSYNC` are refused with these words, and the others do not exist",
		Why: "members change by a majority's agreement, and slots are a view for clients only",
		Probes: []Probe{
			{[]string{"REPLICAOF NO ONE"}, `\+OK\r\n`, `-ERR REPLICAOF not allowed in cluster mode: .*\r\n`},
			{[]string{"RAFT.INDEX"}, `-ERR unknown command 'RAFT.INDEX'.*\r\n`, `:\d+\r\n`},
		},
		Excuses: func(call []string, redis, _ string) bool {
			member := calls(call, "CLUSTER", "ADDNODE") || calls(call, "CLUSTER", "REMOVENODE") ||
				calls(call, "CLUSTER", "REPLACENODE")
			return (member || hasPrefix(call[0], "RAFT.")) && isUnknown(redis)
		},
	},
	{
		ID:    "once",
		Redis: "a client that does not know whether a command was executed has to look, or to guess",
		Here: "`RAFT.ONCE` executes a command once in a session (`RAFT.SESSION OPEN`, `RAFT.SESSION CLOSE`, `RAFT.SESSION " +
			"INFO`), however often it is sent, and answers each time with the first reply",
		Why: "every node knows what was executed, also after a failover",
		Probes: []Probe{
			{[]string{"RAFT.SESSION OPEN"}, `-ERR unknown command 'RAFT.SESSION'.*\r\n`, `:\d+\r\n`},
			{[]string{"RAFT.ONCE 0 1 INCR n"}, `-ERR unknown command 'RAFT.ONCE'.*\r\n`, `-NOSESSION .*\r\n`},
		},
	},
	{
		ID:    "cluster-always",
		Redis: "a server is a node of a cluster if `cluster-enabled` says so",
		Here: "it always answers as one, unless `--cluster-view` is `off`; keys of different slots may stand in one " +
			"command, on any node. By default each node is a master that owns slots, and `READONLY` does not make reads old: " +
			"that is asked for by `RAFT.READ STALE`",
		Why: "there is one log for all slots",
		Probes: []Probe{
			{[]string{"READONLY"}, `-ERR This instance has cluster support disabled\r\n`, `\+OK\r\n`},
			{[]string{"CLUSTER KEYSLOT foo"}, `-ERR This instance has cluster support disabled\r\n`, `:12182\r\n`},
		},
	},
	{
		ID:    "eviction",
		Redis: "with `maxmemory`, keys are removed as `maxmemory-policy` says",
		Here: "with `maxmemory`, writes that need memory are refused, and `maxmemory-policy` is `noeviction`. Without, " +
			"another one can be chosen, which evicts nothing in Redis either: it decides whether `OBJECT IDLETIME` or " +
			"`OBJECT FREQ` tells of the uses of keys",
		Why: "what is evicted would have to be decided by the log, and a key that was acknowledged would be gone",
		Probes: []Probe{
			{
				[]string{"CONFIG SET maxmemory 100mb maxmemory-policy allkeys-lru"},
				`\+OK\r\n`, `-ERR CONFIG SET failed .*nothing is evicted.*\r\n`,
			},
		},
	},
	{
		ID: "debug-digest",
		Redis: "`DEBUG DIGEST` is a SHA-1 of the contents of all databases, `DEBUG DIGEST-VALUE` one of a value; both are " +
			"the same on servers with the same contents",
		Here: "they are hashes of 64 bits behind zeros, `DEBUG DIGEST` of the database of the client; they are the same " +
			"on the nodes of one cluster",
		Why:   "these are the hashes by which the nodes compare their states, keyed so that no client can make them collide",
		Proof: "TestDigest_IsThatOfTheContentsAlone",
	},
	{
		ID:    "settings",
		Redis: "`CONFIG SET` changes some hundred parameters",
		Here:  "parameters without a meaning here have one value, and can be set to that value only; some have closer bounds",
		Why:   "a setting that changes nothing would be a lie, and every size here has a bound",
		Probes: []Probe{
			{[]string{"CONFIG SET hz 20"}, `\+OK\r\n`, `-ERR CONFIG SET failed .*this node has no other value for it\r\n`},
		},
		Excuses: func(call []string, _, here string) bool {
			return calls(call, "CONFIG", "SET") && isError(here) && strings.Contains(here, "argument must be between ")
		},
	},
	{
		ID:    "largest-request",
		Redis: "a request has up to 2,147,483,647 arguments of `proto-max-bulk-len` each",
		Here: "a request has up to 1,048,576 arguments, `client-query-buffer-limit` bytes in all, and a write " +
			"`--max-entry-bytes`; what is larger is refused alone, with an error, and the connection goes on",
		Why:   "what one client makes a server hold has a bound, and a connection may be shared",
		Proof: "TestWhatIsBeyondALimitIsDroppedAlone",
	},
	{
		ID:    "version",
		Redis: "`INFO`, `HELLO` and `LOLWUT` tell the version of Redis",
		Here: "`INFO` and `HELLO` tell the version of Redis whose commands this server has, `INFO` also its own; `LOLWUT` " +
			"draws nothing, `LATENCY DOCTOR` gives its own advice, and `MEMORY DOCTOR` is not there",
		Why: "client libraries decide by the version what they may send",
		Probes: []Probe{
			{[]string{"HELLO"}, `(?s:.*)\r\n7\.0\.15\r\n(?s:.*)`, `(?s:.*)\r\n7\.2\.4\r\n(?s:.*)`},
		},
	},
	{
		ID:    "documentation",
		Redis: "`COMMAND DOCS` describes commands and tells their history, `COMMAND INFO` has notes on some keys",
		Here:  "it describes them in other words, with the arguments of 7.2, and tells no history; there are no notes",
		Why:   "the texts are this project's own, and it has no history of Redis's",
		Probes: []Probe{
			{[]string{"COMMAND DOCS SET"}, `\*2\r\n(?s:.*)\r\nhistory\r\n(?s:.*)`, `\*2\r\n(?s:.*)Puts a string (?s:.*)`},
			{
				[]string{"COMMAND INFO SET"},
				`\*1\r\n(?s:.*)\r\nnotes\r\n(?s:.*)`, `\*1\r\n(?s:.*)\r\n\*6\r\n\$5\r\nflags\r\n(?s:.*)`,
			},
		},
		Excuses: func(call []string, redis, here string) bool {
			return calls(call, "COMMAND", "DOCS") && redis[0] == here[0] && !isError(redis)
		},
	},
	{
		ID: "newer-conditions",
		Redis: "`SET` has the conditions `NX` and `XX`, and `DELEX`, `DELIFEQ` and `DIGEST` do not exist: they came with " +
			"Redis 8.4 and Valkey 9",
		Here: "`SET` has `IFEQ`, `IFNE`, `IFDEQ` and `IFDNE` as well, and these commands exist, as in Redis 8.4; `DELIFEQ` " +
			"is Valkey's",
		Why: "to compare and set is what a linearizable store is for; `redis_version` stays that of the other commands",
		Probes: []Probe{
			{[]string{"SET k v", "SET k w IFEQ v"}, `-ERR syntax error\r\n`, `\+OK\r\n`},
			{[]string{"SET k hello", "DIGEST k"}, `-ERR unknown command 'DIGEST'.*\r\n`, `\$16\r\n9555e8555c62dcfd\r\n`},
			{[]string{"SET k v", "DELEX k IFNE w"}, `-ERR unknown command 'DELEX'.*\r\n`, `:1\r\n`},
			{[]string{"SET k v", "DELIFEQ k v"}, `-ERR unknown command 'DELIFEQ'.*\r\n`, `:1\r\n`},
		},
		Excuses: func(call []string, redis, _ string) bool {
			return (calls(call, "DELEX") || calls(call, "DELIFEQ") || calls(call, "DIGEST")) && isUnknown(redis)
		},
		Avoids: func(call []string) bool {
			compares := func(word string) bool {
				return slices.Contains([]string{"IFEQ", "IFNE", "IFDEQ", "IFDNE"}, strings.ToUpper(word))
			}
			return calls(call, "DELEX") || calls(call, "DELIFEQ") || calls(call, "DIGEST") ||
				calls(call, "SET") && slices.ContainsFunc(call[min(len(call), 3):], compares)
		},
	},
	{
		ID:    "own-commands",
		Redis: "no command begins with `RAFT.`",
		Here:  "there are locks with tokens (`RAFT.LOCK` …), and commands about the node and its log",
		Why:   "they need what Redis does not promise",
		Probes: []Probe{
			{[]string{"RAFT.LOCK l holder 1000"}, `-ERR unknown command 'RAFT.LOCK'.*\r\n`, `:\d+\r\n`},
		},
		Avoids: func(call []string) bool { return len(call) > 0 && hasPrefix(call[0], "RAFT.") },
	},
	{
		ID:    "outcomes",
		Redis: "a connection that breaks is the only reply that says nothing of whether a write was done",
		Here: "`-UNCERTAIN` says so too; `-CLUSTERDOWN` and `-TRYAGAIN` say that nothing was done, and are said of reads " +
			"as well",
		Why:   "see [what clients see](outcomes.md)",
		Proof: "TestLinearizable_WhileNodesAreKilledAndPaused",
	},
	{
		ID:    "zero-bytes-in-errors",
		Redis: "an error that repeats an argument ends the argument at its first zero byte",
		Here:  "some errors show it whole",
		Why:   "an argument is bytes, and a text of C is not",
		Probes: []Probe{{
			[]string{"HELLO 2 \x00a"},
			`-ERR Syntax error in HELLO option ''\r\n`, `-ERR Syntax error in HELLO option '\x00a'\r\n`,
		}},
		Excuses: func(call []string, redis, here string) bool {
			return isError(redis) && isError(here) && strings.Contains(here, "\x00")
		},
	},
	{
		ID: "strict-requests",
		Redis: "a header that ends with a line feed alone, or bytes other than a line end behind an argument, are let " +
			"pass in places",
		Here:  "they are protocol errors",
		Why:   "a byte that is out of place is a sign that client and server no longer agree where requests begin",
		Proof: "TestRandomBytesAreReadAsRedisReadsThem",
	},
	{
		ID:    "newer-commands",
		Newer: true,
		Redis: "`WAITAOF`, `CLIENT NO-TOUCH`, `CLIENT SETINFO` and `CLUSTER MYSHARDID` do not exist in 7.0",
		Here:  "they exist",
		Why:   "as in 7.2",
		Probes: []Probe{
			{[]string{"WAITAOF 0 0 10"}, `-ERR unknown command 'WAITAOF'.*\r\n`, `\*2\r\n:\d+\r\n:\d+\r\n`},
			{[]string{"CLIENT NO-TOUCH on"}, `-ERR unknown subcommand 'NO-TOUCH'.*\r\n`, `\+OK\r\n`},
		},
		Excuses: func(call []string, redis, _ string) bool {
			known := calls(call, "WAITAOF") || calls(call, "CLIENT", "NO-TOUCH") || calls(call, "CLIENT", "SETINFO") ||
				calls(call, "CLUSTER", "MYSHARDID")
			return known && isUnknown(redis)
		},
	},
	{
		ID:    "newer-arity",
		Newer: true,
		Redis: "`COMMAND GETKEYS` and `GETKEYSANDFLAGS` want an argument behind the name of the command in 7.0",
		Here:  "they do not, and judge the call by the command's own arity",
		Why:   "as in 7.2",
		Probes: []Probe{{
			[]string{"COMMAND GETKEYS GET"},
			`-ERR wrong number of arguments for 'command\|getkeys' command\r\n`,
			`-ERR Invalid number of arguments specified for command\r\n`,
		}},
		Excuses: func(call []string, redis, _ string) bool {
			asks := calls(call, "COMMAND", "GETKEYS") || calls(call, "COMMAND", "GETKEYSANDFLAGS")
			return asks && len(call) == 3 && hasPrefix(redis, "-ERR wrong number of arguments")
		},
	},
}
