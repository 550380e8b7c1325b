package resp

import "github.com/raftredis/raftredis/internal/redisconf"

// splitInline appends the words of an inline request to argv. They alias line.
func splitInline(line []byte, argv [][]byte) ([][]byte, error) {
	argv, ok := redisconf.Split(line, argv)
	if !ok {
		return argv, protocolError("unbalanced quotes in request")
	}
	return argv, nil
}
