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
}

// outcome is what a client was told of a command.
type outcome struct {
	client int
	fate   client.Fate
	// reply is meaningful if the command was done.
	reply client.Reply
	// call and end are when the command was sent and when the reply was there, in nanoseconds of the run.
	call, end int64
	// pipeline is the number of the pipeline it was part of; place is its place among the commands of it that were done,
	// of their number. Those take effect in this order. A command of unknown fate has no place: it may take effect later
	// than those behind it.
	pipeline  int64
	place, of int
}

// outcomes sorts the replies to a pipeline of so many commands, of which fewer may have come. An error is a reply that
// no node may give.
func outcomes(o outcome, commands int, replies []client.Reply) ([]outcome, error) {
	all := make([]outcome, commands)
	for i := range all {
		all[i] = o
		all[i].fate = client.Unknown
		if i < len(replies) {
			var err error
			all[i].reply = replies[i]
			if all[i].fate, err = fateOf(replies[i]); err != nil {
				return nil, err
			}
		}
		if all[i].fate == client.Done {
			all[i].place = o.of
			o.of++
		}
	}
	for i := range all {
		all[i].of = o.of
	}
	return all, nil
}

// fateOf sorts a reply. No command of a run may fail, so an error reply must say that the command was not done, or that
// nobody knows.
func fateOf(r client.Reply) (client.Fate, error) {
	if r.Kind != '-' {
		return client.Done, nil
	}
	switch word, _, _ := strings.Cut(r.Text, " "); word {
	case "CLUSTERDOWN", "TRYAGAIN", "UNCERTAIN":
		return r.Fate(), nil
	}
	return client.Done, fmt.Errorf("an error that is none of the three fates: %v", r)
}
