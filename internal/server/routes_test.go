package server

import (
	"context"
	"net"
	"testing"
)

func TestRoutes_DialElsewhereWhatTheyName(t *testing.T) {
	there, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	r, err := parseRoutes([]string{"192.0.2.1:16379=" + there.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"192.0.2.1:16379", there.Addr().String()} {
		conn, err := r.dialer()(context.Background(), address)
		if err != nil {
			t.Fatalf("dial %s: %v", address, err)
		}
		if got := conn.RemoteAddr().String(); got != there.Addr().String() {
			t.Errorf("dialling %s reached %s, want %s", address, got, there.Addr())
		}
		conn.Close()
	}
}

func TestRoutes_RefuseWhatIsNone(t *testing.T) {
	for _, texts := range [][]string{
		{"127.0.0.1:1"}, {"=127.0.0.1:1"}, {"127.0.0.1:1="}, {"127.0.0.1=127.0.0.1:2"},
		{"127.0.0.1:1=127.0.0.1:2", "127.0.0.1:1=127.0.0.1:3"},
	} {
		if r, err := parseRoutes(texts); err == nil {
			t.Errorf("%q became %v", texts, r)
		}
	}
	if r, err := parseRoutes(nil); err != nil || r.dialer() != nil {
		t.Errorf("no routes became %v, %v", r, err)
	}
}
