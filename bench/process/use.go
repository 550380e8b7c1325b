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
	// Running is the time of processors of the threads that live, to the nanosecond: User and System have a precision of
	// ten milliseconds, and those of threads that have ended in them.
	Running time.Duration
}

// Since is the difference to an earlier use.
func (u Use) Since(earlier Use) Use {
	return Use{
		u.User - earlier.User, u.System - earlier.System, u.Switches - earlier.Switches, u.Running - earlier.Running,
	}
}

// Plus is the sum of two.
func (u Use) Plus(other Use) Use {
	return Use{u.User + other.User, u.System + other.System, u.Switches + other.Switches, u.Running + other.Running}
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
	threads, err := filepath.Glob(directory + "/task/*")
	if err != nil {
		return Use{}, err
	}
	for _, thread := range threads { // one may have ended
		if text, err := os.ReadFile(thread + "/status"); err == nil {
			u.Switches += parseSwitches(text)
		}
		if text, err := os.ReadFile(thread + "/schedstat"); err == nil {
			u.Running += parseRunning(string(text))
		}
	}
	return u, nil
}

// parseRunning reads the first number of /proc/PID/task/TID/schedstat: nanoseconds on a processor.
func parseRunning(text string) time.Duration {
	first, _, _ := strings.Cut(text, " ")
	n, _ := strconv.ParseInt(first, 10, 64) // a kernel may not count it
	return time.Duration(n)
}

// Bytes are sizes of a process: of its memory now, and of what it has had the disk write.
type Bytes struct {
	// Own is memory that is the process's alone, Resident all that is in memory of it.
	Own, Resident int64
	// Written is what it has had the disk write so far; what it wrote to files and removed before is not in it.
	Written int64
}

// Bytes are the present sizes of the server's process.
func (s *Server) Bytes() (b Bytes, err error) {
	directory := fmt.Sprintf("/proc/%d", s.command.Process.Pid)
	status, err := os.ReadFile(directory + "/status")
	if err != nil {
		return b, err
	}
	io, err := os.ReadFile(directory + "/io")
	if err != nil {
		return b, err
	}
	return parseBytes(string(status), string(io))
}

// parseBytes reads /proc/PID/status and /proc/PID/io.
func parseBytes(status, io string) (b Bytes, err error) {
	for _, field := range []struct {
		text, name string
		unit       int64
		into       *int64
	}{
		{status, "RssAnon", 1 << 10, &b.Own}, {status, "VmRSS", 1 << 10, &b.Resident}, {io, "write_bytes", 1, &b.Written},
	} {
		found := regexp.MustCompile(`(?m)^` + field.name + `:\s+(\d+)`).FindStringSubmatch(field.text)
		if found == nil {
			return b, fmt.Errorf("a process has no %s in %q", field.name, field.text)
		}
		n, err := strconv.ParseInt(found[1], 10, 64)
		if err != nil {
			return b, fmt.Errorf("%s of a process: %w", field.name, err)
		}
		*field.into = n * field.unit
	}
	return b, nil
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
