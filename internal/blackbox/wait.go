package blackbox

import (
	"testing"
	"time"
)

// pollPeriod is the time between two looks at what is waited for.
const pollPeriod = 5 * time.Millisecond

// Eventually waits until the condition holds and fails the test if it does not within the limit. what completes the
// sentence "… did not happen".
func Eventually(t testing.TB, limit time.Duration, what string, condition func() bool) {
	t.Helper()
	if !Poll(limit, condition) {
		t.Fatalf("%s: did not happen within %v", what, limit)
	}
}

// Poll waits until the condition holds, for at most the limit, and reports whether it did.
func Poll(limit time.Duration, condition func() bool) bool {
	deadline := time.Now().Add(limit)
	ticker := time.NewTicker(pollPeriod)
	defer ticker.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			return false
		}
		<-ticker.C
	}
	return true
}
