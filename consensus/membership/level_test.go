package membership

import (
	"errors"
	"strings"
	"testing"
)

// S40: every configuration carries the level on, and none takes it back.
func TestTheLevelNeverFalls(t *testing.T) {
	c := clusterOf(3).Raised(2)
	for level, want := range map[uint8]error{0: ErrInvalidConfiguration, 1: ErrInvalidConfiguration, 2: nil, 3: nil} {
		if err := c.Raised(level).MayFollow(c); !errors.Is(err, want) {
			t.Errorf("level %d behind 2: %v, want %v", level, err, want)
		}
	}
	next := next(t, c, Change{Remove: c.Voters[:1]})
	for name, got := range map[string]*Configuration{
		"next": next, "joint": next.Exchange(), "final": next.Exchange().Final(),
	} {
		if got.FeatureLevel() != 2 {
			t.Errorf("%s: the level is %d", name, got.FeatureLevel())
		}
	}
}

// The zero value is at the first level, and so is no configuration. On the wire a level is always said.
func TestNoLevelIsTheFirst(t *testing.T) {
	c := clusterOf(1)
	decoded, err := Decode(Encode(c))
	if err != nil || c.FeatureLevel() != 1 || decoded.Level != 1 || (*Configuration)(nil).FeatureLevel() != 1 {
		t.Fatalf("level %d, decoded %d, error %v", c.FeatureLevel(), decoded.Level, err)
	}
	body := Encode(c.Raised(0x7f))
	at := strings.IndexByte(string(body), 0x7f)
	body[at] = 0
	if _, err := Decode(body); err == nil || !strings.Contains(err.Error(), "feature level 0") {
		t.Fatalf("level 0 is decoded: %v", err)
	}
}
