package command

import "testing"

func TestAUsageNamesTokens(t *testing.T) {
	if name := ParseUsage("other=WORD", 0)[0]; name.Name != "other" || name.Token != "WORD" || name.Type != pureToken {
		t.Errorf("a named token is %+v", name)
	}
}

func TestAUsageOutsideTheNotationPanics(t *testing.T) {
	for _, usage := range []string{
		"", "<", "<a", "[<a>", "a", "a=", "a=(<b>", "a={<b>)", "<a> ", "<a>x", "<A>", "<a:>", "<a=>", "A ",
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q is read as a usage", usage)
				}
			}()
			ParseUsage(usage, 1)
		}()
	}
}
