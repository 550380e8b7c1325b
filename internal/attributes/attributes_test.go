package attributes

import (
	"bytes"
	"errors"
	"testing"

	"github.com/raftredis/raftredis/internal/section"
)

func TestAttributesSurviveTheirEncoding(t *testing.T) {
	for _, want := range []Attributes{
		{}, {ClientAddress: "10.0.0.1:6379"}, {ClientAddress: "[::1]:1"},
		{ClientAddress: "10.0.0.1:1", ClientHostname: "a.example"}, {ClientHostname: "a.example"},
	} {
		if got, err := Decode(want.Encode()); err != nil || got != want {
			t.Errorf("%+v is read as %+v, error %v", want, got, err)
		}
		if got := ClientAddress(want.Encode()); got != want.ClientAddress {
			t.Errorf("the address of %+v is %q", want, got)
		}
	}
	if got, err := Decode(nil); err != nil || got != (Attributes{}) {
		t.Errorf("no bytes are read as %+v, error %v", got, err)
	}
}

// The bytes lie in the log of every node.
func TestAttributesAreTheSameBytesAsEver(t *testing.T) {
	want := []byte("\x01\x01\x00\x00\x00\x03\x00\x00\x00h:1")
	if got := (Attributes{ClientAddress: "h:1"}).Encode(); !bytes.Equal(got, want) {
		t.Fatalf("%q", got)
	}
	want = append(want, "\x02\x80\x00\x00\x01\x00\x00\x00n"...)
	if got := (Attributes{ClientAddress: "h:1", ClientHostname: "n"}).Encode(); !bytes.Equal(got, want) {
		t.Fatalf("%q", got)
	}
}

func TestAttributesThatAreUnknownAreRefused(t *testing.T) {
	for name, b := range map[string][]byte{
		"version 2":         {2},
		"an empty name":     section.Append([]byte{1}, sectionClientHostname, nil),
		"an empty address":  section.Append([]byte{1}, 1, nil),
		"an unknown kind":   section.Append([]byte{1}, 2, nil),
		"cut":               {1, 1, 0},
		"an address cut":    section.Append([]byte{1}, 1, []byte("h:1"))[:11],
		"the address twice": section.Append(section.Append([]byte{1}, 1, []byte("h:1")), 1, []byte("h:1")),
	} {
		if got, err := Decode(b); err == nil || ClientAddress(b) != "" {
			t.Errorf("%s is read as %+v", name, got)
		}
	}
	later := section.Append(Attributes{ClientAddress: "h:1"}.Encode(), section.Skippable|3, []byte("x"))
	if got, err := Decode(later); err != nil || got.ClientAddress != "h:1" {
		t.Errorf("with a skippable section: %+v, error %v", got, err)
	}
	if _, err := Decode(section.Append([]byte{1}, 2, nil)); !errors.Is(err, section.ErrUnknown) {
		t.Error(err)
	}
}

// Clients keep the names: they must be what they always were.
func TestNodeNameFollowsFromTheIncarnation(t *testing.T) {
	if got := NodeName(0x0123456789abcdef); got != "6b07476c6416d45b06dc238e0541ddf9977ab979" {
		t.Fatalf("%s", got)
	}
	if NodeName(1) == NodeName(2) || len(NodeName(3)) != 40 {
		t.Fatal("names are not 40 digits, or not distinct")
	}
}
