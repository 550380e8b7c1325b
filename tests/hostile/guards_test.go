package hostile_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// A web page can make a browser send a request to any port. The body of such a request is not executed, and one line of
// the log says where it came from.
func TestGuards_ARequestOfHTTPIsNotExecuted(t *testing.T) {
	n := blackbox.StartCluster(t, 1).Nodes[0]
	client := n.Connect(t)
	const body = "SET attacked yes\r\nSET attacked yes\r\n"
	for range 3 {
		reply, err := http.Post("http://"+blackbox.Address(n.Port), "text/plain", strings.NewReader(body))
		if err == nil {
			reply.Body.Close()
			t.Error("HTTP is answered")
		}
	}
	throw(t, n.Port, []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"+body), false)
	blackbox.Expect(t, client.Must(t, "EXISTS", "attacked"), ":0")
	blackbox.Eventually(t, blackbox.EffectLimit, "the log tells of it", func() bool {
		return strings.Contains(n.Process.Err(), "Possible SECURITY ATTACK detected")
	})
	lines := strings.Count(n.Process.Err(), "Possible SECURITY ATTACK detected")
	if lines != 1 || !strings.Contains(n.Process.Err(), "address=127.0.0.1:") {
		t.Errorf("%d lines of the log tell of it:\n%s", lines, n.Process.Err())
	}
}

// Clients of this machine are served without a password, and the guard is set like any other setting.
func TestGuards_ProtectedModeIsOnUntilItIsSwitchedOff(t *testing.T) {
	const open = "--bind 0.0.0.0 --announce-host 127.0.0.1 --insecure-peers "
	for _, c := range []struct{ flags, want, line string }{
		{"", "yes", ""},
		{open, "yes", "only clients of this machine are served"},
		{open + "--protected-mode no", "no", "anyone who reaches the port can read and write"},
	} {
		n := blackbox.StartCluster(t, 1, strings.Fields(c.flags)...).Nodes[0]
		client := n.Connect(t)
		if c.line != "" {
			blackbox.AwaitLog(t, n, c.line)
		}
		blackbox.Expect(t, client.Must(t, "CONFIG", "GET", "protected-mode"), `["protected-mode" "`+c.want+`"]`)
		blackbox.Expect(t, client.Must(t, "CONFIG", "SET", "protected-mode", "no"), "+OK")
		blackbox.Expect(t, client.Must(t, "CONFIG", "GET", "protected-mode"), `["protected-mode" "no"]`)
	}
}
