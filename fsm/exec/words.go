package exec

// Is reports whether an argument is a word of Redis's, given in capitals, in any mixture of case. Only ASCII letters
// fold: there are others whose capitals are ASCII.
func Is(arg []byte, word string) bool {
	if len(arg) != len(word) {
		return false
	}
	for i, c := range arg {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
