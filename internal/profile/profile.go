// Package profile shows where a process spends its time and its memory: net/http/pprof, to programs of this machine.
//
// A profile tells what the process does, and making one slows it down, so nothing but loopback is listened on. A page
// in a browser of this machine could send requests there under a name of its own: requests for other hosts are refused.
// The package imports nothing of the project.
package profile

import (
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"
)

// Check says why an address would not do: HOST:PORT, with a host that is loopback.
func Check(address string) error {
	host, _, err := net.SplitHostPort(address)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not HOST:PORT, such as 127.0.0.1:6060", address)
	case !loopback(host):
		return fmt.Errorf("%q can be reached from other machines: name 127.0.0.1:6060, and reach it by ssh -L", address)
	}
	return nil
}

// loopback reports whether only this machine can reach a host.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Listen takes the port of an address that Check accepts.
func Listen(address string) (net.Listener, error) {
	if err := Check(address); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	if tcp, is := listener.Addr().(*net.TCPAddr); !is || !tcp.IP.IsLoopback() { // a file says what localhost is
		_ = listener.Close()
		return nil, fmt.Errorf("%q is %v here, which other machines can reach: name 127.0.0.1", address, listener.Addr())
	}
	return listener, nil
}

// headerLimit is how long a client may take to ask. How long an answer takes, the request says.
const headerLimit = 10 * time.Second

// Serve answers below /debug/pprof/ until the listener is closed.
func Serve(listener net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: local(mux), ReadHeaderTimeout: headerLimit}
	return server.Serve(listener)
}

// local refuses requests that name a host which is not loopback.
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil || !loopback(host) {
			http.Error(w, "ask 127.0.0.1 or localhost, with the port", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
