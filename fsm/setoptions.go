package fsm

import (
	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/fsm/keyspace"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

// setOptions are what may follow key and value in SET, and the key in GETEX.
type setOptions struct {
	// onlyNew is NX, onlyOld is XX, get is GET, keep is KEEPTTL, persist is PERSIST.
	onlyNew, onlyOld, get, keep, persist bool
	// condition is the one on the string that is there. It excludes NX and XX.
	condition condition
	expiry    expiry
}

// parseSetOptions reads the options of SET, or of GETEX, in any order. Which of them go together is Redis's; the one of
// EX, PX, EXAT and PXAT may be given more than once, and the last counts. A condition may be given once.
func parseSetOptions(args [][]byte, getEx bool) (o setOptions, ok bool) {
	for i := 0; i < len(args); i++ {
		arg, expires, compares := args[i], o.expiry.option != "", o.condition.option != ""
		switch option, comparison := expiryOption(arg), conditionOption(arg); {
		case exec.Is(arg, "NX") && !o.onlyOld && !compares && !getEx:
			o.onlyNew = true
		case exec.Is(arg, "XX") && !o.onlyNew && !compares && !getEx:
			o.onlyOld = true
		case comparison != "" && !o.onlyNew && !o.onlyOld && !compares && !getEx && i+1 < len(args):
			i++
			o.condition = condition{comparison, args[i]}
		case exec.Is(arg, "GET") && !getEx:
			o.get = true
		case exec.Is(arg, "KEEPTTL") && !expires && !getEx:
			o.keep = true
		case exec.Is(arg, "PERSIST") && !expires && getEx:
			o.persist = true
		case option == "" || o.keep || o.persist || (expires && option != o.expiry.option) || i+1 == len(args):
			return o, false
		default:
			i++
			o.expiry = expiry{option, args[i]}
		}
	}
	return o, true
}

// expiryOption is the option that takes a time, if an argument is one.
func expiryOption(arg []byte) string {
	for _, option := range [...]string{"EX", "PX", "EXAT", "PXAT"} {
		if exec.Is(arg, option) {
			return option
		}
	}
	return ""
}

// expiry is when a key shall end, as a client says it: an option, empty if none was given, and the time behind it.
type expiry struct {
	option string
	time   []byte
}

// deadline is the deadline, 0 without an option; now is the state time. refusal is the error of the command of that
// name, empty if there is none.
func (e expiry) deadline(now keyspace.Now, name string) (deadline keyspace.Deadline, refusal string) {
	if e.option == "" {
		return 0, ""
	}
	n, ok := number.Parse(e.time)
	if !ok {
		return 0, reply.NotInteger
	}
	unit := int64(1)
	if e.option == "EX" || e.option == "EXAT" {
		unit = millisPerSecond
	}
	if e.option == "EX" || e.option == "PX" {
		deadline, ok = after(n, unit, now)
	} else {
		deadline, ok = at(n, unit)
	}
	if n <= 0 || !ok {
		return 0, invalidExpire(name)
	}
	return deadline, ""
}
