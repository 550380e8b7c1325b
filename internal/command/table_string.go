package command

// The commands of strings: package fsm attaches a function to each.
const (
	Append ID = iota + 1
	Decr
	DecrBy
	Get
	GetDel
	GetRange
	GetSet
	Incr
	IncrBy
	IncrByFloat
	LCS
	MGet
	MSet
	MSetNX
	Set
	SetNX
	SetRange
	Strlen
	SubStr
	firstBitmap
)

// stringSpecs is sorted by name.
var stringSpecs = []Spec{
	{
		ID: Append, Name: "append", Arity: 3, Flags: fastWrite, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@fast"}, Since: "2.0.0", Group: "string",
		Summary:    "Lengthens a string at its end; a missing key counts as empty.",
		Complexity: "O(M) in the bytes that are added, amortized.",
	},
	{
		ID: Decr, Name: "decr", Arity: 2, Flags: fastWrite, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@fast"}, Since: "1.0.0", Group: "string",
		Summary: "Subtracts one from an integer; a missing key counts as 0.", Complexity: "O(1)",
	},
	{
		ID: DecrBy, Name: "decrby", Arity: 3, Flags: fastWrite, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@fast"}, Since: "1.0.0", Group: "string",
		Summary: "Subtracts a number from an integer; a missing key counts as 0.", Complexity: "O(1)",
	},
	{
		ID: Get, Name: "get", Arity: 2, Flags: fastRead, FirstKey: 1, LastKey: 1, Step: 1, Class: Read,
		Categories: []string{"@read", "@string", "@fast"}, Since: "1.0.0", Group: "string",
		Summary: "Answers with the string at a key.", Complexity: "O(1)",
	},
	{
		ID: GetDel, Name: "getdel", Arity: 2, Flags: FlagWrite | FlagFast, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@fast"}, Since: "6.2.0", Group: "string",
		Summary: "Answers with the string at a key and removes the key.", Complexity: "O(1)",
	},
	{
		ID: GetRange, Name: "getrange", Arity: 4, Flags: FlagReadOnly, FirstKey: 1, LastKey: 1, Step: 1, Class: Read,
		Categories: []string{"@read", "@string", "@slow"}, Since: "2.4.0", Group: "string",
		Summary:    "Answers with a part of a string, given by its first and last byte.",
		Complexity: "O(N) in the bytes of the answer.",
	},
	{
		ID: GetSet, Name: "getset", Arity: 3, Flags: fastWrite, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@fast"}, Since: "1.0.0", Group: "string",
		Summary: "Puts a string at a key and answers with the one before it.", Complexity: "O(1)",
	},
	{
		ID: Incr, Name: "incr", Arity: 2, Flags: fastWrite, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@fast"}, Since: "1.0.0", Group: "string",
		Summary: "Adds one to an integer; a missing key counts as 0.", Complexity: "O(1)",
	},
	{
		ID: IncrBy, Name: "incrby", Arity: 3, Flags: fastWrite, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@fast"}, Since: "1.0.0", Group: "string",
		Summary: "Adds a number to an integer; a missing key counts as 0.", Complexity: "O(1)",
	},
	{
		ID: IncrByFloat, Name: "incrbyfloat", Arity: 3, Flags: fastWrite, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@fast"}, Since: "2.6.0", Group: "string",
		Summary: "Adds a decimal fraction to a number; a missing key counts as 0.", Complexity: "O(1)",
	},
	{
		ID: LCS, Name: "lcs", Arity: -3, Flags: FlagReadOnly, FirstKey: 1, LastKey: 2, Step: 1, Class: Read, Linear: true,
		Categories: []string{"@read", "@string", "@slow"}, Since: "7.0.0", Group: "string",
		Summary: "Finds the longest common subsequence of two strings.", Complexity: "O(N*M) in the bytes of both.",
	},
	{
		ID: MGet, Name: "mget", Arity: -2, Flags: fastRead, FirstKey: 1, LastKey: -1, Step: 1, Class: Read,
		Categories: []string{"@read", "@string", "@fast"}, Since: "1.0.0", Group: "string",
		Summary: "Answers with the strings at several keys.", Complexity: "O(N) in the number of keys given.",
	},
	{
		ID: MSet, Name: "mset", Arity: -3, Flags: FlagWrite | FlagDenyOOM, FirstKey: 1, LastKey: -1, Step: 2, Class: Write,
		Categories: []string{"@write", "@string", "@slow"}, Since: "1.0.1", Group: "string",
		Summary: "Sets several keys at once.", Complexity: "O(N) in the number of keys given.",
	},
	{
		ID: MSetNX, Name: "msetnx", Arity: -3, Flags: FlagWrite | FlagDenyOOM,
		FirstKey: 1, LastKey: -1, Step: 2, Class: Write,
		Categories: []string{"@write", "@string", "@slow"}, Since: "1.0.1", Group: "string",
		Summary: "Sets several keys at once if none of them exists.", Complexity: "O(N) in the number of keys given.",
	},
	{
		ID: Set, Name: "set", Arity: -3, Flags: FlagWrite | FlagDenyOOM, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@slow"}, Since: "1.0.0", Group: "string",
		Summary: "Puts a string at a key, whatever was there; options make it conditional.", Complexity: "O(1)",
	},
	{
		ID: SetNX, Name: "setnx", Arity: 3, Flags: fastWrite, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@fast"}, Since: "1.0.0", Group: "string",
		Summary: "Puts a string at a key if there is none.", Complexity: "O(1)",
	},
	{
		ID: SetRange, Name: "setrange", Arity: 4, Flags: FlagWrite | FlagDenyOOM,
		FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@slow"}, Since: "2.2.0", Group: "string",
		Summary:    "Overwrites a part of a string, which grows if it is too short.",
		Complexity: "O(M) in the bytes that are written.",
	},
	{
		ID: Strlen, Name: "strlen", Arity: 2, Flags: fastRead, FirstKey: 1, LastKey: 1, Step: 1, Class: Read,
		Categories: []string{"@read", "@string", "@fast"}, Since: "2.2.0", Group: "string",
		Summary: "Answers with the length in bytes of the string at a key.", Complexity: "O(1)",
	},
	{
		ID: SubStr, Name: "substr", Arity: 4, Flags: FlagReadOnly, FirstKey: 1, LastKey: 1, Step: 1, Class: Read,
		Categories: []string{"@read", "@string", "@slow"}, Since: "1.0.0", Group: "string",
		Summary: "Is the older name of GETRANGE.", Complexity: "O(N) in the bytes of the answer.",
	},
}
