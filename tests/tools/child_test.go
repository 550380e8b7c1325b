package tools_test

import (
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// Where the kernel does not kill children with their parent, the end of this pipe is what they notice.
func TestChild_StopsInOrderWhenItsLifelineEnds(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"serve", "--bootstrap", "--dir", t.TempDir(), "--lifeline-fd", "3",
		"--port", strconv.Itoa(blackbox.Ports(t, 1))}, blackbox.SmallJournal...)
	command := exec.Command(blackbox.Binary(t), args...)
	command.ExtraFiles = []*os.File{read}
	p := blackbox.Start(t, "a child", command)
	read.Close()
	p.AwaitReady(blackbox.ReadyLimit)
	if p.Ended() {
		t.Fatal("the node ended although its lifeline is held")
	}
	write.Close()
	if code := p.ExitCode(blackbox.StopLimit); code != 0 {
		t.Errorf("the exit code is %d, want 0", code)
	}
}
