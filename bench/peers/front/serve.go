package front

import (
	"fmt"
	"strings"

	"github.com/tidwall/redcon"
)

// Pending is a SET under way.
type Pending interface {
	// Error waits for the end, and says why the SET may not have been done; nil: the peer acknowledges it.
	Error() error
}

// Replica is a node of a peer. Its methods are called by one goroutine per client.
type Replica interface {
	// Set begins to replicate an entry, which it may keep.
	Set(entry []byte) Pending
	// Confirm returns when the store has all that was acknowledged before it was called.
	Confirm() error
	// Leads reports whether this node leads. Clients connect to the one that does.
	Leads() bool
}

// Serve answers clients until the process ends. The guarantee is what an acknowledgement means, for INFO.
func Serve(o Options, guarantee string, store *Store, replica Replica) error {
	s := &server{guarantee: guarantee, store: store, replica: replica}
	return redcon.ListenAndServe(fmt.Sprintf("127.0.0.1:%d", o.Port), s.pipeline, nil, nil)
}

type server struct {
	guarantee string
	store     *Store
	replica   Replica
}

// kind is what a command needs.
type kind int

const (
	set kind = iota
	get
	other
)

func kindOf(c *redcon.Command) kind {
	switch {
	case len(c.Args) == 3 && strings.EqualFold(string(c.Args[0]), "set"):
		return set
	case len(c.Args) == 2 && strings.EqualFold(string(c.Args[0]), "get"):
		return get
	}
	return other
}

// pipeline answers all commands that have arrived together, run by run.
func (s *server) pipeline(c redcon.Conn, first redcon.Command) {
	all := append([]redcon.Command{first}, c.ReadPipeline()...)
	for len(all) > 0 {
		k, n := kindOf(&all[0]), 1
		for n < len(all) && kindOf(&all[n]) == k {
			n++
		}
		switch run := all[:n]; k {
		case set:
			s.sets(c, run)
		case get:
			s.gets(c, run)
		case other:
			for i := range run {
				s.other(c, run[i].Args)
			}
		}
		all = all[n:]
	}
}

func (s *server) sets(c redcon.Conn, run []redcon.Command) {
	pending := make([]Pending, len(run))
	for i := range run {
		key, value := run[i].Args[1], run[i].Args[2]
		pending[i] = s.replica.Set(AppendEntry(make([]byte, 0, EntryBytes(key, value)), key, value))
	}
	for _, p := range pending {
		if err := p.Error(); err != nil {
			c.WriteError("ERR " + err.Error())
			continue
		}
		c.WriteString("OK")
	}
}

func (s *server) gets(c redcon.Conn, run []redcon.Command) {
	err := s.replica.Confirm()
	for i := range run {
		if err != nil {
			c.WriteError("ERR " + err.Error())
			continue
		}
		if value, found := s.store.Get(run[i].Args[1]); found {
			c.WriteBulk(value)
		} else {
			c.WriteNull()
		}
	}
}

// other answers what a load generator asks besides.
func (s *server) other(c redcon.Conn, args [][]byte) {
	switch name := strings.ToLower(string(args[0])); {
	case name == "ping":
		c.WriteString("PONG")
	case name == "info":
		c.WriteBulkString(Info(s.replica.Leads(), s.guarantee))
	case name == "propose" && len(args) == 4, name == "confirm" && len(args) == 3:
		r, err := s.measure(name, args[1:])
		if err != nil {
			c.WriteError("ERR " + err.Error())
			return
		}
		c.WriteBulkString(r)
	case name == "config" && len(args) == 3: // redis-benchmark wants to show what is saved when
		c.WriteArray(2)
		c.WriteBulk(args[2])
		c.WriteBulkString("")
	default:
		c.WriteError("ERR unknown command: this server has SET, GET, PING, INFO, PROPOSE and CONFIRM")
	}
}

// Info is what INFO says of a peer.
func Info(leads bool, guarantee string) string {
	role := "follower"
	if leads {
		role = "leader"
	}
	return fmt.Sprintf("peer_role:%s\r\npeer_guarantee:%s\r\n", role, guarantee)
}
