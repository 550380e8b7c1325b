package command

// The commands about memory: package resp attaches a function to each but the container and MEMORY USAGE, which looks
// at a key.
const (
	Memory ID = lastServer + iota
	MemoryDoctor
	MemoryHelp
	MemoryMallocStats
	MemoryPurge
	MemoryStats
	lastMemory
)

var memorySpecs = []Spec{
	{
		ID: Memory, Name: "memory", Arity: -2,
		Categories: []string{"@slow"}, Since: "4.0.0", Group: "server",
		Summary: "Holds the commands about the memory of the node.", Complexity: "Depends on the subcommand.",
		Subcommands: memorySubcommands,
	},
}

var memorySubcommands = []Spec{
	{
		ID: MemoryDoctor, Name: "memory|doctor", Arity: 2,
		Categories: []string{"@slow"}, Since: "4.0.0", Group: "server",
		Summary: "Says in sentences what is remarkable about the memory of the node.", Complexity: "O(1)",
	},
	{
		ID: MemoryHelp, Name: "memory|help", Arity: 2, Flags: always,
		Categories: []string{"@slow"}, Since: "4.0.0", Group: "server",
		Summary: "Lists the subcommands of MEMORY.", Complexity: "O(1)",
	},
	{
		ID: MemoryMallocStats, Name: "memory|malloc-stats", Arity: 2,
		Categories: []string{"@slow"}, Since: "4.0.0", Group: "server",
		Summary: "Reports what Go's allocator and collector count.", Complexity: "O(1)",
	},
	{
		ID: MemoryPurge, Name: "memory|purge", Arity: 2,
		Categories: []string{"@slow"}, Since: "4.0.0", Group: "server",
		Summary: "Collects garbage now and gives free memory back to the system.", Complexity: "O(N) in the bytes in use.",
	},
	{
		ID: MemoryStats, Name: "memory|stats", Arity: 2,
		Categories: []string{"@slow"}, Since: "4.0.0", Group: "server",
		Summary: "Tells for what the node uses its memory.", Complexity: "O(1)",
	},
	{
		ID: MemoryUsage, Name: "memory|usage", Arity: -3, Flags: FlagReadOnly, FirstKey: 2, LastKey: 2, Step: 1, Class: Read,
		Categories: []string{"@read", "@slow"}, Since: "4.0.0", Group: "server",
		Summary: "Estimates how many bytes the node holds for a key.", Complexity: "O(N) in the bytes of a long string.",
	},
}
