package engine

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"testing"

	"github.com/raftredis/raftredis/consensus/membership"
	"github.com/raftredis/raftredis/wal/raftlog"
)

// The image begins with the bodies; what follows is the machine's, untouched.
func TestAssembliesComeBackFromAnImage(t *testing.T) {
	list := []Assembly{
		{Origin: 3, Boot: 0x1122334455667788, Sequence: 7, TotalBytes: 5, Body: []byte("abc")},
		{Origin: 2, Boot: 9, Sequence: 8, TotalBytes: 2 * imageChunkBytes},
		{Origin: 4, Boot: 9, Sequence: 9, TotalBytes: 1},
	}
	large := Assembly{
		Origin: 4, Boot: 9, Sequence: 9, TotalBytes: 3 * imageChunkBytes,
		Body: bytes.Repeat([]byte("x/-"), imageChunkBytes-1),
	}
	for _, list := range [][]Assembly{nil, list[:1], list[:2], list, {large}} {
		n := len(list)
		var file bytes.Buffer
		f := Frozen{SnapshotState: SnapshotState{Pieces: list}, Image: frozenJournal{applied: []string{"machine"}}}
		written, err := f.WriteTo(&file)
		if err != nil || written != int64(file.Len()) {
			t.Fatalf("%d bytes, %v; the file has %d", written, err, file.Len())
		}
		whole := bytes.Clone(file.Bytes())
		var got SnapshotState
		err = got.ReadFront(&file)
		rest, _ := io.ReadAll(&file)
		same := reflect.DeepEqual(got.Pieces, list) && got.Sessions == nil
		if err != nil || string(rest) != "[machine]" || len(got.Pieces) != n || !same {
			t.Fatalf("%d bodies: %+v, %v, then %q", n, got, err, rest)
		}
		for _, end := range []int{0, 3, len(whole) - len("[machine]") - 1} {
			if err := new(SnapshotState).ReadFront(bytes.NewReader(whole[:end])); err == nil {
				t.Errorf("the first %d bytes of %d are enough", end, len(whole))
			}
		}
	}
	const golden = "01000000" + "0300000000000000" + "8877665544332211" + "0700000000000000" +
		"05000000" + "03000000" + "616263"
	var file bytes.Buffer
	f := Frozen{SnapshotState: SnapshotState{Pieces: list[:1]}, Image: frozenJournal{}}
	if _, err := f.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", file.Bytes()[:len(golden)/2]); got != golden {
		t.Fatalf("%s, want %s", got, golden)
	}
}

// What no log can have is refused, before there is memory for it.
func TestImpossibleAssembliesAreRefused(t *testing.T) {
	first := Assembly{Origin: 1, Boot: 1, Sequence: 1, TotalBytes: 4, Body: []byte("a")}
	members := func(n int) (list []Assembly) {
		for i := range n {
			list = append(list, Assembly{Origin: raftlog.NodeID(i + 1), TotalBytes: 1})
		}
		return list
	}
	read := func(list []Assembly) error {
		var file bytes.Buffer
		f := Frozen{SnapshotState: SnapshotState{Pieces: list}, Image: frozenJournal{}}
		if _, err := f.WriteTo(&file); err != nil {
			t.Fatal(err)
		}
		return new(SnapshotState).ReadFront(&file)
	}
	for name, list := range map[string][]Assembly{
		"no origin":                {{TotalBytes: 1}},
		"two of one origin":        {first, {Origin: 1, Boot: 2, TotalBytes: 1}},
		"nothing is to come":       {{Origin: 1}},
		"all of it is here":        {{Origin: 1, TotalBytes: 1, Body: []byte("a")}},
		"larger than any":          {{Origin: 1, TotalBytes: raftlog.MaxBodyBytes + 1}},
		"a part, behind the first": {first, {Origin: 2, TotalBytes: raftlog.MaxBodyBytes, Body: []byte("b")}},
		"more than members":        members(membership.MaxMembers + 1),
	} {
		if read(list) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := read(members(membership.MaxMembers)); err != nil {
		t.Errorf("one of each member: %v", err)
	}
	largest := Assembly{Origin: 1, TotalBytes: raftlog.MaxBodyBytes, Body: []byte("a")}
	var file bytes.Buffer
	f := Frozen{SnapshotState: SnapshotState{Pieces: []Assembly{largest}}, Image: frozenJournal{}}
	if _, err := f.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	var got SnapshotState
	if err := got.ReadFront(&file); err != nil || cap(got.Pieces[0].Body) > imageChunkBytes {
		t.Errorf("one byte of the largest body: %v, and memory for %d", err, cap(got.Pieces[0].Body))
	}
}
