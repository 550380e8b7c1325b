package draw

import (
	"strconv"

	"github.com/raftredis/raftredis/internal/rdb"
)

// dumpMixture has DUMP and RESTORE.
var dumpMixture = []Command{
	{"dump", 8, drawAnyKey},
	{"restore", 20, func(x *Mix) []string {
		letter, payload := x.payload()
		ttl := x.pick("0", "0", x.when())
		return x.with([]string{x.typed(letter), ttl, payload}, 3, x.restoreOption)
	}},
}

func (x *Mix) restoreOption() []string {
	switch x.IntN(8) {
	case 0:
		return x.option("absttl")
	case 1:
		return x.option(x.pick("idletime", "freq"), x.pick("0", "5", "255", "256", "-1", "x"))
	}
	return x.option(x.pick("replace", "replace", "replace", "replace", "nosuch"))
}

// payload is a value as DUMP has it, of a type for which this server has commands, rarely a damaged one; and the
// letter of keys of that type.
func (x *Mix) payload() (letter, payload string) {
	forms := []struct {
		command, letter string
		kind            rdb.Type
		texts           int
	}{{"get", "p", rdb.String, 1}, {"hset", "h", rdb.Hash, 2}, {"sadd", "s", rdb.Set, 1}, {"rpush", "l", rdb.List, 1},
		{"zadd", "z", rdb.SortedSet, 1}}
	form := forms[x.IntN(len(forms))]
	for !isCommand(form.command) {
		form = forms[x.IntN(len(forms))]
	}
	object := []byte{byte(form.kind)}
	if form.kind == rdb.String {
		object = rdb.AppendText(object, x.value())
	} else {
		count := 1 + x.IntN(5)
		object = rdb.AppendLength(object, uint64(count))
		for i := range count { // no element comes twice
			object = rdb.AppendText(object, strconv.Itoa(i)+x.pick("", "m", ".5"))
			switch form.kind {
			case rdb.Hash:
				object = rdb.AppendText(object, x.shortValue())
			case rdb.SortedSet:
				object = rdb.AppendScore(object, float64(x.IntN(9)-4)/2)
			}
		}
	}
	sealed := rdb.Seal(object, x.version())
	if x.IntN(12) == 0 {
		sealed[x.IntN(len(sealed))] ^= 1 << x.IntN(8)
	}
	return form.letter, string(sealed)
}

// version is one that all servers read, or none does.
func (x *Mix) version() rdb.Version {
	if x.IntN(20) == 0 {
		return rdb.Version11 + 1
	}
	return rdb.Version8
}
