package crash_test

import (
	"crypto/sha3"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// call is one system call in a trace: begin and end are the numbers of the lines at which it was entered and left.
type call struct {
	name, args, result string
	begin, end         int
}

var (
	wholeCall      = regexp.MustCompile(`^(\d+) +(\w+)\((.*)\) += (.*)$`)
	unfinishedCall = regexp.MustCompile(`^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$`)
	resumedCall    = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (.*)$`)
)

// parseTrace reads what strace -f wrote. A call that another thread's interrupted is put together again.
func parseTrace(t testing.TB, text string) (calls []call) {
	t.Helper()
	open := map[string]call{} // by thread
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\n")
		if m := unfinishedCall.FindStringSubmatch(line); m != nil {
			open[m[1]] = call{name: m[2], args: m[3], begin: number}
		} else if m := resumedCall.FindStringSubmatch(line); m != nil {
			c, found := open[m[1]]
			if !found || c.name != m[2] {
				t.Fatalf("line %d of the trace resumes what was not begun: %.200s", number, line)
			}
			delete(open, m[1])
			c.args, c.result, c.end = c.args+m[3], m[4], number
			calls = append(calls, c)
		} else if m := wholeCall.FindStringSubmatch(line); m != nil {
			calls = append(calls, call{name: m[2], args: m[3], result: m[4], begin: number, end: number})
		}
	}
	return calls
}

// first returns the first call that begins after a line and satisfies the condition.
func first(calls []call, after int, is func(call) bool) (call, bool) {
	for _, c := range calls {
		if c.begin > after && is(c) {
			return c, true
		}
	}
	return call{}, false
}

// traced is what strace is asked for: everything that makes files, names and bytes durable, and what leaves on sockets.
const traced = "openat,mkdir,mkdirat,rename,renameat,renameat2,fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg"

// traceNode runs a single node under strace, writes values to it, stops it, and returns the trace.
func traceNode(t *testing.T, directory string, values []string) []call {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	port := blackbox.Ports(t, 1)
	args := append([]string{"-f", "-y", "-s", "9000", "-o", trace, "-e", "trace=" + traced, blackbox.Binary(t),
		"serve", "--bootstrap", "--log-level", "error", "--port", strconv.Itoa(port), "--dir", directory},
		blackbox.SmallJournal...)
	p := blackbox.Start(t, "strace", blackbox.Tool(t, "strace", args...))
	// strace that is killed leaves behind what it traced.
	t.Cleanup(func() { p.SignalGroup(syscall.SIGKILL) })
	p.AwaitReady(blackbox.ReadyLimit)
	client := blackbox.MustConnect(t, port)
	for i, value := range values {
		blackbox.Expect(t, client.Must(t, "SET", fmt.Sprint("key", i), value), "+OK")
	}
	p.SignalGroup(syscall.SIGTERM)
	p.ExitCode(blackbox.StopLimit)
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	return parseTrace(t, string(text))
}

func isReply(c call) bool {
	switch c.name {
	case "write", "writev", "sendto", "sendmsg":
		return strings.Contains(c.args, "socket:") && strings.Contains(c.args, `+OK\r\n`)
	}
	return false
}

// file is the path that strace -y shows behind the descriptor that a call begins with.
func (c call) file() string {
	_, rest, _ := strings.Cut(c.args, "<")
	path, _, _ := strings.Cut(rest, ">")
	return path
}

// record is what a call writes to the journal, as it was before the journal masked it: docs/format.md says how. A
// record begins with "JNL1", its salt is at offset 24, and the payload at 64.
func (c call) record() string {
	b := c.bytes()
	if len(b) < 64 || string(b[:4]) != "JNL1" {
		return ""
	}
	mask := sha3.SumSHAKE128(b[24:32], 4096)
	for i := 64; i < len(b); i++ {
		b[i] ^= mask[i%len(mask)]
	}
	return string(b)
}

var escapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'v': '\v', 'f': '\f', '"': '"', '\\': '\\'}

// bytes are those of the string in a call, which strace shows with escapes: \n, or one to three octal digits.
func (c call) bytes() (b []byte) {
	_, text, _ := strings.Cut(c.args, `"`)
	for i := 0; i < len(text) && text[i] != '"'; i++ {
		if text[i] != '\\' {
			b = append(b, text[i])
			continue
		}
		if i++; i == len(text) {
			break
		}
		if escaped, known := escapes[text[i]]; known {
			b = append(b, escaped)
			continue
		}
		octal := 0
		for end := min(i+3, len(text)); i < end && text[i] >= '0' && text[i] <= '7'; i++ {
			octal = 8*octal + int(text[i]-'0')
		}
		i--
		b = append(b, byte(octal))
	}
	return b
}

// F6, F12: The trace of a single node shows write, sync and reply in this order.
func TestSync_EachReplyFollowsItsSync(t *testing.T) {
	var values []string
	for i := range 20 {
		values = append(values, fmt.Sprintf("needle-%04d", i))
	}
	calls := traceNode(t, filepath.Join(t.TempDir(), "data"), values)
	replied := 0
	for i, value := range values {
		written, found := first(calls, 0, func(c call) bool {
			return c.name == "pwrite64" && strings.Contains(c.file(), "journal") && strings.Contains(c.record(), value)
		})
		if !found {
			t.Fatalf("%s was never written to the journal", value)
		}
		synced, found := first(calls, written.end, func(c call) bool {
			return c.name == "fdatasync" && c.file() == written.file()
		})
		if !found || synced.result != "0" {
			t.Fatalf("%s was written to %s and not synced: %+v", value, written.file(), synced)
		}
		reply, found := first(calls, replied, isReply)
		if !found {
			t.Fatalf("the trace shows %d replies, want %d", i, len(values))
		}
		if reply.begin <= synced.end {
			t.Errorf("the reply to SET of %s leaves at line %d, its sync ends at line %d", value, reply.begin, synced.end)
		}
		replied = reply.begin
	}
}

// F7: A new file survives a power loss only if its directory was synced.
func TestSync_EveryNewNameIsSyncedBeforeTheFirstReply(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "some", "data")
	calls := traceNode(t, directory, []string{"value"})
	reply, found := first(calls, 0, isReply)
	if !found {
		t.Fatal("the trace shows no reply")
	}
	made := 0
	for _, c := range calls {
		path := newName(c)
		if path == "" || !strings.HasPrefix(path, directory) || c.begin > reply.begin {
			continue
		}
		made++
		parent := filepath.Dir(path)
		synced, found := first(calls, c.end, func(c call) bool { return c.name == "fsync" && c.file() == parent })
		if !found || synced.result != "0" || synced.end >= reply.begin {
			t.Errorf("%s was made at line %d, and %s is not synced between that and the first reply at line %d",
				path, c.end, parent, reply.begin)
		}
	}
	// Directory, journal with two files, history with a segment, and the identity.
	const minNames = 7
	if made < minNames {
		t.Errorf("the trace shows %d new names, want at least %d", made, minNames)
	}
}

var quoted = regexp.MustCompile(`"([^"]*)"`)

// newName is the path that a successful call gave to something, or "".
func newName(c call) string {
	if strings.HasPrefix(c.result, "-1") {
		return ""
	}
	names := quoted.FindAllStringSubmatch(c.args, -1)
	switch {
	case c.name == "openat" && strings.Contains(c.args, "O_CREAT"),
		strings.HasPrefix(c.name, "mkdir"),
		strings.HasPrefix(c.name, "rename"):
		return names[len(names)-1][1] // of a rename, the new one
	}
	return ""
}
