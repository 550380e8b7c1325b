package resp

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

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

// A disk that hangs holds up the client that asked for CONFIG REWRITE, and nobody else.
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
