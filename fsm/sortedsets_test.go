package fsm

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/fsm/exec"
)

// dialogues are lines with commands, each followed by its reply in one line: in RESP2 and, if there is a second one, in
// RESP3. A line that is empty begins with an empty key space.
const sortedSetDialogues = `
zadd z 1 a 2 b 1.5 c
:3
zadd z ch 3 a 9 d
:2
zadd z nx 5 a 5 e
:1
zadd z xx gt ch 4 a 1 b
:1
zadd z lt incr -1 a
$1 3 | ,3
zadd z lt incr 1 a
$-1 | _
zadd z nx xx 1 a
-ERR XX and NX options at the same time are not compatible
zadd z nx gt 1 a
-ERR GT, LT, and/or NX options at the same time are not compatible
zadd z gt lt 1 a
-ERR GT, LT, and/or NX options at the same time are not compatible
zadd z incr 1 a 2 b
-ERR INCR option supports a single increment-element pair
zadd z 1
-ERR wrong number of arguments for 'zadd' command
zadd z 1 a 2
-ERR syntax error
zadd z nan a
-ERR value is not a valid float
zadd none xx 1 a
:0
exists none
:0
type z
+zset
zrange z 0 -1 withscores
*10 $1 c $3 1.5 $1 b $1 2 $1 a $1 3 $1 e $1 5 $1 d $1 9 | *5 *2 $1 c ,1.5 *2 $1 b ,2 *2 $1 a ,3 *2 $1 e ,5 *2 $1 d ,9
zrange z 1 2 rev
*2 $1 e $1 a
zrange z (1.5 +inf byscore limit 1 2
*2 $1 a $1 e
zrange z 5 (1.5 byscore rev withscores limit 0 1
*2 $1 e $1 5 | *1 *2 $1 e ,5
zrange z 0 -1 limit 0 1
-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX
zrange z - + bylex withscores
-ERR syntax error, WITHSCORES not supported in combination with BYLEX
zrange z a b
-ERR value is not an integer or out of range
zrange z a b byscore
-ERR min or max is not a float
zrange z a b bylex
-ERR min or max not valid string range item
zrangebyscore z -inf (2 withscores
*2 $1 c $3 1.5 | *1 *2 $1 c ,1.5
zrevrange z 0 0
*1 $1 d
zcount z 2 (9
:3
zrank z a
:2
zrevrank z a withscore
*2 :2 $1 3 | *2 :2 ,3
zrank z x withscore
*-1 | _
zrank z x
$-1 | _
zscore z c
$3 1.5 | ,1.5
zmscore z c x
*2 $3 1.5 $-1 | *2 ,1.5 _
zcard z
:5
zincrby z inf a
$3 inf | ,inf
zincrby z -inf a
-ERR resulting score is not a number (NaN)
zpopmax z
*2 $1 a $3 inf | *2 $1 a ,inf
zpopmin z 2
*4 $1 c $3 1.5 $1 b $1 2 | *2 *2 $1 c ,1.5 *2 $1 b ,2
zpopmin z 0
*0
zpopmin z -1
-ERR value is out of range, must be positive
zmpop 2 none z max count 9
*2 $1 z *2 *2 $1 d $1 9 *2 $1 e $1 5 | *2 $1 z *2 *2 $1 d ,9 *2 $1 e ,5
exists z
:0
zmpop 1 z min
*-1 | _
zmpop 0 z min
-ERR numkeys should be greater than 0
zmpop 1 z min count 0
-ERR count should be greater than 0

zadd a 1 x 2 y 3 z
:3
zadd b 10 y 20 z 30 w
:3
zunion 2 a b withscores
*8 $1 x $1 1 $1 y $2 12 $1 z $2 23 $1 w $2 30 | *4 *2 $1 x ,1 *2 $1 y ,12 *2 $1 z ,23 *2 $1 w ,30
zinter 2 a b weights 2 1 aggregate max withscores
*4 $1 y $2 10 $1 z $2 20 | *2 *2 $1 y ,10 *2 $1 z ,20
zdiff 2 a b
*1 $1 x
zintercard 2 a b limit 1
:1
zunionstore c 2 a b aggregate min
:4
zrange c 0 -1
*4 $1 x $1 y $1 z $1 w
zinterstore c 2 a none
:0
exists c
:0
zdiffstore c 1 a
:3
zrangestore c a 0 1
:2
zunion 0 a
-ERR at least 1 input key is needed for 'zunion' command
zunion 3 a b
-ERR syntax error
zunion 1 a weights x
-ERR weight value is not a float
zintercard 1 a limit -1
-ERR LIMIT can't be negative
set s text
+OK
zunionstore c 2 a s
-WRONGTYPE Operation against a key holding the wrong kind of value
zadd s 1 a
-WRONGTYPE Operation against a key holding the wrong kind of value
zrem a x nosuch x
:1
zrem a y z
:2
exists a
:0

zadd l 0 a 0 b 0 c 0 d
:4
zrangebylex l [b (d
*2 $1 b $1 c
zrevrangebylex l + (a limit 1 9
*2 $1 c $1 b
zlexcount l - +
:4
zremrangebylex l (a [b
:1
zremrangebyrank l -1 -1
:1
zremrangebyscore l 0 (0
:0
zscan l 0
*2 $1 0 *4 $1 a $1 0 $1 c $1 0
zscan l x
-ERR invalid cursor
zrandmember l -3 withscores x
-ERR syntax error
`

// TestSortedSetsAnswer goes through the dialogues, in both protocols.
func TestSortedSetsAnswer(t *testing.T) {
	for protocol := 2; protocol <= 3; protocol++ {
		m := newMachine(t)
		lines := strings.Split(strings.Trim(sortedSetDialogues, "\n"), "\n")
		for len(lines) > 0 {
			if lines[0] == "" {
				m, lines = newMachine(t), lines[1:]
				continue
			}
			want, other, different := strings.Cut(lines[1], " | ")
			if different && protocol == 3 {
				want = other
			}
			if got := oneLine(doIn(m, protocol, words(lines[0]))); got != want {
				t.Errorf("RESP%d: %s answers %s, want %s", protocol, lines[0], got, want)
			}
			lines = lines[2:]
		}
		checkHash(t, m)
	}
}

// TestRandomMembersAreMembers: none comes twice where that is asked for, and all do in time.
func TestRandomMembersAreMembers(t *testing.T) {
	m := newMachine(t)
	for i := range 300 {
		do(m, words(fmt.Sprintf("zadd z %d m%d", i%7, i)))
	}
	pick := func(random uint64, line string) []string {
		run := newRun(2, words(line))
		run.Random = random
		m.Query(0, run)
		found := []string{}
		for i, word := range strings.Split(string(run.Reply), "\r\n") {
			if i > 0 && strings.HasPrefix(word, "m") {
				found = append(found, word)
			}
		}
		return found
	}
	met := map[string]bool{}
	for random := range uint64(200) {
		for _, count := range []int{1, 5, 299, 300, 301} {
			found, different := pick(random, "zrandmember z "+strconv.Itoa(count)), map[string]bool{}
			for _, member := range found {
				different[member] = true
			}
			if want := min(count, 300); len(found) != want || len(different) != want {
				t.Fatalf("%d members asked for: %d, of which %d differ", count, len(found), len(different))
			}
		}
		for _, member := range append(pick(random, "zrandmember z -20"), pick(random, "zrandmember z")...) {
			met[member] = true
		}
	}
	if len(met) != 300 {
		t.Errorf("%d of 300 members were met in 4200 picks", len(met))
	}
}

// TestRandomMembersAreBounded: as many as are asked for are not made if they do not fit into a reply.
func TestRandomMembersAreBounded(t *testing.T) {
	m := newMachine(t)
	do(m, words("zadd z 1 a 2 b"))
	for count, want := range map[string]string{
		"-100": exec.ReplyTooLong, "-1000000": exec.ReplyTooLong, "-4294967296": exec.TooManyDrawn,
		"-9223372036854775807": exec.TooManyDrawn,
	} {
		for _, bound := range []int{500, 0} {
			if bound == 0 && want == exec.ReplyTooLong {
				continue
			}
			run := newRun(2, words("zrandmember z "+count))
			run.MaxReplyBytes = bound
			m.Query(0, run)
			if got := string(run.Reply); got != "-"+want+"\r\n" {
				t.Errorf("%s members, in %d bytes: %.80q", count, bound, got)
			}
		}
	}
}

// TestSortedSetRepliesAreKeptForBothProtocols: what nests in RESP3 only is flat for an attempt by RESP2.
func TestSortedSetRepliesAreKeptForBothProtocols(t *testing.T) {
	for _, line := range []string{
		"zrange z 0 -1 withscores", "zpopmin z 2", "zpopmax z", "zmpop 1 z max count 2", "zadd z gt incr 1 a", "zscore z b",
		"zadd z xx incr 1 none", "zmscore z a none", "zrank z b withscore", "zrank z none withscore", "zscan z 0",
		"zrangebyscore z -inf inf withscores limit 1 1", "zincrby z 1.5 a", "geopos g p none", "geosearch g frommember p " +
			"byradius 9 km withdist withcoord withhash",
	} {
		for first := 2; first <= 3; first++ {
			m := withSession(t)
			script(m, "zadd z 1 a 2.5 b 3 c", "geoadd g 13.361389 38.115556 p")
			want := map[int]string{}
			for protocol := 2; protocol <= 3; protocol++ {
				want[protocol] = doIn(restored(t, imageOf(t, m)), protocol, words(line))
			}
			for _, protocol := range []int{first, 5 - first, first} {
				if got := doIn(m, protocol, words("raft.once 1 1 "+line)); got != want[protocol] {
					t.Errorf("%s, first by RESP%d, then by RESP%d: %q, want %q", line, first, protocol, got, want[protocol])
				}
			}
		}
	}
}

// TestALargeSortedSetIsFrozen: what comes after a freeze does not show in it, whatever the set becomes.
func TestALargeSortedSetIsFrozen(t *testing.T) {
	r := random(t, 62)
	m := newMachine(t)
	add := func(members int) {
		line := []string{"zadd", "z"}
		for range members {
			line = append(line, strconv.Itoa(r.IntN(500)), fmt.Sprintf("m%d", r.IntN(5000)))
		}
		do(m, toArgs(line))
	}
	for range 20 {
		add(200)
	}
	var images []*Image
	var want [][]byte
	for range 6 {
		images, want = append(images, m.Freeze()), append(want, imageOf(t, m))
		for range 30 {
			add(1 + r.IntN(40))
			do(m, words(fmt.Sprintf("zremrangebyrank z %d %d", r.IntN(100), 100+r.IntN(60))),
				words(fmt.Sprintf("zrem z m%d m%d", r.IntN(5000), r.IntN(5000))), words("zpopmax z 3"))
		}
	}
	for i, image := range images {
		if got := written(t, image); !bytes.Equal(got, want[i]) {
			t.Errorf("image %d is not that of its moment", i)
		}
	}
	do(m, words("zremrangebyrank z 5 -1"))
	checkHash(t, m)
}

// S23: TestZScanGoesOnAtARestoredNode takes each step of a scan at another node, half of which came from images.
func TestZScanGoesOnAtARestoredNode(t *testing.T) {
	m := newMachine(t)
	for i := range 1000 {
		do(m, words(fmt.Sprintf("zadd z %d member:%d", i%10, i)))
	}
	again := restored(t, imageOf(t, m))
	met, cursor := map[string]int{}, "0"
	for step := 0; step == 0 || cursor != "0"; step++ {
		line := words("zscan z " + cursor + " count 7")
		one, other := do(m, line), do(again, line)
		if one != other {
			t.Fatalf("behind %s: %q, and at a restored node %q", cursor, one, other)
		}
		lines := strings.Split(one, "\r\n")
		cursor = lines[2]
		for _, word := range lines {
			if strings.HasPrefix(word, "member:") {
				met[word]++
			}
		}
		// Others come and go meanwhile.
		for _, node := range []*Machine{m, again} {
			do(node, words(fmt.Sprintf("zadd z 1 other%d", step)), words(fmt.Sprintf("zrem z other%d", step-3)))
		}
	}
	for i := range 1000 {
		if met[fmt.Sprintf("member:%d", i)] != 1 {
			t.Fatalf("member:%d was met %d times", i, met[fmt.Sprintf("member:%d", i)])
		}
	}
}

// TestRangesOfNamesAreThoseOfRedis compares all that is done by names, also what is removed and stored. The scores are
// equal: only there a range of names has a meaning.
func TestRangesOfNamesAreThoseOfRedis(t *testing.T) {
	r := random(t, 63)
	redis, m := startRedis(t), newMachine(t)
	compare := func(line ...string) {
		t.Helper()
		if got, want := doAt(t, m, 1, toArgs(line)), redis.do(line...); got != want {
			t.Fatalf("%q: %.300q, want %.300q", line, got, want)
		}
	}
	name := func() string {
		return string(rune('a'+r.IntN(6))) + []string{"", "", "\x00", "b", "\xff", "a"}[r.IntN(6)]
	}
	bound := func() string {
		if r.IntN(5) == 0 {
			return []string{"-", "+"}[r.IntN(2)]
		}
		return []string{"[", "("}[r.IntN(2)] + name()
	}
	for range 3000 {
		for range r.IntN(4) {
			member := name()
			if r.IntN(30) == 0 {
				member += strings.Repeat("m", 300)
			}
			compare("zadd", "l", "1", member)
		}
		commands := [][]string{
			{"zremrangebylex", "l", bound(), bound()}, {"zlexcount", "l", bound(), bound()},
			{"zrangestore", "d", "l", bound(), bound(), "bylex"}, {"zrange", "l", bound(), bound(), "bylex", "rev"},
			{"zrangestore", "d", "l", bound(), bound(), "bylex", "rev", "limit", strconv.Itoa(r.IntN(3)), "2"},
			{"zrangebylex", "l", bound(), bound(), "limit", strconv.Itoa(r.IntN(4)), strconv.Itoa(r.IntN(4) - 1)},
			{"zrevrangebylex", "l", bound(), bound()}, {"zcard", "l"},
		}
		compare(commands[r.IntN(len(commands))]...)
		compare("zrange", "d", "0", "-1", "withscores")
	}
}

// TestLeaderboardOfManyMembers compares a set of thousands, as games have them, with a Redis: by ranks and by scores.
func TestLeaderboardOfManyMembers(t *testing.T) {
	r := random(t, 64)
	redis, m := startRedis(t), newMachine(t)
	compare := func(line ...string) {
		t.Helper()
		if got, want := doAt(t, m, 1, toArgs(line)), redis.do(line...); got != want {
			t.Fatalf("%.80q: %.300q, want %.300q", line, got, want)
		}
	}
	player := func() string { return "player:" + strconv.Itoa(r.IntN(4000)) }
	rank := func() string { return strconv.Itoa(r.IntN(4400) - 2200) }
	points := func() string { return strconv.Itoa(r.IntN(2000)) }
	for range 15 {
		line := []string{"zadd", "board"}
		for range 300 {
			line = append(line, points(), player())
		}
		compare(line...)
	}
	for range 2500 {
		commands := [][]string{
			{"zincrby", "board", strconv.Itoa(r.IntN(50) - 20), player()}, {"zrem", "board", player(), player()},
			{"zadd", "board", "gt", "ch", points(), player(), points(), player()}, {"zrank", "board", player()},
			{"zrevrank", "board", player()}, {"zscore", "board", player()}, {"zcount", "board", "(" + points(), points()},
			{"zrange", "board", rank(), rank()}, {"zrevrange", "board", "0", "9", "withscores"},
			{"zrangebyscore", "board", points(), "+inf", "limit", "5", "20", "withscores"},
			{"zrange", "board", points(), points(), "byscore", "rev", "limit", "0", "30"}, {"zpopmin", "board", "2"},
			{"zremrangebyrank", "board", "1000", "1003"}, {"zremrangebyscore", "board", "500", "501"},
		}
		compare(commands[r.IntN(len(commands))]...)
	}
	compare("zrange", "board", "0", "-1", "withscores")
	checkHash(t, m)
}

// TestSortFailsForItsOwnElementsOnly: not for a score of an earlier command that is out of range.
func TestSortFailsForItsOwnElementsOnly(t *testing.T) {
	m := newMachine(t)
	if got := script(m, "zadd z 3 30 2 7 1 100", "zcount z (1e400 +inf", "sort z", "zadd z 1e-400 a",
		"sort z desc limit 0 1", "sort z by nosort desc limit 0 2", "sort z by nosort store l", "lrange l 0 -1"); got !=
		":3 :0 *3 $1 7 $2 30 $3 100 -ERR value is not a valid float *1 $3 100 *2 $2 30 $1 7 :3 *3 $3 100 $1 7 $2 30" {
		t.Error(got)
	}
}

// randomBoard is a machine with a sorted set of so many members of 16 bytes.
func randomBoard(b *testing.B, members int) (m *Machine, r *rand.Rand) {
	m, r = newMachine(b), rand.New(rand.NewPCG(1, 2))
	line := []string{"zadd", "z"}
	for i := range members {
		line = append(line, strconv.Itoa(r.IntN(1<<30)), fmt.Sprintf("member:%09d", i))
		if len(line) > 2000 || i == members-1 {
			do(m, toArgs(line))
			line = line[:2]
		}
	}
	return m, r
}

func BenchmarkZAddToAMillion(b *testing.B) {
	m, r := randomBoard(b, 1_000_000)
	b.ReportAllocs()
	for b.Loop() {
		do(m, toArgs([]string{"zadd", "z", strconv.Itoa(r.IntN(1 << 30)), fmt.Sprintf("member:%09d", r.IntN(1_000_000))}))
	}
}

func BenchmarkZRankOfAMillion(b *testing.B) {
	m, r := randomBoard(b, 1_000_000)
	for b.Loop() {
		do(m, toArgs([]string{"zrank", "z", fmt.Sprintf("member:%09d", r.IntN(1_000_000))}))
	}
}
