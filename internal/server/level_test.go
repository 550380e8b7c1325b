package server

import (
	"testing"
)

func TestLogLevel_ReadsWhatItPrints(t *testing.T) {
	for _, text := range []string{"debug", "info", "warn", "error"} {
		var l LogLevel
		if err := l.Set(text); err != nil || l.String() != text {
			t.Errorf("%s becomes %v, %v", text, &l, err)
		}
	}
}
