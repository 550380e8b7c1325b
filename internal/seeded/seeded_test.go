package seeded

import "testing"

// The line that a test prints names its folder; the seed of the environment is the one that counts.
func TestATestIsRunAgainByItsLine(t *testing.T) {
	if got := folder(t); got != "./internal/seeded" {
		t.Errorf("the folder is %s", got)
	}
	fixed := Rand(t, 7).Uint64()
	if Rand(t, 7).Uint64() != fixed || Rand(t, 8).Uint64() == fixed {
		t.Error("the seed does not decide")
	}
	t.Setenv(Variable, "7")
	if Rand(t, 8).Uint64() != fixed {
		t.Error("the seed of the environment is not used")
	}
}
