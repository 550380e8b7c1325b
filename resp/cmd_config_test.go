package resp

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/setting"
)

func TestConfigSetChangesAllOrNothing(t *testing.T) {
	_, clients := sharedClients(t, 1)
	got := clients[0].send("CONFIG SET slowlog-max-len 5 appendonly no\r\nCONFIG GET slowlog-max-len\r\n")
	want := "-ERR CONFIG SET failed (possibly related to argument 'appendonly') - " + setting.OnlyValue + "\r\n" +
		"*2\r\n" + bulkText("slowlog-max-len") + bulkText("128")
	if got != want {
		t.Fatalf("got %q", got)
	}
}

func TestSettingsOfTheStartAreImmutable(t *testing.T) {
	rows := []Setting{
		&setting.Row{Name: "save", Value: setting.Only("x"), Live: true},
		&setting.Row{Name: "port", Value: setting.Only("6379")},
	}
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t), Settings: rows}))
	got := c.send("CONFIG SET port 1\r\nCONFIG GET Port save\r\n")
	want := "-ERR CONFIG SET failed (possibly related to argument 'port') - can't set immutable config\r\n*4\r\n" +
		bulkText("Port") + bulkText("6379") + bulkText("save") + bulkText("x")
	if got != want {
		t.Fatalf("got %q", got)
	}
}

func TestAPasswordThatIsSetHoldsForNewClients(t *testing.T) {
	_, clients := sharedClients(t, 1)
	old := clients[0]
	if got := old.send("CONFIG SET requirepass secret\r\nPING\r\n"); got != "+OK\r\n+PONG\r\n" {
		t.Fatalf("got %q", got)
	}
	fresh := newClient(t, old.conn.server)
	got := fresh.send("GET a\r\nAUTH wrong\r\nAUTH secret\r\nGET a\r\n")
	want := "-NOAUTH Authentication required.\r\n" +
		"-WRONGPASS invalid username-password pair or user is disabled.\r\n+OK\r\n$-1\r\n"
	if got != want {
		t.Fatalf("got %q", got)
	}
	old.send("CONFIG SET requirepass \"\"\r\n")
	if got := newClient(t, old.conn.server).send("GET a\r\n"); got != "$-1\r\n" {
		t.Fatalf("without a password again: %q", got)
	}
}

func TestMaxClientsCanBeSet(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	first := s.dial()
	first.send("CONFIG SET maxclients 1\r\n")
	first.expect("+OK\r\n")
	refused := s.dial()
	refused.expect("-ERR max number of clients reached\r\n")
	refused.expectEnd()
	first.send("CONFIG SET maxclients 2\r\n")
	first.expect("+OK\r\n")
	second := s.dial()
	second.send("PING\r\n")
	second.expect("+PONG\r\n")
}

// A connection that was idle before the timeout was set is closed by it too.
func TestATimeoutThatIsSetClosesIdleConnections(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	idle, busy := s.dial(), s.dial()
	idle.send("PING\r\n")
	idle.expect("+PONG\r\n")
	busy.send("CONFIG SET timeout 1\r\n")
	busy.expect("+OK\r\n")
	began := time.Now()
	idle.expectEnd()
	if took := time.Since(began); took < 500*time.Millisecond {
		t.Errorf("closed after %v", took)
	}
}

func TestTheLargestArgumentCanBeSet(t *testing.T) {
	limits := Limits{MaxEntryBytes: 1000}
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t), Limits: limits}))
	if got := c.send("CONFIG SET proto-max-bulk-len 4kb\r\nCONFIG GET proto-max-bulk-len\r\n"); got !=
		"+OK\r\n*2\r\n"+bulkText("proto-max-bulk-len")+bulkText("4096") {
		t.Fatalf("got %q", got)
	}
	value := strings.Repeat("x", 4096)
	if got := c.send(bulk("ECHO", value)); got != bulkText(value) {
		t.Fatalf("4096 bytes are answered %.100q", got)
	}
	if got := c.send(bulk("ECHO", value+"x")); got != "-ERR Protocol error: invalid bulk length\r\n" {
		t.Fatalf("4097 bytes are answered %.100q", got)
	}
}

func TestConfigRewriteWritesWhatWasSet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "redis.conf")
	before := "# my file\nport 6379\ntimeout 5\n"
	if err := os.WriteFile(path, []byte(before), 0o640); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t), ConfigFile: path}))
	for _, step := range []struct{ input, want, text string }{
		{"CONFIG REWRITE\r\n", "+OK\r\n", before},
		{"CONFIG SET timeout 7 requirepass \"a b\"\r\nCONFIG SET timeout 8\r\n", "+OK\r\n+OK\r\n", before},
		{"CONFIG REWRITE\r\n", "+OK\r\n", "# my file\nport 6379\ntimeout 8\nrequirepass \"a b\"\n"},
	} {
		if got := c.send(step.input); got != step.want {
			t.Fatalf("%q is answered %q", step.input, got)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != step.text {
			t.Fatalf("after %q the file is %q, %v", step.input, text, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file has mode %v, %v", info.Mode(), err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("left over: %v, %v", files, err)
	}
	rewriteBehindALink(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := c.send("CONFIG REWRITE\r\n"); !strings.HasPrefix(got, "-ERR Rewriting config file: ") {
		t.Errorf("without the file: %q", got)
	}
}

// Redis has old names of some settings beside the new ones, in CONFIG GET * too.
func TestConfig_OlderNamesMeanTheSame(t *testing.T) {
	var cell atomic.Int64
	path := filepath.Join(t.TempDir(), "redis.conf")
	if err := os.WriteFile(path, []byte("new-name 1\nold-name 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	row := &setting.Row{
		Name: "new-name", Synonyms: []string{"old-name"}, Live: true, Value: &setting.Int{At: &cell, Max: 100},
	}
	o := Options{Store: newFakeStore(t), ConfigFile: path, Settings: []Setting{row}}
	c := newClient(t, testServer(t, o))
	for _, step := range [][2]string{
		{"CONFIG SET Old-Name 3\r\n", "+OK\r\n"},
		{"CONFIG GET new-name\r\n", "*2\r\n$8\r\nnew-name\r\n$1\r\n3\r\n"},
		{"CONFIG GET OLD-name\r\n", "*2\r\n$8\r\nOLD-name\r\n$1\r\n3\r\n"},
		{"CONFIG GET *-name\r\n", "*4\r\n$8\r\nnew-name\r\n$1\r\n3\r\n$8\r\nold-name\r\n$1\r\n3\r\n"},
		{"CONFIG SET new-name 4 old-name 5\r\n",
			"-ERR CONFIG SET failed (possibly related to argument 'old-name') - duplicate parameter\r\n"},
		{"CONFIG REWRITE\r\n", "+OK\r\n"},
	} {
		if got := c.send(step[0]); got != step[1] {
			t.Errorf("%q is answered %q, want %q", step[0], got, step[1])
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "new-name 3\n" {
		t.Errorf("the file is %q, %v", text, err)
	}
}

func TestConfigResetStatLetsCountsBeginAnew(t *testing.T) {
	_, clients := sharedClients(t, 1)
	clients[0].send("PING\r\nNOSUCH\r\nCONFIG RESETSTAT\r\n")
	got := clients[0].send("INFO stats\r\n")
	for _, field := range []string{"total_commands_processed:1", "total_error_replies:0"} {
		if !strings.Contains(got, "\r\n"+field+"\r\n") {
			t.Errorf("%s is not in %q", field, got)
		}
	}
}

// hungFile is a configuration file on a disk that hangs: nothing can be read of it until release is called.
func hungFile(t *testing.T) (path string, release func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "redis.conf")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, func() {
		t.Helper()
		if err := os.WriteFile(path, []byte("port 1\n"), 0); err != nil {
			t.Fatal(err)
		}
	}
}

// A disk that hangs holds up the client that asked for CONFIG REWRITE, and no other client.
func TestConfigRewriteHoldsUpNobodyElse(t *testing.T) {
	path, release := hungFile(t)
	s := serve(t, Options{Store: newFakeStore(t), ConfigFile: path})
	asks, other := s.dial(), s.dial()
	asks.send("PING\r\nCONFIG REWRITE\r\n")
	asks.expect("+PONG\r\n") // what came before is answered meanwhile
	other.send("CONFIG SET timeout 100\r\nCONFIG GET timeout\r\nSET a 1\r\n")
	other.expect("+OK\r\n*2\r\n" + bulkText("timeout") + bulkText("100") + "+OK\r\n")
	release()
	asks.expect("+OK\r\n")
	text, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(text), "port 1\n") {
		t.Errorf("the file is %q, %v", text, err)
	}
}

// A client that leaves while work is done for it is gone at once, and the work ends in its time.
func TestAClientMayLeaveWhileWorkIsDoneForIt(t *testing.T) {
	path, release := hungFile(t)
	s := serve(t, Options{Store: newFakeStore(t), ConfigFile: path})
	leaves := s.dial()
	leaves.send("PING\r\nCONFIG REWRITE\r\n")
	leaves.expect("+PONG\r\n")
	_ = leaves.Close()
	eventually(t, "gone", func() bool { return s.server.Clients() == 0 })
	release()
}

// rewriteBehindALink has a server that knows the file by a link rewrite it: the link stays, and so does the mode.
func rewriteBehindALink(t *testing.T, path string) {
	t.Helper()
	link := filepath.Join(t.TempDir(), "link.conf")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, testServer(t, Options{Store: newFakeStore(t), ConfigFile: link}))
	if got := c.send("CONFIG SET timeout 9\r\nCONFIG REWRITE\r\n"); got != "+OK\r\n+OK\r\n" {
		t.Fatalf("got %q", got)
	}
	if target, err := os.Readlink(link); err != nil || target != path {
		t.Errorf("the link names %q, %v", target, err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "timeout 9") {
		t.Errorf("the file is %q, %v", text, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file has mode %v, %v", info.Mode(), err)
	}
}
