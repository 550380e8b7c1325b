package failover_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
	"github.com/raftredis/raftredis/internal/client"
)

// listening is how long a listener waits for the next message: longer than the test.
const listening = 5 * time.Minute

// listener is a client that listens, and writes down what it hears until the last message, or its connection's end.
type listener struct {
	connection *client.Connection
	heard      []string
	failure    error
}

// listen has a client of a node listen. The call is made again where it is refused, on a new connection.
func listen(t *testing.T, n *blackbox.Node, call ...string) *listener {
	t.Helper()
	l := &listener{}
	blackbox.Eventually(t, blackbox.ReadyLimit, strings.Join(call, " ")+" is answered", func() bool {
		var err error
		if l.connection, err = client.Connect(blackbox.Address(n.Port), listening); err != nil {
			return false
		}
		reply, err := l.connection.Do(call...)
		if err == nil && reply.Kind == '*' {
			return true
		}
		l.connection.Close()
		return false
	})
	t.Cleanup(l.connection.Close)
	return l
}

// hear writes messages down, up to one that is last.
func (l *listener) hear(last string) {
	for len(l.heard) == 0 || l.heard[len(l.heard)-1] != last {
		var message blackbox.Reply
		if message, l.failure = l.connection.Receive(); l.failure != nil {
			return
		}
		l.heard = append(l.heard, message.Items[len(message.Items)-1].Text)
	}
}

// publishers send numbered messages, each after the reply to the one before, and know which were acknowledged.
type publishers struct {
	running sync.WaitGroup
	stop    atomic.Bool
	mu      sync.Mutex
	done    map[string]bool // false: perhaps it was sent
}

// begin starts one at a node. Every other message stands in a transaction with a write.
func (p *publishers) begin(name string, n *blackbox.Node) {
	p.running.Go(func() {
		var c *blackbox.Client
		for number := 0; !p.stop.Load(); number++ {
			text := fmt.Sprintf("%s.%d", name, number)
			if c == nil {
				var err error
				if c, err = blackbox.Connect(n.Port); err != nil {
					return // the test finds that too little was sent
				}
			}
			commands := [][]string{{"PUBLISH", "news", text}}
			if number%2 == 1 {
				commands = [][]string{{"MULTI"}, {"SET", name, text}, commands[0], {"EXEC"}}
			}
			replies, err := c.Pipeline(commands)
			acknowledged := false
			if err != nil {
				c.Close()
				c = nil
			} else if last := replies[len(replies)-1]; last.Kind == ':' || last.Kind == '*' {
				acknowledged = true
			}
			p.mu.Lock()
			p.done[text] = acknowledged
			p.mu.Unlock()
		}
		if c != nil {
			c.Close()
		}
	})
}

// acknowledged is how many messages were.
func (p *publishers) acknowledged() (count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, is := range p.done {
		if is {
			count++
		}
	}
	return count
}

// Decision 0073: clients listen on all nodes, others publish on two of them, and the leader is killed. Each message
// that was acknowledged is heard once by each client whose connection lasts, and all hear the same in the same order. A
// client of a node that starts anew hears nothing of before.
func TestMessages_AreHeardOnceInOneOrder(t *testing.T) {
	const enough, last = 300, "last"
	c := blackbox.StartCluster(t, 3)
	leader := blackbox.Leader(t, c.Nodes)
	others := c.Others(leader)
	var kept, cut []*listener
	var hearing sync.WaitGroup
	for _, n := range c.Nodes {
		for _, call := range [][]string{{"SUBSCRIBE", "news"}, {"PSUBSCRIBE", "n*s"}} {
			l := listen(t, n, call...)
			if n == leader {
				cut = append(cut, l)
			} else {
				kept = append(kept, l)
			}
			hearing.Go(func() { l.hear(last) })
		}
	}
	p := &publishers{done: map[string]bool{}}
	for i := range 4 {
		p.begin(fmt.Sprint("publisher", i), others[i%2])
	}
	for _, wanted := range []int{enough, 2 * enough} {
		blackbox.Eventually(t, blackbox.EffectLimit, fmt.Sprint(wanted, " messages are acknowledged"), func() bool {
			return p.acknowledged() >= wanted
		})
		if wanted == enough {
			leader.Process.Signal(syscall.SIGKILL)
			leader.Process.Kill()
		}
	}
	p.stop.Store(true)
	p.running.Wait()

	c.Start(leader)
	fresh := listen(t, leader, "SUBSCRIBE", "news")
	hearing.Go(func() { fresh.hear(last) })
	if got := others[0].Connect(t).Must(t, "PUBLISH", "news", last); got.Kind != ':' || got.Text != "2" {
		t.Errorf("the last message is answered %v, want the two listeners of the node", got)
	}
	hearing.Wait()
	p.check(t, kept)
	for _, l := range cut {
		if l.failure == nil || !slices.Equal(l.heard, kept[0].heard[:len(l.heard)]) {
			t.Errorf("a client of the node that was killed heard %d messages, not the first ones of others (%v)",
				len(l.heard), l.failure)
		}
	}
	if !slices.Equal(fresh.heard, []string{last}) {
		t.Errorf("a client of the node that started anew heard %d messages: %.200q", len(fresh.heard), fresh.heard)
	}
}

// check compares what was heard with what was acknowledged.
func (p *publishers) check(t *testing.T, kept []*listener) {
	t.Helper()
	times := map[string]int{}
	for _, text := range kept[0].heard {
		times[text]++
	}
	for text, acknowledged := range p.done {
		if times[text] > 1 || acknowledged && times[text] == 0 {
			t.Errorf("%s, acknowledged is %v, was heard %d times", text, acknowledged, times[text])
		}
	}
	for i, l := range kept {
		if l.failure != nil || !slices.Equal(l.heard, kept[0].heard) {
			t.Errorf("listener %d heard others than the first one, or in another order (%d and %d; %v)",
				i, len(l.heard), len(kept[0].heard), l.failure)
		}
	}
	t.Logf("%d messages were acknowledged, %d heard", p.acknowledged(), len(kept[0].heard))
}
