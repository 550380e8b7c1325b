package command

// The commands of keys, whatever is there, and of time: package fsm attaches a function to each.
const (
	ClusterCountKeysInSlot ID = lastString + iota
	ClusterGetKeysInSlot
	Copy
	DBSize
	DebugObject
	Del
	Exists
	Expire
	ExpireAt
	ExpireTime
	FlushAll
	FlushDB
	GetEX
	Keys
	MemoryUsage
	ObjectEncoding
	ObjectFreq
	ObjectHelp
	ObjectIdleTime
	ObjectRefCount
	Persist
	PExpire
	PExpireAt
	PExpireTime
	PSetEX
	PTTL
	RandomKey
	Rename
	RenameNX
	Scan
	SetEX
	Touch
	TTL
	Type
	Unlink
	lastData
)

// Object is the container of commands about keys, and needs no function itself.
const (
	Object ID = lastData + iota
	lastKeys
)

// keySpecs is sorted by name.
var keySpecs = []Spec{
	{
		ID: Copy, Name: "copy", Arity: -3, Flags: FlagWrite | FlagDenyOOM, FirstKey: 1, LastKey: 2, Step: 1, Class: Write,
		Categories: []string{"@keyspace", "@write", "@slow"}, Since: "6.2.0", Group: "generic",
		Summary:    "Puts the value of one key, with its deadline, at another key.",
		Complexity: "O(N) in the bytes of the value, O(1) for long strings that were changed in place.",
	},
	{
		ID: DBSize, Name: "dbsize", Arity: 1, Flags: fastRead, Class: Read,
		Categories: []string{"@keyspace", "@read", "@fast"}, Since: "1.0.0", Group: "server",
		Summary: "Counts the keys.", Complexity: "O(1)",
	},
	{
		ID: Del, Name: "del", Arity: -2, Flags: FlagWrite, FirstKey: 1, LastKey: -1, Step: 1, Class: Write,
		Categories: []string{"@keyspace", "@write", "@slow"}, Since: "1.0.0", Group: "generic",
		Summary: "Removes keys and says how many there were.", Complexity: "O(N) in the number of keys given.",
	},
	{
		ID: Exists, Name: "exists", Arity: -2, Flags: fastRead, FirstKey: 1, LastKey: -1, Step: 1, Class: Read,
		Categories: []string{"@keyspace", "@read", "@fast"}, Since: "1.0.0", Group: "generic",
		Summary:    "Counts how many of the keys given exist; one given twice counts twice.",
		Complexity: "O(N) in the number of keys given.",
	},
	{
		ID: Expire, Name: "expire", Arity: -3, Flags: FlagWrite | FlagFast, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@keyspace", "@write", "@fast"}, Since: "1.0.0", Group: "generic",
		Summary:    "Gives a key so many seconds; options make it conditional.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	},
	{
		ID: ExpireAt, Name: "expireat", Arity: -3, Flags: FlagWrite | FlagFast,
		FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@keyspace", "@write", "@fast"}, Since: "1.2.0", Group: "generic",
		Summary:    "Gives a key until a second of Unix time; options make it conditional.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	},
	{
		ID: ExpireTime, Name: "expiretime", Arity: 2, Flags: fastRead, FirstKey: 1, LastKey: 1, Step: 1, Class: Read,
		Categories: []string{"@keyspace", "@read", "@fast"}, Since: "7.0.0", Group: "generic",
		Summary: "Answers with the second of Unix time at which a key ends.", Complexity: "O(1)",
	},
	{
		ID: FlushAll, Name: "flushall", Arity: -1, Flags: FlagWrite, Class: Write,
		Categories: []string{"@keyspace", "@write", "@slow", "@dangerous"}, Since: "1.0.0", Group: "server",
		Summary: "Removes all keys.", Complexity: "O(1)",
	},
	{
		ID: FlushDB, Name: "flushdb", Arity: -1, Flags: FlagWrite, Class: Write,
		Categories: []string{"@keyspace", "@write", "@slow", "@dangerous"}, Since: "1.0.0", Group: "server",
		Summary: "Removes all keys.", Complexity: "O(1)",
	},
	{
		ID: GetEX, Name: "getex", Arity: -2, Flags: FlagWrite | FlagFast, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@fast"}, Since: "6.2.0", Group: "string",
		Summary:    "Answers with the string at a key, and changes how long the key has left.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	},
	{
		ID: Keys, Name: "keys", Arity: 2, Flags: FlagReadOnly, Class: Read, Linear: true,
		Categories: []string{"@keyspace", "@read", "@slow", "@dangerous"}, Since: "1.0.0", Group: "generic",
		Summary: "Lists the keys whose names match a pattern.", Complexity: "O(N) in the number of keys.",
	},
	{
		ID: Object, Name: "object", Arity: -2,
		Categories: []string{"@slow"}, Since: "2.2.3", Group: "generic",
		Summary: "Holds the commands about how values are kept.", Complexity: "Depends on the subcommand.",
		Subcommands: objectSubcommands,
	},
	{
		ID: Persist, Name: "persist", Arity: 2, Flags: FlagWrite | FlagFast, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@keyspace", "@write", "@fast"}, Since: "2.2.0", Group: "generic",
		Summary: "Takes a key's deadline away.", Complexity: "O(log N) in the number of keys with a deadline.",
	},
	{
		ID: PExpire, Name: "pexpire", Arity: -3, Flags: FlagWrite | FlagFast, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@keyspace", "@write", "@fast"}, Since: "2.6.0", Group: "generic",
		Summary:    "Gives a key so many milliseconds; options make it conditional.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	},
	{
		ID: PExpireAt, Name: "pexpireat", Arity: -3, Flags: FlagWrite | FlagFast,
		FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@keyspace", "@write", "@fast"}, Since: "2.6.0", Group: "generic",
		Summary:    "Gives a key until a millisecond of Unix time; options make it conditional.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	},
	{
		ID: PExpireTime, Name: "pexpiretime", Arity: 2, Flags: fastRead, FirstKey: 1, LastKey: 1, Step: 1, Class: Read,
		Categories: []string{"@keyspace", "@read", "@fast"}, Since: "7.0.0", Group: "generic",
		Summary: "Answers with the millisecond of Unix time at which a key ends.", Complexity: "O(1)",
	},
	{
		ID: PSetEX, Name: "psetex", Arity: 4, Flags: FlagWrite | FlagDenyOOM, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@slow"}, Since: "2.6.0", Group: "string",
		Summary:    "Puts a string at a key for so many milliseconds.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	},
	{
		ID: PTTL, Name: "pttl", Arity: 2, Flags: fastRead, FirstKey: 1, LastKey: 1, Step: 1, Class: Read,
		Categories: []string{"@keyspace", "@read", "@fast"}, Since: "2.6.0", Group: "generic",
		Summary: "Answers with the milliseconds that a key has left.", Complexity: "O(1)",
	},
	{
		ID: RandomKey, Name: "randomkey", Arity: 1, Flags: FlagReadOnly, Class: Read,
		Categories: []string{"@keyspace", "@read", "@slow"}, Since: "1.0.0", Group: "generic",
		Summary: "Answers with the name of any key.", Complexity: "O(1)",
	},
	{
		ID: Rename, Name: "rename", Arity: 3, Flags: FlagWrite, FirstKey: 1, LastKey: 2, Step: 1, Class: Write,
		Categories: []string{"@keyspace", "@write", "@slow"}, Since: "1.0.0", Group: "generic",
		Summary:    "Gives a key another name, in place of what has it.",
		Complexity: "O(N) in the bytes of the value, O(1) for long strings that were changed in place.",
	},
	{
		ID: RenameNX, Name: "renamenx", Arity: 3, Flags: FlagWrite | FlagFast, FirstKey: 1, LastKey: 2, Step: 1, Class: Write,
		Categories: []string{"@keyspace", "@write", "@fast"}, Since: "1.0.0", Group: "generic",
		Summary:    "Gives a key another name, unless something has it.",
		Complexity: "O(N) in the bytes of the value, O(1) for long strings that were changed in place.",
	},
	{
		ID: Scan, Name: "scan", Arity: -2, Flags: FlagReadOnly, Class: Read,
		Categories: []string{"@keyspace", "@read", "@slow"}, Since: "2.8.0", Group: "generic",
		Summary:    "Lists some keys, and the cursor with which to go on.",
		Complexity: "O(1) for each call, O(N) in the number of keys for all of them.",
	},
	{
		ID: SetEX, Name: "setex", Arity: 4, Flags: FlagWrite | FlagDenyOOM, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@slow"}, Since: "2.0.0", Group: "string",
		Summary:    "Puts a string at a key for so many seconds.",
		Complexity: "O(log N) in the number of keys with a deadline.",
	},
	{
		ID: Touch, Name: "touch", Arity: -2, Flags: fastRead, FirstKey: 1, LastKey: -1, Step: 1, Class: Read,
		Categories: []string{"@keyspace", "@read", "@fast"}, Since: "3.2.1", Group: "generic",
		Summary: "Counts how many of the keys given exist.", Complexity: "O(N) in the number of keys given.",
	},
	{
		ID: TTL, Name: "ttl", Arity: 2, Flags: fastRead, FirstKey: 1, LastKey: 1, Step: 1, Class: Read,
		Categories: []string{"@keyspace", "@read", "@fast"}, Since: "1.0.0", Group: "generic",
		Summary: "Answers with the seconds that a key has left.", Complexity: "O(1)",
	},
	{
		ID: Type, Name: "type", Arity: 2, Flags: fastRead, FirstKey: 1, LastKey: 1, Step: 1, Class: Read,
		Categories: []string{"@keyspace", "@read", "@fast"}, Since: "1.0.0", Group: "generic",
		Summary: "Names the type of the value at a key.", Complexity: "O(1)",
	},
	{
		ID: Unlink, Name: "unlink", Arity: -2, Flags: FlagWrite | FlagFast, FirstKey: 1, LastKey: -1, Step: 1, Class: Write,
		Categories: []string{"@keyspace", "@write", "@fast"}, Since: "4.0.0", Group: "generic",
		Summary: "Removes keys and says how many there were.", Complexity: "O(N) in the number of keys given.",
	},
}

var objectSubcommands = []Spec{
	{
		ID: ObjectEncoding, Name: "object|encoding", Arity: 3, Flags: FlagReadOnly,
		FirstKey: 2, LastKey: 2, Step: 1, Class: Read,
		Categories: []string{"@keyspace", "@read", "@slow"}, Since: "2.2.3", Group: "generic",
		Summary: "Names the way in which Redis would keep the value at a key.", Complexity: "O(1)",
	},
	{
		ID: ObjectFreq, Name: "object|freq", Arity: 3, Flags: FlagReadOnly, FirstKey: 2, LastKey: 2, Step: 1, Class: Read,
		Categories: []string{"@keyspace", "@read", "@slow"}, Since: "4.0.0", Group: "generic",
		Summary: "Is refused: how often keys are used is not tracked.", Complexity: "O(1)",
	},
	{
		ID: ObjectHelp, Name: "object|help", Arity: 2, Flags: always, Class: Read,
		Categories: []string{"@keyspace", "@slow"}, Since: "6.2.0", Group: "generic",
		Summary: "Lists the subcommands.", Complexity: "O(1)",
	},
	{
		ID: ObjectIdleTime, Name: "object|idletime", Arity: 3, Flags: FlagReadOnly,
		FirstKey: 2, LastKey: 2, Step: 1, Class: Read,
		Categories: []string{"@keyspace", "@read", "@slow"}, Since: "2.2.3", Group: "generic",
		Summary: "Is refused: when keys were used last is not tracked.", Complexity: "O(1)",
	},
	{
		ID: ObjectRefCount, Name: "object|refcount", Arity: 3, Flags: FlagReadOnly,
		FirstKey: 2, LastKey: 2, Step: 1, Class: Read,
		Categories: []string{"@keyspace", "@read", "@slow"}, Since: "2.2.3", Group: "generic",
		Summary: "Answers with 1 for every key: values are not shared.", Complexity: "O(1)",
	},
}
