package raftlog

import (
	"bytes"
	"testing"
)

func TestASessionBodyComesBackAsItWas(t *testing.T) {
	for _, b := range []SessionBody{
		{Operation: SessionCommand, Session: 1<<63 + 5, Sequence: 1 << 62, Command: []byte("command")},
		{Operation: SessionCommand, Session: 1, Sequence: 1, Command: []byte{}},
		{Operation: SessionOpen, TTLMillis: 3_600_000, Command: []byte{}},
		{Operation: SessionClose, Session: 7, Command: []byte{}},
	} {
		src := append(b.AppendHeader(nil), b.Command...)
		got, err := DecodeSessionBody(src)
		if err != nil || got.String() != b.String() || got.Session != b.Session || got.Sequence != b.Sequence ||
			got.TTLMillis != b.TTLMillis || !bytes.Equal(got.Command, b.Command) {
			t.Errorf("%+v comes back as %+v, %v", b, got, err)
		}
	}
}

// FuzzDecodeSessionBody: any bytes give a body that encodes to the same bytes, or an error.
func FuzzDecodeSessionBody(f *testing.F) {
	b := SessionBody{Operation: SessionCommand, Session: 7, Sequence: 8}
	f.Add(append(b.AppendHeader(nil), "command"...))
	f.Add([]byte{byte(SessionClose)})
	f.Fuzz(func(t *testing.T, src []byte) {
		b, err := DecodeSessionBody(src)
		if err == nil && !bytes.Equal(append(b.AppendHeader(nil), b.Command...), src) {
			t.Fatalf("%x decodes to %+v", src, b)
		}
	})
}
