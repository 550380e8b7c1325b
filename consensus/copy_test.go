package consensus_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
)

// D12: an image of a machine is made when its node is blank and has asked to join already, so it has an incarnation.
//
//  1. The original becomes a member, confirms an entry, and stops.
//  2. The image starts elsewhere and asks to join. It is not the member: it has no log, and the entry would be lost.
//  3. The original comes back with its data. The image draws another incarnation, and joins as another member.
func TestD12_ABlankCopyIsNotTheMemberThatTheOriginalBecame(t *testing.T) {
	directory := t.TempDir()
	var asked journalist
	o := smallOptions(filepath.Join(directory, "original"))
	o.Join, o.Logger = []string{"127.0.0.1:1"}, slog.New(slog.NewTextHandler(&asked, nil))
	original := open(t, o)
	asked.await(t, "belongs to no cluster yet")
	incarnation := original.Status().Incarnation
	if err := original.Close(); err != nil {
		t.Fatal(err)
	}
	image := smallOptions(filepath.Join(directory, "image"))
	if err := os.CopyFS(image.Directory, os.DirFS(o.Directory)); err != nil {
		t.Fatal(err)
	}

	first := smallOptions(filepath.Join(directory, "first"))
	first.Bootstrap, first.Expect = true, 2
	member := open(t, first)
	o.Machine, o.Join = &counter{}, addresses(member)
	original = open(t, o)
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

	var refused journalist
	image.Join, image.Logger = addresses(member), slog.New(slog.NewTextHandler(&refused, nil))
	blank := open(t, image)
	refused.await(t, "data directory may be a copy")
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
