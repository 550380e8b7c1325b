package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/pflag"
)

const versionIntro = `Says which version and commit was built, and with what.

  raftredis version
`

func version(*pflag.FlagSet) work {
	return func(_ []string, to streams) error {
		_, err := fmt.Fprintf(to.out, "raftredis %s\ncommit %s\n%s %s/%s\n",
			versionText(), commitText(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return err
	}
}
