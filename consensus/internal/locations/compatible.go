package locations

import (
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
)

// Compatible are those of some updates that can be made together, all of them if possible: members may have swapped
// addresses. A member that says it is where another one is, which has not moved, holds up only itself, and those that
// moved to where it was; then there is an error.
func Compatible(c *membership.Configuration, updates []membership.Member) (
	possible []membership.Member, impossible error,
) {
	possible = updates
	for len(possible) > 0 {
		_, err := (membership.Change{Update: possible}).Next(c)
		if err == nil {
			return possible, impossible
		}
		impossible = err
		free := slices.DeleteFunc(slices.Clone(possible), func(m membership.Member) bool {
			return collides(c, possible, &m)
		})
		if len(free) == len(possible) { // it fails for another reason
			return eachAlone(c, possible)
		}
		possible = free
	}
	return nil, impossible
}

// collides reports whether a member would have the address that another one keeps, or that one before it in the updates
// is to have.
func collides(c *membership.Configuration, updates []membership.Member, m *membership.Member) bool {
	if m.Address == "" {
		return false
	}
	for i := range c.Members {
		other := &c.Members[i]
		moves := func(u membership.Member) bool { return u.ID == other.ID }
		if other.ID != m.ID && other.Address == m.Address && !slices.ContainsFunc(updates, moves) {
			return true
		}
	}
	first := slices.IndexFunc(updates, func(u membership.Member) bool { return u.Address == m.Address })
	return updates[first].ID != m.ID
}

// eachAlone adds one update after the other, without those that fail.
func eachAlone(c *membership.Configuration, updates []membership.Member) (
	possible []membership.Member, impossible error,
) {
	for _, m := range updates {
		more := append(slices.Clone(possible), m)
		if _, err := (membership.Change{Update: more}).Next(c); err != nil {
			impossible = err
			continue
		}
		possible = more
	}
	return possible, impossible
}
