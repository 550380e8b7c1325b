package resp

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// documented is what COMMAND DOCS says about arguments, as text to compare.
func documented(arguments []any) string {
	var all []string
	for _, argument := range arguments {
		fields := argument.(map[any]any)
		text := fields["type"].(string)
		if _, group := fields["arguments"]; !group { // groups have other names in 7.2
			text = strings.ReplaceAll(strings.ToLower(fields["name"].(string)), "_", "-") + ":" + text
		}
		if token, ok := fields["token"]; ok {
			text = strings.ToUpper(token.(string)) + " " + text
		}
		if spec, ok := fields["key_spec_index"]; ok {
			text += fmt.Sprintf("@%v", spec)
		}
		if flags, ok := fields["flags"]; ok {
			text += fmt.Sprint(flags)
		}
		if within, ok := fields["arguments"]; ok {
			text += "(" + documented(within.([]any)) + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// documentedBy asks for the arguments of all commands and subcommands.
func documentedBy(t *testing.T, client *redis.Client) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	all, err := client.Do(ctx, "COMMAND", "DOCS").Result()
	if err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]string)
	var note func(docs map[any]any)
	note = func(docs map[any]any) {
		for name, doc := range docs {
			fields := doc.(map[any]any)
			arguments, _ := fields["arguments"].([]any)
			texts[name.(string)] = documented(arguments)
			if within, ok := fields["subcommands"].(map[any]any); ok {
				note(within)
			}
		}
	}
	note(all.(map[any]any))
	return texts
}

// newerArguments are the commands with arguments that a newer Redis documents otherwise than that of the tests, 7.0.
var newerArguments = []string{
	"acl|cat", "bitop", "client|kill", "client|list", "command|getkeys", "command|getkeysandflags", "config|get",
	"geohash", "geopos", "georadius", "georadiusbymember", "lcs", "migrate", "pfmerge", "psubscribe",
	"set", // which has conditions of Redis 8.4
	"sort", "sort_ro",
	"xclaim", "xgroup|create", "xgroup|createconsumer", "xgroup|delconsumer", "xgroup|destroy", "xgroup|setid",
	"xinfo|consumers", "xinfo|stream", "xsetid", "zrank", "zrevrank",
}

func TestRedisAndThisServerDocumentTheSameArguments(t *testing.T) {
	s := serve(t, Options{Store: newFakeStore(t)})
	theirs := documentedBy(t, clientOf(t, "unix", realRedis(t)))
	common := 0
	for name, ours := range documentedBy(t, clientOf(t, "tcp", s.address)) {
		want, known := theirs[name]
		if !known || slices.Contains(newerArguments, name) {
			continue
		}
		common++
		if ours != want {
			t.Errorf("%s\n got %s\nwant %s", name, ours, want)
		}
	}
	if common < 100 {
		t.Errorf("only %d commands were compared", common)
	}
}
