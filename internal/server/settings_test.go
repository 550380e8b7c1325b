package server

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/consensus"
	"github.com/raftredis/raftredis/internal/setting"
)

func TestSettings_EachRowIsWhole(t *testing.T) {
	c := NewConfig()
	names := map[string]bool{}
	for _, row := range c.rows {
		for _, name := range slices.Concat(row.AllNames(), row.Aliases) {
			if names[name] || name == "" || name != strings.ToLower(name) {
				t.Errorf("%q is the name of no setting, or of two", name)
			}
			names[name] = true
		}
		if row.Flag == "" {
			continue
		}
		_, isSwitch := row.Value.(*setting.YesNo)
		if row.Help == "" || row.Section == "" || (row.Unit == "") != isSwitch {
			t.Errorf("%s: a flag needs a help, a section, and a unit unless it is a switch", row.Name)
		}
		if len(row.Help) < 200 && strings.HasSuffix(row.Help, ".") {
			t.Errorf("%s: its help ends with a dot", row.Name)
		}
	}
	if len(c.rows) < 50 {
		t.Errorf("only %d settings", len(c.rows))
	}
}

// consensusBounds are the settings that package consensus checks too; zero sides it leaves to this table, or to others.
var consensusBounds = map[string]struct{ minimum, maximum bool }{
	"expect":                         {false, true},
	"raft.max-entry-bytes":           {false, true},
	"raft.leader-wait-millis":        {true, true},
	"raft.uncertain-after-millis":    {true, true},
	"cluster-node-timeout":           {false, true},
	"raft.heartbeat-millis":          {true, false},
	"raft.election-millis":           {false, true},
	"raft.journal-file-bytes":        {true, false},
	"raft.snapshot-log-bytes":        {true, true},
	"raft.snapshot-bytes-per-second": {true, false},
	"raft.compare-entries":           {true, true},
}

// The library checks what it is given. What it allows, the table allows, and nothing else.
func TestSettings_BoundsAreThoseOfTheLibrary(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// A directory below a file cannot be made: what the library has accepted ends there.
	accepts := func(name string, value int64) bool {
		c := NewConfig()
		c.node.Bootstrap = true
		boundsOf(c.row(name)).At.Store(value)
		if err := c.complete(); err != nil {
			t.Fatalf("%s %d: %v", name, value, err)
		}
		c.node.Directory, c.node.Machine = filepath.Join(file, "data"), newMachine(c)
		c.node.PeerListen = "127.0.0.1:0"
		_, err := consensus.Open(c.node)
		return !strings.HasPrefix(err.Error(), "consensus: ")
	}
	for name, side := range consensusBounds {
		bounds := boundsOf(NewConfig().row(name))
		step := int64(1)
		if name == "raft.journal-file-bytes" {
			step = 4096
		}
		if side.minimum && (!accepts(name, bounds.Min) || accepts(name, bounds.Min-step)) {
			t.Errorf("%s: the library begins elsewhere than at %d", name, bounds.Min)
		}
		if side.maximum && (!accepts(name, bounds.Max) || accepts(name, bounds.Max+step)) {
			t.Errorf("%s: the library ends elsewhere than at %d", name, bounds.Max)
		}
	}
}

// The front end takes as large a write as the library, and cuts runs where it is told nothing else.
func TestSettings_HalvesHaveTheSameLargestEntry(t *testing.T) {
	c := NewConfig()
	c.node.Bootstrap, c.node.MaxEntryBytes = true, 4<<10
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	if limits := c.front.Limits; limits.MaxEntryBytes != 4<<10 || limits.MaxRunBytes != 0 {
		t.Errorf("the front end has the limits %+v", limits)
	}
}

func boundsOf(row *setting.Row) *setting.Int {
	if m, is := row.Value.(*setting.Memory); is {
		return &m.Int
	}
	return row.Value.(*setting.Int)
}

// read is what a file makes of the settings, after flags were given.
func read(t *testing.T, text string, given ...string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "raftredis.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := NewConfig()
	for _, name := range given {
		c.given[c.row(name)] = true
	}
	return c, c.ReadFile(path)
}

func TestSettings_AFileIsRead(t *testing.T) {
	c, err := read(t, "# ours\nport 1\nPort 7000\nraft.Peer-Port 7001\nelection-millis 600\njoin a:1 b:2\njoin c:3\n"+
		"bootstrap yes\ntimeout 5\nAPPENDONLY yes\nsave \"\"\ndatabases 1\nclient-output-buffer-limit normal 1gb 0 0\n"+
		"latency-tracking-info-percentiles 50 99\nenable-debug-command LOCAL\nmaxclients 7\nmaxmemory 100mb\n", "maxclients")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"port": "7000", "raft.peer-port": "7001", "raft.election-millis": "600", "join": "a:1 b:2 c:3", "bootstrap": "yes",
		"timeout": "5", "latency-tracking-info-percentiles": "50 99", "enable-debug-command": "local",
		"maxclients": "10000", "maxmemory": "104857600",
		"client-output-buffer-limit": "normal 1073741824 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
	} {
		if got := c.row(name).String(); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// Unknown lines are errors: a silently ignored setting is worse.
func TestSettings_AFileWithAnErrorIsRefused(t *testing.T) {
	for line, want := range map[string]string{
		"nosuch 1":                     `unknown setting "nosuch"`,
		"raft.snapshot-log-byte 1":     `unknown setting "raft.snapshot-log-byte"; did you mean snapshot-log-bytes?`,
		"timeout x":                    `timeout is "x"; it must be a whole number, such as 1`,
		"port":                         "port has 0 values; it takes one",
		"port 1 2":                     "port has 2 values; it takes one",
		"proto-max-bulk-len 2gb":       "proto-max-bulk-len is 2147483648; it must be 1048576 to 1073741824",
		"enable-debug-command x":       `enable-debug-command is "x"; it must be no, yes or local`,
		"raft.snapshot-log-bytes 1":    "raft.snapshot-log-bytes is 1; it must be 65536 to 1099511627776, or 0",
		"journal-file-bytes 65m":       "journal-file-bytes is 65000000; it must be a multiple of 4096",
		"client-output-buffer-limit x": `client-output-buffer-limit is "x"; it must be any number of: class`,
	} {
		if _, err := read(t, "# a comment\n"+line+"\n"); err == nil || !strings.Contains(err.Error(), "line 2: "+want) {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
}

func TestSettings_WhatIsNotGivenFollowsFromTheRest(t *testing.T) {
	c, err := read(t, "port 7000\nredirect moved\nsnapshot-log-bytes 1mb\ndir x\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"raft.peer-port": "17000", "raft.cluster-view": "leader", "repl-backlog-size": "4194304", "cluster-enabled": "yes",
		"dir": filepath.Join(here, "x"),
	} {
		if got := c.row(name).String(); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// CONFIG shows neither secrets of the command line nor what is for tests.
func TestSettings_ConfigShowsWhatIsNotPrivate(t *testing.T) {
	var shown []string
	for _, one := range NewConfig().frontOptions().Settings {
		shown = append(shown, one.AllNames()[0])
	}
	for _, name := range []string{"port", "dir", "raft.election-millis", "maxclients", "save", "requirepass"} {
		if !slices.Contains(shown, name) {
			t.Errorf("%s is not shown", name)
		}
	}
	for _, name := range []string{"cluster-secret-file", "join", "bootstrap", "lifeline-fd", "log-level"} {
		if slices.Contains(shown, name) {
			t.Errorf("%s is shown", name)
		}
	}
}

func TestMaxClients_AreAtMostTheDescriptors(t *testing.T) {
	_, refusal := NewConfig().row("maxclients").Check("4000000000", setting.Alone)
	const want = "The operating system is not able to handle the specified number of clients, try with "
	if !strings.HasPrefix(refusal, want) {
		t.Errorf("refused with %q", refusal)
	}
	if _, refusal := NewConfig().row("maxclients").Check("5", setting.Alone); refusal != "" {
		t.Errorf("5 are refused: %s", refusal)
	}
	if bounds := boundsOf(NewConfig().row("maxclients")); bounds.Max != math.MaxUint32 {
		t.Errorf("up to %d, Redis takes %d", bounds.Max, uint32(math.MaxUint32))
	}
}
