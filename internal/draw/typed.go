package draw

import (
	"strconv"
	"strings"
)

// typedKeys are names at which values of one type mostly stand, by the first letter of the type: so commands of a
// family meet what they work on, and now and then what they do not.
var typedKeys = []string{
	"h1", "h2", "{a}h3", "l1", "l2", "{a}l3", "s1", "s2", "{a}s3", "z1", "z2", "{a}z3",
	"x1", "{a}x2", "p1", "p2", "g1", "g2",
}

// otherShare is how rarely a command of a family gets another key than one of its own.
const otherShare = 16

// typed is a key of a type.
func (x *Mix) typed(letter string) string {
	if x.IntN(otherShare) == 0 {
		return x.anyKey()
	}
	for {
		if name := typedKeys[x.IntN(len(typedKeys))]; strings.HasPrefix(strings.TrimPrefix(name, "{a}"), letter) {
			return name
		}
	}
}

// typedMany are one key of a type or several.
func (x *Mix) typedMany(letter string) (keys []string) {
	for range 1 + x.IntN(3) {
		keys = append(keys, x.typed(letter))
	}
	return keys
}

// anyKey is a key at which a value of any type may stand.
func (x *Mix) anyKey() string {
	if x.IntN(3) > 0 {
		return typedKeys[x.IntN(len(typedKeys))]
	}
	return x.pick(x.Keys...)
}

func (x *Mix) anyKeys() (keys []string) {
	for range 1 + x.IntN(4) {
		keys = append(keys, x.anyKey())
	}
	return keys
}

// member is an element of a set, a field of a hash, or their like: of few, so that they meet.
func (x *Mix) member() string {
	switch x.IntN(8) {
	case 0:
		return x.pick("", "\x00", "007", "-0", "1.5", "\xff\r\n", "9223372036854775807", "9223372036854775808",
			strings.Repeat("m", 63), strings.Repeat("m", 64), strings.Repeat("m", 65), strings.Repeat("M", 300))
	case 1, 2:
		return "m" + strconv.Itoa(x.IntN(12))
	case 3:
		return x.pick("a", "b", "c", "B")
	}
	return strconv.Itoa(x.IntN(16) - 4)
}

func (x *Mix) members(limit int) (all []string) {
	for range 1 + x.IntN(limit) {
		all = append(all, x.member())
	}
	return all
}

// crowd are so many different members, about as many as a limit of an encoding: numbers, or text.
func (x *Mix) crowd() (all []string) {
	prefix := x.pick("", "", "m", "x")
	from := x.IntN(30)
	for i := range x.pickInt(20, 127, 128, 129, 150, 520) {
		all = append(all, prefix+strconv.Itoa(from+i))
	}
	return all
}

// someMembers are mostly few, and now and then many.
func (x *Mix) someMembers() []string {
	if x.IntN(30) == 0 {
		return x.crowd()
	}
	return x.members(4)
}

func (x *Mix) pickInt(numbers ...int) int { return numbers[x.IntN(len(numbers))] }

// count is how many of something are asked for, or nearly that.
func (x *Mix) count() string {
	if x.IntN(10) == 0 {
		return x.pick("x", "", "1.5", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "+1")
	}
	return strconv.Itoa(x.IntN(8) - 1)
}

// position is a position from either end of something short.
func (x *Mix) position() string {
	if x.IntN(12) == 0 {
		return Position(x.Rand)
	}
	return strconv.Itoa(x.IntN(16) - 6)
}

// option is a word with the words of its value, in some mixture of case.
func (x *Mix) option(word string, value ...string) []string {
	return append([]string{x.spelled(word)}, value...)
}

// scanOf are the arguments of a scan of one value, all at once.
func (x *Mix) scanOf(key string) []string {
	args := []string{key, x.pick("0", "0", "0", "0", "0", "x", "", "18446744073709551616"), "count", "100000"}
	return x.with(args, 2, func() []string {
		switch x.IntN(8) {
		case 0, 1, 2, 3:
			return x.option("match", x.pick("*", "m*", "?", "[0-9]*", "*1", "a", "", "\x00*"))
		case 4:
			return x.option("count", x.pick("100001", "0", "-1", "x"))
		}
		return x.option(x.pick("match", "count", "type", "nosuch"))
	})
}

// numkeys puts the number of keys before them, rarely a wrong one.
func (x *Mix) numkeys(keys []string) []string {
	number := strconv.Itoa(len(keys))
	if x.IntN(15) == 0 {
		number = x.pick("0", "-1", "x", "1", "2", "5", "9223372036854775807")
	}
	return append([]string{number}, keys...)
}
