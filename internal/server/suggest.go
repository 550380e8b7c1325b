package server

// farthest is how many letters a name may be away from the one that was meant.
const farthest = 3

// Nearest is the one of the names that was probably meant, empty if none is near.
func Nearest(name string, names []string) string {
	best, distance := "", min(farthest, len(name)-1)+1
	for _, n := range names {
		if d := editDistance(name, n); d < distance {
			best, distance = n, d
		}
	}
	return best
}

// editDistance is how many characters have to be inserted, removed or replaced to make one word the other.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
