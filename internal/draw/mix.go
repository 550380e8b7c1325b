package draw

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands"
)

// keys are those that a mix begins with: few, so that commands meet, of every length and of any bytes.
var keys = []string{"a", "b", "c", "{a}1", "", "d\x00e", "\xff\r\n", "f" + strings.Repeat("\x80", 64)}

// Mix draws calls of all commands of the key space, weighted to what is at an edge.
type Mix struct {
	*rand.Rand
	// Keys are the names of keys to draw from.
	Keys []string
	// Now is the wall time in milliseconds shortly before the call is made: moments in calls lie about it.
	Now int64
	// Apart says that two servers make the calls, each at a time of its own: no moment is near, then.
	Apart bool
	// sessions are those that were opened, sequences counts their commands, sent are the last of them.
	sessions  []int64
	sequences int
	sent      [][]string
	// entries counts those that were added to streams.
	entries int
}

// NewMix makes a mix of few keys, of every length and of any bytes.
func NewMix(r *rand.Rand) *Mix { return &Mix{Rand: r, Keys: keys} }

func (x *Mix) pick(words ...string) string { return words[x.IntN(len(words))] }

func (x *Mix) key() string {
	if x.IntN(2*otherShare) == 0 {
		return x.pick(typedKeys...)
	}
	return x.pick(x.Keys...)
}

func (x *Mix) keys() (keys []string) {
	for range 1 + x.IntN(4) {
		keys = append(keys, x.key())
	}
	return keys
}

// value is what a key is set to: something for each family of commands.
func (x *Mix) value() string {
	switch x.IntN(6) {
	case 0:
		return x.pick("1", "-7", "007", "text", strings.Repeat("x", 44), strings.Repeat("x", 45), "", "hello", "123")
	case 1, 2:
		return string(Number(x.Rand))
	case 3:
		return Decimal(x.Rand)
	}
	return Text(x.Rand)
}

// with adds up to so many options.
func (x *Mix) with(args []string, limit int, option func() []string) []string {
	for range x.IntN(limit + 1) {
		args = append(args, option()...)
	}
	return args
}

// when is a time that no key reaches while the test runs, or one long ago, or nonsense.
func (x *Mix) when() string {
	if x.IntN(2) == 0 { // as seconds in some years, as milliseconds in a day, as a moment long ago
		return strconv.FormatInt(100_000_000+x.Int64N(1_000_000_000), 10)
	}
	return x.pick("0", "-1", "1.5", "x", "", "9223372036854775807", "-9223372036854775808", "9223372036854776",
		"-9223372036854776", "99999999999", "99999999999999", "5000000000000")
}

// later is a time from now that keys reach while the test runs, in milliseconds or seconds, or an edge.
func (x *Mix) later(unit int64) string {
	if x.Apart || x.IntN(3) == 0 {
		return x.when()
	}
	return strconv.FormatInt(1+x.Int64N(5)/(1+unit/500), 10)
}

// instant is a time of day before, at or behind the present one, or an edge.
func (x *Mix) instant(unit int64) string {
	if x.Apart || x.IntN(3) == 0 {
		return x.when()
	}
	return strconv.FormatInt((x.Now+x.Int64N(12)-3)/unit, 10)
}

// until is an option of SET and GETEX that sets a time, or nearly one.
func (x *Mix) until() []string {
	switch x.IntN(5) {
	case 0:
		return []string{Pick(x.Rand, "ex"), x.later(secondMillis)}
	case 1, 2:
		return []string{Pick(x.Rand, "px"), x.later(1)}
	case 3:
		return []string{Pick(x.Rand, "exat"), x.instant(secondMillis)}
	}
	return []string{Pick(x.Rand, "pxat"), x.instant(1)}
}

func (x *Mix) setOptions() (options []string) {
	for range []int{0, 0, 0, 1, 1, 1, 2, 3}[x.IntN(8)] {
		switch x.IntN(5) {
		case 0, 1:
			options = append(options, x.until()...)
		case 2, 3:
			options = append(options, Pick(x.Rand, "nx xx get keepttl get"))
		default:
			options = append(options, x.comparison()...)
		}
	}
	return options
}

// digests are those of values that keys often have, and what is nearly a digest.
var digests = []string{
	"2d06800538d394c2" /* of nothing */, "2D06800538D394C2", "9555e8555c62dcfd" /* of hello */, "9555E8555c62dcfd",
	"404a763b3f4c8c9a" /* of 123 */, "9555e8555c62dcf", "09555e8555c62dcfd", "", "zzzzzzzzzzzzzzzz", "+555e8555c62dcfd",
	"0x55e8555c62dcfd", "ffffffffffffffff", "0000000000000000",
}

// digest is a digest, or nearly one.
func (x *Mix) digest() string { return x.pick(digests...) }

// compared is a value that a key has often, for comparisons that hold.
func (x *Mix) compared() string {
	if x.IntN(2) == 0 {
		return x.value()
	}
	return x.pick("", "hello", "123", "hello", "Hello")
}

// comparison is a condition on the string at a key.
func (x *Mix) comparison() []string {
	if x.IntN(2) == 0 {
		return []string{Pick(x.Rand, "ifeq ifne"), x.compared()}
	}
	return []string{Pick(x.Rand, "ifdeq ifdne"), x.digest()}
}

func (x *Mix) condition() []string {
	return []string{x.pick("nx", "XX", "gt", "LT", "gt", "lt", "foo\x00bar", "")}
}

func (x *Mix) copyOption() []string {
	if x.IntN(2) == 0 {
		return []string{"replace"}
	}
	return []string{"db", x.database()}
}

// database is the number of a database, or nearly one. Those of clients are the first of them: see Databases.
func (x *Mix) database() string {
	return x.pick("0", "1", "2", "0", "1", "2", "15", "16", "-1", "x", "", "01", "99999999999", "2147483647", "2147483648",
		"-2147483648", "-2147483649", "99999999999999999999")
}

// swapped are two databases, seldom the one that most calls are in: it would be empty again and again.
func (x *Mix) swapped() []string {
	if x.IntN(3) > 0 {
		return []string{x.pick("1", "2", "15"), x.pick("1", "2")}
	}
	return []string{x.database(), x.database()}
}

// Databases is how many databases clients of the mix are in: few, so that commands meet.
const Databases = 3

// Database is the database of a client of the mix: most often 0, so that commands find there what others left.
func (x *Mix) Database() int { return max(0, x.IntN(2*Databases)-Databases) }

func (x *Mix) getEXOptions() []string {
	switch x.IntN(4) {
	case 0:
		return nil
	case 1:
		return []string{Pick(x.Rand, "persist")}
	}
	return x.until()
}

// scan begins at the beginning and looks at everything: what a cursor in between means is each server's own.
func (x *Mix) scan() []string {
	args := []string{x.pick("0", "0", "0", "0", "0", "0", "", "x", "1_0", "18446744073709551616"), "count", "100000"}
	return x.with(args, 2, func() []string {
		switch x.IntN(8) {
		case 0, 1, 2:
			return []string{Pick(x.Rand, "match"), x.pattern()}
		case 3, 4:
			return []string{Pick(x.Rand, "type"), x.pick("string", "STRING", "hash", "", "x")}
		case 5:
			return []string{Pick(x.Rand, "count"), x.pick("100001", "0", "-1", "x", "9223372036854775807")}
		}
		return []string{Pick(x.Rand, "match type count nosuch")}
	})
}

func (x *Mix) pattern() string {
	return x.pick("*", "?", "[a-b]", "{a}*", "", "\\a", "[^a]", "*\x00*", "f*", "[", "*[", "\\", "a", "[]a]", "**")
}

// Command is one command of the mix.
type Command struct {
	// Name is the command's, with its container's before it.
	Name string
	// Weight is how often it is drawn, as compared with the others.
	Weight int
	// args are arguments that often make sense.
	args func(x *Mix) []string
}

// Commands lists what a mix draws from: every command of the key space, and some that do not exist.
func Commands() []Command { return slices.Clone(mixture) }

// drawKey and the like are the arguments of many commands.
func drawKey(x *Mix) []string  { return []string{x.key()} }
func drawKeys(x *Mix) []string { return x.keys() }
func drawNone(*Mix) []string   { return nil }

func drawAnyKey(x *Mix) []string  { return []string{x.anyKey()} }
func drawAnyKeys(x *Mix) []string { return x.anyKeys() }
func drawAnyPair(x *Mix) []string { return []string{x.anyKey(), x.anyKey()} }

func drawValue(x *Mix) []string  { return []string{x.key(), x.value()} }
func drawNumber(x *Mix) []string { return []string{x.key(), string(Number(x.Rand))} }

func drawPairs(x *Mix) (args []string) {
	for range 1 + x.IntN(3) {
		args = append(args, drawValue(x)...)
	}
	return args
}

func drawRange(x *Mix) []string {
	return []string{x.key(), Position(x.Rand), Position(x.Rand)}
}

func drawFields(x *Mix) []string { return append(drawKey(x), Fields(x.Rand)...) }

func drawAfter(unit int64) func(x *Mix) []string {
	return func(x *Mix) []string {
		return x.with([]string{x.anyKey(), x.later(unit)}, 2, x.condition)
	}
}

func drawAt(unit int64) func(x *Mix) []string {
	return func(x *Mix) []string {
		return x.with([]string{x.anyKey(), x.instant(unit)}, 2, x.condition)
	}
}

func drawFlush(x *Mix) []string {
	return x.with(nil, 2, func() []string { return []string{Pick(x.Rand, "sync async")} })
}

// drawStringCommand takes the arguments that Arguments draws for a command, with keys of the mix.
func drawStringCommand(name string) func(x *Mix) []string {
	return func(x *Mix) []string { return Arguments(x.Rand, name, x.key) }
}

// secondMillis is a second in milliseconds.
const secondMillis = 1000

// mixture has every command of the key space.
var mixture = slices.Concat(stringMixture, keyMixture, lockMixture, existing(
	hashMixture, setMixture, sortedSetMixture, listMixture, streamMixture, geoMixture, hyperLogLogMixture, sortMixture,
	dumpMixture,
))

// existing are those of some families whose commands this server has.
func existing(families ...[]Command) (all []Command) {
	for _, c := range slices.Concat(families...) {
		if isCommand(c.Name) {
			all = append(all, c)
		}
	}
	return all
}

// isCommand reports whether this server has a command, in any form.
func isCommand(name string) bool {
	var words [][]byte
	for word := range strings.FieldsSeq(name) {
		words = append(words, []byte(word))
	}
	_, fault := commands.Find(words)
	return fault != command.UnknownCommand && fault != command.UnknownSubcommand
}

var stringMixture = []Command{
	{"set", 60, func(x *Mix) []string { return append(drawValue(x), x.setOptions()...) }},
	{"setnx", 10, drawValue},
	{"setex", 10, func(x *Mix) []string { return []string{x.key(), x.later(secondMillis), x.value()} }},
	{"psetex", 20, func(x *Mix) []string { return []string{x.key(), x.later(1), x.value()} }},
	{"get", 20, drawKey},
	{"getset", 10, drawValue},
	{"getdel", 6, drawKey},
	{"delex", 12, func(x *Mix) []string { return x.with(drawKey(x), 1, x.comparison) }},
	{"delifeq", 8, func(x *Mix) []string { return []string{x.key(), x.compared()} }},
	{"digest", 10, drawKey},
	{"getex", 20, func(x *Mix) []string { return append(drawKey(x), x.getEXOptions()...) }},
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
	{"incrbyfloat", 15, func(x *Mix) []string { return []string{x.key(), Decimal(x.Rand)} }},
	{"lcs", 15, drawStringCommand("lcs")},
	{"setbit", 15, drawStringCommand("setbit")},
	{"getbit", 10, drawStringCommand("getbit")},
	{"bitcount", 15, drawStringCommand("bitcount")},
	{"bitpos", 15, drawStringCommand("bitpos")},
	{"bitop", 12, drawStringCommand("bitop")},
	{"bitfield", 20, drawFields},
	{"bitfield_ro", 15, drawFields},
}

var keyMixture = []Command{
	{"del", 7, drawAnyKeys},
	{"unlink", 9, drawAnyKeys},
	{"exists", 10, drawAnyKeys},
	{"touch", 8, drawAnyKeys},
	{"type", 10, drawAnyKey},
	{"rename", 10, drawAnyPair},
	{"renamenx", 10, drawAnyPair},
	{"copy", 15, func(x *Mix) []string { return x.with(drawAnyPair(x), 2, x.copyOption) }},
	{"move", 12, func(x *Mix) []string { return append(drawAnyKey(x), x.database()) }},
	{"swapdb", 4, (*Mix).swapped},
	{"randomkey", 6, drawNone},
	{"keys", 10, func(x *Mix) []string { return []string{x.pattern()} }},
	{"scan", 15, (*Mix).scan},
	{"dbsize", 10, drawNone},
	{"flushdb", 1, drawFlush},
	{"flushall", 1, drawFlush},
	{"expire", 15, drawAfter(secondMillis)},
	{"pexpire", 20, drawAfter(1)},
	{"expireat", 15, drawAt(secondMillis)},
	{"pexpireat", 20, drawAt(1)},
	{"ttl", 12, drawAnyKey},
	{"pttl", 12, drawAnyKey},
	{"expiretime", 12, drawAnyKey},
	{"pexpiretime", 12, drawAnyKey},
	{"persist", 10, drawAnyKey},
	{"object encoding", 8, drawAnyKey},
	{"object freq", 5, drawAnyKey},
	{"object idletime", 5, drawAnyKey},
	{"object refcount", 5, drawAnyKey},
	{"object help", 3, drawNone},
	{"object nosuch", 2, drawAnyKey},
	{"nosuch", 2, drawAnyKeys},
}

var lockMixture = []Command{
	{"raft.lock", 12, func(x *Mix) []string { return []string{x.key(), x.holder(), x.later(1)} }},
	{"raft.renew", 10, func(x *Mix) []string { return []string{x.key(), x.token(), x.later(1)} }},
	{"raft.unlock", 10, func(x *Mix) []string { return []string{x.key(), x.token()} }},
	{"raft.holder", 10, drawKey},
}

// holder is the name of a lock's holder, or nearly one.
func (x *Mix) holder() string {
	if x.IntN(8) > 0 {
		return x.pick("h", "i", "\x00")
	}
	return x.pick("", strings.Repeat("h", 512), strings.Repeat("h", 513))
}

// token is a number that may be a lock's token.
func (x *Mix) token() string {
	if x.IntN(8) > 0 {
		return strconv.Itoa(x.IntN(200))
	}
	return string(Number(x.Rand))
}

// mixtureWeight is the sum of all weights.
var mixtureWeight = weigh(mixture)

func weigh(mixture []Command) (sum int) {
	for _, c := range mixture {
		sum += c.Weight
	}
	return sum
}

// Call is any call: the command as Commands has it, and the words of the call.
func (x *Mix) Call() (name string, line []string) { return x.callOf(mixture, mixtureWeight) }

func (x *Mix) callOf(mixture []Command, weight int) (name string, line []string) {
	number := x.IntN(weight)
	at := 0
	for ; number >= mixture[at].Weight; at++ {
		number -= mixture[at].Weight
	}
	c := &mixture[at]
	for _, word := range strings.Fields(c.Name) {
		line = append(line, x.spelled(word))
	}
	line = append(line, c.args(x)...)
	if slices.Contains(unspoiled, c.Name) || x.Apart && slices.Contains(timed, c.Name) {
		return c.Name, line
	}
	return c.Name, x.spoiled(line, strings.Count(c.Name, " ")+1)
}

// unspoiled are commands that would be a server's own choice, or depend on how long ago something was, with one
// argument less or another one; or for which Redis would make a reply without an end.
var unspoiled = []string{"spop", "xclaim", "xautoclaim", "hrandfield", "srandmember", "zrandmember"}

// timed are commands that take a time, which another number would bring near.
var timed = strings.Fields("set setex psetex getex expire pexpire expireat pexpireat restore")

// spelled is a name in some mixture of case.
func (x *Mix) spelled(name string) string {
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
func (x *Mix) spoiled(line []string, fixed int) []string {
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
func (x *Mix) edge() string {
	switch x.IntN(4) {
	case 0:
		return Position(x.Rand)
	case 1:
		return string(Number(x.Rand))
	case 2:
		return x.key()
	}
	return x.pick("", "\x00", "nan", "inf", "0x10", "1e3", "-", "+", "\r\n", "536870911", "536870912", "4294967295",
		"-4294967296", strings.Repeat("9", 40), strings.Repeat("x", 3000))
}
