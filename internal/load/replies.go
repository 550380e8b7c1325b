package load

import (
	"bytes"
	"fmt"
)

// maxLine is how long the line of an error, a number or a header may be.
const maxLine = 64 << 10

// scanner finds the ends of replies in what a server sends, in pieces of any length. It keeps no values.
type scanner struct {
	// line is the beginning of a line whose end has not come.
	line []byte
	// skip is how many bytes of a string have not come; values is how many values the reply still lacks. inside is set
	// behind the header of an array: an error there is a value like the others.
	skip, values int
	inside       bool
	// failure is the text of the error that the reply is, without its sign; nil for other replies.
	failure []byte
}

// reset forgets what came.
func (s *scanner) reset() { *s = scanner{line: s.line[:0]} }

// scan reads the next reply. It returns the rest of the data, and whether the reply has ended; if it has not, there
// is no rest. The failure, nil for a reply that is no error, is valid until the next call.
func (s *scanner) scan(data []byte) (rest, failure []byte, ended bool, err error) {
	if s.values == 0 {
		s.values, s.inside, s.failure = 1, false, nil
	}
	for s.values > 0 {
		if s.skip > 0 {
			n := min(s.skip, len(data))
			data = data[n:]
			if s.skip -= n; s.skip > 0 {
				return nil, nil, false, nil
			}
			s.values--
			continue
		}
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			if s.line = append(s.line, data...); len(s.line) > maxLine {
				return nil, nil, false, fmt.Errorf("a line of more than %d bytes", maxLine)
			}
			return nil, nil, false, nil
		}
		line := data[:end+1]
		if len(s.line) > 0 {
			s.line = append(s.line, line...)
			line = s.line
		}
		data = data[end+1:]
		if err := s.take(line); err != nil {
			return nil, nil, false, err
		}
		s.line = s.line[:0]
	}
	return data, s.failure, true, nil
}

// take interprets a line, whose end is included.
func (s *scanner) take(line []byte) error {
	if len(line) < 3 || line[len(line)-2] != '\r' {
		return fmt.Errorf("%.40q is no reply", line)
	}
	text := line[1 : len(line)-2]
	switch line[0] {
	case '-':
		if !s.inside {
			s.failure = text
		}
		s.values--
	case '+', ':':
		s.values--
	case '$', '*':
		n, ok := parseLength(text)
		if !ok {
			return fmt.Errorf("%.40q is no reply", line)
		}
		switch {
		case n < 0:
			s.values--
		case line[0] == '$':
			s.skip = n + 2
		default:
			s.values, s.inside = s.values+n-1, true
		}
	default:
		return fmt.Errorf("%.40q is no reply", line)
	}
	return nil
}

// parseLength reads a length, of which -1 stands for none.
func parseLength(text []byte) (n int, ok bool) {
	if string(text) == "-1" {
		return -1, true
	}
	for _, digit := range text {
		if digit < '0' || digit > '9' || n > 1<<40 {
			return 0, false
		}
		n = 10*n + int(digit-'0')
	}
	return n, len(text) > 0
}
