package command

// The commands of strings as arrays of bits: package fsm attaches a function to each.
const (
	BitCount ID = firstBitmap + iota
	BitField
	BitFieldRO
	BitOp
	BitPos
	GetBit
	SetBit
	// lastString ends the ids of strings, with their bitmaps.
	lastString
)

// bitmapSpecs is sorted by name.
var bitmapSpecs = []Spec{
	{
		ID: BitCount, Name: "bitcount", Arity: -2, Flags: FlagReadOnly,
		FirstKey: 1, LastKey: 1, Step: 1, Class: Read, Linear: true,
		Categories: []string{"@read", "@bitmap", "@slow"}, Since: "2.6.0", Group: "bitmap",
		Summary: "Counts the ones of a string or of a part of it.", Complexity: "O(N) in the bytes looked at.",
	},
	{
		ID: BitField, Name: "bitfield", Arity: -2, Flags: FlagWrite | FlagDenyOOM,
		FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@bitmap", "@slow"}, Since: "3.2.0", Group: "bitmap",
		Summary: "Reads and changes integers of any width anywhere in a string.", Complexity: "O(1) for each integer.",
	},
	{
		ID: BitFieldRO, Name: "bitfield_ro", Arity: -2, Flags: fastRead, FirstKey: 1, LastKey: 1, Step: 1, Class: Read,
		Categories: []string{"@read", "@bitmap", "@fast"}, Since: "6.0.0", Group: "bitmap",
		Summary: "Reads integers of any width anywhere in a string.", Complexity: "O(1) for each integer.",
	},
	{
		ID: BitOp, Name: "bitop", Arity: -4, Flags: FlagWrite | FlagDenyOOM, FirstKey: 2, LastKey: -1, Step: 1, Class: Write,
		Categories: []string{"@write", "@bitmap", "@slow"}, Since: "2.6.0", Group: "bitmap",
		Summary:    "Combines strings bit by bit and puts the result at a key.",
		Complexity: "O(N) in the bytes of all strings.",
	},
	{
		ID: BitPos, Name: "bitpos", Arity: -3, Flags: FlagReadOnly,
		FirstKey: 1, LastKey: 1, Step: 1, Class: Read, Linear: true,
		Categories: []string{"@read", "@bitmap", "@slow"}, Since: "2.8.7", Group: "bitmap",
		Summary: "Finds the first one or zero of a string or of a part of it.", Complexity: "O(N) in the bytes looked at.",
	},
	{
		ID: GetBit, Name: "getbit", Arity: 3, Flags: fastRead, FirstKey: 1, LastKey: 1, Step: 1, Class: Read,
		Categories: []string{"@read", "@bitmap", "@fast"}, Since: "2.2.0", Group: "bitmap",
		Summary: "Answers with a bit of a string; behind its end there are zeros.", Complexity: "O(1)",
	},
	{
		ID: SetBit, Name: "setbit", Arity: 4, Flags: FlagWrite | FlagDenyOOM, FirstKey: 1, LastKey: 1, Step: 1, Class: Write,
		Categories: []string{"@write", "@bitmap", "@slow"}, Since: "2.2.0", Group: "bitmap",
		Summary: "Sets or clears a bit of a string, which grows if it is too short.", Complexity: "O(1)",
	},
}
