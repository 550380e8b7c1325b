package command

// The commands of keys, whatever is there: package fsm attaches a function to each.
const (
	ClusterCountKeysInSlot ID = lastString + iota
	ClusterGetKeysInSlot
	DBSize
	Del
	Exists
	lastData
)

// keySpecs is sorted by name.
var keySpecs = []Spec{
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
}
