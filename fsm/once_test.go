package fsm

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/argv"
	"github.com/raftredis/raftredis/internal/command"
	"github.com/raftredis/raftredis/internal/commands/data"
	"github.com/raftredis/raftredis/internal/reply"
	"github.com/raftredis/raftredis/internal/sessions"
)

// withSession is a machine with session 1.
func withSession(t testing.TB) *Machine {
	t.Helper()
	m := newMachine(t)
	if got := script(m, "raft.session open"); got != ":1" {
		t.Fatalf("the first session is %s", got)
	}
	return m
}

// Thesis, section 6.3: a command is executed once, and each time answered as the first time.
func TestOnceAnswersAsTheFirstTime(t *testing.T) {
	const (
		gone, noSession = "-REPLYGONE", "-NOSESSION"
		used            = "-" + sequenceUsed
		nested          = "sessions are not nested"
		oks             = "+OK +OK +OK +OK"
		long            = "it changes nothing and may take long, so send it as it is"
		ofNode          = "it concerns the connection or the node"
	)
	for name, c := range map[string]struct{ script, want string }{
		"counter":  {"raft.once 1 1 incr n; raft.once 1 1 incr n; raft.once 1 2 incr n; get n", ":1 :1 :2 $1 2"},
		"any case": {"RAFT.ONCE 1 1 InCr n; raft.once 1 1 InCr n; get n", ":1 :1 $1 1"},
		"error": {
			"set a x; raft.once 1 1 incr a; set a 1; raft.once 1 1 incr a", "+OK " + notANumber + " +OK " + notANumber,
		},
		"read": {"raft.once 1 1 get a; set a 1; raft.once 1 1 get a; raft.once 1 2 get a", "$-1 +OK $-1 $1 1"},
		"wrong order": {
			"raft.once 1 3 incr n; raft.once 1 1 incr n; raft.once 1 2 incr n; raft.once 1 3 incr n", ":1 :2 :3 :1",
		},
		"another command":  {"raft.once 1 1 incr n; raft.once 1 1 decr n; get n", ":1 " + used + " $1 1"},
		"another key":      {"raft.once 1 1 incr n; raft.once 1 1 incr nn; get nn", ":1 " + used + " $-1"},
		"shifted words":    {"raft.once 1 1 append a bc; raft.once 1 1 append ab c; get ab", ":2 " + used + " $-1"},
		"flushall":         {"set a 1; raft.once 1 1 flushall; set a 2; raft.once 1 1 flushall; get a", oks + " $1 2"},
		"sequence zero":    {"raft.once 1 0 incr n; exists n", "-" + tooOld + " :0"},
		"never opened":     {"raft.once 7 1 incr n; exists n", noSession + " :0"},
		"closed":           {"raft.session close 1; raft.once 1 1 incr n; exists n", ":1 " + noSession + " :0"},
		"closed twice":     {"raft.session close 1; raft.session close 1", ":1 :0"},
		"two sessions":     {"raft.session open; raft.once 1 1 incr n; raft.once 2 1 incr n", ":2 :1 :2"},
		"unknown":          {"raft.once 1 1 nosuch a; raft.once 1 1 incr n", unknown("nosuch", "a") + " :1"},
		"wrong arity":      {"raft.once 1 1 get; raft.once 1 1 incr n", "-" + reply.WrongArity("get") + " :1"},
		"once in once":     {"raft.once 1 1 raft.once 1 2 incr n; incr n", refused("raft.once", nested) + " :1"},
		"session in once":  {"raft.once 1 1 raft.session open", refused("raft.session|open", nested)},
		"of the node":      {"raft.once 1 1 config get x", refused("config|get", ofNode)},
		"memory usage":     {"raft.once 1 1 memory usage x", refused("memory|usage", ofNode)},
		"object encoding":  {"raft.once 1 1 object encoding x", refused("object|encoding", ofNode)},
		"debug":            {"raft.once 1 1 debug object x", refused("debug|object", ofNode)},
		"linear":           {"raft.once 1 1 keys *", refused("keys", long)},
		"no session":       {"raft.once x 1 incr n", "-" + notASession},
		"no sequence":      {"raft.once 1 -1 incr n", "-" + notASession},
		"huge session":     {"raft.once 9223372036854775808 1 incr n", "-" + notASession},
		"highest sequence": {"raft.once 1 9223372036854775807 incr n; raft.once 1 9223372036854775807 incr n", ":1 :1"},
		"bad ttl":          {"raft.session open ttl 0; raft.session open ttl x", "-" + invalidTTL + " -" + invalidTTL},
		"bad options":      {"raft.session open 5; raft.session open ttl", "-" + reply.Syntax + " -" + reply.Syntax},
	} {
		m := withSession(t)
		var got []string
		for line := range strings.SplitSeq(c.script, ";") {
			answer := script(m, strings.TrimSpace(line))
			for _, prefix := range []string{gone, noSession} {
				if strings.HasPrefix(answer, prefix+" ") {
					answer = prefix
				}
			}
			got = append(got, answer)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", name, c.script, strings.Join(got, " "), c.want)
		}
		checkHash(t, m)
	}
}

const notANumber = "-" + reply.NotInteger

func unknown(name, arg string) string {
	return "-ERR unknown command '" + name + "', with args beginning with: '" + arg + "'"
}

func refused(name, why string) string { return "-" + reply.RefusedOnce(name, why) }

// The window has 128 sequences, up to the highest one.
func TestOnceWindow(t *testing.T) {
	m := withSession(t)
	script(m, "raft.once 1 1 incr n", "raft.once 1 128 incr n")
	if got := script(m, "raft.once 1 1 incr n", "raft.once 1 2 incr m"); got != ":1 :1" {
		t.Errorf("127 behind the highest one: %s", got)
	}
	script(m, "raft.once 1 129 incr n")
	if got := script(m, "raft.once 1 1 incr n"); got != "-"+tooOld {
		t.Errorf("128 behind the highest one: %s", got)
	}
	if got := script(m, "raft.once 1 2 incr m", "get n", "get m"); got != ":1 $1 3 $1 1" {
		t.Errorf("127 behind the new highest one: %s", got)
	}
}

// A first attempt by one protocol, and others by both: each gets what the command answers in its own.
func TestOnceRepliesFitTheProtocolOfEachAttempt(t *testing.T) {
	for _, line := range []string{
		"get missing", "mget a missing", "set a 2 xx get", "set missing 2 xx", "lcs s1 s2 idx withmatchlen", "getdel s1",
		"bitfield b overflow fail incrby u2 0 5 get u8 0", "scan 0", "incr s1", "type a", "randomkey", "getex missing",
	} {
		for first := 2; first <= 3; first++ {
			m := withSession(t)
			script(m, "set a 1", "set s1 ohmytext", "set s2 mynewtext")
			want := map[int]string{}
			for protocol := 2; protocol <= 3; protocol++ {
				twin := restored(t, imageOf(t, m))
				want[protocol] = doIn(twin, protocol, words(line))
			}
			for _, protocol := range []int{first, 5 - first, first} {
				got := doIn(m, protocol, words("raft.once 1 1 "+line))
				if line == "lcs s1 s2 idx withmatchlen" || line == "randomkey" { // the first is linear, the second by chance
					continue
				}
				if got != want[protocol] {
					t.Errorf("%s, first by RESP%d, then by RESP%d: %q, want %q", line, first, protocol, got, want[protocol])
				}
			}
		}
	}
}

// fakeMap stands in for the commands that are to come, whose replies have all kinds of values.
func fakeMap(_ *exec.Writer, c exec.Call) []byte {
	dst := reply.MapHeader(c.Reply, c.Protocol, 2)
	dst = reply.Double(reply.Null(dst, c.Protocol), c.Protocol, 1.5)
	dst = reply.NullArray(reply.SetHeader(dst, c.Protocol, 1), c.Protocol)
	return reply.Bool(dst, c.Protocol, true)
}

func TestOnceKeepsMapsDoublesAndNulls(t *testing.T) {
	want := map[int]string{
		2: "*4\r\n$-1\r\n$3\r\n1.5\r\n*1\r\n*-1\r\n:1\r\n", 3: "%2\r\n_\r\n,1.5\r\n~1\r\n_\r\n#t\r\n",
	}
	for first := 2; first <= 3; first++ {
		m := withSession(t)
		m.writes = append([]exec.Write(nil), m.writes...)
		m.writes[data.Incr.ID()] = fakeMap
		for _, protocol := range []int{first, 5 - first, first} {
			if got := doIn(m, protocol, words("set x 1"), words("raft.once 1 1 incr a"), words("get x")); got !=
				"+OK\r\n"+want[protocol]+"$1\r\n1\r\n" {
				t.Errorf("first by RESP%d, then by RESP%d: %q", first, protocol, got)
			}
		}
	}
}

// All nodes keep the same reply: the origin, whatever its client may receive at once and has received, and the others.
func TestOnceKeepsTheSameOnAllNodes(t *testing.T) {
	long := strings.Repeat("v", 300<<10)
	longest := strings.Repeat("w", maxKeptReplyBytes+1)
	for name, line := range map[string]string{
		"short": "set k x get", "long": "set long x get", "too long": "getset longest x", "read": "get long",
		"read too long": "mget longest long", "list": "scan 0", "chance": "randomkey", "counted": "bitfield b get u8 0",
	} {
		origins := map[string]*command.Run{
			"plain": {}, "late": {LateBytes: command.LeftOutBytes}, "bounded": {MaxReplyBytes: 10},
			"resp3": {Protocol: 3, LateBytes: 1},
		}
		var hashes []uint64
		var first string
		for origin, run := range origins {
			m := withSession(t)
			do(m, [][]byte{[]byte("set"), []byte("long"), []byte(long)})
			do(m, [][]byte{[]byte("set"), []byte("longest"), []byte(longest)})
			other := restored(t, imageOf(t, m))
			if run.Protocol == 0 {
				run.Protocol = 2
			}
			for _, call := range []string{"get long", "set k 1", "raft.once 1 1 " + line} {
				run.Calls = append(run.Calls, newCall(words(call)))
			}
			data := run.Body(nil, argv.Append)
			m.Apply(m.Index()+1, 0, data, run)
			other.Apply(other.Index()+1, 0, data, nil)
			if m.Hash() != other.Hash() || !bytes.Equal(imageOf(t, m), imageOf(t, other)) {
				t.Errorf("%s, %s: the origin and another node differ", name, origin)
			}
			hashes = append(hashes, m.Hash())
			checkHash(t, m)
			if again := script(m, "raft.once 1 1 "+line); first == "" {
				first = again
			} else if again != first {
				t.Errorf("%s, %s: another reply is kept", name, origin)
			}
		}
		for _, hash := range hashes {
			if hash != hashes[0] {
				t.Errorf("%s: the state depends on the origin", name)
			}
		}
	}
}

// A reply that is too long to be kept is sent once, whole, and gone afterwards. The longest that is kept is kept.
func TestOnceSendsLongRepliesOnce(t *testing.T) {
	overhead := len(reply.Bulk(nil, make([]byte, maxKeptReplyBytes))) - maxKeptReplyBytes
	for bytes, kept := range map[int]bool{
		maxKeptReplyBytes - exec.ValueOverheadBytes: true, maxKeptReplyBytes - overhead + 1: false, 3 << 20: false,
	} {
		for _, line := range []string{"get k", "getdel k", "set k x get", "mget a k"} {
			m := withSession(t)
			value := strings.Repeat("x", bytes)
			do(m, [][]byte{[]byte("set"), []byte("k"), []byte(value)})
			run := newRun(2, words("set before 1"), words("get k"), words("raft.once 1 1 "+line), words("get before"))
			run.LateBytes = command.LeftOutBytes
			m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
			run.Join()
			bulk := fmt.Sprintf("$%d\r\n%s\r\n", bytes, value)
			want := bulk
			if line == "mget a k" {
				want = "*2\r\n$-1\r\n" + bulk
			}
			if string(run.Reply) != "+OK\r\n"+bulk+want+"$1\r\n1\r\n" {
				t.Errorf("%s of %d bytes: another reply than was expected, of %d bytes", line, bytes, len(run.Reply))
			}
			again := doIn(m, 2, words("raft.once 1 1 "+line))
			if isKept := again == want; isKept != kept && line != "mget a k" || !isKept && again != "-"+replyGone+"\r\n" {
				t.Errorf("%s of %d bytes: kept is %v, want %v", line, bytes, isKept, kept)
			}
		}
	}
}

// A read whose reply is too long to be kept may be put off: it is executed for the client when the entry with its
// arguments is gone, and other entries have come.
func TestOncePutsLongReadsOff(t *testing.T) {
	const fields = command.MaxPresentWork/256 + 1 // more arguments than are looked at while others wait
	m := withSession(t)
	value := strings.Repeat("x", 2*maxKeptReplyBytes/fields)
	do(m, [][]byte{[]byte("hset"), []byte("h"), []byte("f"), []byte(value)})
	run := asConnection(words("raft.once 1 1 hmget h" + strings.Repeat(" f", fields)))
	m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
	if run.Long.Late() != 1 {
		t.Fatal("the read was not put off")
	}
	do(m, words("hset h f other"), words("set "+strings.Repeat("k", 20)+" v"))
	clear(run.Submitted) // nothing needs the entry any more
	run.Join()
	bulk := string(reply.Bulk(nil, []byte(value)))
	if want := fmt.Sprintf("*%d\r\n", fields) + strings.Repeat(bulk, fields); string(run.Reply) != want {
		t.Errorf("%d bytes that begin with %.60q, want %d", len(run.Reply), run.Reply, len(want))
	}
}

// Whether a reply is kept follows from the reply: neither from how large the set is of which it tells a part, nor from
// how that lies in memory, which is another thing on a node that has restored an image.
func TestOnceKeepsRepliesWhateverTheyAreOf(t *testing.T) {
	m := withSession(t)
	for i := range 40 {
		do(m, words(fmt.Sprintf("zadd z %d %02d%s", i, i, strings.Repeat("m", maxKeptReplyBytes/20))))
	}
	for sequence, line := range []string{"zpopmin z 1", "zrange z 0 0", "zmpop 1 z max", "zpopmax z"} {
		line = fmt.Sprintf("raft.once 1 %d %s", sequence+1, line)
		first := do(m, words(line))
		if again := do(m, words(line)); again != first || first[0] != '*' {
			t.Errorf("%.40s: %.60q, and again %.60q", line, first, again)
		}
	}
}

// S23: TestOnceKeepsTheSameInAnyLayout has two nodes with one content and two layouts, and replies around the edge of
// what an entry may keep.
func TestOnceKeepsTheSameInAnyLayout(t *testing.T) {
	const members, left = 40, 900
	for more := range 40 {
		m := withSession(t)
		for i := range 2 * members { // a large set that has become small lies as a large one
			do(m, words(fmt.Sprintf("zadd z %d m%02d", i, i)))
		}
		for i := range members {
			do(m, words(fmt.Sprintf("zrem z m%02d", i)))
		}
		overhead := len(reply.Bulk(nil, make([]byte, maxEntryKeptBytes/8))) - maxEntryKeptBytes/8
		for i := range 8 { // together they leave so many bytes for what follows
			length := maxEntryKeptBytes/8 - overhead
			if i == 7 {
				length -= left + more*members/4
			}
			do(m, [][]byte{[]byte("set"), fmt.Append(nil, "k", i), make([]byte, length)})
		}
		other := restored(t, imageOf(t, m))
		var entry []byte
		for i := range 8 {
			entry = argv.Append(entry, words(fmt.Sprintf("raft.once 1 %d get k%d", i+1, i)))
		}
		for i, line := range []string{"zrange z 0 -1", "zpopmin z 3", "zmpop 1 z max count 2"} {
			entry = argv.Append(entry, words(fmt.Sprintf("raft.once 1 %d %s", i+9, line)))
		}
		index := m.Index() + 1
		m.Apply(index, 0, entry, nil)
		other.Apply(index, 0, entry, nil)
		if m.Hash() != other.Hash() {
			t.Fatalf("with %d bytes left the two nodes keep other replies", left+more*members/4)
		}
	}
}

// A pipeline whose replies are more than a client may receive at once is executed; what does not fit is kept.
func TestOnceWithinABoundOfReplies(t *testing.T) {
	m := withSession(t)
	script(m, "set k "+strings.Repeat("x", 1000))
	run := newRun(2, words("raft.once 1 1 get k"), words("raft.once 1 2 getset k y"), words("raft.once 1 1 get k"),
		words("raft.once 1 3 incr n"))
	run.MaxReplyBytes = 500
	m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
	long := fmt.Sprintf("$1000\r\n%s\r\n", strings.Repeat("x", 1000))
	if want := long + "-" + exec.WrittenTooLong + "\r\n-" + exec.WrittenTooLong + "\r\n:1\r\n"; string(run.Reply) != want {
		t.Errorf("answered %.60q … of %d bytes, want %d", run.Reply, len(run.Reply), len(want))
	}
	if got := doIn(m, 2, words("raft.once 1 2 getset k y")); got != long {
		t.Errorf("a retry got %.40q", got)
	}
}

// A snapshot between the first attempt and the retry, and a log that is replayed: neither makes a difference.
func TestOnceAcrossAnImage(t *testing.T) {
	m := withSession(t)
	twin := newMachine(t)
	lines := []string{
		"raft.once 1 1 incr n", "raft.once 1 3 set a 1 get", "raft.once 1 2 incr a", "raft.session open",
		"raft.once 6 1 mget a n",
	}
	twin.Apply(1, 0, body("raft.session open"), nil)
	first := map[string]string{}
	for i, line := range lines {
		if line != "raft.session open" {
			first[line] = do(m, words(line))
		} else {
			do(m, words(line))
		}
		twin.Apply(uint64(i+2), 0, body(line), nil)
	}
	if m.Hash() != twin.Hash() || !bytes.Equal(imageOf(t, m), imageOf(t, twin)) {
		t.Fatal("the log does not lead to the same state on another node")
	}
	again := restored(t, imageOf(t, m))
	if again.Hash() != m.Hash() {
		t.Fatal("an image is of another state")
	}
	for _, at := range []*Machine{again, m} {
		for line, want := range first {
			if got := do(at, words(line)); got != want {
				t.Errorf("%s: %q, the first time %q", line, got, want)
			}
		}
	}
	if again.Hash() != m.Hash() || script(again, "get n", "get a") != "$1 1 $1 2" {
		t.Error("the retries had an effect")
	}
}

// TestImageWithSessionsIsThatOfTheGoldenFile guards what clusters have on their disks.
func TestImageWithSessionsIsThatOfTheGoldenFile(t *testing.T) {
	m := withSession(t)
	script(m, "raft.once 1 1 set k v", "raft.once 1 3 mget k nothing", "raft.once 1 2 incr k")
	script(m, "raft.session open ttl 5000")
	checkGolden(t, m, "image-sessions.hex")
}

// Two images overlap with changes of the sessions between them.
func TestOnceFreezesDoNotChange(t *testing.T) {
	m := withSession(t)
	do(m, words("raft.once 1 1 incr n"))
	before := m.Freeze()
	hash := m.Hash()
	do(m, words("raft.once 1 2 incr n"), words("raft.session close 1"), words("raft.session open"))
	after := m.Freeze()
	do(m, words("raft.once 3 1 incr n"))
	run := newRun(2, words("raft.session info 1"))
	if before.Query(0, run) || !strings.Contains(string(run.Reply), "highest\r\n:1") {
		t.Errorf("the first freeze knows %q", run.Reply)
	}
	one, two := restored(t, written(t, before)), restored(t, written(t, after))
	if one.Hash() != hash || script(one, "raft.once 1 1 incr n", "raft.once 1 2 incr n") != ":1 :2" {
		t.Error("the first freeze has changed")
	}
	if got := script(two, "raft.once 1 1 incr n"); !strings.HasPrefix(got, "-NOSESSION ") {
		t.Errorf("the second freeze has a session that was closed: %s", got)
	}
}

// A session lives for its time behind each use, by log time, and an entry without a command is enough to end it.
func TestSessionsEndByLogTime(t *testing.T) {
	m := newMachine(t)
	index := uint64(0)
	at := func(stamp int64, line string) string {
		index++
		run := newRun(2, words(line))
		m.Apply(index, stamp, run.Body(nil, argv.Append), run)
		return strings.TrimSpace(string(run.Reply))
	}
	id := strings.TrimPrefix(at(1000, "raft.session open ttl 100"), ":")
	if got := at(1099, "raft.once "+id+" 1 incr n"); got != ":1" {
		t.Fatalf("just before its end: %s", got)
	}
	if got := at(1198, "raft.once "+id+" 1 incr n"); got != ":1" {
		t.Fatalf("a retry just before the end of the use before: %s", got)
	}
	info, found := m.state.Session(1)
	due := m.Due()
	if !found || due < info.Deadline || due >= info.Deadline+1000 {
		t.Fatalf("something is due at %d; the session ends at %d", due, info.Deadline)
	}
	if got := at(info.Deadline, "raft.once "+id+" 2 incr n"); !strings.HasPrefix(got, "-NOSESSION ") {
		t.Fatalf("at its end: %s", got)
	}
	index++
	m.Apply(index, due, nil, nil)
	if count, bytes := m.Sessions(); count != 0 || bytes != 0 || m.Due() != 0 {
		t.Errorf("behind its end: %d sessions of %d bytes, due at %d", count, bytes, m.Due())
	}
	checkHash(t, m)
}

// Numbers of sessions grow, also within one entry, and behind a flush.
func TestSessionNumbersGrow(t *testing.T) {
	m := newMachine(t)
	if got := do(m, words("raft.session open"), words("raft.session open")); got != ":1\r\n:2\r\n" {
		t.Fatalf("two in one entry: %q", got)
	}
	got := script(m, "flushall", "raft.session close 2", "raft.session open", "raft.once 1 1 incr n")
	if got != "+OK :1 :4 :1" {
		t.Fatalf("behind others: %s", got)
	}
}

func TestSessionInfo(t *testing.T) {
	m := withSession(t)
	script(m, "raft.once 1 7 incr n", "raft.once 1 2 incr n")
	want := fmt.Sprintf("*12 $7 session :1 $3 ttl :%d $4 left :%d $7 highest :7 $7 replies :2 $11 reply-bytes :%d",
		sessions.DefaultTTLMillis, sessions.DefaultTTLMillis+sessions.DefaultTTLMillis/16,
		2*(sessions.ReplyOverheadBytes+len(":1\r\n")+fingerprintBytes))
	if got := script(m, "raft.session info 1"); got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
	if got := doIn(m, 3, words("raft.session info 1")); !strings.HasPrefix(got, "%6\r\n") {
		t.Errorf("in RESP3 %q", got)
	}
	for _, line := range []string{"raft.session info 2", "raft.session info 0"} {
		if got := script(m, line); !strings.HasPrefix(got, "-NOSESSION ") {
			t.Errorf("%s: %s", line, got)
		}
	}
	if got := script(m, "raft.session info x"); got != "-"+notASession {
		t.Errorf("no number: %s", got)
	}
}

// Sessions beyond the limit are refused, and those that are there stay.
func TestSessionsAreBounded(t *testing.T) {
	m := newMachine(t)
	limit := sessions.DefaultLimits().MaxSessions
	open := argv.Append(nil, words("raft.session open"))
	full := bytes.Repeat(open, limit-1)
	m.Apply(1, 0, full, nil)
	if got := script(m, "raft.session open", "raft.session open", "raft.once 1 1 incr n"); got !=
		fmt.Sprintf(":%d -%s :1", limit, fullOfThem) {
		t.Errorf("at the limit: %s", got)
	}
	if got := script(m, "raft.session close 1", "raft.session open"); !strings.HasPrefix(got, ":1 :") {
		t.Errorf("below it again: %s", got)
	}
}

// 100,000 sessions cost at most 200 bytes each beside their replies, in the image and as the machine counts them.
func TestSessionsAreSmall(t *testing.T) {
	const many = 100_000
	m := newMachine(t)
	empty := len(imageOf(t, m))
	m.Apply(1, 0, bytes.Repeat(argv.Append(nil, words("raft.session open")), many), nil)
	if held := m.HeldBytes(); held != many*200 {
		t.Errorf("%d bytes are counted", held)
	}
	image := len(imageOf(t, m)) - empty
	if image > many*200 || image < many*8 {
		t.Errorf("the image has %d bytes for each session", image/many)
	}
	t.Logf("%d bytes each in the image", image/many)
}

// FuzzOnceTakesAnyBytes: whatever stands behind RAFT.ONCE in an entry has one effect, with a client and without.
func FuzzOnceTakesAnyBytes(f *testing.F) {
	f.Add([]byte("1 1 incr n"), uint8(2))
	f.Add([]byte("1 1 set k \x00 get"), uint8(3))
	f.Add([]byte("1 1 raft.once 1 1 raft.once"), uint8(2))
	f.Add([]byte("1 1 object"), uint8(2))
	f.Add([]byte("1"), uint8(2))
	f.Add([]byte("1 1 bitfield k get"), uint8(3))
	f.Fuzz(func(t *testing.T, words []byte, protocol uint8) {
		args := append([][]byte{[]byte("raft.once")}, bytes.Split(words, []byte(" "))...)
		one, two := withSession(t), withSession(t)
		var replies []string
		for range 2 {
			call := newCall(args)
			run := &command.Run{Protocol: 2 + int(protocol)%2, Calls: []command.Call{call}, LateBytes: int(protocol / 8)}
			if !call.IsWrite() {
				return
			}
			data := run.Body(nil, argv.Append)
			one.Apply(one.Index()+1, 0, data, run)
			two.Apply(two.Index()+1, 0, data, nil)
			replies = append(replies, string(run.Reply))
			if len(reply.Skip(run.Reply)) != 0 {
				t.Fatalf("%q is no reply", run.Reply)
			}
		}
		if one.Hash() != two.Hash() {
			t.Fatal("two nodes differ")
		}
		if replies[0] != replies[1] && !strings.HasPrefix(replies[1], "-REPLYGONE ") {
			t.Fatalf("first %q, then %q", replies[0], replies[1])
		}
	})
}

// A command costs two allocations more by RAFT.ONCE, for the reply that is kept.
func TestAllocationsOfOnce(t *testing.T) {
	const runs, more = 1000, 2
	counts := map[bool]float64{}
	for _, once := range []bool{false, true} {
		m := withSession(t)
		var bodies [][]byte
		for sequence := range runs + 1 {
			line := "set key value"
			if once {
				line = fmt.Sprintf("raft.once 1 %d %s", sequence+1, line)
			}
			bodies = append(bodies, body(line))
		}
		counts[once] = testing.AllocsPerRun(runs, func() {
			m.Apply(m.Index()+1, 0, bodies[0], nil)
			bodies = bodies[1:]
		})
	}
	if counts[true] > counts[false]+more {
		t.Errorf("%v allocations plainly, %v by RAFT.ONCE", counts[false], counts[true])
	}
}

// A reply that is not kept has a fingerprint all the same: another command with its sequence is not told that it was
// executed.
func TestOnceKnowsACommandWhoseReplyIsNotKept(t *testing.T) {
	m := withSession(t)
	do(m, [][]byte{[]byte("set"), []byte("big"), make([]byte, maxKeptReplyBytes)})
	do(m, words("raft.once 1 7 getdel big"))
	got := script(m, "raft.once 1 7 incr other", "exists other", "raft.once 1 7 getdel big")
	if want := "-" + sequenceUsed + " :0 -" + replyGone; got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
}

// An entry of some kilobytes may ask for gigabytes of replies: 4 MiB are kept, on all nodes, and short ones always.
// Each client gets its first reply. The next entry begins anew.
func TestAnEntryKeepsABoundedPartOfItsReplies(t *testing.T) {
	const valueBytes = maxKeptReplyBytes - 100
	value := strings.Repeat("v", valueBytes)
	bulk := fmt.Sprintf("$%d\r\n%s\r\n", valueBytes, value)
	rest := maxEntryKeptBytes - 4*len(bulk) // what may be kept behind four of them
	edge := strings.Repeat("e", rest-exec.ValueOverheadBytes)
	for name, c := range map[string]struct {
		edge string
		kept bool
	}{"at the edge": {edge, true}, "above it": {edge + "e", false}} {
		m := withSession(t)
		for key, text := range map[string]string{"big": value, "edge": c.edge} {
			do(m, [][]byte{[]byte("set"), []byte(key), []byte(text)})
		}
		other := restored(t, imageOf(t, m))
		lines := []string{
			"get big", "getex big", "get big", "set big x get", "get edge", "set long " + value, "incr n", "getset long y",
		}
		var calls [][][]byte
		for i, line := range lines {
			calls = append(calls, words(fmt.Sprintf("raft.once 1 %d %s", i+1, line)))
		}
		run := newRun(2, calls...)
		data := run.Body(nil, argv.Append)
		m.Apply(m.Index()+1, 0, data, run)
		other.Apply(other.Index()+1, 0, data, nil)
		if m.Hash() != other.Hash() || !bytes.Equal(imageOf(t, m), imageOf(t, other)) {
			t.Fatalf("%s: the origin and another node differ", name)
		}
		first := fmt.Sprintf("$%d\r\n%s\r\n", len(c.edge), c.edge)
		if want := strings.Repeat(bulk, 4) + first + "+OK\r\n:1\r\n" + bulk; string(run.Reply) != want {
			t.Fatalf("%s: %d bytes of first replies, want %d", name, len(run.Reply), len(want))
		}
		for i, want := range []string{bulk, bulk, bulk, bulk, first, "+OK\r\n", ":1\r\n", "-" + replyGone + "\r\n"} {
			if i == 4 && !c.kept {
				want = "-" + replyGone + "\r\n"
			}
			if got := do(m, calls[i]); got != want {
				t.Errorf("%s: a retry of %.40s has %d bytes, want %d", name, lines[i], len(got), len(want))
			}
		}
		next := [][][]byte{words("raft.once 1 20 getset big z"), words("raft.once 1 21 getset edge z")}
		if got := do(m, next...); got != "$1\r\nx\r\n"+first {
			t.Errorf("%s: another entry got %.40q", name, got)
		}
		if got := do(m, next[1]); got != first {
			t.Errorf("%s: another entry kept nothing: %.40q", name, got)
		}
		checkHash(t, m)
	}
}

// What is settled is never executed from then on, and what may be executed is not settled.
func TestOnceKnowsWhatIsSettled(t *testing.T) {
	m := withSession(t)
	if New(Options{}).Settled(0, 1) {
		t.Error("without a state something is settled")
	}
	script(m, "raft.session open", "raft.session close 2", "raft.once 1 3 incr n", "raft.once 1 130 incr n")
	for _, c := range []struct {
		session, sequence uint64
		settled           bool
	}{
		{0, 1, true}, {1, 0, true}, {1, 2, true}, {1, 3, true}, {1, 4, false}, {1, 129, false}, {1, 130, true},
		{1, 131, false}, {2, 1, true}, {3, 1, false}, {1 << 40, 1, false},
	} {
		if got := m.Settled(c.session, c.sequence); got != c.settled {
			t.Errorf("%d %d: settled is %v", c.session, c.sequence, got)
		}
		twin := restored(t, imageOf(t, m))
		script(twin, fmt.Sprintf("raft.once %d %d set mark x", c.session, c.sequence))
		if executed := script(twin, "exists mark") == ":1"; executed && c.settled {
			t.Errorf("%d %d is settled, and was executed", c.session, c.sequence)
		}
	}
	m.Apply(m.Index()+1, 3*sessions.DefaultTTLMillis, nil, nil)
	if !m.Settled(1, 4) {
		t.Error("a session has ended, and something may be executed in it")
	}
}

// SCAN by RAFT.ONCE looks at few keys, on each node, and goes on from where it was.
func TestAScanByOnceLooksAtFewKeys(t *testing.T) {
	m := withSession(t)
	for i := range 3 * exec.MaxOnceScanCount {
		do(m, words(fmt.Sprintf("set key%d v", i)))
	}
	cursor, seen, calls := "0", 0, 0
	for calls == 0 || cursor != "0" {
		calls++
		found := strings.Fields(do(m, words(fmt.Sprintf("raft.once 1 %d scan %s count 10000", calls, cursor))))
		cursor, seen = found[2], seen+(len(found)-4)/2
	}
	if seen != 3*exec.MaxOnceScanCount || calls < 3 || calls > 4 {
		t.Errorf("%d calls found %d keys", calls, seen)
	}
}
