package redisconf

// Split appends the words of a line to into, by the rules that hold for configuration files and for inline requests:
// words are separated by blanks; within double quotes \n \r \t \b \a \xHH and \<any> are escapes; within single quotes
// only \' is; a closing quote must end its word; a NUL ends the line. The words are unescaped in place (none grows), so
// they alias line, and nothing is allocated but room for them. False means that quotes are not closed, or not followed
// by a blank; into comes back as it was.
func Split(line []byte, into [][]byte) ([][]byte, bool) {
	for i, b := range line {
		if b == 0 {
			line = line[:i]
			break
		}
	}
	words := len(into)
	for at := 0; ; {
		for at < len(line) && isSpace(line[at]) {
			at++
		}
		if at == len(line) {
			return into, true
		}
		one, next, ok := word(line, at)
		if !ok {
			return into[:words], false
		}
		into = append(into, one)
		at = next
	}
}

// word reads the word that begins at line[at] and returns it with the place after it.
func word(line []byte, at int) (one []byte, next int, ok bool) {
	start, to := at, at
	var quote byte
	for at < len(line) {
		b := line[at]
		switch {
		case quote == 0 && (b == ' ' || b == '\n' || b == '\r' || b == '\t'):
			return line[start:to:to], at, true
		case quote == 0 && (b == '"' || b == '\''):
			quote = b
			at++
			continue
		case quote != 0 && b == quote:
			if at+1 < len(line) && !isSpace(line[at+1]) {
				return nil, 0, false
			}
			return line[start:to:to], at + 1, true
		case quote == '"' && b == '\\' && at+1 < len(line):
			b, at = unescape(line, at+1)
		case quote == '\'' && b == '\\' && at+1 < len(line) && line[at+1] == '\'':
			b, at = '\'', at+1
		}
		line[to] = b
		to++
		at++
	}
	return line[start:to:to], at, quote == 0
}

// unescape reads the escape whose character after the backslash is line[at]; it returns its meaning and the place of
// its last character.
func unescape(line []byte, at int) (byte, int) {
	switch line[at] {
	case 'x':
		if at+2 < len(line) {
			high, low := hexDigit(line[at+1]), hexDigit(line[at+2])
			if high >= 0 && low >= 0 {
				return byte(high<<4 | low), at + 2
			}
		}
		return 'x', at
	case 'n':
		return '\n', at
	case 'r':
		return '\r', at
	case 't':
		return '\t', at
	case 'b':
		return '\b', at
	case 'a':
		return '\a', at
	}
	return line[at], at
}

// hexDigit is the value of a hexadecimal digit, or -1.
func hexDigit(b byte) int {
	switch {
	case b >= '0' && b <= '9':
		return int(b - '0')
	case b >= 'a' && b <= 'f':
		return int(b-'a') + 10
	case b >= 'A' && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}

// isSpace is C's isspace in the C locale.
func isSpace(b byte) bool { return b == ' ' || (b >= '\t' && b <= '\r') }
