package resp

import (
	"strings"
	"testing"
)

// A password is shown to nobody who looks at what others do: not by SLOWLOG, and not where the command was wrong.
func TestPasswordsAreInNoListOfCommands(t *testing.T) {
	_, clients := sharedClients(t, 2)
	watcher, c := clients[0], clients[1]
	watcher.send("CONFIG SET slowlog-log-slower-than 0\r\nMONITOR\r\n")
	c.send("HELLO AUTH default secret1\r\nHELLO 2 AUTH default secret2\r\nAUTH secret3\r\n" +
		"CONFIG SET maxclients 77 requirepass secret4\r\nCONFIG SET requirepass secret5 x\r\nCONFIG SET RequirePass \"\"\r\n")
	lists := watcher.hear() + c.send("SLOWLOG GET -1\r\n")
	if strings.Contains(lists, "secret") {
		t.Fatalf("somebody's password is shown: %q", lists)
	}
	for _, word := range []string{"(redacted)", "maxclients", "77", "requirepass", "HELLO"} {
		if !strings.Contains(lists, word) {
			t.Errorf("%q is not shown in %q", word, lists)
		}
	}
}
