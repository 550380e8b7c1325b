package wire

import "github.com/raftredis/raftredis/internal/redisconf"

// splitInline appends the words of an inline request to argv. They alias line.
func splitInline(line []byte, argv [][]byte) ([][]byte, error) {
	if isWord(line) { // PING, mostly
		return append(argv, line[:len(line):len(line)]), nil
	}
	argv, ok := redisconf.Split(line, argv)
	if !ok {
		return argv, protocolError("unbalanced quotes in request")
	}
	return argv, nil
}

// isWord reports whether a line is one word in which every byte stands for itself.
func isWord(line []byte) bool {
	for _, b := range line {
		if b <= ' ' || b > '~' || b == '"' || b == '\'' {
			return false
		}
	}
	return len(line) > 0
}
