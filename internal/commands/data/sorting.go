package data

import "github.com/raftredis/raftredis/internal/command"

var sortingCommands = []*command.Spec{Sort, SortRO}

// sortOptions are what stands behind the key of SORT and SORT_RO.
const sortOptions = " [BY <by-pattern:pattern=pattern>] [LIMIT limit={<offset:integer> <count:integer>}] " +
	"[GET <get-pattern:pattern=pattern>]... [order=(ASC | DESC)] [sorting=ALPHA]"

// storeOfSort is the position of the destination of SORT: behind the last STORE, 0 if there is none. What stands behind
// other options is no option.
func storeOfSort(args [][]byte) (at int) {
	var buf [command.MaxNameBytes]byte
	for i := 2; i < len(args); i++ {
		switch string(command.Lower(&buf, args[i])) {
		case "limit":
			i += 2
		case "get", "by":
			i++
		case "store":
			if i+1 < len(args) {
				at = i + 1
			}
		}
	}
	return at
}

// sortShare is about how much work it is to sort elements, for each byte.
const sortShare = 32

// costOfSort is the cost of SORT key …. What other keys hold for the elements is not known before: where that is
// copied, the call has an entry for itself.
func costOfSort(_ *command.Spec, args [][]byte, stored command.Stored) command.Estimate {
	there := stored.Weigh(args[1])
	e := command.Estimate{Work: sortShare * there, Made: there}
	if storeOfSort(args) > 0 && (command.Contains(args, 2, "by") || command.Contains(args, 2, "get")) {
		e.Work = max(e.Work, command.MaxEntryWork)
	}
	return e
}

// The commands that sort.
var (
	Sort = &command.Spec{
		Name:       "sort",
		Usage:      "<key:key>" + sortOptions + " [STORE <destination:key>]",
		Arity:      -2,
		Class:      command.Write,
		ReadsIf:    func(args [][]byte) bool { return storeOfSort(args) == 0 },
		Cost:       costOfSort,
		Flags:      command.FlagWrite | command.FlagDenyOOM,
		Categories: command.CategorySet | command.CategorySortedSet | command.CategoryList | command.CategoryDangerous,
		KeySpecs: []command.KeySpec{
			command.OneKey(1, command.Reads),
			command.UnknownKeys(command.Reads, nil),
			command.UnknownKeys(command.Replaces, storeOfSort),
		},
		Group:      "generic",
		Since:      "1.0.0",
		Summary:    "Sorts the elements of a list, a set or a sorted set, and answers with them or stores them as a list.",
		Complexity: "O(N+M*log(M)) in the number of elements that are sorted, N, and of those in the answer, M.",
	}
	SortRO = &command.Spec{
		Name:       "sort_ro",
		Usage:      "<key:key>" + sortOptions,
		Arity:      -2,
		Class:      command.Read,
		Linear:     true,
		Cost:       costOfSort,
		Flags:      command.FlagReadOnly,
		Categories: command.CategorySet | command.CategorySortedSet | command.CategoryList | command.CategoryDangerous,
		KeySpecs:   []command.KeySpec{command.OneKey(1, command.Reads), command.UnknownKeys(command.Reads, nil)},
		Group:      "generic",
		Since:      "7.0.0",
		Summary:    "Sorts the elements of a list, a set or a sorted set, and answers with them.",
		Complexity: "O(N+M*log(M)) in the number of elements that are sorted, N, and of those in the answer, M.",
	}
)
