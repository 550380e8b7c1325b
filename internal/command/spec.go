package command

import "slices"

// Spec describes one command or subcommand. Each is a literal in the file of its family.
type Spec struct {
	// Name is in lower case; a subcommand's is container|subcommand, as in error texts and access rules.
	Name string
	// Usage is what stands behind the name, in the notation of parseUsage; empty if nothing does. It becomes Arguments.
	Usage string
	// Arity is the exact number of arguments, names included, if positive, and the minimum if negative.
	Arity int
	Class Class
	// Linear marks a read whose cost grows with what is stored, not only with what is asked: where that is much, it is
	// answered from a frozen state. See Spec.ReadWork.
	Linear bool
	// Asks says that the function of a read weighs it, since only that knows how much of a value is asked for: not the
	// value as a whole, as Linear would have it. See exec.Call.IsTooMuch.
	Asks bool
	// Cost estimates a call, where how much work it is does not follow from the length of its arguments: of a write, to
	// apply it; of a read, in place of what Linear says. Nil where it does.
	Cost Cost
	// ReadsIf tells by the arguments that a call of a write changes nothing: it is executed as a read. Nil: none does.
	ReadsIf func(args [][]byte) bool
	// Fills tells by the arguments that a call of a read may keep its answer in the value that it reads, as a cache: where
	// it finds none there it is executed as a write. See Run.MayFill. Nil: none does.
	Fills func(args [][]byte) bool
	// OfNode marks a read with a reply that is the node's own: other nodes with the same state may answer otherwise.
	OfNode bool
	// Wraps is the position from which the arguments are another command, 0 if there is none: its keys are the call's.
	Wraps int
	Flags Flags
	// BlockOption is the option, in lower case, without which a call with FlagBlocking does not wait; empty: it always
	// may.
	BlockOption string
	// Categories are the access categories that do not follow from Flags.
	Categories Categories
	// KeySpecs say where the keys stand, in the order of the keys.
	KeySpecs []KeySpec
	// FindKeys finds the keys of a call where KeySpecs tell less than that: it appends their positions to dst. Nil:
	// KeySpecs tell.
	FindKeys func(dst []int, args [][]byte) []int
	// EndsRun says that nothing may follow a call in its run. It is that of WATCH, behind which no write of the same
	// entry may change a key, and of SWAPDB, behind which other values are at the keys than those that were weighed.
	EndsRun bool
	// LaysOut marks a write of which it depends on Layout what it leaves.
	LaysOut bool
	// Selects marks SELECT: the calls behind it in a run are in the database that it names.
	Selects bool
	// Globs is the position from which arguments may be patterns (package glob), 0 if none is: a long one is refused.
	Globs int
	// Tips are hints for client libraries on how to send the command and what to make of its reply.
	Tips []string
	// Group is the command's chapter. Since is the version of Redis in which the command appeared, or whose behaviour is
	// followed where Redis does not have the command.
	Group, Since string
	// Level is the feature level in which the command came; 0 for the first one. It counts for writes, and for what
	// RAFT.ONCE takes.
	Level uint8
	// Summary says in one line what the command does, Complexity what it costs.
	Summary, Complexity string
	// Help is what HELP says of a subcommand; a container's comes before those of its subcommands.
	Help []string
	// Subcommands are those of a container, in the order of HELP; the table sorts them by name. Their arities and key
	// positions count from the container's name.
	Subcommands []*Spec

	// What follows is worked out once, by complete.
	id        int
	table     *Table
	container *Spec
	keys      keyRange
	moves     bool
	channels  bool
	arguments []Argument
	help      []string
}

// OwnSince is the Since of commands that Redis does not have.
const OwnSince = "7.2.4"

// complete works out what follows from the literal.
func (s *Spec) complete(id int, table *Table, container *Spec) {
	s.id, s.table, s.container = id, table, container
	s.keys = rangeOf(s.KeySpecs)
	s.channels = len(s.KeySpecs) > 0 && s.KeySpecs[0].Flags[0] == IsChannel[0]
	if s.moves = slices.ContainsFunc(s.KeySpecs, func(k KeySpec) bool { return k.moves() }); s.moves {
		s.Flags |= FlagMovableKeys
	}
	s.help = slices.Clone(s.Help)
	for _, sub := range s.Subcommands {
		s.help = append(s.help, sub.Help...)
	}
	slices.SortFunc(s.Subcommands, inOrder)
	if s.Usage != "" {
		s.arguments = ParseUsage(s.Usage, len(s.KeySpecs))
		s.bindPatterns()
	}
}

// reads reports whether a call of a write changes nothing.
func (s *Spec) reads(args [][]byte) bool { return s.ReadsIf != nil && s.ReadsIf(args) }

// MayWrite reports whether a call may be executed as a write: if it is one, or fills a cache.
func (s *Spec) MayWrite(args [][]byte) bool { return s.Class == Write || s.fills(args) }

// fills reports whether a call of a read may fill a cache.
func (s *Spec) fills(args [][]byte) bool { return s.Fills != nil && s.Fills(args) }

// ID is the command's place in arrays of IDs() elements, such as an array of functions; 0 is no command's.
func (s *Spec) ID() int { return s.id }

// Container is the command that a subcommand belongs to, nil for a command.
func (s *Spec) Container() *Spec { return s.container }

// Arguments are what stands behind the name; callers must not change them.
func (s *Spec) Arguments() []Argument { return s.arguments }

// HelpLines are what the subcommand HELP of a container answers; callers must not change them.
func (s *Spec) HelpLines() []string { return s.help }

// AllCategories are the access categories, with those that follow from the flags.
func (s *Spec) AllCategories() Categories { return s.Categories | s.Flags.categories() }

// MayBlock reports whether a call may wait for something to happen. It may say so of a call that has an argument like
// the option by chance.
func (s *Spec) MayBlock(args [][]byte) bool {
	return s.Flags&FlagBlocking != 0 && s.Class != Barrier && (s.BlockOption == "" || Contains(args, 1, s.BlockOption))
}

// EndsItsRun reports whether nothing may follow a call in its run, also by RAFT.ONCE.
func (s *Spec) EndsItsRun(args [][]byte) bool {
	if s.Wraps == 0 {
		return s.EndsRun
	}
	inner, _, fault := s.inner(args)
	return fault == NoFault && inner.EndsRun
}

// AcceptsArgc reports whether a call with argc arguments, names included, has an acceptable number of them.
func (s *Spec) AcceptsArgc(argc int) bool {
	if s.Arity >= 0 {
		return argc == s.Arity
	}
	return argc >= -s.Arity
}

// Tips for client libraries, in the words of COMMAND INFO. They are Redis's, with one exception. There, every shard has
// keys of its own, and tips tell libraries to ask all shards and to add up what they say. Here every node has all keys:
// a library that followed such a tip would count each key several times. So no command on keys tells libraries to ask
// all shards.
const (
	TipVaries        = "nondeterministic_output"
	TipVariesInOrder = "nondeterministic_output_order"
	TipBySlot        = "request_policy:multi_shard"
	TipEveryNode     = "request_policy:all_nodes"
	TipAllWell       = "response_policy:all_succeeded"
	TipAddUp         = "response_policy:agg_sum"
	TipOwnWay        = "response_policy:special"
)
