package command

// ID names a command or subcommand within one build. Zero is no command.
type ID uint16

// Class says what a command touches, and so how it travels.
type Class uint8

// The classes.
const (
	// Barrier touches the connection or the node, not the key space. It ends the run before it.
	Barrier Class = iota
	// Read only looks at the key space: it is answered at a confirmed index and never enters the log.
	Read
	// Write may change the key space: it goes through the log.
	Write
)

// Flags are Redis's command flags, as COMMAND reports them.
type Flags uint32

// The flags, in the order in which Redis lists them.
const (
	FlagWrite           Flags = 1 << iota // may change the key space
	FlagReadOnly                          // never changes the key space
	FlagDenyOOM                           // refused while memory is short
	FlagAdmin                             // for administrators
	FlagPubSub                            // concerns messages between clients
	FlagNoScript                          // not from scripts
	FlagBlocking                          // may wait for something to happen
	FlagLoading                           // answered while the node loads its state
	FlagStale                             // answered by a node that knows its state to be old
	FlagSkipMonitor                       // not shown to monitors
	FlagSkipSlowlog                       // not kept among slow commands
	FlagAsking                            // takes keys that ASK has sent here
	FlagFast                              // constant or logarithmic time
	FlagNoAuth                            // answered before AUTH
	FlagMayReplicate                      // reaches other nodes without being a write
	FlagNoMandatoryKeys                   // may be called without any key
	FlagNoAsyncLoading                    // not while the node takes over another's state
	FlagNoMulti                           // not in a transaction
	FlagMovableKeys                       // where its keys stand depends on other arguments
	FlagAllowBusy                         // answered while a script runs too long
	flagsEnd
)

var flagNames = [...]string{
	"write", "readonly", "denyoom", "admin", "pubsub", "noscript", "blocking", "loading", "stale", "skip_monitor",
	"skip_slowlog", "asking", "fast", "no_auth", "may_replicate", "no_mandatory_keys", "no_async_loading", "no_multi",
	"movablekeys", "allow_busy",
}

// Names lists the flags that are set, by Redis's names and in Redis's order.
func (f Flags) Names() []string {
	var names []string
	for i, name := range flagNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// Spec describes one command or subcommand.
type Spec struct {
	ID ID
	// Name is in lower case; a subcommand's is container|subcommand, as in error texts and access rules.
	Name string
	// Arity is the exact number of arguments, names included, if positive, and the least number if negative.
	Arity int
	Flags Flags
	// FirstKey is the position of the first key, 0 if there is none. LastKey is that of the last one, counted from
	// the end if negative (-1 is the last argument). Step is the distance between keys.
	FirstKey, LastKey, Step int
	// Categories are the access categories, each with its leading @.
	Categories []string
	// Since is the version of Redis in which the command appeared, or whose behaviour is followed where Redis does not
	// have the command; Group is its chapter.
	Since, Group string
	// Summary says in one line what the command does, Complexity what it costs.
	Summary, Complexity string
	Class               Class
	// Linear marks a read whose cost grows with what is stored, not only with what is asked: it ends a run, and is
	// answered from a frozen state.
	Linear bool
	// Subcommands are those of a container; their arities and key positions count from the container's name.
	Subcommands []Spec
}

// AcceptsArgc reports whether a call with argc arguments, names included, has an acceptable number of them.
func (s *Spec) AcceptsArgc(argc int) bool {
	if s.Arity >= 0 {
		return argc == s.Arity
	}
	return argc >= -s.Arity
}

// Keys appends to dst the positions in args of the command's keys, in order. Positions that the call does not have are
// left out, so that any args are safe.
func (s *Spec) Keys(dst []int, args [][]byte) []int {
	if s.FirstKey == 0 {
		return dst
	}
	last := s.LastKey
	if last < 0 {
		last += len(args)
	}
	for i := s.FirstKey; i <= last && i < len(args); i += s.Step {
		dst = append(dst, i)
	}
	return dst
}
