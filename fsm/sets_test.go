package fsm

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/exec"
	"github.com/raftredis/raftredis/internal/argv"
)

func TestSetCommandsAnswer(t *testing.T) { compareTranscript(t, "sets.txt") }

func TestSetRepliesOfRESP3(t *testing.T) {
	m := newMachine(t)
	for _, step := range []struct{ line, want string }{
		{"sadd s a", ":1|"},
		{"smembers s", "~1|$1|a|"},
		{"smembers x", "~0|"},
		{"sinter s", "~1|$1|a|"},
		{"sunion x", "~0|"},
		{"sdiff s x", "~1|$1|a|"},
		{"srandmember s 1", "*1|$1|a|"},
		{"srandmember s -1", "*1|$1|a|"},
		{"srandmember x", "_|"},
		{"smismember s a b", "*2|:1|:0|"},
		{"sscan s 0", "*2|$1|0|*1|$1|a|"},
		{"spop x", "_|"},
		{"spop x 1", "~0|"},
		{"spop s 2", "~1|$1|a|"},
	} {
		if got := strings.ReplaceAll(doIn(m, 3, words(step.line)), "\r\n", "|"); got != step.want {
			t.Errorf("%s: got %s, want %s", step.line, got, step.want)
		}
	}
}

// TestSPopTakesWhatItSays: what SPOP answers is gone, nothing else is, for counts about those at which it goes about it
// in another way.
func TestSPopTakesWhatItSays(t *testing.T) {
	for _, members := range []int{1, 2, 10, 1000} {
		share := members * 3 / 4
		for _, count := range []int{1, members / 2, share - 1, share, share + 1, members - 1, members, members + 1} {
			m := newMachine(t)
			all := map[string]bool{}
			for i := range members {
				all[fmt.Sprint("m", i)] = true
				do(m, words(fmt.Sprint("sadd s m", i)))
			}
			popped := stringsOf(do(m, words(fmt.Sprint("spop s ", max(count, 0)))))
			if len(popped) != min(max(count, 0), members) {
				t.Fatalf("%d of %d members: %d were answered", count, members, len(popped))
			}
			for _, member := range popped {
				if !all[member] {
					t.Fatalf("%d of %d members: %s was answered twice, or never was there", count, members, member)
				}
				delete(all, member)
			}
			left := stringsOf(do(m, words("smembers s")))
			if len(left) != len(all) || slices.ContainsFunc(left, func(member string) bool { return !all[member] }) {
				t.Fatalf("%d of %d members: %d are left, want %d", count, members, len(left), len(all))
			}
			checkHash(t, m)
		}
	}
}

// TestDrawsAreFair draws members and fields of a pack and of a tree.
func TestDrawsAreFair(t *testing.T) {
	const draws = 40_000
	for _, elements := range []int{20, 400} {
		m := newMachine(t)
		for i := range elements {
			do(m, words(fmt.Sprintf("sadd s %d", i)), words(fmt.Sprintf("hset h %d x", i)))
		}
		for _, line := range []string{
			"srandmember s", "srandmember s 5", "srandmember s -5", "hrandfield h", "hrandfield h 5", "hrandfield h -5",
		} {
			counts, drawn := map[string]int{}, 0
			for chance := uint64(0); drawn < draws; chance++ {
				run := newRun(2, words(line))
				run.Random = chance
				m.Query(0, run)
				reply := string(run.Reply)
				if reply[0] == '$' {
					reply = "*1\r\n" + reply
				}
				all := stringsOf(reply)
				if strings.HasSuffix(line, " 5") && len(slices.Compact(slices.Sorted(slices.Values(all)))) != 5 {
					t.Fatalf("%s of %d: %q", line, elements, all)
				}
				for _, element := range all {
					counts[element]++
					drawn++
				}
			}
			chi := 0.0
			want := float64(drawn) / float64(elements)
			for i := range elements {
				difference := float64(counts[strconv.Itoa(i)]) - want
				chi += difference * difference / want
			}
			// The sum has a mean of about one for each element, and the deviation math.Sqrt(2 * elements): eight of them above
			// that is nothing that chance does.
			if limit := float64(elements) + 8*math.Sqrt(2*float64(elements)); chi > limit {
				t.Errorf("%s of %d: a sum of squares of %.0f", line, elements, chi)
			}
		}
	}
}

// TestDrawsWithRepetitionAreBounded at the limit and above it.
func TestDrawsWithRepetitionAreBounded(t *testing.T) {
	m := newMachine(t)
	do(m, words("sadd s a"), words("hset h a 1"), words("zadd z 1 a"))
	for _, line := range []string{"srandmember s ", "hrandfield h ", "zrandmember z "} {
		if got := do(m, words(line+strconv.Itoa(-exec.MaxDrawn))); len(stringsOf(got)) != exec.MaxDrawn {
			t.Errorf("%s of as many as may be drawn: %.60q", line, got)
		}
		if got := do(m, words(line+strconv.Itoa(-exec.MaxDrawn-1))); got != "-"+exec.TooManyDrawn+"\r\n" {
			t.Errorf("%s of more than may be drawn: %.60q", line, got)
		}
	}
}

// S23: TestContainersFollowContentAlone goes on with SPOP, SRANDMEMBER, HRANDFIELD, RANDOMKEY, SCAN, HSCAN and SSCAN on
// machines of another layout: one that came the long way, with elements that went again and freezes in between, and one
// restored from its image at each step. The order in which elements of small containers came is a part of the contents:
// both ways lead to the same one. Those of 300 elements are in an order on both ways, those of 5,000 have none.
func TestContainersFollowContentAlone(t *testing.T) {
	straight, devious := newMachine(t), newMachine(t)
	apply := func(m *Machine, lines ...string) { m.Apply(m.Index()+1, 0, body(lines...), nil) }
	for _, c := range []struct {
		n         string
		size, all int
	}{{"1", 10, 500}, {"2", 300, 500}, {"3", 5000, 30_000}} {
		n, size := c.n, c.size
		for i := range size {
			apply(straight, fmt.Sprintf("sadd s%s m%d", n, i), fmt.Sprintf("hset h%s m%d v%d", n, i, i))
		}
		for i := range c.all {
			apply(devious, fmt.Sprintf("sadd s%s m%d", n, i), fmt.Sprintf("hset h%s m%d other%d", n, i, i))
			if i%size == 0 {
				devious.Freeze().Release()
			}
		}
		for i := range c.all {
			if i < size {
				apply(devious, fmt.Sprintf("hset h%s m%d v%d", n, i, i))
			} else {
				apply(devious, fmt.Sprintf("srem s%s m%d", n, i), fmt.Sprintf("hdel h%s m%d", n, i))
			}
		}
	}
	if usage(t, straight, "s3") == usage(t, devious, "s3") {
		t.Fatal("both ways lead to one layout: the test compares nothing")
	}
	for straight.Index() < devious.Index() {
		apply(straight, "hset h1 m0 v0")
	}
	// Versions are a part of the state, and differ between the two until each key was changed once more.
	for _, key := range []string{"1", "2", "3"} {
		apply(straight, "sadd s"+key+" last", "hset h"+key+" m0 v0")
		apply(devious, "sadd s"+key+" last", "hset h"+key+" m0 v0")
	}
	if straight.Hash() != devious.Hash() || !bytes.Equal(imageOf(t, straight), imageOf(t, devious)) {
		t.Fatal("the contents are equal, and the states differ")
	}
	other := restored(t, imageOf(t, straight))
	for _, m := range []*Machine{straight, devious} {
		apply(m, "srem s1 m0", "sadd s1 m0 m1")
	}
	if apply(other, "srem s1 m1", "sadd s1 m0 m1"); other.Hash() == straight.Hash() {
		t.Fatal("the orders differ, and the states are equal")
	}
	goOnAlike(t, straight, devious)
}

// TestSmallContainersKeepTheirOrder by what commands answer. Where Redis has the order of a listpack or of an intset,
// it is the same one.
func TestSmallContainersKeepTheirOrder(t *testing.T) {
	m := newMachine(t)
	for _, c := range []struct{ lines, ask, want string }{
		{"hset h b 1 a 2 c 3", "hgetall h", "b 1 a 2 c 3"},
		{"hset h b 4", "hkeys h", "b a c"},
		{"hdel h a", "hvals h", "4 3"},
		{"hset h a 5", "hgetall h", "b 4 c 3 a 5"},
		{"hsetnx h d 6; hsetnx h b 7; hincrby h e 8; hincrby h c 1; hincrbyfloat h f 0.5", "hgetall h",
			"b 4 c 4 a 5 d 6 e 8 f 0.5"},
		{"copy h copy; rename copy name", "hkeys name", "b c a d e f"},
		{"", "hscan h 0", "0 b 4 c 4 a 5 d 6 e 8 f 0.5"},
		{"", "hscan h 0 match [ae]", "0 a 5 e 8"},
		{"", "hrandfield h 9", "b c a d e f"},
		{"sadd s b a c b", "smembers s", "b a c"},
		{"srem s a; sadd s d a b", "smembers s", "b c d a"},
		{"", "sscan s 0", "0 b c d a"},
		{"smove s t c; smove s t b", "smembers t", "c b"},
		{"sadd n 10 -3 7 9223372036854775807", "smembers n", "-3 7 10 9223372036854775807"},
		{"sadd n 8 x 1 y", "smembers n", "-3 7 8 10 9223372036854775807 x 1 y"},
		{"srem n x y; sadd n 5", "smembers n", "-3 7 8 10 9223372036854775807 1 5"},
		{"sadd u 3 1 q; sadd v 2 p 1", "sunion u v", "1 3 q 2 p"},
		{"sunionstore w u v", "smembers w", "1 3 q 2 p"},
		{"", "sunion v u", "2 p 1 3 q"},
		{"sadd x d b c a; sadd y a b c e f", "sinter y x", "b c a"},
		{"sinterstore w y x", "smembers w", "b c a"},
		{"", "sdiff x s", "b c"},
		{"sdiffstore w y t", "smembers w", "a e f"},
		{"del l; sadd l z y x 3 1", "sort l by nosort", "z y x 3 1"},
		{"sadd p f e d c b a", "spop p 6", "f e d c b a"},
	} {
		for _, line := range strings.Split(c.lines, "; ") {
			if line != "" {
				do(m, words(line))
			}
		}
		if got := shown(do(m, words(c.ask))); got != c.want {
			t.Errorf("%s; %s: %s, want %s", c.lines, c.ask, got, c.want)
		}
	}
	again := restored(t, imageOf(t, m))
	for _, ask := range []string{"hgetall name", "smembers s", "smembers n", "smembers u", "smembers w"} {
		want := do(m, words(ask))
		if got := do(again, words(ask)); got != want {
			t.Errorf("restored: %s: %s, want %s", ask, shown(got), shown(want))
		}
		key := strings.Fields(ask)[1]
		_, payload, _ := strings.Cut(do(m, words("dump "+key)), "\r\n")
		do(m, [][]byte{[]byte("restore"), []byte("copied"), []byte("0"), []byte(payload[:len(payload)-2]), []byte("replace")})
		if key == "n" { // all are integers: RESTORE makes a set that ascends of them, as Redis does
			want = "*7\r\n$2\r\n-3\r\n$1\r\n1\r\n$1\r\n5\r\n$1\r\n7\r\n$1\r\n8\r\n$2\r\n10\r\n$19\r\n9223372036854775807\r\n"
		}
		if got := do(m, words(strings.Fields(ask)[0]+" copied")); got != want {
			t.Errorf("dumped: %s: %s, want %s", ask, shown(got), shown(want))
		}
	}
}

// shown are the strings of a reply.
func shown(reply string) string {
	var all []string
	for _, line := range strings.Split(strings.TrimSuffix(reply, "\r\n"), "\r\n") {
		if line != "" && !strings.ContainsRune("*$", rune(line[0])) {
			all = append(all, line)
		}
	}
	return strings.Join(all, " ")
}

// goOnAlike asks two machines in one state, and one that is restored, for what is left to chance.
func goOnAlike(t *testing.T, one, other *Machine) {
	t.Helper()
	cursors := map[string]string{}
	for step := range 300 {
		key := strconv.Itoa(1 + step%3)
		machines := []*Machine{one, other, restored(t, imageOf(t, one))}
		var lines []string
		for _, name := range []string{"scan", "sscan s" + key, "hscan h" + key} {
			if cursors[name] == "" {
				cursors[name] = "0"
			}
			lines = append(lines, name+" "+cursors[name]+" count 7")
		}
		lines = append(lines, "randomkey", "srandmember s"+key, "srandmember s"+key+" 5", "srandmember s"+key+" -9",
			"hrandfield h"+key+" 4 withvalues", "hrandfield h"+key+" -4", "smembers s1", "hgetall h1", "hkeys h2", "hvals h2",
			"sinter s2 s3", "sunion s1 s2", "sdiff s2 s1")
		for _, line := range lines {
			var first string
			for i, m := range machines {
				run := newRun(2+step%2, words(line))
				run.Random = uint64(step)
				m.Query(0, run)
				if i == 0 {
					first = string(run.Reply)
				} else if string(run.Reply) != first {
					t.Fatalf("step %d: machine %d answers %s by %q, and the first one by %q", step, i, line, run.Reply, first)
				}
			}
			for name := range cursors {
				if strings.HasPrefix(line, name+" ") {
					cursors[name] = strings.Split(first, "\r\n")[2]
				}
			}
		}
		write := []string{
			"spop s" + key, "spop s" + key + " 3", "hdel h" + key + " m" + strconv.Itoa(step), "spop s3 40",
		}[step%4]
		var first string
		for i, m := range machines {
			run := newRun(2, words(write))
			m.Apply(m.Index()+1, 0, run.Body(nil, argv.Append), run)
			if i == 0 {
				first = string(run.Reply)
			} else if string(run.Reply) != first || m.Hash() != one.Hash() {
				t.Fatalf("step %d: %s answers %q on machine %d, and %q on the first one", step, write, run.Reply, i, first)
			}
		}
	}
	if len(stringsOf(do(one, words("smembers s1")))) > 0 {
		t.Error("SPOP has left members: the steps are too few")
	}
}

// S22: TestFreezeDoesNotSeeLaterElements freezes a large set and a large hash, and changes both everywhere.
func TestFreezeDoesNotSeeLaterElements(t *testing.T) {
	const elements = 20_000
	m := newMachine(t)
	for i := range elements {
		m.Apply(m.Index()+1, 0, body(fmt.Sprintf("sadd s %d", i), fmt.Sprintf("hset h f%d %d", i, i)), nil)
	}
	hash, image := m.Hash(), m.Freeze()
	for i := range elements {
		m.Apply(m.Index()+1, 0, body(
			fmt.Sprintf("hset h f%d x", i), fmt.Sprintf("sadd s more%d", i), fmt.Sprintf("srem s %d", i), "spop s"), nil)
	}
	again := restored(t, written(t, image))
	if again.Hash() != hash {
		t.Fatal("the image is of another state")
	}
	want := fmt.Sprintf(":%d :%d :1 $2 77", elements, elements)
	if got := script(again, "scard s", "hlen h", "sismember s 77", "hget h f77"); got != want {
		t.Fatalf("the image shows %s, want %s", got, want)
	}
	checkHash(t, m)
}
