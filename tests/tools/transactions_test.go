package tools_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

const (
	// comparedTransactions is how many replies to EXEC are compared, minOfEach how many of them at least are of each
	// kind: executed, null, and aborted.
	comparedTransactions = 600
	minOfEach            = 40
	// maxExcused is how often a transaction may be refused here alone: see the difference watched-absence.
	maxExcused = 3
)

// pair is one connection to a Redis and one to this server, which are told the same.
type pair struct {
	t       *testing.T
	conns   [2]net.Conn
	readers [2]*bufio.Reader
}

// newPair connects to both, and speaks a version of RESP.
func newPair(t *testing.T, redis, node string, protocol int) *pair {
	p := &pair{t: t}
	for i, place := range [2][2]string{{"unix", redis}, {"tcp", node}} {
		conn, err := net.Dial(place[0], place[1])
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(blackbox.EffectLimit))
		p.conns[i], p.readers[i] = conn, bufio.NewReader(conn)
	}
	if protocol == 3 {
		p.both("HELLO 3")
	}
	return p
}

func (p *pair) close() {
	for _, conn := range p.conns {
		_ = conn.Close()
	}
}

// both sends a line to both and returns the replies.
func (p *pair) both(line string) (theirs, ours string) {
	p.t.Helper()
	var replies [2]string
	for i, conn := range p.conns {
		if _, err := conn.Write(blackbox.Encode(nil, strings.Fields(line)...)); err != nil {
			p.t.Fatal(err)
		}
		reply, err := readWhole(p.readers[i])
		if err != nil {
			p.t.Fatalf("%q: after %q: %v", line, reply, err)
		}
		replies[i] = reply
	}
	return replies[0], replies[1]
}

// readWhole reads the bytes of one reply of RESP2 or RESP3, as strings have them.
func readWhole(in *bufio.Reader) (string, error) {
	text, err := in.ReadString('\n')
	if err != nil {
		return text, err
	}
	count := 0
	if _, err := fmt.Sscanf(text[1:], "%d", &count); err != nil {
		return text, nil
	}
	switch text[0] {
	case '$', '=':
		if count >= 0 {
			rest := make([]byte, count+2)
			_, err := io.ReadFull(in, rest)
			return text + string(rest), err
		}
	case '%':
		count *= 2
		fallthrough
	case '*', '~', '>':
		for range count {
			one, err := readWhole(in)
			if text += one; err != nil {
				return text, err
			}
		}
	}
	return text, nil
}

// transactionMix draws lines around transactions.
type transactionMix struct{ *rand.Rand }

func (x transactionMix) key() string { return fmt.Sprintf("k%d", x.IntN(4)) }

// data is a command on keys, now and then one that fails.
func (x transactionMix) data() string {
	key := x.key()
	forms := []string{
		"SET %s 1", "SET %s text", "SET %s 1 NX", "SET %s 2 XX", "GET %s", "INCR %s", "DECR %s", "APPEND %s x", "DEL %s",
		"EXISTS %s", "STRLEN %s", "GETDEL %s", "EXPIRE %s 100", "PERSIST %s", "SETRANGE %s 2 y", "GETSET %s z", "INCRBY %s x",
		"SETBIT %s 3 1", "UNLINK %s",
	}
	switch pick := x.IntN(len(forms) + 4); pick {
	case 0:
		return "MSET " + key + " 1 " + x.key() + " 2"
	case 1:
		return "MGET " + key + " " + x.key()
	case 2:
		return "RENAME " + key + " " + x.key()
	case 3:
		return "COPY " + key + " " + x.key()
	default:
		return fmt.Sprintf(forms[pick-4], key)
	}
}

// within is a line of a client that may have begun a transaction.
func (x transactionMix) within() string {
	switch x.IntN(30) {
	case 0:
		return "MULTI"
	case 1:
		return "WATCH " + x.key()
	case 2:
		return "NOSUCH " + x.key()
	case 3:
		return "GET"
	case 4:
		return "SAVE x y"
	case 5:
		return "UNWATCH"
	case 6:
		return "PING"
	case 7:
		return "ECHO x"
	case 8:
		return "CLIENT SETNAME " + x.key()
	case 9:
		return "CLIENT GETNAME"
	case 10:
		return "SELECT 0"
	case 11:
		return "CLIENT NOSUCH"
	case 12:
		return "WATCH"
	case 13:
		return "EXEC x"
	case 14:
		return "CONFIG SET slowlog-max-len x"
	}
	return x.data()
}

// H18: Random conversations of two clients, one of which watches keys that the other one changes, are answered as by
// Redis, to the byte: with errors where commands are queued, where they are executed, and on the way.
func TestTransactions_AreAnsweredAsByRedis(t *testing.T) {
	x := transactionMix{rand.New(rand.NewPCG(blackbox.SeedOf(t), 0))}
	redis := startRedis(t)
	node := blackbox.Address(blackbox.StartCluster(t, 1).Nodes[0].Port)
	var executed, null, aborted, excused int
	for executed+null+aborted < comparedTransactions {
		protocol := 2 + x.IntN(2)
		a, b := newPair(t, redis, node, protocol), newPair(t, redis, node, 5-protocol)
		a.both("FLUSHALL")
		var story []string
		for _, step := range x.story() {
			p := a
			if step.other {
				p = b
			}
			theirs, ours := p.both(step.line)
			story = append(story, fmt.Sprintf("%v: %s -> %q", step.other, step.line, theirs))
			if step.line == "EXEC" && !step.other {
				switch {
				case theirs[0] == '*' && theirs[1] != '-':
					executed++
				case theirs[0] == '-':
					aborted++
				default:
					null++
				}
			}
			if theirs == ours {
				continue
			}
			if step.line == "EXEC" && theirs[0] == '*' && theirs[1] != '-' && (ours == "*-1\r\n" || ours == "_\r\n") {
				if excused++; excused <= maxExcused {
					break
				}
			}
			t.Fatalf("%s\n got %q\nwant %q", strings.Join(story, "\n"), ours, theirs)
		}
		a.close()
		b.close()
	}
	t.Logf("%d transactions executed, %d null, %d aborted, %d excused", executed, null, aborted, excused)
	if min(executed, null, aborted) < minOfEach {
		t.Errorf("some kind of end was hardly compared")
	}
}

// transactionStep is a line of one of two clients.
type transactionStep struct {
	line  string
	other bool
}

// story draws a conversation: values, WATCH, what others do, a transaction, and what is left.
func (x transactionMix) story() (all []transactionStep) {
	add := func(other bool, lines ...string) {
		for _, line := range lines {
			all = append(all, transactionStep{line, other})
		}
	}
	for range x.IntN(4) {
		add(x.IntN(2) == 0, x.data())
	}
	for range 1 + x.IntN(3) {
		for range x.IntN(3) {
			add(false, "WATCH "+x.key()+" "+x.key())
			if x.IntN(2) == 0 {
				add(x.IntN(2) == 0, x.data())
			}
		}
		if x.IntN(8) > 0 {
			add(false, "MULTI")
		}
		for range x.IntN(5) {
			line := x.data()
			if x.IntN(4) == 0 {
				line = x.within()
			}
			add(false, line)
			if x.IntN(4) == 0 {
				add(true, x.data())
			}
		}
		if x.IntN(8) == 0 {
			add(false, "DISCARD")
		} else {
			add(false, "EXEC")
		}
	}
	for i := range 4 {
		add(false, fmt.Sprintf("GET k%d", i))
	}
	return all
}
