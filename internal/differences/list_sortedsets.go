package differences

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// sortedSetList has the differences in sorted sets and places.
var sortedSetList = []Difference{
	{
		ID:    "digits-of-scores",
		Redis: "a score is spelled with 17 digits by Redis 7.0; 7.2 spells it with fewer, now and then not with the fewest",
		Here:  "it is spelled with the fewest digits that give it back, in the form of 7.2",
		Why:   "the digits are read as the same number",
		Probes: []Probe{
			{[]string{"ZADD k 0.1 a", "ZSCORE k a"}, `\$19\r\n0\.10000000000000001\r\n`, `\$3\r\n0\.1\r\n`},
		},
		Excuses: func(call []string, redis, here string) bool {
			if calls(call, "ZSCAN") { // in the order of each server
				redis, here = sortedLines(redis), sortedLines(here)
			}
			return isOfScores(call) && sameNumbers(redis, here, 0)
		},
	},
	{
		ID:    "last-digit-of-a-distance",
		Redis: "a distance of two places is computed by the mathematical library of the system",
		Here: "it is computed by this project's own, and may differ in the last of 16 digits; between places on opposite " +
			"sides of the earth by a tenth of a millimeter",
		Why:   "a distance can be stored, and every node must store the same",
		Proof: "TestDistancesAreThoseOfRedis",
		Excuses: func(call []string, redis, here string) bool {
			if isOfPlaces(call) {
				return sameNumbers(redis, here, maxDistanceError)
			}
			return isOfScores(call) && sameNumbers(redis, here, maxStoredError)
		},
	},
	{
		ID:    "zero-with-a-sign",
		Redis: "a score of -0 is kept in a sorted set that is large or has a long member, and is 0 in all others",
		Here:  "it is 0",
		Why:   "how a value lies in memory may differ between nodes, and replies must not",
		Probes: []Probe{{
			[]string{"ZADD k -0 " + strings.Repeat("m", 65), "ZSCORE k " + strings.Repeat("m", 65)},
			`\$2\r\n-0\r\n`, `\$1\r\n0\r\n`,
		}},
	},
	{
		ID:    "ranges-of-names",
		Redis: "a range of names (`ZRANGEBYLEX`) of a sorted set whose scores differ depends on chance if the set is large",
		Here:  "it is found as in a small set of Redis: by a walk from the first element that is in the range",
		Why:   "such a range has no meaning, but `ZREMRANGEBYLEX` must remove the same elements on all nodes",
		Proof: "TestRangesOfNamesDependOnNoLayout",
		Excuses: func(call []string, redis, here string) bool {
			return hasNames(call) && !isError(redis) && !isError(here)
		},
		Avoids: func(call []string) bool {
			return hasNames(call) && (calls(call, "ZREMRANGEBYLEX") || calls(call, "ZRANGESTORE"))
		},
	},
	{
		ID: "random-elements",
		Redis: "`ZRANDMEMBER`, `SRANDMEMBER` and `HRANDFIELD` with a negative count make as many elements, and end the " +
			"connection when they are more than `client-output-buffer-limit` allows",
		Here:   "they are refused with an error when they would be, and when they are more than 1,048,576",
		Why:    "a reply that no client gets need not be made, while all clients wait, nor one that takes all memory",
		Proof:  "TestRandomMembersAreBounded",
		Avoids: asksForMany,
	},
	{
		ID: "range-error-that-stays",
		Redis: "a number of a command that is too large or too small for a float may let a later `SORT` fail: the error of " +
			"the one is taken for that of the other",
		Here:  "`SORT` fails for elements that are no numbers only",
		Why:   "what a command answers follows from its arguments and the keys",
		Proof: "TestSortFailsForItsOwnElementsOnly",
		Excuses: func(call []string, redis, here string) bool {
			return sorts(call) && strings.HasPrefix(redis, "-ERR One or more scores") && !isError(here)
		},
		Avoids: func(call []string) bool { return sorts(call) && hasWord(call, "STORE") && !hasWord(call, "ALPHA") },
	},
	{
		ID: "sort-of-a-set-as-it-is",
		Redis: "`SORT` of a set by a pattern without an asterisk answers with the members as they lie in memory, and takes " +
			"the first of them for `LIMIT`",
		Here:  "it answers with them in the order of `SMEMBERS`, which is the same on every node",
		Why:   "such a `SORT` asks for no order",
		Proof: "TestElementsAreSortedByOtherKeys",
		Excuses: func(call []string, redis, here string) bool {
			if !sorts(call) || !hasWord(call, "BY") {
				return false
			}
			some := hasWord(call, "LIMIT") && asksForNoOrder(call)
			return sortedLines(redis) == sortedLines(here) ||
				some && elementsOf(redis) > 0 && elementsOf(redis) == elementsOf(here)
		},
	},
	{
		ID:    "places-as-far",
		Redis: "`COUNT` takes any of the places that are as far as each other, and answers with them in any order",
		Here:  "it takes them in the order in which they are found, which is that of a search without `COUNT`",
		Why:   "replies are the same on every node",
		Probes: []Probe{{
			[]string{
				"GEOADD k 13.3 38.1 a 13.3 38.1 b 13.3 38.1 c 13.3 38.1 d 13.3 38.1 e 13.3 38.1 f 13.3 38.1 g 13.4 38.1 far",
				"GEORADIUS k 13 38 300 km COUNT 3 DESC",
			},
			`(?s:\*3.*far.*\$1\r\nb.*\$1\r\nc\r\n)`, `(?s:\*3.*far.*\$1\r\na.*\$1\r\nb\r\n)`,
		}},
		Excuses: func(call []string, redis, here string) bool {
			return isOfPlaces(call) && hasWord(call, "COUNT") && elementsOf(redis) > 0 &&
				elementsOf(redis) == elementsOf(here) && sortedNumbers(redis) == sortedNumbers(here) &&
				namesApart(redis, here) <= maxNamesApart
		},
	},
	{
		ID:    "rank-with-score",
		Redis: "`ZRANK` and `ZREVRANK` of Redis 7.0 have no `WITHSCORE`",
		Here:  "they have it, as in 7.2",
		Why:   "the behaviour of 7.2 is followed",
		Newer: true,
		Probes: []Probe{{
			[]string{"ZADD k 1 a", "ZRANK k a WITHSCORE"},
			`-ERR wrong number of arguments .*\r\n`, `\*2\r\n:0\r\n\$1\r\n1\r\n`,
		}},
		Excuses: func(call []string, redis, _ string) bool {
			return (calls(call, "ZRANK") || calls(call, "ZREVRANK")) && len(call) >= 4 &&
				hasPrefix(redis, "-ERR wrong number of arguments")
		},
	},
}

// maxRandomElements is how many elements a comparison asks for.
const maxRandomElements = 1000

// asksForMany reports whether a call asks for so many elements at random that Redis is busy for minutes.
func asksForMany(call []string) bool {
	if !calls(call, "ZRANDMEMBER") && !calls(call, "SRANDMEMBER") && !calls(call, "HRANDFIELD") || len(call) < 3 {
		return false
	}
	count, err := strconv.ParseInt(call[2], 10, 64)
	return err == nil && count < -maxRandomElements && count > math.MinInt64
}

func sorts(call []string) bool { return calls(call, "SORT") || calls(call, "SORT_RO") }

// asksForNoOrder reports whether a call of SORT has no pattern that names keys: the last one counts.
func asksForNoOrder(call []string) bool {
	none := false
	for i := 2; i+1 < len(call); i++ {
		switch strings.ToUpper(call[i]) {
		case "BY":
			i++
			none = !strings.Contains(call[i], "*")
		case "GET":
			i++
		case "LIMIT":
			i += 2
		}
	}
	return none
}

// maxNamesApart is how many of the names in two replies may differ that are those of places as far as each other.
const maxNamesApart = 3

// sortedNumbers are the distances, positions and hashes of a reply with places, in order.
func sortedNumbers(reply string) string {
	var numbers []string
	for _, line := range strings.Split(reply, "\r\n") {
		if _, err := strconv.ParseFloat(strings.TrimLeft(line, ":,"), 64); err == nil {
			numbers = append(numbers, line)
		}
	}
	slices.Sort(numbers)
	return strings.Join(numbers, " ")
}

// namesApart is how many lines of a reply the other one does not have.
func namesApart(reply, other string) (apart int) {
	lines := strings.Split(other, "\r\n")
	for _, line := range strings.Split(reply, "\r\n") {
		if at := slices.Index(lines, line); at >= 0 {
			lines = slices.Delete(lines, at, at+1)
		} else {
			apart++
		}
	}
	return apart
}

// elementsOf is how many elements a reply says that it has, -1 for one that is no array.
func elementsOf(reply string) int {
	count, _, _ := strings.Cut(reply, "\r\n")
	n, err := strconv.Atoi(strings.TrimPrefix(count, "*"))
	if err != nil || !strings.HasPrefix(count, "*") {
		return -1
	}
	return n
}

// hasWord reports whether one of the arguments is a word.
func hasWord(call []string, word string) bool {
	return slices.ContainsFunc(call, func(arg string) bool { return strings.EqualFold(arg, word) })
}

// maxDistanceError is how far two distances of the same places may be from each other, in any unit, as they are shown;
// maxStoredError is how far those that were stored may be, in units that are hundreds.
const maxDistanceError, maxStoredError = 0.00015, 1e-9

func isOfScores(call []string) bool {
	return len(call) > 0 && hasPrefix(call[0], "z") || isOfPlaces(call)
}

func isOfPlaces(call []string) bool { return len(call) > 0 && hasPrefix(call[0], "geo") }

// hasNames reports whether a call asks for a range of names.
func hasNames(call []string) bool {
	isByName := len(call) > 0 && hasPrefix(call[0], "z") && strings.Contains(strings.ToLower(call[0]), "lex")
	return isByName || hasWord(call, "BYLEX")
}

// sortedLines are the lines of a reply without lengths, in the order of their texts, or of numbers for those that are.
func sortedLines(reply string) string {
	var lines []string
	for _, line := range strings.Split(reply, "\r\n") {
		if n, err := strconv.ParseFloat(line, 64); err == nil {
			if n == 0 {
				n = 0 // without its sign
			}
			line = strconv.FormatFloat(n, 'g', -1, 64)
		}
		if !strings.HasPrefix(line, "$") {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\r\n")
}

// sameNumbers reports whether two replies are the same but for the spelling of numbers, which may be so far from each
// other.
func sameNumbers(one, other string, apart float64) bool {
	lines, others := strings.Split(one, "\r\n"), strings.Split(other, "\r\n")
	if len(lines) != len(others) {
		return false
	}
	for i := range lines {
		if lines[i] == others[i] || strings.HasPrefix(lines[i], "$") && strings.HasPrefix(others[i], "$") {
			continue // a length, of which the next line is the text
		}
		a, err := strconv.ParseFloat(strings.TrimPrefix(lines[i], ","), 64)
		b, errToo := strconv.ParseFloat(strings.TrimPrefix(others[i], ","), 64)
		if err != nil || errToo != nil || a != b && !(math.Abs(a-b) <= apart) {
			return false
		}
	}
	return true
}
