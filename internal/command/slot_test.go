package command

import (
	"math/rand/v2"
	"testing"
)

func TestSlotIsThatOfTheRedisCluster(t *testing.T) {
	// 0x31c3 is the check value of CRC-16/XMODEM; the others are those of CLUSTER KEYSLOT.
	for key, want := range map[string]uint16{
		"": 0, "123456789": 0x31c3, "foo": 12182, "bar": 5061, "hello": 866,
	} {
		if got := Slot([]byte(key)); got != want {
			t.Errorf("%q is in slot %d, want %d", key, got, want)
		}
	}
}

func TestSlotIsThatOfTheTag(t *testing.T) {
	for key, same := range map[string]string{
		"{user1000}.following": "user1000",
		"a{user1000}":          "user1000",
		"foo{{bar}}zap":        "{bar",
		"foo{bar}{zap}":        "bar",
		"{a}{b}":               "a",
	} {
		if Slot([]byte(key)) != Slot([]byte(same)) {
			t.Errorf("%q is not in the slot of %q", key, same)
		}
	}
	for _, whole := range []string{"foo{}{bar}", "{}", "foo{bar", "foo}bar{", "}{"} {
		if got, want := Slot([]byte(whole)), bitwise([]byte(whole)); got != want {
			t.Errorf("%q has no tag and is in slot %d, want %d", whole, got, want)
		}
	}
}

// Eight bytes are taken at once, and what is left one by one.
func TestSlotsOfKeysOfAnyLength(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for length := range 4*crcBytes + 2 {
		for range 50 {
			key := make([]byte, length)
			for i := range key {
				if key[i] = byte(random.Uint32()); key[i] == '{' {
					key[i] = 0
				}
			}
			if got, want := Slot(key), bitwise(key); got != want {
				t.Fatalf("%x is in slot %d, want %d", key, got, want)
			}
		}
	}
}

// bitwise is the slot of a key without a tag, bit by bit.
func bitwise(key []byte) uint16 {
	crc := uint16(0)
	for _, c := range key {
		crc ^= uint16(c) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc % Slots
}

func BenchmarkSlot(b *testing.B) {
	key := []byte("key:000000012345")
	for b.Loop() {
		key[15] ^= byte(Slot(key)) & 1
	}
}
