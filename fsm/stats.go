package fsm

// Stats are numbers about the key space, for the people who operate a node.
type Stats struct {
	// Keys is the number of keys that are present; Deadlines is how many of those have a deadline.
	Keys, Deadlines int
	// Overdue is the number of keys that are stored and absent: their deadline has come, and no entry has removed them.
	Overdue int
	// Expired is the number of keys that this node removed after their deadline since it started.
	Expired uint64
	// MeanMillisLeft is how long the keys with a deadline have left, on average; one that is overdue counts with the time
	// since its end, taken away. It is never negative.
	MeanMillisLeft int64
}

// Stats may be called where Query may.
func (m *Machine) Stats() Stats {
	if !m.ready {
		return Stats{}
	}
	return Stats{
		Keys:      m.space.Size(),
		Deadlines: m.space.Ending(),
		Overdue:   m.space.Overdue(),
		Expired:   m.expired,

		MeanMillisLeft: max(m.space.MeanLeft(), 0),
	}
}

// Sessions is the number of sessions of clients, and about how many bytes they occupy with their replies. It may be
// called where Apply may.
func (m *Machine) Sessions() (count, bytes int) {
	return m.space.Sessions().Len(), m.space.SessionBytes()
}
