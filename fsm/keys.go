package fsm

func dbsize(v view, c *call) { c.integer(int64(v.space.size())) }

func exists(v view, c *call) {
	var found int64
	for _, key := range c.args[1:] {
		if v.space.get(key) != nil {
			found++
		}
	}
	c.integer(found)
}

func del(m *Machine, c *call) {
	var removed int64
	for _, key := range c.args[1:] {
		if m.space.remove(key) {
			removed++
		}
	}
	c.integer(removed)
}
