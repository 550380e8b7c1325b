package client_test

import (
	"bufio"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/client"
)

// answers listens, reads the first line of what one client sends, answers it with these bytes, and closes.
func answers(t *testing.T, text string) *client.Connection {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := bufio.NewReader(conn).ReadString('\n'); err == nil {
			_, _ = conn.Write([]byte(text))
		}
	}()
	c, err := client.Connect(listener.Addr().String(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestReplies_OfEveryKindAreRead(t *testing.T) {
	for text, want := range map[string]string{
		"+OK\r\n": "+OK", "-ERR no\r\n": "-ERR no", ":-7\r\n": ":-7", "$3\r\na\r\n\r\n": `"a\r\n"`, "$0\r\n\r\n": `""`,
		"$-1\r\n": "(nil)", "*-1\r\n": "(nil)", "*2\r\n:1\r\n*1\r\n$1\r\nx\r\n": `[:1 ["x"]]`,
	} {
		got, err := answers(t, text).Do("PING")
		if err != nil || got.String() != want {
			t.Errorf("%q is %v, %v; want %s", text, got, err, want)
		}
	}
}

func TestReplies_ThatAreNoneAreErrors(t *testing.T) {
	for _, text := range []string{"", "\r\n", "?\r\n", "$x\r\n", "$5\r\nab", "*2\r\n:1\r\n", "+OK"} {
		if got, err := answers(t, text).Do("PING"); err == nil {
			t.Errorf("%q became %v", text, got)
		}
	}
}

func TestPipeline_ReturnsWhatCameBeforeTheConnectionBroke(t *testing.T) {
	got, err := answers(t, "+OK\r\n:1\r\n").Pipeline([][]string{{"SET", "k", "v"}, {"INCR", "n"}, {"INCR", "n"}})
	if err == nil || len(got) != 2 || got[1].String() != ":1" {
		t.Errorf("replies %v, %v; want the first two and an error", got, err)
	}
}

func TestDo_GivesUpAfterTheLimit(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // never accepts, so no reply comes
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	c, err := client.Connect(listener.Addr().String(), 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Do("PING"); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the error is %v, want an exceeded deadline", err)
	}
}

func TestFate_IsOneOfThree(t *testing.T) {
	for text, want := range map[string]client.Fate{
		"CLUSTERDOWN no leader": client.NotDone, "TRYAGAIN later": client.NotDone, "LOADING": client.NotDone,
		"MOVED 1 a:1": client.NotDone, "NOSESSION none": client.NotDone, "TOOOLD by 128": client.NotDone,
		"SEQUENCEUSED twice": client.NotDone, "REPLYGONE but done": client.Done,
		"UNCERTAIN who knows": client.Unknown, "ERR wrong": client.Done, "WRONGTYPE no": client.Done,
		"CLUSTERDOWNS": client.Done, "OOM command not allowed": client.NotDone,
	} {
		if got := (client.Reply{Kind: '-', Text: text}).Fate(); got != want {
			t.Errorf("%s: fate %d, want %d", text, got, want)
		}
	}
	if got := (client.Reply{Kind: '$', Text: "UNCERTAIN"}).Fate(); got != client.Done {
		t.Errorf("a value that reads UNCERTAIN has fate %d", got)
	}
}
