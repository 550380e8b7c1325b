package torture

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// lie is something that a node says and that is not so, or does and should not, with what the run must say about it.
type lie struct {
	name, want string
	lie        func(f *fake, node int, args []string) (reply string, lies bool)
}

const anyNode = -1

// every makes every n-th of a node's replies to a command a lie.
func every(n int, command string, node int, reply func(f *fake, args []string) string,
) func(*fake, int, []string) (string, bool) {
	seen := 0
	return func(f *fake, at int, args []string) (string, bool) {
		if args[0] != command || node != anyNode && at != node {
			return "", false
		}
		if seen++; seen%n != 0 {
			return "", false
		}
		return reply(f, args), true
	}
}

// says makes a reply that is always the same.
func says(text string) func(*fake, []string) string {
	return func(*fake, []string) string { return text }
}

func bulk(text string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text) }

// incremented is the reply to an increment that is not, or not only, done.
func incremented(f *fake, args []string) string {
	value, _ := strconv.Atoi(f.values[args[1]])
	return ":" + strconv.Itoa(value+1) + "\r\n"
}

// stale answers some reads of registers with what they were at the read before.
func stale() func(*fake, int, []string) (string, bool) {
	old, reads := map[string]string{}, 0
	return func(f *fake, _ int, args []string) (string, bool) {
		if args[0] != "GET" || strings.HasPrefix(args[1], "counter") {
			return "", false
		}
		before, known := old[args[1]]
		old[args[1]] = f.values[args[1]]
		reads++
		return bulk(before), known && reads%5 == 0
	}
}

func lies() []lie {
	const unexplained = "no order of its history"
	return []lie{
		{"an increment is acknowledged and lost", "was answered", every(5, "INCR", anyNode, incremented)},
		{"an increment is said not to be done, and is", "increments", every(5, "INCR", anyNode,
			func(f *fake, args []string) string {
				value, _ := strconv.Atoi(f.values[args[1]])
				f.values[args[1]] = strconv.Itoa(value + 1)
				return "-CLUSTERDOWN no leader\r\n"
			})},
		{"a write is acknowledged and lost", unexplained, every(5, "SET", anyNode, says("+OK\r\n"))},
		{"a write is said not to be done, and is", unexplained, every(5, "SET", anyNode,
			func(f *fake, args []string) string {
				f.values[args[1]] = args[2]
				return "-TRYAGAIN later\r\n"
			})},
		{"a read is stale", unexplained, stale()},
		{"a read of a counter is stale", "GET", every(5, "GET", 2, func(f *fake, args []string) string {
			if strings.HasPrefix(args[1], "counter") {
				return bulk("0")
			}
			return f.bulk(args[1])
		})},
		{"a command happens twice", "twice", every(5, "APPEND", anyNode, func(f *fake, args []string) string {
			f.values[args[1]] += args[2] + args[2]
			return ":" + strconv.Itoa(len(f.values[args[1]])-len(args[2])) + "\r\n"
		})},
		{"an error is no fate", "none of the three fates", every(5, "APPEND", anyNode, says("-ERR oops\r\n"))},
		{"nodes differ at the end", "on node 3", every(1, "MGET", 3, func(_ *fake, args []string) string {
			return "*" + strconv.Itoa(len(args)-1) + "\r\n" + strings.Repeat("$-1\r\n", len(args)-1)
		})},
		{"a node has a key that was never written", "node 4 has", every(1, "DBSIZE", 4, func(f *fake, _ []string) string {
			return ":" + strconv.Itoa(len(f.values)+1) + "\r\n"
		})},
		{"two lead in one term", "both led in term 3",
			every(1, "INFO", 1, func(f *fake, _ []string) string { return bulk(f.info(0)) })},
		{"a state differs where no read shows it", "raft_state_hash", every(1, "INFO", 1,
			func(f *fake, _ []string) string {
				return bulk(strings.ReplaceAll(f.info(1), "raft_state_hash:77", "raft_state_hash:78"))
			})},
		{"a node does not say how many snapshots it took", "raft_snapshots_created", every(1, "INFO", 1,
			says(bulk("raft_role:follower\r\nraft_current_term:3\r\n")))},
		{"a node serves no client", "node 2 is no member, or has not answered", func(
			_ *fake, node int, args []string,
		) (string, bool) {
			return "-CLUSTERDOWN no leader\r\n", node == 2 && args[0] != "INFO"
		}},
	}
}

// shortSeed draws one short fault.
const shortSeed = 23

func TestRun_FindsEveryLie(t *testing.T) {
	for _, l := range lies() {
		t.Run(l.name, func(t *testing.T) {
			f := newFake(t, 5)
			f.lie = l.lie
			report, err := tortured(t, f, func(o *Options) {
				o.Seed, o.Duration, o.Recovery, o.Kinds = shortSeed, time.Second/2, 3*time.Second, []Kind{PauseOne}
			})
			t.Log(report)
			if err == nil || !strings.Contains(err.Error(), l.want) {
				t.Errorf("the error is %v, want one with %q", err, l.want)
			}
		})
	}
}
