package fsm

import "github.com/raftredis/raftredis/fsm/keyspace"

// Stats are numbers about the key space, for the people who operate a node.
type Stats struct {
	// Databases are those that have keys, in the order of their numbers.
	Databases []DatabaseStats
	// Keys and Deadlines are those of all databases together: see DatabaseStats.
	Keys, Deadlines int
	// Overdue is the number of keys that are stored and absent: their deadline has come, and no entry has removed them.
	Overdue int
	// Expired is the number of keys that this node removed after their deadline since it started.
	Expired uint64
}

// DatabaseStats are numbers about a database.
type DatabaseStats struct {
	Number int
	// Keys is the number of keys that are present; Deadlines is how many of those have a deadline.
	Keys, Deadlines int
	// MeanMillisLeft is how long the keys with a deadline have left, on average; one that is overdue counts with the time
	// since its end, taken away. It is never negative.
	MeanMillisLeft int64
}

// Stats may be called where Query may.
func (m *Machine) Stats() Stats {
	if !m.ready {
		return Stats{}
	}
	all := Stats{Expired: m.expired}
	m.state.Each(func(number int, space *keyspace.Space) {
		all.Overdue += space.Overdue()
		all.Keys += space.Size()
		all.Deadlines += space.Ending()
		if space.Size() > 0 {
			all.Databases = append(all.Databases, DatabaseStats{
				Number: number, Keys: space.Size(), Deadlines: space.Ending(), MeanMillisLeft: max(space.MeanLeft(), 0),
			})
		}
	})
	return all
}

// Sessions is the number of sessions of clients, and about how many bytes they occupy with their replies. It may be
// called where Apply may.
func (m *Machine) Sessions() (count, bytes int) {
	return m.state.Sessions().Len(), m.state.SessionBytes()
}
