package command

import "testing"

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
		var crc uint16
		for _, c := range []byte(whole) {
			crc = crc<<8 ^ crc16[byte(crc>>8)^c]
		}
		if got := Slot([]byte(whole)); got != crc%Slots {
			t.Errorf("%q has no tag and is in slot %d, want %d", whole, got, crc%Slots)
		}
	}
}
