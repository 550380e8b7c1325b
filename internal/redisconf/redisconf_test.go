package redisconf

import (
	"fmt"
	"testing"
)

const sample = `# A comment.
port 6379

  Bind 127.0.0.1 10.0.0.1
requirepass "a \"b\""
save ""
maxclients 100
maxclients 200
`

func TestParseReadsNamesAndArguments(t *testing.T) {
	all, wrong := Parse(sample)
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	got := ""
	for _, d := range all {
		got += fmt.Sprintf("%d %s %q, ", d.Line, d.Name, d.Args)
	}
	want := `2 port ["6379"], 4 bind ["127.0.0.1" "10.0.0.1"], 5 requirepass ["a \"b\""], 6 save [""], ` +
		`7 maxclients ["100"], 8 maxclients ["200"], `
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	all, wrong = Parse("port 1\nrequirepass \"x\ntimeout 1\ndir 'y\n")
	if want := `["line 2: unbalanced quotes: requirepass …" "line 4: unbalanced quotes: dir …"]`; len(all) != 2 ||
		fmt.Sprintf("%q", wrong) != want {
		t.Errorf("two good lines and two bad ones are %v and %q, want %s", all, wrong, want)
	}
	if all, wrong := Parse(""); len(wrong) > 0 || len(all) > 0 {
		t.Errorf("an empty file: %v, %v", all, wrong)
	}
}

func TestRewriteChangesWhatItIsToldAndKeepsTheRest(t *testing.T) {
	got := Rewrite(sample, []Directive{
		{Name: "maxclients", Args: []string{"300"}},
		{Name: "timeout", Args: []string{"10"}},
		{Name: "save", Args: []string{"900 1"}},
	})
	want := `# A comment.
port 6379

  Bind 127.0.0.1 10.0.0.1
requirepass "a \"b\""
save "900 1"
maxclients 300
timeout 10
`
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got := Rewrite("", []Directive{{Name: "a", Args: []string{"1"}}}); got != "a 1\n" {
		t.Errorf("an empty file becomes %q", got)
	}
	if got := Rewrite("x 1", nil); got != "x 1\n" {
		t.Errorf("a file without a last line end becomes %q", got)
	}
}

// A line with another name of the setting must not stay behind the new one: it would win at the next start.
func TestRewriteKnowsSynonyms(t *testing.T) {
	changed := []Directive{{Name: "new", Synonyms: []string{"old"}, Args: []string{"3"}}}
	for text, want := range map[string]string{
		"new 1\nx 1\nold 2\n": "new 3\nx 1\n",
		"old 2\nnew 1\nx 1\n": "new 3\nx 1\n",
		"OLD 2\n":             "new 3\n",
		"x old\n":             "x old\nnew 3\n",
	} {
		if got := Rewrite(text, changed); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func FuzzWhatIsWrittenIsReadBack(f *testing.F) {
	f.Add("a b", "\x00\"'\\#")
	f.Fuzz(func(t *testing.T, first, second string) {
		text := Rewrite("# x\n", []Directive{{Name: "name", Args: []string{first, second}}})
		all, wrong := Parse(text)
		if len(wrong) > 0 || len(all) != 1 || len(all[0].Args) != 2 || all[0].Args[0] != first || all[0].Args[1] != second {
			t.Fatalf("%q is read back as %v, %v", text, all, wrong)
		}
	})
}
