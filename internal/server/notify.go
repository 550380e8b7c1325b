package server

import (
	"net"
	"os"
	"strings"
	"time"
)

const (
	// notifyVariable names the socket of a service manager.
	notifyVariable = "NOTIFY_SOCKET"
	// notifyPeriod is how long a manager that does not read is waited for.
	notifyPeriod = 100 * time.Millisecond
)

// notifier tells a service manager how the node is (sd_notify of systemd): it sends lines to a socket that the manager
// names in the environment. Without one it does nothing. A manager that does not listen keeps no node from serving.
type notifier struct {
	socket net.Conn
	// last is the status that was told last.
	last string
}

// newNotifier dials the socket of the service manager, if there is one.
func newNotifier() *notifier {
	name := os.Getenv(notifyVariable)
	if name == "" {
		return &notifier{}
	}
	socket, err := net.Dial("unixgram", name)
	if err != nil {
		return &notifier{}
	}
	return &notifier{socket: socket}
}

// tell sends lines such as READY=1.
func (n *notifier) tell(lines ...string) {
	if n.socket != nil {
		_ = n.socket.SetWriteDeadline(time.Now().Add(notifyPeriod))
		_, _ = n.socket.Write([]byte(strings.Join(lines, "\n"))) // the manager may be gone
	}
}

// status tells what the node does, if that is news.
func (n *notifier) status(text string) {
	if text != n.last {
		n.last = text
		n.tell("STATUS=" + text)
	}
}

// close closes the socket.
func (n *notifier) close() {
	if n.socket != nil {
		n.socket.Close()
	}
}
