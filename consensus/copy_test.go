package consensus_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus"
)

// blankImage makes the directory of a node that is blank and has asked to join, so that it has an incarnation, and a
// copy of it. It returns the options of both, and the incarnation.
func blankImage(t *testing.T) (original, image consensus.Options, incarnation uint64) {
	t.Helper()
	directory := t.TempDir()
	original = smallOptions(filepath.Join(directory, "original"))
	original.Join = []string{"127.0.0.1:1"}
	n := open(t, original)
	until(t, "the node to have asked", func() bool { return n.Status().Waiting != "" })
	incarnation = n.Status().Incarnation
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	image = smallOptions(filepath.Join(directory, "image"))
	if err := os.CopyFS(image.Directory, os.DirFS(original.Directory)); err != nil {
		t.Fatal(err)
	}
	return original, image, incarnation
}

// D12: an image of a machine is made when its node is blank and has asked to join already, so it has an incarnation.
//
//  1. The original becomes a member, confirms an entry, and stops.
//  2. The image starts elsewhere and asks to join. It is not the member: it has no log, and the entry would be lost.
//  3. The original comes back with its data. The image draws another incarnation, and joins as another member.
func TestD12_ABlankCopyIsNotTheMemberThatTheOriginalBecame(t *testing.T) {
	o, image, incarnation := blankImage(t)
	first := smallOptions(filepath.Join(t.TempDir(), "first"))
	first.Bootstrap, first.Expect = true, 2
	member := open(t, first)
	o.Machine, o.Join = &counter{}, addresses(member)
	original := open(t, o)
	if err := original.WaitServing(within(t)); err != nil {
		t.Fatal(err)
	}
	if got := original.Status().Incarnation; got != incarnation {
		t.Fatalf("the original is %016x now, and was %016x: this test says nothing", got, incarnation)
	}
	add(t, original, 5)
	id, address := original.Status().ID, original.Status().PeerAddress
	if err := original.Close(); err != nil {
		t.Fatal(err)
	}

	image.Join = addresses(member)
	blank := open(t, image)
	until(t, "the image to be refused", func() bool {
		return strings.Contains(blank.Status().Waiting, "data directory may be a copy")
	})
	if !blank.Status().Blank {
		t.Fatalf("the image is node %d, as the original is", blank.Status().ID)
	}
	o.Machine, o.PeerListen = &counter{}, address
	original = open(t, o)
	expectTotal(t, original, 5)
	if err := blank.WaitServing(within(t)); err != nil {
		t.Fatal(err)
	}
	if s := blank.Status(); s.ID == id || s.Incarnation == incarnation {
		t.Errorf("the image is node %d with the incarnation %016x, as the original is", s.ID, s.Incarnation)
	}
	expectTotal(t, blank, 5)
}

// S29: the directory of a member is set back to when it was blank, and starts at the member's address. With the
// member's number and an empty log it could vote for a leader that lacks what the member confirmed.
//
//	joining   it asks to be taken in, as it did then
//	waiting   it is contacted by the members that miss it
func TestS29_AMemberThatWasSetBackToBlankIsNoMember(t *testing.T) {
	for name, joins := range map[string]bool{"joining": true, "waiting": false} {
		t.Run(name, func(t *testing.T) {
			o, image, incarnation := blankImage(t)
			var known journalist
			first := smallOptions(filepath.Join(t.TempDir(), "first"))
			first.Bootstrap, first.Expect = true, 2
			first.Logger = slog.New(slog.NewTextHandler(&known, &slog.HandlerOptions{Level: slog.LevelDebug}))
			member := open(t, first)
			o.Machine, o.Join = &counter{}, addresses(member)
			original := open(t, o)
			if err := original.WaitServing(within(t)); err != nil {
				t.Fatal(err)
			}
			add(t, original, 5)
			known.await(t, "these members have a log", "error=<nil>")
			was := original.Status()
			if was.Incarnation != incarnation {
				t.Fatalf("the member is %016x, and was %016x: this test says nothing", was.Incarnation, incarnation)
			}
			if err := original.Close(); err != nil {
				t.Fatal(err)
			}

			var said journalist
			image.PeerListen, image.Logger = was.PeerAddress, slog.New(slog.NewTextHandler(&said, nil))
			if joins {
				image.Join = addresses(member)
			}
			back := open(t, image)
			said.await(t, "wiped", "set back")
			if s := back.Status(); !s.Blank || s.Incarnation == incarnation {
				t.Fatalf("the blank node is node %d with the incarnation %016x", s.ID, s.Incarnation)
			}
			if err := back.Close(); err != nil {
				t.Fatal(err)
			}
			o.Machine, o.PeerListen = &counter{}, was.PeerAddress // its directory was only away
			original = open(t, o)
			expectTotal(t, original, 5)
			expectTotal(t, member, 5)
		})
	}
}
