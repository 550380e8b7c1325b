package load

import (
	"slices"
	"strings"
	"testing"
)

// outcomes reads replies that come in pieces: "" for one that is no error.
func outcomes(s *scanner, pieces ...string) (all []string, err error) {
	for _, data := range pieces {
		for len(data) > 0 {
			rest, failure, ended, err := s.scan([]byte(data))
			if err != nil {
				return all, err
			}
			if !ended {
				break
			}
			all = append(all, string(failure))
			data = string(rest)
		}
	}
	return all, nil
}

// Replies are found wherever what comes is cut, also byte by byte.
func TestReplies_AreFoundInPiecesOfAnyLength(t *testing.T) {
	const text = "+OK\r\n-ERR no\r\n:-17\r\n$3\r\na\r\n\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n" +
		"*3\r\n$2\r\n-E\r\n*2\r\n-ERR inside\r\n:1\r\n*0\r\n-MOVED 1 a:1\r\n"
	want := []string{"", "ERR no", "", "", "", "", "", "", "", "MOVED 1 a:1"}
	for cut := range len(text) {
		if got, err := outcomes(&scanner{}, text[:cut], text[cut:]); err != nil || !slices.Equal(got, want) {
			t.Errorf("cut at %d: %q, %v", cut, got, err)
		}
	}
	if got, err := outcomes(&scanner{}, strings.Split(text, "")...); err != nil || !slices.Equal(got, want) {
		t.Errorf("byte by byte: %q, %v", got, err)
	}
}

func TestReplies_ThatAreNoneAreErrors(t *testing.T) {
	for _, text := range []string{
		"\r\n", "OK\r\n", "+OK\n", "$x\r\n", "$\r\n", "*-2\r\n", "$99999999999999999999\r\n", "_\r\n", "HTTP/1.1 400 Bad\r\n",
		"+" + strings.Repeat("x", maxLine),
	} {
		if got, err := outcomes(&scanner{}, text); err == nil {
			t.Errorf("%.40q is read as %q", text, got)
		}
	}
}
