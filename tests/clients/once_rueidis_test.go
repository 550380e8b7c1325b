package clients_test

// recipe
import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// OnceByRueidis executes commands once, however often it has to send them. One goroutine at a time uses it.
type OnceByRueidis struct {
	client            rueidis.Client
	session, sequence int64
}

// OpenOnceByRueidis opens a session.
func OpenOnceByRueidis(ctx context.Context, client rueidis.Client) (*OnceByRueidis, error) {
	o := &OnceByRueidis{client: client}
	session, err := o.repeat(ctx, "RAFT.SESSION", "OPEN").AsInt64()
	o.session = session
	return o, err
}

// Do executes a command. An error of ctx means that it is unknown whether it was executed.
func (o *OnceByRueidis) Do(ctx context.Context, command ...string) rueidis.RedisResult {
	o.sequence++
	return o.repeat(ctx, append([]string{"RAFT.ONCE", fmt.Sprint(o.session), fmt.Sprint(o.sequence)}, command...)...)
}

func (o *OnceByRueidis) repeat(ctx context.Context, command ...string) rueidis.RedisResult {
	for {
		result := o.client.Do(ctx, o.client.B().Arbitrary(command[0]).Args(command[1:]...).Build())
		if ctx.Err() != nil || !againByRueidis(result.Error()) {
			return result
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// againByRueidis reports whether it is not known what became of a command: all attempts count, not the last one alone.
func againByRueidis(err error) bool {
	refusal, is := rueidis.IsRedisErr(err)
	if !is {
		return err != nil // the connection broke, or it took too long
	}
	switch word, _, _ := strings.Cut(refusal.Error(), " "); word {
	case "UNCERTAIN", "CLUSTERDOWN", "TRYAGAIN", "LOADING", "OOM":
		return true
	}
	return false
}

// end
