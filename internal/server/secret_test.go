package server

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/raftredis/raftredis/internal/setting"
)

// A key is made of the password and the salt, anew when either is another one, and no more keys are kept than there are
// places for.
func TestAJoinSecretIsOfPasswordAndSalt(t *testing.T) {
	var word setting.SharedText
	secret := joinSecret(&word)
	if key := secret([]byte("salt")); key != nil {
		t.Errorf("without a password there is the key %x", key)
	}
	word.Store("sesame")
	first, second := secret([]byte("one")), secret([]byte("two"))
	if len(first) != joinKeyBytes || bytes.Equal(first, second) || !bytes.Equal(first, secret([]byte("one"))) {
		t.Errorf("two salts make %x and %x", first, second)
	}
	word.Store("changed")
	if other := secret([]byte("one")); bytes.Equal(first, other) {
		t.Error("two passwords make one key")
	}
	word.Store("sesame")
	if again := secret([]byte("one")); !bytes.Equal(first, again) {
		t.Errorf("the same password makes %x and %x", first, again)
	}
	for i := range maxJoinKeys + 1 {
		secret(fmt.Append(nil, i))
	}
	if again := secret([]byte("one")); !bytes.Equal(first, again) {
		t.Error("a key that was forgotten is another one")
	}
}
