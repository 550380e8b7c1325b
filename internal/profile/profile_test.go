package profile

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestOnlyLoopbackIsListenedOn(t *testing.T) {
	for _, address := range []string{
		"", "6060", ":6060", "0.0.0.0:6060", "[::]:6060", "192.0.2.1:6060", "127.0.0.1", "example.org:6060",
		"127.0.0.1.example:1",
	} {
		if err := Check(address); err == nil || !strings.Contains(err.Error(), "127.0.0.1:6060") {
			t.Errorf("%q: %v", address, err)
		}
		if listener, err := Listen(address); err == nil {
			_ = listener.Close()
			t.Errorf("%q is listened on", address)
		}
	}
	for _, address := range []string{"127.0.0.1:6060", "127.8.9.10:6060", "[::1]:6060", "localhost:6060"} {
		if err := Check(address); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// A request names the host that it is meant for, as does one of a page whose host has its name stand for this machine.
func TestProfilesAreForThisMachine(t *testing.T) {
	listener, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- Serve(listener) }()
	defer func() {
		_ = listener.Close()
		<-ended
	}()
	address := listener.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for host, want := range map[string]int{
		address: http.StatusOK, "localhost:" + port: http.StatusOK, "evil.example:" + port: http.StatusForbidden,
		"evil.example": http.StatusForbidden, "192.0.2.1:" + port: http.StatusForbidden,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			"http://"+address+"/debug/pprof/goroutine?debug=1", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		shown := strings.Contains(string(text), "goroutine profile:")
		if err != nil || response.StatusCode != want || shown != (want == http.StatusOK) {
			t.Errorf("for %s: %d, %v, %.80q", host, response.StatusCode, err, text)
		}
	}
}
