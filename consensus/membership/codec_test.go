package membership

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/section"
	"github.com/raftredis/raftredis/wal/raftlog"
)

var rewrite = flag.Bool("rewrite", false, "write the golden file anew")

func sampleConfiguration() *Configuration {
	return &Configuration{
		ClusterID: 5, HashSeed: 6, NextID: 9, Level: 3,
		Members: []Member{
			{ID: 1, Incarnation: 11, Address: "10.0.0.1:1", Attributes: []byte("attributes")},
			{ID: 2, Incarnation: 12}, {ID: 8, Incarnation: 1 << 63},
		},
		Voters: []raftlog.NodeID{1, 2}, Outgoing: []raftlog.NodeID{1}, Learners: []raftlog.NodeID{8},
		Promote: []raftlog.NodeID{8},
		Retire:  []raftlog.NodeID{2},
	}
}

func TestConfigurationSurvivesItsEncoding(t *testing.T) {
	c := sampleConfiguration()
	got, err := Decode(Encode(c))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c, got) {
		t.Fatalf("got %+v\nwant %+v", got, c)
	}
}

// Nodes keep configurations in their logs for good: the bytes of a format never change. -rewrite writes the golden
// file for a new format.
func TestConfigurationIsReadAndWrittenAsEver(t *testing.T) {
	const goldenFile = "testdata/configuration-v4.golden"
	c := sampleConfiguration()
	c.Fresh, c.Index = []raftlog.NodeID{c.Members[0].ID}, 300
	c.Sections = section.Append(nil, section.Skippable|0x7f, []byte("later"))
	change := Change{
		Add: c.Members[2:], Learner: true, Remove: []raftlog.NodeID{1}, Update: c.Members[:1], Logged: []raftlog.NodeID{2},
		If: 300,
	}
	written := "configuration\n" + hex.Dump(Encode(c)) + "change\n" + hex.Dump(EncodeChange(change))
	if *rewrite {
		if err := os.WriteFile(goldenFile, []byte(written), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(golden) != written {
		t.Fatalf("the same configuration is other bytes:\n%s", written)
	}
}

// Format 3 had no level. Its bytes are another format's, and not damage.
func TestAConfigurationOfFormat3IsRefusedByName(t *testing.T) {
	dump, err := os.ReadFile("testdata/configuration-v3.refused")
	if err != nil {
		t.Fatal(err)
	}
	var old []byte
	for line := range strings.Lines(strings.TrimPrefix(strings.Split(string(dump), "change")[0], "configuration\n")) {
		digits, _, _ := strings.Cut(line[10:], "|")
		b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
		if err != nil {
			t.Fatal(err)
		}
		old = append(old, b...)
	}
	const want = "format 3, this build knows format 4"
	if _, err := Decode(old); err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("%v, want %s", err, want)
	}
}

func TestConfigurationsOfOtherFormatsAreRefusedByName(t *testing.T) {
	for _, format := range []byte{1, 2, 3, 5} {
		body, change := Encode(sampleConfiguration()), EncodeChange(Change{})
		body[1], change[1] = format, format+1
		_, err := Decode(body)
		want := fmt.Sprintf("format %d, this build knows format 4", format)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("configuration: %v, want %s", err, want)
		}
		_, err = DecodeChange(change)
		if want := fmt.Sprintf("format %d, this build knows format 2", format+1); format > 1 &&
			(err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("change: %v, want %s", err, want)
		}
	}
}

// A leader of an older build writes the next configuration: what a newer one put in there is not lost.
func TestConfigurationCarriesSkippedSectionsOn(t *testing.T) {
	later := section.Append(nil, section.Skippable|5, []byte("of a later build"))
	c := clusterOf(3)
	c.Sections = later
	c, err := Decode(Encode(c))
	if err != nil {
		t.Fatal(err)
	}
	c = next(t, c, Change{Remove: []raftlog.NodeID{3}})
	joint := c.Exchange()
	for name, c := range map[string]*Configuration{"next": c, "joint": joint, "final": joint.Final()} {
		if got, err := Decode(Encode(c)); err != nil || !bytes.Equal(got.Sections, later) {
			t.Errorf("%s: sections %x, error %v", name, got.Sections, err)
		}
	}
}

func TestConfigurationWithUnknownSectionIsRefused(t *testing.T) {
	c := sampleConfiguration()
	c.Sections = section.Append(nil, 5, []byte("of a later build"))
	if _, err := Decode(Encode(c)); !errors.Is(err, section.ErrUnknown) || !strings.Contains(err.Error(), "kind 5") {
		t.Fatal(err)
	}
}

func TestDamagedConfigurationsAreRefused(t *testing.T) {
	body := Encode(sampleConfiguration())
	for n := range body {
		if _, err := Decode(body[:n]); err == nil {
			t.Fatalf("accepted the first %d of %d bytes", n, len(body))
		}
	}
	for name, change := range map[string]func(*Configuration){
		"voter that is no member": func(c *Configuration) { c.Voters = append(c.Voters, 3) },
		"members out of order": func(c *Configuration) {
			c.Members[0], c.Members[1] = c.Members[1], c.Members[0]
		},
		"id beyond the next":               func(c *Configuration) { c.NextID = 8 },
		"a retired node that is no member": func(c *Configuration) { c.Retire = []raftlog.NodeID{4} },
		"attributes above the limit": func(c *Configuration) {
			c.Members[1].Attributes = make([]byte, MaxAttributesBytes+1)
		},
		"no voters": func(c *Configuration) { c.Voters = nil },
	} {
		c := sampleConfiguration()
		change(c)
		if _, err := Decode(Encode(c)); err == nil {
			t.Errorf("accepted a configuration with %s", name)
		}
	}
	if _, err := Decode(make([]byte, MaxBytes+1)); err == nil {
		t.Error("accepted a configuration above the limit")
	}
}

func FuzzDecodeConfiguration(f *testing.F) {
	f.Add(Encode(sampleConfiguration()))
	f.Fuzz(func(t *testing.T, body []byte) {
		if c, err := Decode(body); err == nil {
			if again, err := Decode(Encode(c)); err != nil || !reflect.DeepEqual(c, again) {
				t.Fatalf("%+v does not survive: %v", c, err)
			}
		}
	})
}
