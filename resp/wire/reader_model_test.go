package wire

import (
	"bytes"
	"math/big"
	"strings"
)

// parseWhole is the reader's model: it sees all bytes at once, begins each request at its first byte, cares for neither
// speed nor memory, and shares no code with the reader.
func parseWhole(input []byte, limits Limits) (requests [][]string, err error) {
	for len(input) > 0 {
		var request []string
		var used int
		if input[0] == '*' {
			request, used, err = modelArray(input, limits)
		} else {
			request, used, err = modelInline(input, limits)
		}
		if used == 0 || err != nil {
			return requests, err
		}
		if len(request) > 0 {
			requests = append(requests, request)
		}
		input = input[used:]
	}
	return requests, nil
}

// modelLine cuts a line off; used is 0 when it is not complete.
func modelLine(input []byte, limits Limits, tooBig string) (line string, used int, err error) {
	before, _, found := bytes.Cut(input, []byte("\n"))
	if len(before) > limits.MaxInlineBytes {
		return "", 0, protocolError(tooBig)
	}
	if !found {
		return "", 0, nil
	}
	return string(before), len(before) + 1, nil
}

func modelArray(input []byte, limits Limits) (request []string, used int, err error) {
	line, used, err := modelLine(input, limits, "too big mbulk count string")
	if used == 0 {
		return nil, 0, err
	}
	count, ok := modelNumber(line[1:])
	if !ok || count > maxClaimedArguments {
		return nil, 0, protocolError("invalid multibulk length")
	}
	for range count {
		rest := input[used:]
		line, n, err := modelLine(rest, limits, "too big bulk count string")
		if n == 0 {
			return nil, 0, err
		}
		if !strings.HasSuffix(line, "\r") {
			return nil, 0, protocolError("invalid bulk length")
		}
		if line[0] != '$' {
			return nil, 0, protocolError("expected '$', got '" + strings.ReplaceAll(line[:1], "\r", " ") + "'")
		}
		length, ok := modelNumber(line[1:])
		if !ok || length < 0 || length > int64(limits.MaxBulkBytes) {
			return nil, 0, protocolError("invalid bulk length")
		}
		if len(rest) < n+int(length)+2 {
			return nil, 0, nil
		}
		if string(rest[n+int(length):n+int(length)+2]) != "\r\n" {
			return nil, 0, protocolError("bulk is not followed by CRLF")
		}
		request = append(request, string(rest[n:n+int(length)]))
		used += n + int(length) + 2
	}
	return request, used, nil
}

// modelNumber reads what follows the type byte of a header, the CR included.
func modelNumber(line string) (int64, bool) {
	digits, terminated := strings.CutSuffix(line, "\r")
	n, ok := new(big.Int).SetString(digits, 10)
	if !terminated || !ok || n.String() != digits || !n.IsInt64() {
		return 0, false
	}
	return n.Int64(), true
}

func modelInline(input []byte, limits Limits) (request []string, used int, err error) {
	line, used, err := modelLine(input, limits, "too big inline request")
	if used == 0 {
		return nil, 0, err
	}
	line = strings.TrimSuffix(line, "\r")
	line, _, _ = strings.Cut(line, "\x00")
	const blanks = " \t\n\v\f\r"
	for {
		line = strings.TrimLeft(line, blanks)
		if line == "" {
			return request, used, nil
		}
		var word string
		if word, line, err = modelWord(line, blanks); err != nil {
			return nil, 0, err
		}
		request = append(request, word)
	}
}

// modelWord consumes the line from its front, one rule after the other.
func modelWord(line, blanks string) (word, rest string, err error) {
	var quote byte
	escapes := map[byte]string{'n': "\n", 'r': "\r", 't': "\t", 'b': "\b", 'a': "\a"}
	for line != "" {
		first := line[0]
		switch {
		case quote == 0 && strings.IndexByte(" \n\r\t", first) >= 0:
			return word, line, nil
		case quote == 0 && (first == '"' || first == '\''):
			quote, line = first, line[1:]
		case quote != 0 && first == quote:
			if len(line) > 1 && strings.IndexByte(blanks, line[1]) < 0 {
				return "", "", protocolError("unbalanced quotes in request")
			}
			return word, line[1:], nil
		case quote == '"' && len(line) >= 4 && line[:2] == `\x` && modelHex(line[2:4]) != nil:
			word, line = word+string(modelHex(line[2:4])), line[4:]
		case quote == '"' && first == '\\' && len(line) > 1:
			meaning, known := escapes[line[1]]
			if !known {
				meaning = line[1:2]
			}
			word, line = word+meaning, line[2:]
		case quote == '\'' && strings.HasPrefix(line, `\'`):
			word, line = word+"'", line[2:]
		default:
			word, line = word+line[:1], line[1:]
		}
	}
	if quote != 0 {
		return "", "", protocolError("unbalanced quotes in request")
	}
	return word, "", nil
}

// modelHex is the byte that two hexadecimal digits write, or nil.
func modelHex(digits string) []byte {
	n, ok := new(big.Int).SetString(strings.ToLower(digits), 16)
	if !ok || strings.ContainsAny(digits, "+-_") {
		return nil
	}
	return []byte{byte(n.Int64())}
}
