package fsm

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/internal/differences"
)

// mixedKeys are the keys of the mix: few, so that commands meet, of every length and of any bytes.
var mixedKeys = []string{"a", "b", "c", "{a}1", "", "d\x00e", "\xff\r\n", "f" + strings.Repeat("\x80", 64)}

// mix draws calls of all commands, weighted to what is at an edge.
type mix struct {
	*rand.Rand
	// now is the time at both servers, in milliseconds, shortly before the call is made.
	now int64
}

func newMix(r *rand.Rand) *mix { return &mix{Rand: r} }

func (x *mix) pick(words ...string) string { return words[x.IntN(len(words))] }

func (x *mix) key() string { return x.pick(mixedKeys...) }

func (x *mix) keys() (keys []string) {
	for range 1 + x.IntN(4) {
		keys = append(keys, x.key())
	}
	return keys
}

// value is what a key is set to: something for each family of commands.
func (x *mix) value() string {
	switch x.IntN(6) {
	case 0:
		return x.pick("1", "-7", "007", "text", strings.Repeat("x", 44), strings.Repeat("x", 45), "")
	case 1, 2:
		return string(randomNumber(x.Rand))
	case 3:
		return randomDecimal(x.Rand)
	}
	return randomString(x.Rand)
}

// with adds up to so many options.
func (x *mix) with(args []string, limit int, option func() []string) []string {
	for range x.IntN(limit + 1) {
		args = append(args, option()...)
	}
	return args
}

// when is a time that no key reaches while the test runs, or one long ago, or nonsense.
func (x *mix) when() string {
	if x.IntN(2) == 0 { // as seconds in some years, as milliseconds in a day, as a moment long ago
		return strconv.FormatInt(100_000_000+x.Int64N(1_000_000_000), 10)
	}
	return x.pick("0", "-1", "1.5", "x", "", "9223372036854775807", "-9223372036854775808", "9223372036854776",
		"-9223372036854776", "99999999999", "99999999999999", "5000000000000", "1")
}

// later is a time from now that keys reach while the test runs, in milliseconds or seconds, or an edge.
func (x *mix) later(unit int64) string {
	if x.IntN(3) == 0 {
		return x.when()
	}
	return strconv.FormatInt(1+x.Int64N(5)/(1+unit/500), 10)
}

// instant is a time of day before, at or behind the present one, or an edge.
func (x *mix) instant(unit int64) string {
	if x.IntN(3) == 0 {
		return x.when()
	}
	return strconv.FormatInt((x.now+x.Int64N(12)-3)/unit, 10)
}

// until is an option of SET and GETEX that sets a time, or nearly one.
func (x *mix) until() []string {
	switch x.IntN(5) {
	case 0:
		return []string{pick(x.Rand, "ex"), x.later(millisPerSecond)}
	case 1, 2:
		return []string{pick(x.Rand, "px"), x.later(1)}
	case 3:
		return []string{pick(x.Rand, "exat"), x.instant(millisPerSecond)}
	}
	return []string{pick(x.Rand, "pxat"), x.instant(1)}
}

func (x *mix) setOptions() (options []string) {
	for range []int{0, 0, 0, 1, 1, 1, 2, 3}[x.IntN(8)] {
		if x.IntN(2) == 0 {
			options = append(options, x.until()...)
		} else {
			options = append(options, pick(x.Rand, "nx xx get keepttl get"))
		}
	}
	return options
}

func (x *mix) condition() []string {
	return []string{x.pick("nx", "XX", "gt", "LT", "gt", "lt", "foo\x00bar", "")}
}

func (x *mix) copyOption() []string {
	if x.IntN(2) == 0 {
		return []string{"replace"}
	}
	return []string{"db", x.pick("0", "0", "1", "-1", "x", "99999999999", "2147483648", "99999999999999999999")}
}

func (x *mix) getEXOptions() []string {
	switch x.IntN(4) {
	case 0:
		return nil
	case 1:
		return []string{pick(x.Rand, "persist")}
	}
	return x.until()
}

// scan begins at the beginning and looks at everything: what a cursor in between means is each server's own.
func (x *mix) scan() []string {
	args := []string{x.pick("0", "0", "0", "0", "0", "0", "", "x", "1_0", "18446744073709551616"), "count", "100000"}
	return x.with(args, 2, func() []string {
		switch x.IntN(8) {
		case 0, 1, 2:
			return []string{pick(x.Rand, "match"), x.pattern()}
		case 3, 4:
			return []string{pick(x.Rand, "type"), x.pick("string", "STRING", "hash", "", "x")}
		case 5:
			return []string{pick(x.Rand, "count"), x.pick("100001", "0", "-1", "x", "9223372036854775807")}
		}
		return []string{pick(x.Rand, "match type count nosuch")}
	})
}

func (x *mix) pattern() string {
	return x.pick("*", "?", "[a-b]", "{a}*", "", "\\a", "[^a]", "*\x00*", "f*", "[", "*[", "\\", "a", "[]a]", "**")
}

// ingredient is one command of the mix.
type ingredient struct {
	name string
	// weight is how often it is drawn, as compared with the others.
	weight int
	// args are arguments that often make sense.
	args func(x *mix) []string
}

// drawKey and the like are the arguments of many commands.
func drawKey(x *mix) []string  { return []string{x.key()} }
func drawKeys(x *mix) []string { return x.keys() }
func drawPair(x *mix) []string { return []string{x.key(), x.key()} }
func drawNone(*mix) []string   { return nil }

func drawValue(x *mix) []string  { return []string{x.key(), x.value()} }
func drawNumber(x *mix) []string { return []string{x.key(), string(randomNumber(x.Rand))} }

func drawPairs(x *mix) (args []string) {
	for range 1 + x.IntN(3) {
		args = append(args, drawValue(x)...)
	}
	return args
}

func drawRange(x *mix) []string {
	return []string{x.key(), randomPosition(x.Rand), randomPosition(x.Rand)}
}

func drawFields(x *mix) []string { return append(drawKey(x), randomFields(x.Rand)...) }

func drawAfter(unit int64) func(x *mix) []string {
	return func(x *mix) []string {
		return x.with([]string{x.key(), x.later(unit)}, 2, x.condition)
	}
}

func drawAt(unit int64) func(x *mix) []string {
	return func(x *mix) []string {
		return x.with([]string{x.key(), x.instant(unit)}, 2, x.condition)
	}
}

func drawFlush(x *mix) []string {
	return x.with(nil, 2, func() []string { return []string{pick(x.Rand, "sync async")} })
}

// drawStringCommand takes the arguments that randomStringCommand draws for a command, with keys of the mix.
func drawStringCommand(name string) func(x *mix) []string {
	return func(x *mix) []string { return argumentsOf(x.Rand, name, x.key) }
}

// mixture has every command of the key space.
var mixture = slices.Concat(stringMixture, keyMixture)

var stringMixture = []ingredient{
	{"set", 60, func(x *mix) []string { return append(drawValue(x), x.setOptions()...) }},
	{"setnx", 10, drawValue},
	{"setex", 10, func(x *mix) []string { return []string{x.key(), x.later(millisPerSecond), x.value()} }},
	{"psetex", 20, func(x *mix) []string { return []string{x.key(), x.later(1), x.value()} }},
	{"get", 20, drawKey},
	{"getset", 10, drawValue},
	{"getdel", 6, drawKey},
	{"getex", 20, func(x *mix) []string { return append(drawKey(x), x.getEXOptions()...) }},
	{"mget", 10, drawKeys},
	{"mset", 10, drawPairs},
	{"msetnx", 10, drawPairs},
	{"append", 15, drawValue},
	{"strlen", 10, drawKey},
	{"getrange", 15, drawRange},
	{"substr", 8, drawRange},
	{"setrange", 12, drawStringCommand("setrange")},
	{"incr", 12, drawKey},
	{"decr", 12, drawKey},
	{"incrby", 15, drawNumber},
	{"decrby", 15, drawNumber},
	{"incrbyfloat", 15, func(x *mix) []string { return []string{x.key(), randomDecimal(x.Rand)} }},
	{"lcs", 15, drawStringCommand("lcs")},
	{"setbit", 15, drawStringCommand("setbit")},
	{"getbit", 10, drawStringCommand("getbit")},
	{"bitcount", 15, drawStringCommand("bitcount")},
	{"bitpos", 15, drawStringCommand("bitpos")},
	{"bitop", 12, drawStringCommand("bitop")},
	{"bitfield", 20, drawFields},
	{"bitfield_ro", 15, drawFields},
}

var keyMixture = []ingredient{
	{"del", 6, drawKeys},
	{"unlink", 6, drawKeys},
	{"exists", 10, drawKeys},
	{"touch", 8, drawKeys},
	{"type", 10, drawKey},
	{"rename", 10, drawPair},
	{"renamenx", 10, drawPair},
	{"copy", 15, func(x *mix) []string { return x.with(drawPair(x), 2, x.copyOption) }},
	{"randomkey", 6, drawNone},
	{"keys", 10, func(x *mix) []string { return []string{x.pattern()} }},
	{"scan", 15, (*mix).scan},
	{"dbsize", 10, drawNone},
	{"flushdb", 1, drawFlush},
	{"flushall", 1, drawFlush},
	{"expire", 15, drawAfter(millisPerSecond)},
	{"pexpire", 20, drawAfter(1)},
	{"expireat", 15, drawAt(millisPerSecond)},
	{"pexpireat", 20, drawAt(1)},
	{"ttl", 12, drawKey},
	{"pttl", 12, drawKey},
	{"expiretime", 12, drawKey},
	{"pexpiretime", 12, drawKey},
	{"persist", 10, drawKey},
	{"object encoding", 8, drawKey},
	{"object freq", 5, drawKey},
	{"object idletime", 5, drawKey},
	{"object refcount", 5, drawKey},
	{"object help", 3, drawNone},
	{"object nosuch", 2, drawKey},
	{"nosuch", 2, drawKeys},
}

// mixtureWeight is the sum of all weights.
var mixtureWeight = func() (sum int) {
	for _, d := range mixture {
		sum += d.weight
	}
	return sum
}()

// draw is any call that can be compared: the command as it stands in the mixture, and the words of the call.
func (x *mix) draw() (name string, line []string) {
	for {
		name, line = x.drawAny()
		if !differences.Avoid(line) && (name != "incrbyfloat" || redisHasX87) {
			return name, line
		}
	}
}

func (x *mix) drawAny() (name string, line []string) {
	number := x.IntN(mixtureWeight)
	at := 0
	for ; number >= mixture[at].weight; at++ {
		number -= mixture[at].weight
	}
	d := &mixture[at]
	for _, word := range strings.Fields(d.name) {
		line = append(line, x.spelled(word))
	}
	return d.name, x.spoiled(append(line, d.args(x)...), strings.Count(d.name, " ")+1)
}

// spelled is a name in some mixture of case.
func (x *mix) spelled(name string) string {
	b := []byte(name)
	if x.IntN(6) == 0 {
		for i := range b {
			if 'a' <= b[i] && b[i] <= 'z' && x.IntN(2) == 0 {
				b[i] -= 'a' - 'A'
			}
		}
	}
	return string(b)
}

// spoiled is a call as it is, or now and then with an argument too many, too few, twice, or of another kind; the first
// words stay.
func (x *mix) spoiled(line []string, fixed int) []string {
	if x.IntN(6) > 0 {
		return line
	}
	arguments := len(line) - fixed
	switch kind := x.IntN(4); {
	case kind == 0 || arguments == 0:
		return append(line, x.edge())
	case kind == 1 && x.IntN(4) > 0:
		return line[:fixed]
	case kind == 1:
		return line[:len(line)-1]
	case kind == 2:
		return append(line, line[fixed+x.IntN(arguments)])
	}
	line[fixed+x.IntN(arguments)] = x.edge()
	return line
}

// edge is what some argument, somewhere, should not be.
func (x *mix) edge() string {
	switch x.IntN(4) {
	case 0:
		return randomPosition(x.Rand)
	case 1:
		return string(randomNumber(x.Rand))
	case 2:
		return x.key()
	}
	return x.pick("", "\x00", "nan", "inf", "0x10", "1e3", "-", "+", "\r\n", "536870911", "536870912", "4294967295",
		"-4294967296", strings.Repeat("9", 40), strings.Repeat("x", 3000))
}
