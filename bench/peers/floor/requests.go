package main

import "bytes"

// maxArguments is more than any command has that floor knows.
const maxArguments = 8

// next takes the first command off some bytes: an array of bulk strings. No arguments: it is not complete yet, or is
// none; the generator that floor is for sends no other.
func next(input []byte, into [][]byte) (arguments [][]byte, rest []byte) {
	count, at := number(input, '*')
	if at == 0 || count > maxArguments {
		return nil, input
	}
	arguments = into[:0]
	for range count {
		length, n := number(input[at:], '$')
		end := at + n + length
		if n == 0 || len(input) < end+2 {
			return nil, input
		}
		arguments, at = append(arguments, input[at+n:end]), end+2
	}
	return arguments, input[at:]
}

// number reads a line such as *3 or $16, and returns how long it is; 0: it is not complete, or no such line.
func number(line []byte, kind byte) (value, length int) {
	if len(line) == 0 || line[0] != kind {
		return 0, 0
	}
	for i, c := range line[1:] {
		switch {
		case c >= '0' && c <= '9' && value < 1<<24:
			value = 10*value + int(c-'0')
		case c == '\r' && i > 0 && bytes.HasPrefix(line[i+2:], []byte{'\n'}):
			return value, i + 3
		default:
			return 0, 0
		}
	}
	return 0, 0
}
