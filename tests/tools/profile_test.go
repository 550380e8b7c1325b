package tools_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// A node that is told to shows its goroutines to this machine, and refuses to show them to others.
func TestProfiles_AreForThisMachine(t *testing.T) {
	address := blackbox.Address(blackbox.Ports(t, 1))
	blackbox.StartCluster(t, 1, "--pprof", address)
	client := &http.Client{Timeout: blackbox.ReplyLimit}
	response, err := client.Get("http://" + address + "/debug/pprof/goroutine?debug=1")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	blackbox.ExpectWords(t, string(text), "goroutine profile:", "raftredis/consensus")
	blackbox.ExpectWords(t, refused(t, 2, "serve --port PORT --pprof 0.0.0.0:6060 --dir", t.TempDir()),
		"--pprof", "0.0.0.0:6060", "other machines", "127.0.0.1:6060")
}
