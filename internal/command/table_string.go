package command

// The commands of strings: package fsm attaches a function to each.
const (
	Append ID = iota + 1
	Decr
	DecrBy
	Get
	Incr
	IncrBy
	MGet
	MSet
	Set
	Strlen
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
		ID: Set, Name: "set", Arity: -3, Flags: FlagWrite | FlagDenyOOM, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@string", "@slow"}, Since: "1.0.0", Group: "string",
		Summary: "Puts a string at a key, whatever was there; options make it conditional.", Complexity: "O(1)",
	},
	{
		ID: Strlen, Name: "strlen", Arity: 2, Flags: fastRead, FirstKey: 1, LastKey: 1, Step: 1, Class: Read,
		Categories: []string{"@read", "@string", "@fast"}, Since: "2.2.0", Group: "string",
		Summary: "Answers with the length in bytes of the string at a key.", Complexity: "O(1)",
	},
}
