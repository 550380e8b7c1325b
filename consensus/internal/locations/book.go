// Package locations keeps what a node knows of where the members of its cluster take connections.
//
// The configuration has an address for each member. A member that starts at another address cannot change it as long as
// no majority runs, and without the new address no majority may come to run. So a node also believes three other
// sources, and tries the addresses of all of them, the likeliest first:
//
//	said        by the member itself, in a handshake. The leader writes it to the log.
//	heard       from another member, which had it from the member itself or heard it too. It is only tried.
//	met         where this node dialled and the member answered, whatever address the member says it has.
//
// An address identifies nothing. Each dial ends with a handshake that shows who answers, so a wrong address costs an
// attempt and no more. That is why hearsay needs no proof of its own: only members are listened to, and what they say
// of others only adds an address to try.
//
// # Order
//
// What was said replaces what was said and what was heard before. Of two claims that were heard, the one of the
// later start of the member counts: a data directory counts its starts, and a member has one address from start to
// stop.
//
// What a member said to which there is a link is right. Without a link, what the configuration says when it changes
// is at least as new as what was said before: a leader that has a link wrote it. (With one it may be older: an entry
// of the time before may arrive after the handshake. And a configuration changes back when its entry is cut off: what
// was said stays on the list, as the last to try.)
package locations

import (
	"maps"
	"slices"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// Claim says where one process of a member takes connections.
type Claim struct {
	ID          raftlog.NodeID
	Incarnation uint64
	// Start counts the starts of the member's data directory: of two claims of one directory the higher one is newer.
	Start   uint64
	Boot    raftlog.Boot
	Address string
}

// Book is the addresses that one node knows. It is not safe for concurrent use.
type Book struct {
	self    raftlog.NodeID
	members []membership.Member
	entries map[raftlog.NodeID]*entry
}

// entry is what is known of one member beside the configuration.
type entry struct {
	// said is what the member itself said last, configured what the configuration said then.
	said       *membership.Member
	claim      Claim
	configured membership.Member
	// linked: there is a link to the process that said it.
	linked bool
	heard  *Claim
	met    string
}

// Configure takes the members of the newest configuration. What is known of a node that is no member any more, or of
// another data directory, is forgotten.
func (b *Book) Configure(self raftlog.NodeID, members []membership.Member) {
	b.self, b.members = self, members
	maps.DeleteFunc(b.entries, func(id raftlog.NodeID, e *entry) bool {
		m := b.member(id)
		return m == nil || m.Incarnation != e.configured.Incarnation
	})
}

// Members are those of the newest configuration that the book knows. They are shared, and must not be changed.
func (b *Book) Members() []membership.Member { return b.members }

func (b *Book) member(id raftlog.NodeID) *membership.Member {
	at := slices.IndexFunc(b.members, func(m membership.Member) bool { return m.ID == id })
	if at < 0 {
		return nil
	}
	return &b.members[at]
}

// Say notes what a member said of itself in a handshake. configured is the member as the configuration that admitted it
// has it; Configure may not have been called with that one yet. It reports whether the member is to be found at an
// address that the book did not know.
func (b *Book) Say(configured, said *membership.Member, claim Claim) (news bool) {
	e := b.entry(configured)
	known := e.addresses(configured)
	e.said, e.claim, e.configured = said, claim, *configured
	e.heard = nil // it was about a process before this one, or about a copy of the directory
	return !slices.Contains(known, said.Address)
}

// Link notes that a link to a member begins or ends.
func (b *Book) Link(id raftlog.NodeID, up bool) {
	if e := b.entries[id]; e != nil {
		e.linked = up
	}
}

// Hear notes what another member says of where a member is. It reports whether that is a later start, at an address
// that the book did not know.
func (b *Book) Hear(claim Claim) (news bool) {
	m := b.member(claim.ID)
	if m == nil || claim.ID == b.self || m.Incarnation != claim.Incarnation {
		return false
	}
	e := b.entry(m)
	if e.said != nil && e.claim.Start >= claim.Start || e.heard != nil && e.heard.Start >= claim.Start {
		return false
	}
	known := slices.Contains(e.addresses(m), claim.Address)
	e.heard = &claim
	return !known
}

// Meet notes that a member answered at an address which this node dialled.
func (b *Book) Meet(id raftlog.NodeID, incarnation uint64, address string) {
	m := b.member(id)
	if m == nil || m.Incarnation != incarnation || id == b.self {
		return
	}
	if e := b.entry(m); !slices.Contains(e.addresses(m), address) {
		e.met = address
	}
}

func (b *Book) entry(m *membership.Member) *entry {
	if b.entries == nil {
		b.entries = map[raftlog.NodeID]*entry{}
	}
	e := b.entries[m.ID]
	if e == nil || e.configured.Incarnation != m.Incarnation {
		e = &entry{configured: *m}
		b.entries[m.ID] = e
	}
	return e
}

// Said is what a member said of itself, if there is a link to it, or the configuration has not changed what it says of
// that member since; nil otherwise.
func (b *Book) Said(m *membership.Member) *membership.Member {
	if e := b.entries[m.ID]; e != nil {
		return e.current(m)
	}
	return nil
}

// current is what the member said, if that is newer than what the configuration says.
func (e *entry) current(m *membership.Member) *membership.Member {
	if e.said == nil || e.configured.Incarnation != m.Incarnation || !e.linked && !e.configured.Alike(m) {
		return nil
	}
	return e.said
}

// Addresses are where a member may be found, in the order in which to try them, each once. There is at least one.
func (b *Book) Addresses(m *membership.Member) []string {
	if e := b.entries[m.ID]; e != nil && e.configured.Incarnation == m.Incarnation {
		return e.addresses(m)
	}
	return []string{m.Address}
}

func (e *entry) addresses(m *membership.Member) []string {
	var list []string
	add := func(address string) {
		if address != "" && !slices.Contains(list, address) {
			list = append(list, address)
		}
	}
	if e.heard != nil {
		add(e.heard.Address) // of a later start than what was said
	}
	if said := e.current(m); said != nil {
		add(said.Address)
	}
	add(m.Address)
	add(e.met)
	if e.said != nil {
		add(e.said.Address) // the configuration may be an older one, in force again since a later one was cut off
	}
	if list == nil {
		return []string{m.Address}
	}
	return list
}

// Claims is what this node tells other members of where members are, beside itself: of each the claim of the latest
// start that it knows, in the order of their ids. It is a new slice.
func (b *Book) Claims() []Claim {
	var claims []Claim
	for i := range b.members {
		e := b.entries[b.members[i].ID]
		switch {
		case e == nil || b.members[i].ID == b.self || e.configured.Incarnation != b.members[i].Incarnation:
		case e.heard != nil:
			claims = append(claims, *e.heard)
		case e.said != nil:
			claims = append(claims, e.claim)
		}
	}
	return claims
}

// Ahead reports whether the book has an address of some member that the configuration does not have.
func (b *Book) Ahead() bool {
	for i := range b.members {
		m := &b.members[i]
		if e := b.entries[m.ID]; e != nil && (e.heard != nil && e.heard.Address != m.Address ||
			e.current(m) != nil && e.said.Address != m.Address) {
			return true
		}
	}
	return false
}

// Moved are the members whose description in a configuration is not what they say themselves, with own for this node
// itself. A leader writes them to the log. Hearsay is not among them: the log would have it for good.
func (b *Book) Moved(c *membership.Configuration, own *membership.Member) (moved []membership.Member) {
	for i := range c.Members {
		m := &c.Members[i]
		said := b.Said(m)
		if m.ID == own.ID {
			said = own
		}
		if said != nil && !said.Alike(m) {
			next := *m
			next.Address, next.Attributes = said.Address, said.Attributes
			moved = append(moved, next)
		}
	}
	return moved
}
