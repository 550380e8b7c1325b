package playground

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"time"
)

// childAttributes give the child a process group of its own and make the kernel kill it when its parent's thread ends.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// parentPeriod is the time between two looks for `go run`.
const parentPeriod = 200 * time.Millisecond

// goRunEnded returns a channel that is closed when the `go run` that started this process has ended. `go run` does not
// pass SIGTERM on, and a killed one leaves behind what it ran; its user knows no other process to stop. A process with
// another parent goes on without it.
func goRunEnded() <-chan struct{} {
	ended := make(chan struct{})
	parent := os.Getppid()
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", parent))
	if err != nil || string(bytes.TrimSpace(name)) != "go" {
		return ended
	}
	go func() {
		defer close(ended)
		ticker := time.NewTicker(parentPeriod)
		defer ticker.Stop()
		for os.Getppid() == parent {
			<-ticker.C
		}
	}()
	return ended
}
