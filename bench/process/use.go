package process

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Use is what a process has used so far, or what it used in between: time of processors in its own code and in the
// kernel's, and how often one of its threads gave up its processor to wait.
type Use struct {
	User, System time.Duration
	Switches     int64
}

// Since is the difference to an earlier use.
func (u Use) Since(earlier Use) Use {
	return Use{u.User - earlier.User, u.System - earlier.System, u.Switches - earlier.Switches}
}

// Plus is the sum of two.
func (u Use) Plus(other Use) Use {
	return Use{u.User + other.User, u.System + other.System, u.Switches + other.Switches}
}

// tick is the unit of /proc/PID/stat: Linux has shown 100 a second to programs on every machine since long ago.
const tick = 10 * time.Millisecond

// Use is what the server's process has used so far, as Linux tells it. The switches of threads that have ended are not
// in it.
func (s *Server) Use() (Use, error) {
	directory := fmt.Sprintf("/proc/%d", s.command.Process.Pid)
	stat, err := os.ReadFile(directory + "/stat")
	if err != nil {
		return Use{}, err
	}
	u, err := parseStat(string(stat))
	if err != nil {
		return Use{}, err
	}
	threads, err := filepath.Glob(directory + "/task/*/status")
	if err != nil {
		return Use{}, err
	}
	for _, path := range threads {
		if text, err := os.ReadFile(path); err == nil { // a thread may have ended
			u.Switches += parseSwitches(text)
		}
	}
	return u, nil
}

// parseStat reads the times of /proc/PID/stat: the 14th and 15th of its fields, of which the second, in parentheses, is
// a name that may have anything in it.
func parseStat(text string) (u Use, err error) {
	const user, system = 14 - 3, 15 - 3 // the third is the first after the name
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) <= system {
		return u, fmt.Errorf("a process is described by %q", text)
	}
	for at, into := range map[int]*time.Duration{user: &u.User, system: &u.System} {
		ticks, err := strconv.ParseInt(fields[at], 10, 64)
		if err != nil {
			return u, fmt.Errorf("a process is described by %q: %w", text, err)
		}
		*into = time.Duration(ticks) * tick
	}
	return u, nil
}

var voluntary = regexp.MustCompile(`(?m)^voluntary_ctxt_switches:\s+(\d+)$`)

func parseSwitches(status []byte) int64 {
	found := voluntary.FindSubmatch(bytes.TrimSpace(status))
	if found == nil {
		return 0
	}
	n, _ := strconv.ParseInt(string(found[1]), 10, 64) // it has digits only
	return n
}
