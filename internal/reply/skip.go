package reply

import "bytes"

// Skip returns what is behind the first reply in replies; nothing, if that is not whole. The replies are the project's
// own: of bytes that no function of this package has made, nothing sensible is said, but nothing panics either.
func Skip(replies []byte) []byte {
	for open := 1; open > 0; open-- {
		if len(replies) >= len("+OK\r\n") && string(replies[:len("+OK\r\n")]) == "+OK\r\n" {
			replies = replies[len("+OK\r\n"):] // the usual reply to a write
			continue
		}
		if n := shortString(replies); n > 0 { // the usual element of an array
			replies = replies[n:]
			continue
		}
		end := bytes.IndexByte(replies, '\n')
		if end < 2 {
			return nil
		}
		kind, n := replies[0], number(replies[1:end-1])
		replies = replies[end+1:]
		switch kind {
		case '$', '=':
			if n >= 0 {
				if n+2 > len(replies) {
					return nil
				}
				replies = replies[n+2:]
			}
		case '%':
			open += 2 * max(n, 0)
		case '*', '~', '>', '&':
			open += max(n, 0)
		case '|':
			open += 2
		}
	}
	return replies
}

// shortString is the length of the reply with which replies begin if that is a string of up to nine bytes, and 0 if it
// is something else, or not whole.
func shortString(replies []byte) int {
	const header, end = len("$0\r\n"), len("\r\n")
	if len(replies) < header || replies[0] != '$' || replies[2] != '\r' || replies[3] != '\n' {
		return 0
	}
	if n := int(replies[1] - '0'); n <= 9 && header+n+end <= len(replies) {
		return header + n + end
	}
	return 0
}

// number reads a decimal that the package has written; what is none, or is too long to be true, is -1.
func number(digits []byte) int {
	if len(digits) == 0 || len(digits) > 10 {
		return -1
	}
	n := 0
	for _, digit := range digits {
		if digit < '0' || digit > '9' {
			return -1
		}
		n = 10*n + int(digit-'0')
	}
	return n
}
