package exec

import (
	"bytes"
	"strconv"

	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/glob"
	"github.com/raftredis/raftredis/internal/number"
	"github.com/raftredis/raftredis/internal/reply"
)

const (
	// defaultScanCount is how many elements a SCAN or its like looks at unless COUNT says otherwise; MaxScanCount is the
	// most, whatever COUNT says: it is a hint, and Apply waits meanwhile. MaxOnceScanCount is the most by RAFT.ONCE,
	// since every node looks at them while it applies the entry.
	defaultScanCount = 10
	MaxScanCount     = 10_000
	MaxOnceScanCount = 1000
)

// InvalidCursor is Redis's error for a cursor that is none.
const InvalidCursor = "ERR invalid cursor"

// ScanOptions are what may follow the cursor in SCAN and its like.
type ScanOptions struct {
	count   int64
	match   []byte        // the pattern, nil for everything
	pattern *glob.Pattern // what Compile has made of it
	// TypeName is the type of SCAN, nil for every one.
	TypeName []byte
}

// ParseScanOptions reads the options of SCAN, which has a TYPE, or of its like. refusal is an error, empty if there is
// none.
func ParseScanOptions(args [][]byte, hasType bool) (options ScanOptions, refusal string) {
	options.count = defaultScanCount
	for i := 0; i < len(args); i += 2 {
		switch {
		case i+1 == len(args):
			return options, reply.Syntax
		case Is(args[i], "COUNT"):
			count, ok := number.Parse(args[i+1])
			if !ok {
				return options, reply.NotInteger
			}
			if count < 1 {
				return options, reply.Syntax
			}
			options.count = count
		case Is(args[i], "MATCH"):
			options.match = args[i+1]
		case hasType && Is(args[i], "TYPE"):
			options.TypeName = args[i+1]
		default:
			return options, reply.Syntax
		}
	}
	return options, ""
}

// Compile prepares Matches. It reports whether the call may go on here, as by IsTooMuch.
func (o *ScanOptions) Compile(c Call) (ok bool) {
	if o.match != nil {
		o.pattern, ok = c.Compile(o.match)
		return ok
	}
	return true
}

// Matches reports whether a name is of the pattern.
func (o *ScanOptions) Matches(name string) bool { return o.pattern == nil || o.pattern.Match(name) }

// Compile makes a pattern with which the call compares names. ok is false if the call must not go on here, as by
// IsTooMuch.
func (c Call) Compile(pattern []byte) (p *glob.Pattern, ok bool) {
	if c.IsTooMuch(glob.Work(pattern)) {
		return nil, false
	}
	return glob.Compile(pattern), true
}

// Names are what the keys are together that a call looks at, as far as that is more than command.KeyWork says.
type Names struct{ unweighed int }

// AreTooMuch is IsTooMuch for one more key, after whose name the call looks.
func (n *Names) AreTooMuch(c Call, name string) bool {
	if n.unweighed += max(0, len(name)-command.KeyWork); n.unweighed <= smallWork {
		return false
	}
	work := n.unweighed
	n.unweighed = 0
	return c.IsTooMuch(work)
}

// Count is how many elements a call looks at.
func (o *ScanOptions) Count(c Call) int {
	if c.IsKept() {
		return int(min(o.count, MaxOnceScanCount))
	}
	return int(min(o.count, MaxScanCount))
}

// ParseCursor reads what C's strtoul reads, which is what Redis takes: also nothing, and a sign, and it ends at a NUL.
// One of another server may lie behind the end of everything, and is no error.
func ParseCursor(arg []byte) (cursor uint64, ok bool) {
	arg, _, _ = bytes.Cut(arg, []byte{0})
	digits := arg
	negative := len(arg) > 0 && arg[0] == '-'
	if negative || len(arg) > 0 && arg[0] == '+' {
		digits = arg[1:]
	}
	if len(arg) == 0 {
		return 0, true
	}
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return 0, false
	}
	if negative {
		n = -n
	}
	return n, true
}
