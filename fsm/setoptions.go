package fsm

import (
	"bytes"

	"github.com/raftredis/raftredis/internal/reply"
)

// setOptions are what may follow key and value in SET.
type setOptions struct {
	// onlyNew is NX, onlyOld is XX, get is GET.
	onlyNew, onlyOld, get bool
	// expiry is the one of EX, PX, EXAT, PXAT and KEEPTTL that was given.
	expiry string
}

// parseSetOptions reads the options of SET in any order. A refusal is the text of an error reply, empty if there is
// none: Redis's if the options make no sense together, and our own if they ask for an expiry.
func parseSetOptions(args [][]byte) (options setOptions, refusal string) {
	for i := 0; i < len(args); i++ {
		var name [len("KEEPTTL")]byte
		switch option := string(upper(name[:], args[i])); {
		case option == "NX" && !options.onlyOld:
			options.onlyNew = true
		case option == "XX" && !options.onlyNew:
			options.onlyOld = true
		case option == "GET":
			options.get = true
		case option == "KEEPTTL" && (options.expiry == "" || options.expiry == option):
			options.expiry = option
		case takesTime(option) && (options.expiry == "" || options.expiry == option) && i+1 < len(args):
			options.expiry = option
			i++ // the time
		default:
			return options, reply.Syntax
		}
	}
	if options.expiry != "" {
		return options, reply.ExpiryUnsupported
	}
	return options, ""
}

func takesTime(option string) bool {
	return option == "EX" || option == "PX" || option == "EXAT" || option == "PXAT"
}

// upper folds the ASCII letters of an option into buf. One that is longer than buf is no option, and becomes empty.
func upper(buf, option []byte) []byte {
	if len(option) > len(buf) {
		return nil
	}
	return append(buf[:0], bytes.ToUpper(option)...)
}
