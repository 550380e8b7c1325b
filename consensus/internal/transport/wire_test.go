package transport

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/go-msgpack/v2/codec"

	"github.com/raftredis/raftredis/consensus/internal/locations"
	"github.com/raftredis/raftredis/internal/section"
)

// spelled is msgpack as a looser encoder would write it.
func spelled(t testing.TB, v any) []byte {
	t.Helper()
	var body []byte
	h := new(codec.MsgpackHandle)
	h.WriteExt, h.Canonical = true, true
	if err := codec.NewEncoderBytes(&body, h).Encode(v); err != nil {
		t.Fatal(err)
	}
	return body
}

func TestHandshakeBodiesComeBackAsTheyWereSent(t *testing.T) {
	sent := wireHello{
		ClusterID: 1<<64 - 1, From: 1, Level: 255, JournalRoom: 7, Address: "näme", Nonce: make([]byte, nonceBytes),
	}
	claims := Hello{Start: 3, ToHasLog: true, Claims: []locations.Claim{
		{ID: 1, Incarnation: 2, Start: 3, Boot: 4, Address: "a:5"}, {ID: 6, Incarnation: 7, Start: 8, Boot: 9},
	}}
	sent.Sections = claims.sections()
	var got wireHello
	if err := decodeControl(encodeControl(&sent), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, sent) {
		t.Fatalf("sent %+v, got %+v", sent, got)
	}
	hello, err := got.hello()
	if err != nil || hello.Start != 3 || !hello.ToHasLog || !reflect.DeepEqual(hello.Claims, claims.Claims) ||
		hello.JournalRoomBytes != 7 {
		t.Fatalf("sent %+v, got %+v, %v", sent, hello, err)
	}
	if again, err := hello.wire(got.Nonce).hello(); err != nil || !reflect.DeepEqual(again, hello) {
		t.Fatalf("sent %+v, got %+v, %v", hello, again, err)
	}
}

// What has no content has none: a section with one was written by no node.
func TestWordsOfTheHandshakeHaveNoContent(t *testing.T) {
	for _, want := range []bool{true, false} {
		j, err := (&Join{Incarnation: 1, Address: "a:5", Withdraw: want}).wire(nil).join()
		if err != nil || j.Withdraw != want {
			t.Errorf("sent %v, got %+v, %v", want, j, err)
		}
		h, err := (&Hello{ToHasLog: want}).wire(nil).hello()
		if err != nil || h.ToHasLog != want {
			t.Errorf("sent %v, got %+v, %v", want, h, err)
		}
	}
	content := []byte{1}
	join := wireJoin{Sections: section.Append(nil, sectionWithdraw, content)}
	hello := wireHello{Sections: section.Append(nil, sectionHasLog, content)}
	if _, err := join.join(); !errors.Is(err, ErrBadFrame) {
		t.Errorf("a withdrawal with content: %v", err)
	}
	if _, err := hello.hello(); !errors.Is(err, ErrBadFrame) {
		t.Errorf("a word about a log with content: %v", err)
	}
}

func TestAddressesInAHelloThatAreCutShortAreRefused(t *testing.T) {
	claims := Hello{Start: 3, Claims: []locations.Claim{{ID: 1, Incarnation: 2, Start: 3, Boot: 4, Address: "a:5"}}}
	whole := claims.sections()[section.HeaderBytes:]
	for end := range whole {
		w := wireHello{Sections: section.Append(nil, sectionAddresses, whole[:end])}
		_, err := w.hello()
		if onlyStart := end == 8; (err == nil) != onlyStart || !onlyStart && !errors.Is(err, ErrBadFrame) {
			t.Errorf("%d of %d bytes: %v", end, len(whole), err)
		}
	}
}

func TestUnknownSectionsOfTheHandshake(t *testing.T) {
	skippable := section.Append(nil, section.Skippable|9, []byte("later"))
	refused := section.Append(nil, 9, []byte("later"))
	for name, sections := range map[string][]byte{"skippable": skippable, "refused": refused, "malformed": {1}} {
		for _, v := range []any{
			&wireHello{Sections: sections}, &wireJoin{Sections: sections}, &wireNewcomer{Sections: sections},
		} {
			err := decodeControl(encodeControl(v), reflect.New(reflect.TypeOf(v).Elem()).Interface())
			switch {
			case name == "skippable" && err != nil:
				t.Errorf("%T: %v", v, err)
			case name == "refused" && (!errors.Is(err, section.ErrUnknown) || !strings.Contains(err.Error(), "kind 9")):
				t.Errorf("%T: %v", v, err)
			case name == "malformed" && !errors.Is(err, section.ErrMalformed):
				t.Errorf("%T: %v", v, err)
			}
		}
	}
}

// G10.
func TestHandshakeBodiesInAnyOtherFormAreRefused(t *testing.T) {
	good := encodeControl(&wireRefusal{Text: "a", Redirect: "b"})
	deep := bytes.Repeat([]byte{0x91}, 10_000)
	for name, body := range map[string][]byte{
		"empty":            {},
		"nil":              {0xc0},
		"trailing byte":    append(bytes.Clone(good), 0),
		"cut short":        good[:len(good)-1],
		"unknown field":    spelled(t, map[string]string{"redirect": "b", "text": "a", "word": "c"}),
		"missing field":    spelled(t, map[string]string{"text": "a"}),
		"another order":    []byte("\x82\xa4text\xa1a\xa8redirect\xa1b"),
		"a field twice":    []byte("\x83\xa8redirect\xa1b\xa4text\xa1a\xa4text\xa1a"),
		"a list":           spelled(t, []string{"a", "b"}),
		"a wrong type":     spelled(t, map[string]int{"text": 1, "redirect": 2}),
		"nested deep":      deep,
		"huge map":         {0xdf, 0xff, 0xff, 0xff, 0xff},
		"huge string":      append(spelled(t, "text"), 0xdb, 0xff, 0xff, 0xff, 0xff),
		"over the limit":   encodeControl(&wireRefusal{Text: string(make([]byte, maxControlBytes))}),
		"an unknown value": append([]byte{0x81}, append(spelled(t, "word"), deep...)...),
	} {
		var w wireRefusal
		n := allocated(func() {
			if err := decodeControl(body, &w); !errors.Is(err, ErrBadFrame) {
				t.Errorf("%s: error %v", name, err)
			}
		})
		if n > 1<<20 {
			t.Errorf("%s: %d bytes allocated for %d", name, n, len(body))
		}
	}
}

func TestNumbersOutsideTheirTypeAreRefused(t *testing.T) {
	good := encodeControl(&wireHello{Level: 1, Term: 1})
	level := append([]byte("\xa5level"), 1)
	term := append([]byte("\xa4term"), 1)
	for name, body := range map[string][]byte{
		"level 256":     bytes.Replace(good, level, []byte("\xa5level\xcd\x01\x00"), 1),
		"level -1":      bytes.Replace(good, level, []byte("\xa5level\xff"), 1),
		"level 1, long": bytes.Replace(good, level, []byte("\xa5level\xcd\x00\x01"), 1),
		"term -1":       bytes.Replace(good, term, []byte("\xa4term\xff"), 1),
		"term 1.0":      bytes.Replace(good, term, []byte("\xa4term\xca\x3f\x80\x00\x00"), 1),
	} {
		if bytes.Equal(body, good) {
			t.Fatalf("%s: nothing was replaced", name)
		}
		var w wireHello
		if err := decodeControl(body, &w); !errors.Is(err, ErrBadFrame) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// FuzzHandshake gives every body of the handshake to each decoder: an error or the same bytes again, never a panic.
func FuzzHandshake(f *testing.F) {
	f.Add(encodeControl(&wireHello{Address: "n", Nonce: make([]byte, nonceBytes)}))
	f.Add(encodeControl(&wireJoin{Address: "n"}))
	f.Add(encodeControl(&wireChallenge{}))
	f.Add(encodeControl(&wireRefusal{Text: "t"}))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, v := range []any{
			new(wireHello), new(wireJoin), new(wireChallenge), new(wireProof), new(wireRefusal),
			new(wireInvite), new(wireNewcomer), new(wireChange), new(wireAnswer),
		} {
			if decodeControl(body, v) == nil && !bytes.Equal(encodeControl(v), body) {
				t.Fatalf("%T: accepted %x", v, body)
			}
		}
	})
}
