package members_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/raftredis/raftredis/internal/blackbox"
)

// Some tests need a machine of their own: another /etc, other addresses, the port of a name server. They run a second
// time, as the only test of a process in namespaces of its own, in which it is root.
const (
	// insideVariable has the name of the test in such a process, etcVariable the directory that a node sees as /etc.
	insideVariable = "RAFTREDIS_TEST_INSIDE"
	etcVariable    = "RAFTREDIS_TEST_ETC"
)

// reenter does what a process of this package is for that another one has started: it does not return then.
func reenter(m *testing.M) {
	switch {
	case os.Getenv(etcVariable) != "":
		fmt.Fprintln(os.Stderr, execWithEtc(os.Getenv(etcVariable), os.Args[1:]))
		os.Exit(1)
	case os.Getenv(insideVariable) != "":
		os.Exit(m.Run())
	}
}

// where says where a test runs.
type where int

const (
	// finished: the test has run in a process in namespaces of its own, and this one is done.
	finished where = iota
	// inside: this is that process.
	inside
	// outside: the system gives no namespaces to this user, as in some containers.
	outside
)

// notRoot is the exit code of a process in namespaces in which it is not root all the same.
const notRoot = 77

// alone runs the test in a process in namespaces of its own, unless this is that process.
func alone(t *testing.T) where {
	t.Helper()
	if os.Getenv(insideVariable) == t.Name() {
		switch err := begin(); {
		case errors.Is(err, os.ErrPermission):
			fmt.Println(err)
			os.Exit(notRoot)
		case err != nil:
			t.Fatal(err)
		}
		return inside
	}
	command := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1")
	command.Env = append(os.Environ(), insideVariable+"="+t.Name(), binaryVariable+"="+blackbox.Binary(t))
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	runtime.LockOSThread() // Pdeathsig is about the thread
	defer runtime.UnlockOSThread()
	output, err := command.CombinedOutput()
	if len(output) > 0 {
		t.Logf("in namespaces of its own:\n%s", output)
	}
	var ended *exec.ExitError
	switch {
	case err != nil && (!errors.As(err, &ended) || ended.ExitCode() == notRoot):
		t.Logf("the system gives no namespaces to this user: %v", err)
		return outside
	case err != nil:
		t.Error(err)
	}
	return finished
}

// begin has nothing leave the namespace, and makes the loopback interface work in it.
func begin() error {
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts inside: %w", err)
	}
	var request interfaceRequest
	copy(request.name[:], "lo")
	*(*uint16)(unsafe.Pointer(&request.data)) = syscall.IFF_UP | syscall.IFF_RUNNING
	return request.ask(syscall.SIOCSIFFLAGS)
}

// interfaceRequest is struct ifreq of netdevice(7).
type interfaceRequest struct {
	name [syscall.IFNAMSIZ]byte
	data [24]byte
}

func (r *interfaceRequest) ask(number uintptr) error {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(socket)
	_, _, failed := syscall.Syscall(syscall.SYS_IOCTL, uintptr(socket), number, uintptr(unsafe.Pointer(r)))
	if failed != 0 {
		return fmt.Errorf("ioctl %#x of an interface: %w", number, failed)
	}
	return nil
}

// addAddress gives the machine one more address.
func addAddress(t *testing.T, number int, address string) {
	t.Helper()
	var request interfaceRequest
	copy(request.name[:], fmt.Sprintf("lo:%d", number))
	to := (*syscall.RawSockaddrInet4)(unsafe.Pointer(&request.data))
	to.Family, to.Addr = syscall.AF_INET, netip.MustParseAddr(address).As4()
	if err := request.ask(syscall.SIOCSIFADDR); err != nil {
		t.Fatal(err)
	}
}

// makeEtc makes a directory to be seen as /etc, in which names are resolved as in Debian: by hosts, and then by DNS.
func makeEtc(t *testing.T, files map[string]string) string {
	t.Helper()
	directory := t.TempDir()
	files["nsswitch.conf"] = "hosts: files dns\n"
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

// seeingEtc makes commands that see a directory as /etc.
func seeingEtc(directory string) func(words []string) *exec.Cmd {
	return func(words []string) *exec.Cmd {
		command := exec.Command("/proc/self/exe", words...)
		command.Env = append(os.Environ(), etcVariable+"="+directory)
		return command
	}
}

// execWithEtc becomes a program that sees a directory as /etc; nothing else does.
func execWithEtc(directory string, args []string) error {
	runtime.LockOSThread()
	if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
		return fmt.Errorf("make a namespace for mounts: %w", err)
	}
	if err := syscall.Mount(directory, "/etc", "", syscall.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s on /etc: %w", directory, err)
	}
	return fmt.Errorf("run %s: %w", args[0], syscall.Exec(args[0], args, os.Environ()))
}
