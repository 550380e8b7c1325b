package worlds

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/raftredis/raftredis/consensus/sim/workload"
	"github.com/raftredis/raftredis/internal/argv"
)

const (
	// lockCount is how many locks all clients want.
	lockCount = 2
	// lockMillisMax is the longest time for which a client asks for a lock.
	lockMillisMax = 4000
)

// attempt is a client's latest attempt at a lock: the name under which it asked, and the token if it was told one. It
// may have lost the lock since.
type attempt struct {
	holder, token string
}

// locking makes up a request on a lock: mostly one that follows from what the client was told of it. Each lock is in a
// database of its own.
func (c *client) locking(readsOnly bool) workload.Request {
	number := c.chance.IntN(lockCount)
	name, database := fmt.Sprintf("lock%d", number), number%modelDatabases
	millis := strconv.Itoa(1 + c.chance.IntN(lockMillisMax))
	latest := c.attempts[name]
	pick := c.chance.IntN(10)
	switch {
	case readsOnly || pick == 0:
		return ends(database, "RAFT.HOLDER", name)
	case pick == 1 && c.hits(0.3):
		return ends(database, "DEL", name)
	case latest.token != "" && pick < 5:
		return ends(database, "RAFT.UNLOCK", name, latest.token)
	case latest.token != "" && pick < 8:
		return ends(database, "RAFT.RENEW", name, latest.token, millis)
	case latest.holder == "" || c.hits(0.5): // else the same holder asks again: was it told anything?
		c.written++
		latest = attempt{holder: fmt.Sprintf("h%d.%d", c.number, c.written)}
		c.attempts[name] = latest
	}
	r := ends(database, "RAFT.LOCK", name, latest.holder, millis)
	r.learns = c
	return r
}

// learn notes which token an attempt was told.
func (c *client) learn(asked call, reply string) {
	token, granted := strings.CutPrefix(strings.TrimSuffix(reply, "\r\n"), ":")
	if latest := c.attempts[asked[1]]; granted && latest.holder == asked[2] {
		c.attempts[asked[1]] = attempt{latest.holder, token}
	}
}

// lockState is a lock as its judge sees it: who holds it until which log time. token is 0 if no client was told it;
// floor is the highest token that clients had been told when the holder took the lock.
type lockState struct {
	database     int
	holder       string
	token, floor int64
	ends         int64
}

// lockJudge walks along the committed log and judges the replies on locks. It knows the rules of locks, and nothing of
// the machine: the log time of each entry decides whether a lock has ended.
type lockJudge struct {
	now   int64
	locks map[string]*lockState
	// database is the one in which the next command is. A lock of the clients is found in no other one than its own.
	database int
	// newest is the highest token that a client was told.
	newest int64
}

// checkLocks: no two hold a lock at once in the order of the log, whatever clocks say; a lock that has ended or was
// given up is free; and tokens only grow.
func checkLocks(history []workload.Operation, log *workload.Log) error {
	answered := map[int]*workload.Operation{} // by index
	for i := range history {
		if h := &history[i]; h.Index != 0 && h.Known && !h.Run.(*Run).drawn {
			answered[int(h.Index)] = h
		}
	}
	j := lockJudge{locks: map[string]*lockState{}}
	for i := range log.Inputs {
		in := &log.Inputs[i]
		j.now, j.database = max(j.now, in.Stamp), 0
		var args [][]byte
		for number, body := 0, in.Data; len(body) > 0; number++ {
			var err error
			if args, body, err = argv.Next(body, args[:0]); err != nil {
				break
			}
			if string(args[0]) == "SELECT" {
				j.database, _ = strconv.Atoi(string(args[1]))
				number-- // the client is told nothing of it
				continue
			}
			reply := ""
			if h := answered[i+1]; h != nil && number < len(h.Run.(*Run).replies) {
				reply = h.Run.(*Run).replies[number]
			}
			if err := j.command(args, reply); err != nil {
				return err
			}
		}
	}
	return nil
}

// command judges a command that writes; reply is empty if no client was told one.
func (j *lockJudge) command(args [][]byte, reply string) error {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = string(arg)
	}
	switch strings.ToUpper(words[0]) {
	case "FLUSHALL":
		clear(j.locks)
	case "FLUSHDB":
		maps.DeleteFunc(j.locks, func(_ string, s *lockState) bool { return s.database == j.database })
	case "DEL":
		for _, key := range words[1:] {
			delete(j.locks, key)
		}
	case "RAFT.LOCK":
		return j.lock(words, reply)
	case "RAFT.RENEW", "RAFT.UNLOCK":
		return j.prolongOrEnd(words, reply)
	}
	return nil
}

// held gives the lock of that name, nil if it is free.
func (j *lockJudge) held(name string) *lockState {
	if s := j.locks[name]; s != nil && s.ends > j.now {
		return s
	}
	return nil
}

// lock judges RAFT.LOCK name holder milliseconds.
func (j *lockJudge) lock(words []string, reply string) error {
	millis, err := strconv.ParseInt(words[len(words)-1], 10, 64)
	if len(words) != 4 || err != nil || millis < 1 || !strings.HasPrefix(words[1], "l") {
		return nil // a drawn call
	}
	name, holder, ends := words[1], words[2], j.now+millis
	s := j.held(name)
	wrong := func(what string) error {
		return violation("locks", "%v was answered %q at log time %d, where %s: %+v", words, reply, j.now, what, s)
	}
	var token int64
	switch {
	case reply == nullReply && s == nil:
		return wrong("it is free")
	case reply == nullReply && s.holder == holder:
		return wrong("the same holder holds it")
	case reply == nullReply, reply == "" && s != nil && s.holder != holder:
		return nil
	case reply != "":
		if _, err := fmt.Sscanf(reply, ":%d\r\n", &token); err != nil {
			return wrong("a token is a number")
		}
	}
	switch {
	case s != nil && s.holder != holder:
		return wrong("another holds it")
	case s != nil && s.token != 0 && token != 0 && token != s.token:
		return wrong("the token was another one")
	case s != nil:
		s.ends = max(s.ends, ends)
	default:
		s = &lockState{database: j.database, holder: holder, ends: ends, floor: j.newest}
		j.locks[name] = s
	}
	if token != 0 && s.token == 0 {
		if token <= s.floor {
			return wrong("an earlier holder had a token as high")
		}
		s.token, j.newest = token, max(j.newest, token)
	}
	return nil
}

// prolongOrEnd judges RAFT.RENEW name token milliseconds and RAFT.UNLOCK name token. A client knows only tokens that it
// was told, so a lock whose token is unknown is none of them.
func (j *lockJudge) prolongOrEnd(words []string, reply string) error {
	if len(words) < 3 {
		return nil
	}
	token, err := strconv.ParseInt(words[2], 10, 64)
	if err != nil || !strings.HasPrefix(words[1], "l") {
		return nil // a drawn call
	}
	s := j.held(words[1])
	holds := s != nil && s.token == token
	if reply != "" && (reply == integer(1)) != holds {
		return violation("locks", "%v was answered %q at log time %d: %+v", words, reply, j.now, s)
	}
	if !holds {
		return nil
	}
	if strings.EqualFold(words[0], "RAFT.UNLOCK") {
		delete(j.locks, words[1])
		return nil
	}
	millis, err := strconv.ParseInt(words[3], 10, 64)
	if err == nil {
		s.ends = max(s.ends, j.now+millis)
	}
	return nil
}
