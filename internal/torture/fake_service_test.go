package torture

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/raftredis/raftredis/internal/conditional"
)

// service is what a fake knows of sessions, topics and locks.
type service struct {
	// number is the last of those that grow for ever.
	number   uint64
	sessions map[string]map[int]string // the replies of each session, by sequence
	highest  map[string]int
	topics   map[string]*fakeTopic
	locks    map[string]*fakeLock
}

type fakeTopic struct {
	first   uint64
	entries []string
	trimmed bool
}

type fakeLock struct {
	holder string
	token  uint64
	ends   time.Time
}

func newService() service {
	return service{sessions: map[string]map[int]string{}, highest: map[string]int{}, topics: map[string]*fakeTopic{},
		locks: map[string]*fakeLock{}}
}

func (s *service) next() uint64 {
	s.number++
	return s.number
}

func integer[T int | int64 | uint64](n T) string { return fmt.Sprintf(":%d\r\n", n) }

func yesOrNo(yes bool) string {
	if yes {
		return integer(1)
	}
	return integer(0)
}

const null = "$-1\r\n"

// serveMore answers the commands of sessions, topics and locks.
func (f *fake) serveMore(node int, args []string) string {
	s := &f.service
	switch args[0] {
	case "RAFT.SESSION":
		id := s.next()
		s.sessions[strconv.FormatUint(id, 10)] = map[int]string{}
		return integer(id)
	case "RAFT.ONCE":
		return f.once(node, args)
	case "RAFT.LOG":
		return s.log(args)
	case "RAFT.LOCK":
		return s.take(args)
	case "RAFT.UNLOCK", "RAFT.RENEW", "RAFT.HOLDER":
		return s.use(args)
	case "EXISTS":
		count := 0
		for _, key := range args[1:] {
			_, isString := f.values[key]
			if isString || s.topics[key] != nil || s.held(key) != nil {
				count++
			}
		}
		return integer(count)
	}
	return "-ERR unknown command\r\n"
}

// compare answers a conditional write.
func (f *fake) compare(args []string) string {
	value, exists := f.values[args[1]]
	after, reply := conditional.State{Present: exists, Value: value}.Apply(args...)
	if f.values[args[1]] = after.Value; !after.Present {
		delete(f.values, args[1])
	}
	switch {
	case reply.Null:
		return null
	case args[0] == "DELEX":
		return ":" + reply.Text + "\r\n"
	}
	return bulk(reply.Text)
}

func (f *fake) once(node int, args []string) string {
	s := &f.service
	sequence, _ := strconv.Atoi(args[2])
	replies := s.sessions[args[1]]
	if sequence+OnceWindow <= s.highest[args[1]] {
		return "-TOOOLD the sequence lies below the window\r\n"
	}
	if reply, known := replies[sequence]; known {
		return reply
	}
	replies[sequence] = f.do(node, args[3:])
	s.highest[args[1]] = max(s.highest[args[1]], sequence)
	return replies[sequence]
}

func (s *service) log(args []string) string {
	t := s.topics[args[2]]
	switch args[1] {
	case "APPEND":
		if t == nil {
			t = &fakeTopic{first: s.next()}
			s.topics[args[2]] = t
		}
		t.entries = append(t.entries, args[3])
		s.number = max(s.number, t.newest())
		return integer(t.newest())
	case "READ":
		after, _ := strconv.ParseUint(args[3], 10, 64)
		count, _ := strconv.Atoi(args[5])
		return t.read(after, count)
	}
	before, _ := strconv.ParseUint(args[4], 10, 64)
	gone := int(max(min(before, t.newest()+1), t.first) - t.first)
	t.trimmed = t.trimmed || gone > 0
	t.entries, t.first = t.entries[gone:], t.first+uint64(gone)
	return integer(gone)
}

func (t *fakeTopic) newest() uint64 { return t.first + uint64(len(t.entries)) - 1 }

func (t *fakeTopic) read(after uint64, count int) string {
	switch {
	case t == nil:
		return "*-1\r\n"
	case after+1 < t.first && t.trimmed:
		return fmt.Sprintf("-TRIMMED %d is the first\r\n", t.first)
	}
	after = max(after, t.first-1)
	some := t.entries[min(int(after+1-t.first), len(t.entries)):]
	if len(some) == 0 {
		return "*-1\r\n"
	}
	some = some[:min(len(some), count)]
	var text strings.Builder
	fmt.Fprintf(&text, "*%d\r\n", len(some))
	for i, data := range some {
		text.WriteString("*2\r\n" + integer(after+1+uint64(i)) + bulk(data))
	}
	return text.String()
}

// held is the lock of a name that is held now.
func (s *service) held(name string) *fakeLock {
	if l := s.locks[name]; l != nil && time.Now().Before(l.ends) {
		return l
	}
	delete(s.locks, name)
	return nil
}

func (s *service) take(args []string) string {
	ttl, _ := strconv.Atoi(args[3])
	ends := time.Now().Add(time.Duration(ttl) * time.Millisecond)
	l := s.held(args[1])
	switch {
	case l == nil:
		l = &fakeLock{holder: args[2], token: s.next(), ends: ends}
		s.locks[args[1]] = l
	case l.holder != args[2]:
		return null
	}
	l.ends = ends
	return integer(l.token)
}

func (s *service) use(args []string) string {
	l := s.held(args[1])
	if args[0] == "RAFT.HOLDER" {
		if l == nil {
			return "*-1\r\n"
		}
		return "*3\r\n" + bulk(l.holder) + integer(l.token) + integer(time.Until(l.ends).Milliseconds())
	}
	if l == nil || strconv.FormatUint(l.token, 10) != args[2] {
		return integer(0)
	}
	if args[0] == "RAFT.UNLOCK" {
		delete(s.locks, args[1])
		return integer(1)
	}
	ttl, _ := strconv.Atoi(args[3])
	l.ends = time.Now().Add(time.Duration(ttl) * time.Millisecond)
	return integer(1)
}

// size is how many keys there are.
func (f *fake) size() int {
	size := len(f.values) + len(f.service.topics)
	for name := range f.service.locks {
		if f.service.held(name) != nil {
			size++
		}
	}
	return size
}

// unlink is DEL, of locks: no client deletes anything else.
func (f *fake) unlink(names []string) string {
	return yesOrNo(slices.ContainsFunc(names, func(name string) bool {
		held := f.service.held(name) != nil
		delete(f.service.locks, name)
		return held
	}))
}
