package topology

// Last is the last slot of an owner that has any.
func (o *SlotOwner) Last() int { return o.First + o.Slots - 1 }

// Failed says that clients had better not go there. The leader watches voters only: of a learner a node says what it
// sees itself, and of itself that it was removed.
func (o *SlotOwner) Failed() bool { return o.Absent || o.Gone || (!o.Voter && !o.Up && !o.Myself) }

// Flags are those of CLUSTER NODES.
func (o *SlotOwner) Flags() string {
	flags := o.Role.Old()
	if o.Myself {
		flags = "myself," + flags
	}
	if o.Failed() {
		flags += ",fail"
	}
	return flags
}

// MasterName is the name of its master, - if it has none.
func (o *SlotOwner) MasterName() string {
	if o.Master == nil {
		return "-"
	}
	return o.Master.Name
}

// LinkState is that of CLUSTER NODES.
func (o *SlotOwner) LinkState() string {
	if o.Failed() || (!o.Up && !o.Myself) {
		return "disconnected"
	}
	return "connected"
}

// Health is that of CLUSTER SHARDS. own is the state of the node that answers.
func (o *SlotOwner) Health(own State) string {
	switch {
	case o.Failed():
		return "fail"
	case o.Myself && own != Up:
		return "loading"
	}
	return "online"
}
