package topology

import (
	"fmt"
	"slices"
	"strconv"
)

// View is how the cluster looks to cluster clients.
type View uint8

const (
	// SpreadView shows each live voter as the owner of an even share of the slots, so that clients use all nodes.
	SpreadView View = iota
	// LeaderView shows the leader as the owner of all slots and all other members as its replicas.
	LeaderView
	// NoView shows no cluster: the node looks like a single Redis, and CLUSTER is refused.
	NoView
)

var views = [...]string{SpreadView: "spread", LeaderView: "leader", NoView: "off"}

// String is the view's name, as ParseView takes it.
func (v View) String() string { return views[v] }

// Valid reports whether there is such a view.
func (v View) Valid() bool { return int(v) < len(views) }

// ParseView finds a view by its name: spread, leader or off.
func ParseView(name string) (View, error) {
	if i := slices.Index(views[:], name); i >= 0 {
		return View(i), nil
	}
	return 0, fmt.Errorf("a cluster view is spread, leader or off, not %q", name)
}

// Moved is the text that sends a client to the leader.
func Moved(slot uint16, leader Leader, endpoint EndpointType) string {
	host := endpoint.Of(leader.Host, leader.Hostname)
	return "MOVED " + strconv.Itoa(int(slot)) + " " + host + ":" + strconv.Itoa(leader.Port)
}
