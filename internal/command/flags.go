package command

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
func (f Flags) Names() []string { return namesOf(uint32(f), flagNames[:]) }

// Categories are Redis's access categories.
type Categories uint32

// The categories, in the order in which Redis lists them.
const (
	CategoryKeyspace Categories = 1 << iota
	CategoryRead
	CategoryWrite
	CategorySet
	CategorySortedSet
	CategoryList
	CategoryHash
	CategoryString
	CategoryBitmap
	CategoryHyperLogLog
	CategoryGeo
	CategoryStream
	CategoryPubSub
	CategoryAdmin
	CategoryFast
	CategorySlow
	CategoryBlocking
	CategoryDangerous
	CategoryConnection
	CategoryTransaction
	CategoryScripting
	categoriesEnd
)

var categoryNames = [...]string{
	"@keyspace", "@read", "@write", "@set", "@sortedset", "@list", "@hash", "@string", "@bitmap", "@hyperloglog", "@geo",
	"@stream", "@pubsub", "@admin", "@fast", "@slow", "@blocking", "@dangerous", "@connection", "@transaction",
	"@scripting",
}

// Names lists the categories, by Redis's names with their leading @ and in Redis's order.
func (c Categories) Names() []string { return namesOf(uint32(c), categoryNames[:]) }

// CategoryNames lists all categories, as Names does.
func CategoryNames() []string { return (categoriesEnd - 1).Names() }

func namesOf(set uint32, all []string) []string {
	var names []string
	for i, name := range all {
		if set&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// categories are those that follow from flags.
func (f Flags) categories() (all Categories) {
	for _, rule := range []struct {
		flag     Flags
		category Categories
	}{
		{FlagWrite, CategoryWrite},
		{FlagReadOnly, CategoryRead},
		{FlagAdmin, CategoryAdmin | CategoryDangerous},
		{FlagPubSub, CategoryPubSub},
		{FlagBlocking, CategoryBlocking},
		{FlagFast, CategoryFast},
	} {
		if f&rule.flag != 0 {
			all |= rule.category
		}
	}
	if all&CategoryFast == 0 {
		all |= CategorySlow
	}
	return all
}
