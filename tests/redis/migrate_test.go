package redis_test

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// migrants are calls that leave a value of each type, small and large, and some deadlines.
func migrants() (calls [][]string) {
	calls = [][]string{
		{"set", "string", "text"}, {"set", "number", "-77"}, {"set", "large", strings.Repeat("l", 3<<20)},
		{"set", "empty", ""}, {"set", "\x00\r\n\xff", "bytes \x00\r\n\xff"},
		{"hset", "hash", "f", "1", "g", "2"}, {"rpush", "list", "a", "b", "c"}, {"sadd", "numbers", "1", "2", "3"},
		{"sadd", "set", "a", "b", "7"}, {"zadd", "zset", "1.5", "a", "-inf", "b"}, {"geoadd", "places", "13.3", "38.1", "p"},
		{"pfadd", "counter", "a", "b", "c"}, {"setbit", "bits", "1000", "1"},
		{"xadd", "stream", "1-1", "f", "v"}, {"xadd", "stream", "2-1", "f", "w"},
		{"xgroup", "create", "stream", "group", "0"}, {"xreadgroup", "group", "group", "me", "count", "1", "streams",
			"stream", ">"},
		{"set", "soon", "v", "ex", "1000"}, {"hset", "hash:soon", "f", "v"}, {"expire", "hash:soon", "2000"},
	}
	for _, command := range []string{"hset", "sadd", "zadd", "rpush"} {
		call := []string{command, "large:" + command}
		for i := range 1000 {
			call = append(call, strconv.Itoa(i))
			if command == "hset" || command == "zadd" {
				call = append(call, "member:"+strconv.Itoa(i))
			}
		}
		calls = append(calls, call)
	}
	return calls
}

// TestMigrate_MovesEveryType: what a target gets is what it would have had. The calls go to a follower.
func TestMigrate_MovesEveryType(t *testing.T) {
	cluster := blackbox.StartCluster(t, 3)
	other := blackbox.StartCluster(t, 1)
	model, _ := blackbox.StartRedis(t)
	redisPort, _ := blackbox.StartRedis(t)
	leader := blackbox.Leader(t, cluster.Nodes)
	follower := cluster.Others(leader)[0]
	here, twin := dial(t, follower.Port, 2), dial(t, model, 2)
	for _, a := range both(twin, here, migrants()) {
		if a.redis != a.here || a.here[0] == '-' {
			t.Fatalf("%.100q, in Redis %.100q", a.here, a.redis)
		}
	}
	keys := keysOf(here)
	for name, port := range map[string]int{"redis-server": redisPort, "raftredis": other.Nodes[0].Port} {
		target := dial(t, port, 2)
		migrate := func(options ...string) string {
			return here.do(slices.Concat([]string{"migrate", "127.0.0.1", strconv.Itoa(port), "", "0", "20000"}, options,
				[]string{"keys", "absent"}, keys)...)
		}
		if got := migrate("copy"); got != "+OK\r\n" {
			t.Fatalf("%s: COPY: %q", name, got)
		}
		compareKeySpaces(t, twin, target)
		compareKeySpaces(t, twin, here)
		if got := migrate(); !strings.HasPrefix(got, "-ERR Target instance replied with error: BUSYKEY") {
			t.Errorf("%s: keys that are there: %q", name, got)
		}
		if got := migrate("replace"); got != "+OK\r\n" {
			t.Fatalf("%s: REPLACE: %q", name, got)
		}
		compareKeySpaces(t, twin, target)
		if left := keysOf(here); len(left) != 0 {
			t.Errorf("%s: %q are still here", name, left)
		}
		if got := migrate(); got != "+NOKEY\r\n" {
			t.Errorf("%s: moved keys: %q", name, got)
		}
		for _, key := range keys { // and back, one by one
			back := []string{"migrate", "127.0.0.1", strconv.Itoa(follower.Port), key, "0", "20000"}
			if got := target.do(back...); got != "+OK\r\n" {
				t.Fatalf("%s: %q back: %q", name, key, got)
			}
		}
		compareKeySpaces(t, twin, here)
	}
}

// TestMigrate_AnswersAsRedisDoes: the same calls here and at a Redis, for targets in the same state.
func TestMigrate_AnswersAsRedisDoes(t *testing.T) {
	cluster := blackbox.StartCluster(t, 1)
	model, _ := blackbox.StartRedis(t)
	targetPort, _ := blackbox.StartRedis(t, "--requirepass", "secret")
	fullPort, _ := blackbox.StartRedis(t, "--maxmemory", "1")
	free := blackbox.Ports(t, 1)
	closing := closes(t)
	here, redis, target := dial(t, cluster.Nodes[0].Port, 2), dial(t, model, 2), dialWithPassword(t, targetPort, "secret")
	at, full := strconv.Itoa(targetPort), strconv.Itoa(fullPort)
	for _, rest := range []string{
		"h 1 k 0", "h 1 k 0 x", "h 1 k x 1", "h 1 k 0 1 nosuch", "h 1 k 0 1 auth", "h 1 k 0 1 auth2 u", "h 1 k 0 1 keys a",
		"127.0.0.1 " + at + " absent 0 1000", "127.0.0.1 " + at + " _ 0 1000 keys absent absent",
		"127.0.0.1 " + at + " _ 0 1000 keys", "127.0.0.1 " + at + " _ 0 1000",
		"127.0.0.1 " + at + " k 0 20000", "127.0.0.1 " + at + " k 0 20000 auth wrong",
		"127.0.0.1 " + at + " k 0 20000 auth2 nosuch secret", "127.0.0.1 " + at + " k 99 20000 auth secret",
		"127.0.0.1 " + at + " k -2 20000 auth secret", "127.0.0.1 " + at + " there 3 20000 auth secret",
		"127.0.0.1 " + at + " _ 3 20000 auth secret keys k there l absent",
		"127.0.0.1 " + at + " there 3 20000 replace copy auth2 default secret",
		"127.0.0.1 " + at + " there 3 -1 replace auth secret",
		"127.0.0.1 " + strconv.Itoa(free) + " k 0 20000", "nosuch.invalid " + at + " k 0 20000", "127.0.0.1 port k 0 20000",
		"127.0.0.1 " + closing + " k 0 20000",
		"127.0.0.1 " + full + " k 0 20000",
	} {
		call := append([]string{"migrate"}, strings.Fields(rest)...)
		for i := range call {
			if call[i] == "_" {
				call[i] = ""
			}
		}
		var answers, left [2]string
		for i, source := range []*line{redis, here} {
			source.do("flushall")
			source.do("mset", "k", "1", "there", "2", "l", "3")
			target.do("select", "3")
			target.do("flushall")
			target.do("set", "there", "0")
			answers[i] = source.do(call...)
			left[i] = source.do("mget", "k", "there", "l")
			target.do("select", "3")
			left[i] += target.do("mget", "k", "there", "l")
		}
		if answers[0] != answers[1] || left[0] != left[1] {
			t.Errorf("MIGRATE %s: %q, in Redis %q\n  leaves %q\nin Redis %q", rest, answers[1], answers[0], left[1], left[0])
		}
	}
	for _, refused := range [][]string{
		{"raft.once", "1", "1", "migrate", "127.0.0.1", at, "k", "0", "1000"},
	} {
		got := here.do(refused...)
		if !strings.HasPrefix(got, "-ERR") || !strings.Contains(got, "it concerns the connection") {
			t.Errorf("%q: %q", refused, got)
		}
	}
}

// closes is the port of a server that closes every connection.
func closes(t *testing.T) (port string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() { listener.Close(); <-ended })
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port
}

// dialWithPassword connects to a Redis that asks for a password.
func dialWithPassword(t *testing.T, port int, password string) *line {
	l := dial(t, port, 2)
	if got := l.do("auth", password); got != "+OK\r\n" {
		t.Fatalf("AUTH: %q", got)
	}
	return l
}

// TestMigrate_LosesNoWrite: clients write keys while they are moved. What was acknowledged last is at the target when a
// key was moved, and here when it was not.
func TestMigrate_LosesNoWrite(t *testing.T) {
	cluster := blackbox.StartCluster(t, 3)
	targetPort, _ := blackbox.StartRedis(t)
	leader := blackbox.Leader(t, cluster.Nodes)
	mover, writer := dial(t, cluster.Others(leader)[0].Port, 2), dial(t, leader.Port, 2)
	target := dial(t, targetPort, 2)
	const rounds, writes = 20, 60
	atOnce := 0
	for round := range rounds {
		key := fmt.Sprint("key", round)
		writer.do("set", key, "first")
		last := "first"
		var writing sync.WaitGroup
		writing.Go(func() {
			for i := range writes {
				value := strconv.Itoa(i)
				if writer.do("set", key, value, "xx") != "+OK\r\n" {
					return
				}
				last = value
			}
		})
		call := []string{"migrate", "127.0.0.1", strconv.Itoa(targetPort), key, "0", "20000"}
		if round%2 == 1 {
			call = append(call, "replace")
		}
		answer := mover.do(call...)
		writing.Wait()
		if strings.HasPrefix(answer, "-ERR keys changed while they were on their way and stay here") {
			if got := mover.do("get", key); got != bulkOf(last) {
				t.Fatalf("round %d: it stays, as %q, and the last write was %q", round, got, last)
			}
			answer = mover.do(append(call[:6:6], "replace")...)
		} else {
			atOnce++
		}
		isHere, isThere := mover.do("exists", key), target.do("get", key)
		if answer != "+OK\r\n" || isHere != ":0\r\n" || isThere != bulkOf(last) {
			t.Fatalf("round %d: %q, and here %q; the target has %q, the last write was %q", round, answer, isHere, isThere, last)
		}
	}
	t.Logf("%d keys of %d were moved at once", atOnce, rounds)
}

// bulkOf is the reply with a string.
func bulkOf(value string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(value), value) }

// TestMigrate_WhileTheLeaderIsKilled: each key is here or at the target afterwards, and what the answer says is so.
func TestMigrate_WhileTheLeaderIsKilled(t *testing.T) {
	cluster := blackbox.StartCluster(t, 3, blackbox.HastyElections...)
	targetPort, _ := blackbox.StartRedis(t)
	leader := blackbox.Leader(t, cluster.Nodes)
	follower := cluster.Others(leader)[0]
	here, target := dial(t, follower.Port, 2), dial(t, targetPort, 2)
	const keys = 20_000
	var fill, names []string
	for i := range keys {
		name := fmt.Sprint("key:", i)
		names, fill = append(names, name), append(fill, name, "value of "+name)
	}
	if got := here.do(append([]string{"mset"}, fill...)...); got != "+OK\r\n" {
		t.Fatal(got)
	}
	here.send(slices.Concat([]string{"migrate", "127.0.0.1", strconv.Itoa(targetPort), "", "0", "20000", "keys"}, names))
	blackbox.Eventually(t, blackbox.EffectLimit, "some keys are moved", func() bool {
		return target.do("dbsize") != ":0\r\n"
	})
	leader.Process.Kill()
	before := target.do("dbsize")
	answer := here.reply()
	left := map[string]bool{}
	for _, name := range keysOf(here) {
		left[name] = true
	}
	t.Logf("%.300q; %d keys are still here; the target had %q when the leader was killed", answer, len(left), before)
	both := 0
	values := bulks(target.do(append([]string{"mget"}, names...)...))
	for i, name := range names {
		switch there := values[i] == "value of "+name; {
		case !there && !left[name]:
			t.Fatalf("%s is lost", name)
		case there && left[name]:
			both++
		}
	}
	if answer == "+OK\r\n" && len(left) > 0 || both > 0 && answer[0] != '-' {
		t.Errorf("%q, and %d keys are here, %d of them at the target as well", answer, len(left), both)
	}
}
