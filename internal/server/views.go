package server

import (
	"fmt"

	"github.com/raftredis/raftredis/resp/topology"
)

// viewFlag is the flag --cluster-view. Not given, it is what --redirect asks for.
type viewFlag struct {
	topology.View
	given bool
}

// Set is for pflag.
func (v *viewFlag) Set(text string) (err error) {
	v.View, err = topology.ParseView(text)
	v.given = true
	return err
}

// Type is for pflag's help.
func (v *viewFlag) Type() string { return "view" }

// Choices are the views.
func (v *viewFlag) Choices() []string { return []string{"spread", "leader", "off"} }

// redirectFlag is the flag --redirect.
type redirectFlag struct{ moved bool }

// Set is for pflag.
func (r *redirectFlag) Set(text string) error {
	switch text {
	case "proxy", "moved":
		r.moved = text == "moved"
		return nil
	}
	return fmt.Errorf("%q is neither proxy nor moved", text)
}

// Type is for pflag's help.
func (r *redirectFlag) Type() string { return "way" }

// Choices are the ways.
func (r *redirectFlag) Choices() []string { return []string{"proxy", "moved"} }

// String is the value as Set takes it.
func (r *redirectFlag) String() string {
	if r.moved {
		return "moved"
	}
	return "proxy"
}

// clusterView is the view in force. A client that is sent to the leader must not be told that others own slots.
func (f *Flags) clusterView() topology.View {
	if f.redirect.moved && !f.view.given {
		return topology.LeaderView
	}
	return f.view.View
}
