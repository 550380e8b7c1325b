package command

// usages are the arguments of all commands that have any, one line each, in this notation:
//
//	<name>            a string; <name:type> is of another type, <name=text> is shown to people as text
//	WORD              a word that says all itself, named as it is in lower case; name=WORD has another name
//	WORD value        a word with what comes behind it
//	name=(a | b)      one of several
//	name={a b}        several that belong together
//	[a]               what may be left out
//	a...              what may be given several times; [WORD a]... repeats the word too
//
// Names, words and types are Redis's, because programs read them: redis-cli makes its hints of them.
var usages = map[string]string{
	"append":      "<key:key> <value>",
	"auth":        "[<username>] <password>",
	"bgsave":      "[SCHEDULE]",
	"bitcount":    "<key:key> [range={<start:integer> <end:integer> [unit=(BYTE | BIT)]}]",
	"bitfield":    "<key:key> [operation=(GET " + placeInBits + " | " + changeOfBits + ")...]",
	"bitfield_ro": "<key:key> [GET " + placeInBits + "]...",
	"bitop":       "operation=(AND | OR | XOR | NOT) <destkey:key> <key:key>...",
	"bitpos": "<key:key> <bit:integer> [range={<start:integer> [end-unit-block={<end:integer> [unit=(BYTE | " +
		"BIT)]}]}]",
	"client|caching": "mode=(YES | NO)",
	"client|kill": "filter=(<old-format=ip:port> | new-format=(ID <client-id:integer> | TYPE client-type=(NORMAL | " +
		"MASTER | SLAVE | REPLICA | PUBSUB) | USER <username> | ADDR <addr=ip:port> | LADDR <laddr=ip:port> | " +
		"SKIPME skipme=(YES | NO))...)",
	"client|list":     "[TYPE client-type=(NORMAL | MASTER | REPLICA | PUBSUB)] [ID <client-id:integer>...]",
	"client|no-evict": "enabled=(ON | OFF)",
	"client|no-touch": "enabled=(ON | OFF)",
	"client|pause":    "<timeout:integer> [mode=(WRITE | ALL)]",
	"client|reply":    "action=(ON | OFF | SKIP)",
	"client|setinfo":  "attr=(LIB-NAME <libname> | LIB-VER <libver>)",
	"client|setname":  "<connection-name>",
	"client|tracking": "status=(ON | OFF) [REDIRECT <client-id:integer>] [PREFIX <prefix>]... " +
		"[BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
	"client|unblock":          "<client-id:integer> [unblock-type=(TIMEOUT | ERROR)]",
	"cluster|addnode":         "<address=host:port[@peerport]> [PEER <peer-address=host:port>] [LEARNER]",
	"cluster|countkeysinslot": "<slot:integer>",
	"cluster|failover":        "[options=(FORCE | TAKEOVER)]",
	"cluster|forget":          "<node-id>",
	"cluster|getkeysinslot":   "<slot:integer> <count:integer>",
	"cluster|keyslot":         "<key>",
	"cluster|meet":            "<ip> <port:integer> [<cluster-bus-port:integer>]",
	"cluster|removenode":      "<node-id>...",
	"cluster|replacenode":     "pair={<node-id> <address=host:port[@peerport]>}...",
	"command|docs":            "[<command-name>...]",
	"command|getkeys":         "<command> [<arg>...]",
	"command|getkeysandflags": "<command> [<arg>...]",
	"command|info":            "[<command-name>...]",
	"command|list": "[FILTERBY filterby=(MODULE <module-name> | " +
		"ACLCAT <category> | PATTERN <pattern:pattern>)]",
	"config|get":   "<parameter>...",
	"config|set":   "data={<parameter> <value>}...",
	"copy":         "<source:key> <destination:key> [DB <destination-db:integer>] [REPLACE]",
	"debug|error":  "<string>",
	"debug|log":    "<message>",
	"debug|object": "<key:key>",
	"debug|protocol": "type=(STRING | INTEGER | DOUBLE | BIGNUM | NULL | ARRAY | SET | MAP | ATTRIB | PUSH | VERBATIM | " +
		"TRUE | FALSE)",
	"debug|set-active-expire": "<enabled:integer>",
	"debug|sleep":             "<seconds:double>",
	"decr":                    "<key:key>",
	"decrby":                  "<key:key> <decrement:integer>",
	"del":                     "<key:key>...",
	"echo":                    "<message>",
	"exists":                  "<key:key>...",
	"expire":                  "<key:key> <seconds:integer> " + conditionOnDeadline,
	"expireat":                "<key:key> <unix-time-seconds:unix-time> " + conditionOnDeadline,
	"expiretime":              "<key:key>",
	"flushall":                "[flush-type=(ASYNC | SYNC)]",
	"flushdb":                 "[flush-type=(ASYNC | SYNC)]",
	"get":                     "<key:key>",
	"getbit":                  "<key:key> <offset:integer>",
	"getdel":                  "<key:key>",
	"getex":                   "<key:key> [expiration=(" + deadlines + " | PERSIST)]",
	"getrange":                "<key:key> <start:integer> <end:integer>",
	"getset":                  "<key:key> <value>",
	"hello": "[arguments={<protover:integer> [AUTH auth={<username> <password>}] " +
		"[SETNAME <clientname>]}]",
	"incr":              "<key:key>",
	"incrby":            "<key:key> <increment:integer>",
	"incrbyfloat":       "<key:key> <increment:double>",
	"info":              "[<section>...]",
	"keys":              "<pattern:pattern>",
	"latency|graph":     "<event>",
	"latency|histogram": "[<command>...]",
	"latency|history":   "<event>",
	"latency|reset":     "[<event>...]",
	"lcs":               "<key1:key> <key2:key> [LEN] [IDX] [MINMATCHLEN <min-match-len:integer>] [WITHMATCHLEN]",
	"lolwut":            "[VERSION <version:integer>]",
	"memory|usage":      "<key:key> [SAMPLES <count:integer>]",
	"mget":              "<key:key>...",
	"mset":              "data={<key:key> <value>}...",
	"msetnx":            "data={<key:key> <value>}...",
	"object|encoding":   "<key:key>",
	"object|freq":       "<key:key>",
	"object|idletime":   "<key:key>",
	"object|refcount":   "<key:key>",
	"persist":           "<key:key>",
	"pexpire":           "<key:key> <milliseconds:integer> " + conditionOnDeadline,
	"pexpireat":         "<key:key> <unix-time-milliseconds:unix-time> " + conditionOnDeadline,
	"pexpiretime":       "<key:key>",
	"ping":              "[<message>]",
	"psetex":            "<key:key> <milliseconds:integer> <value>",
	"pttl":              "<key:key>",
	"raft.node|add":     "<id:integer> <peer-address=host:port>",
	"raft.node|remove":  "<id:integer>",
	"raft.read":         "[level=(LINEARIZABLE | STALE)]",
	"raft.slowlog":      "[<count:integer>]",
	"rename":            "<key:key> <newkey:key>",
	"renamenx":          "<key:key> <newkey:key>",
	"scan":              "<cursor:integer> [MATCH <pattern:pattern>] [COUNT <count:integer>] [TYPE <type>]",
	"select":            "<index:integer>",
	"set":               "<key:key> <value> [condition=(NX | XX)] [GET] [expiration=(" + deadlines + " | KEEPTTL)]",
	"setbit":            "<key:key> <offset:integer> <value:integer>",
	"setex":             "<key:key> <seconds:integer> <value>",
	"setnx":             "<key:key> <value>",
	"setrange":          "<key:key> <offset:integer> <value>",
	"slowlog|get":       "[<count:integer>]",
	"strlen":            "<key:key>",
	"substr":            "<key:key> <start:integer> <end:integer>",
	"touch":             "<key:key>...",
	"ttl":               "<key:key>",
	"type":              "<key:key>",
	"unlink":            "<key:key>...",
	"wait":              "<numreplicas:integer> <timeout:integer>",
	"waitaof":           "<numlocal:integer> <numreplicas:integer> <timeout:integer>",
}

// What several commands have in common.
const (
	deadlines = "EX <seconds:integer> | PX <milliseconds:integer> | EXAT <unix-time-seconds:unix-time> | " +
		"PXAT <unix-time-milliseconds:unix-time>"
	conditionOnDeadline = "[condition=(NX | XX | GT | LT)]"
	placeInBits         = "get-block={<encoding> <offset:integer>}"
	changeOfBits        = "write={[OVERFLOW overflow-block=(WRAP | SAT | FAIL)] " +
		"write-operation=(SET set-block={<encoding> <offset:integer> <value:integer>} | " +
		"INCRBY incrby-block={<encoding> <offset:integer> <increment:integer>})}"
)
