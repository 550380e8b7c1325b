package fsm

func dbsize(v view, c call) []byte { return c.integer(int64(v.space.size())) }

func exists(v view, c call) []byte {
	var found int64
	for _, key := range c.args[1:] {
		if v.space.get(key) != nil {
			found++
		}
	}
	return c.integer(found)
}

func del(m *Machine, c call) []byte {
	var removed int64
	for _, key := range c.args[1:] {
		if m.space.remove(key) {
			removed++
		}
	}
	return c.integer(removed)
}
