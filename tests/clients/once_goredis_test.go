package clients_test

// recipe
import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Once executes commands once, however often it has to send them. One goroutine at a time uses it.
type Once struct {
	client            redis.UniversalClient
	session, sequence int64
}

// OpenOnce opens a session.
func OpenOnce(ctx context.Context, client redis.UniversalClient) (*Once, error) {
	o := &Once{client: client}
	session, err := o.repeat(ctx, "RAFT.SESSION", "OPEN")
	o.session, _ = session.(int64)
	return o, err
}

// Do executes a command. An error of ctx means that it is unknown whether it was executed.
func (o *Once) Do(ctx context.Context, command ...any) (any, error) {
	o.sequence++
	return o.repeat(ctx, append([]any{"RAFT.ONCE", o.session, o.sequence}, command...)...)
}

func (o *Once) repeat(ctx context.Context, command ...any) (any, error) {
	for {
		reply, err := o.client.Do(ctx, command...).Result()
		if ctx.Err() != nil || !again(err) {
			return reply, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// again reports whether it is not known what became of a command: all attempts count, not the last one alone.
func again(err error) bool {
	var refusal redis.Error
	if err == nil || !errors.As(err, &refusal) {
		return err != nil // the connection broke, or it took too long
	}
	switch word, _, _ := strings.Cut(err.Error(), " "); word {
	case "UNCERTAIN", "CLUSTERDOWN", "TRYAGAIN", "LOADING", "OOM":
		return true
	}
	return false
}

// end
