package work

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/raftredis/raftredis/internal/blackbox"
)

func TestWorkIsDoneAndMeasured(t *testing.T) {
	port, _ := blackbox.StartRedis(t)
	if err := Fill(t.Context(), port, 100, 8); err != nil {
		t.Fatal(err)
	}
	if size := strings.TrimSpace(blackbox.RedisCLI(t, "-p", strconv.Itoa(port), "DBSIZE")); size != "100" {
		t.Errorf("%s keys, want 100", size)
	}
	w := Work{
		Ports: []int{port}, Mix: "get", Clients: 3, Pipeline: 2, Keys: 100, ValueBytes: 8, Period: 100 * time.Millisecond,
	}
	s, err := Do(t.Context(), w)
	if err != nil || s.Requests == 0 || s.Rate <= 0 || s.P50Millis <= 0 || s.P50Millis > s.P999Millis {
		t.Errorf("%+v, %v", s, err)
	}
	w.Rate = 200
	if s, err = Do(t.Context(), w); err != nil || s.Requests < 1 || s.Requests > 20 {
		t.Errorf("an open loop: %+v, %v", s, err)
	}
	stop := Beside(t.Context(), w)
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A figure of requests that failed is none.
func TestErrorsAreNoFigures(t *testing.T) {
	port, _ := blackbox.StartRedis(t, "--requirepass", "secret")
	w := Work{Ports: []int{port}, Mix: "get", Clients: 1, Pipeline: 1, Keys: 1, ValueBytes: 1, Requests: 3}
	if _, err := Do(t.Context(), w); err == nil || !strings.Contains(err.Error(), "3 of 3 requests failed") {
		t.Error(err)
	}
	stop := Beside(t.Context(), w)
	if err := stop(); err != nil && !strings.Contains(err.Error(), "failed") {
		t.Error(err)
	}
	w.Mix = "nonsense"
	if _, err := Do(t.Context(), w); err == nil {
		t.Error("a mix that is not there is done")
	}
}
