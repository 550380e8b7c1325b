package draw

import (
	"slices"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/internal/reply"
)

// comparison says how far two servers with the same contents answer a call with the same bytes.
type comparison int

// Zero is a comparison to the byte.
const (
	// inAnyOrder: the same elements.
	inAnyOrder comparison = iota + 1
	// pairsInAnyOrder: the same pairs of elements.
	pairsInAnyOrder
	// scanInAnyOrder and scanPairsInAnyOrder: a cursor, and the same elements or pairs.
	scanInAnyOrder
	scanPairsInAnyOrder
	// chosen: as many elements of the same kinds. Which ones is each server's choice.
	chosen
	// loosely: both answer, or both with the same error. What they answer has times or layouts in it.
	loosely
)

// comparisons are those of the commands that are not compared to the byte.
var comparisons = map[string]comparison{
	"hgetall": pairsInAnyOrder, "hkeys": inAnyOrder, "hvals": inAnyOrder, "hrandfield": chosen,
	"hscan":    scanPairsInAnyOrder,
	"smembers": inAnyOrder, "sinter": inAnyOrder, "sunion": inAnyOrder, "sdiff": inAnyOrder, "srandmember": chosen,
	"spop": inAnyOrder, "sscan": scanInAnyOrder,
	"zrandmember": chosen, "zscan": scanPairsInAnyOrder,
	"geosearch": inAnyOrder, "georadius": inAnyOrder, "georadius_ro": inAnyOrder, "georadiusbymember": inAnyOrder,
	"georadiusbymember_ro": inAnyOrder,
	"xinfo stream":         loosely, "xinfo consumers": loosely,
	"keys": inAnyOrder, "scan": scanInAnyOrder, "randomkey": chosen,
}

// Same reports whether two replies to a call of a command, in one protocol, say the same, as far as that is not each
// server's own choice. name is the command's name in a mix.
func Same(name string, line []string, one, other string) bool {
	if one == other {
		return true
	}
	if one == "" || other == "" || one[0] == '-' || other[0] == '-' {
		return false
	}
	how := comparisons[name]
	if name == "xpending" && len(line) > 3 { // how long entries have been idle
		how = loosely
	}
	if (name == "sort" || name == "sort_ro") && strings.Contains(one+other, "\x00") {
		how = chosen // Redis compares text up to the first zero byte: what is equal up to there has no order
	}
	switch how {
	case inAnyOrder:
		return sameElements(one, other, 1)
	case pairsInAnyOrder:
		return sameElements(one, other, 2)
	case scanInAnyOrder:
		return sameScan(one, other, 1)
	case scanPairsInAnyOrder:
		return sameScan(one, other, 2)
	case chosen:
		return sameForm(one, other)
	}
	return how == loosely
}

// Contents are calls that show all that is stored at a key of a type, as TYPE names it.
func Contents(typeName, key string) [][]string {
	switch typeName {
	case "string":
		return [][]string{{"get", key}}
	case "hash":
		return [][]string{{"hgetall", key}, {"hlen", key}}
	case "set":
		return [][]string{{"smembers", key}, {"scard", key}}
	case "zset":
		return [][]string{{"zrange", key, "0", "-1", "withscores"}, {"zcard", key}}
	case "list":
		return [][]string{{"lrange", key, "0", "-1"}, {"llen", key}}
	case "stream":
		return [][]string{{"xrange", key, "-", "+"}, {"xlen", key}, {"xinfo", "groups", key}}
	}
	return nil
}

// elements are those of an array, a set or a map; ok is false for another reply.
func elements(text string) (all []string, ok bool) {
	header, rest, found := strings.Cut(text, "\r\n")
	if !found || !strings.ContainsRune("*~%", rune(text[0])) {
		return nil, false
	}
	count, err := strconv.Atoi(header[1:])
	if err != nil || count < 0 {
		return nil, false
	}
	for left := []byte(rest); len(left) > 0; {
		behind := reply.Skip(left)
		all = append(all, string(left[:len(left)-len(behind)]))
		left = behind
	}
	return all, true
}

// sameElements reports whether two arrays have the same header and, in groups of so many, the same elements.
func sameElements(one, other string, group int) bool {
	ones, ok := elements(one)
	others, okToo := elements(other)
	if !ok || !okToo || one[0] != other[0] || len(ones) != len(others) || len(ones)%group != 0 {
		return false
	}
	return slices.Equal(grouped(ones, group), grouped(others, group))
}

func grouped(all []string, size int) (groups []string) {
	for part := range slices.Chunk(all, size) {
		groups = append(groups, strings.Join(part, ""))
	}
	slices.Sort(groups)
	return groups
}

// sameScan reports whether both have the same cursor and elements.
func sameScan(one, other string, group int) bool {
	ones, ok := elements(one)
	others, okToo := elements(other)
	return ok && okToo && len(ones) == 2 && len(others) == 2 && ones[0] == others[0] &&
		sameElements(ones[1], others[1], group)
}

// sameForm reports whether two replies are of the same kind, and as long.
func sameForm(one, other string) bool {
	ones, ok := elements(one)
	others, okToo := elements(other)
	return ok == okToo && len(ones) == len(others) && one[0] == other[0] && isNull(one) == isNull(other)
}

func isNull(text string) bool {
	return strings.HasPrefix(text, "$-1") || strings.HasPrefix(text, "*-1") || strings.HasPrefix(text, "_")
}
