package torture

import (
	"fmt"
	"strings"

	"github.com/raftredis/raftredis/internal/client"
)

// step is one command of a pipeline, with what is known since before it was sent.
type step interface {
	// command is what is sent.
	command() []string
	// settle takes what became of it. An error says what no node may say.
	settle(outcome) error
	// traces reports whether something can be seen of it even if its fate is unknown.
	traces(fate client.Fate) bool
}

// outcome is what a client was told of a command.
type outcome struct {
	client int
	fate   client.Fate
	// reply is meaningful if the command was done.
	reply client.Reply
	// call and end are when the command was sent and when the reply was there, in nanoseconds of the run.
	call, end int64
	// silent says that no reply came: then none came to those behind it either.
	silent bool
	// pipeline is the number of the pipeline it was part of; place is its place among the commands of it that take effect
	// in their order, of their number: see number. Without a place, of is 0.
	pipeline  int64
	place, of int
}

// outcomes sorts the replies to a pipeline of so many commands, of which fewer may have come. An error is a reply that
// no node may give.
func outcomes(o outcome, commands int, replies []client.Reply) ([]outcome, error) {
	all := make([]outcome, commands)
	for i := range all {
		all[i] = o
		all[i].fate, all[i].silent = client.Unknown, true
		if i < len(replies) {
			var err error
			all[i].reply, all[i].silent = replies[i], false
			if all[i].fate, err = fateOf(replies[i]); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// number gives places to the commands of a pipeline that take effect in their order, if at all: those that were done,
// and those that a broken connection left without a reply, for a node begins nothing of a connection before what came
// before it is answered. A command that was answered UNCERTAIN has no place: it may take effect later than those behind
// it. (Were that answer lost, we would not know; but pipelines are short, a node reads one at once, and what it reads
// at once shares one fate.) Nor has one that leaves no trace.
//
// Without the order of what was left without a reply, one node killed under a pipeline of eight made the checker search
// for minutes.
func number(all []outcome, traces func(i int) bool) {
	placed := 0
	for i := range all {
		if (all[i].fate == client.Done || all[i].silent) && traces(i) {
			all[i].place = placed
			placed++
			all[i].of = 1
		}
	}
	for i := range all {
		all[i].of *= placed
	}
}

// fateOf sorts a reply. No command of a run may fail, so an error reply must say that the command was not done, or that
// its fate is unknown.
func fateOf(r client.Reply) (client.Fate, error) {
	if r.Kind != '-' {
		return client.Done, nil
	}
	switch word, _, _ := strings.Cut(r.Text, " "); word {
	case "CLUSTERDOWN", "TRYAGAIN", "LOADING", "MOVED", "UNCERTAIN": // a node that was removed says MOVED
		return r.Fate(), nil
	}
	return client.Done, fmt.Errorf("an error that is none of the three fates: %v", r)
}
