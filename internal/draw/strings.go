package draw

import (
	"math/rand/v2"
	"strings"
)

// Arguments are random arguments of a command on strings or bitmaps.
func Arguments(r *rand.Rand, name string, key func() string) (args []string) {
	unit := func() string { return Pick(r, "bit byte bit") }
	switch name {
	case "append", "getset", "setnx", "set":
		args = []string{key(), Text(r)}
	case "strlen", "getdel", "get", "del", "incr":
		args = []string{key()}
	case "getrange", "substr":
		args = []string{key(), Position(r), Position(r)}
	case "setrange":
		args = []string{key(), Position(r), Text(r)}
	case "mset", "msetnx":
		args = []string{key(), Text(r), key(), Text(r), key()}[:4+r.IntN(16)/15]
	case "lcs":
		args = []string{key(), key()}
		for range r.IntN(3) {
			args = append(args, Pick(r, "idx idx len withmatchlen minmatchlen"))
			if strings.EqualFold(args[len(args)-1], "minmatchlen") && r.IntN(20) > 0 {
				args = append(args, Pick(r, "0 1 2 3 4 -1 x"))
			}
		}
	case "setbit":
		args = []string{key(), Position(r), Pick(r, "0 1 0 1 0 1 2 -1")}
	case "getbit":
		args = []string{key(), Position(r)}
	case "bitcount":
		args = []string{key(), Position(r), Position(r), unit(), "more"}
		args = args[:[]int{1, 2, 3, 3, 4, 4, 4, 5}[r.IntN(8)]]
	case "bitpos":
		args = []string{key(), Pick(r, "0 1 0 1 0 1 2 x"), Position(r), Position(r), unit(), "more"}
		args = args[:[]int{2, 3, 4, 4, 5, 5, 5, 6}[r.IntN(8)]]
	case "bitop":
		args = []string{Pick(r, "and or xor not"), key(), key(), key(), key()}[:3+r.IntN(3)]
	case "bitfield", "bitfield_ro":
		args = append([]string{key()}, Fields(r)...)
	}
	return args
}
