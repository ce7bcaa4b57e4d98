package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sunbulk/sunbulk/internal/redistest"
)

func TestMain(m *testing.M) {
	flag.Set("test.parallel", "8") // scripts mostly wait; a flag of the command line still counts
	testscript.Main(m, map[string]func(){"sunbulk": main})
}

// TestScript runs testdata/script: one file per behaviour of the command line, its name says which.
func TestScript(t *testing.T) {
	path := programPath(t)
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			s := &script{t: env.T().(testing.TB), processes: map[string]*process{}}
			root, err := filepath.Abs("../..")
			if err != nil {
				return err
			}
			env.Setenv("REPO", root)
			env.Setenv("PATH", path(strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")))
			env.Values[scriptKey{}] = s
			env.Defer(s.stop)
			if os.Getenv("GORACE") == "" { // or every process sleeps for a second at its end
				env.Vars = append(env.Vars, "GORACE=atexit_sleep_ms=0")
			}
			return nil
		},
		Cmds: commands(),
	})
}

// script is what the commands of one script share.
type script struct {
	t         testing.TB
	processes map[string]*process
	redis     *redistest.Server // nil before the command redis
	receiver  *receiver         // nil before the command receive
}

type scriptKey struct{}

// scriptCommand is one command that scripts have beside testscript's own.
type scriptCommand func(s *script, ts *testscript.TestScript, args []string) error

func commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){}
	for name, run := range map[string]scriptCommand{
		"code":      code,
		"start":     start,
		"signal":    sendSignal,
		"ends":      ends,
		"appears":   appears,
		"simulator": simulator,
		"stats":     stats,
		"knobs":     knobs,
		"redis":     startRedis,
		"await":     await,
		"queued":    queued,
		"keys":      keys,
		"dump":      dump,
		"generate":  generate,
		"pack":      pack,
		"cut":       cut,
		"closed":    closed,
		"count":     count,
		"rows":      rows,
		"setenv":    setenv,
		"metrics":   findMetrics,
		"fetch":     fetch,
		"receive":   receive,
		"notices":   notices,
		"shows":     shows,
		"serve":     serve,
		"post":      post,
	} {
		all[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg {
				ts.Fatalf("%s knows no !", name)
			}
			ts.Check(run(ts.Value(scriptKey{}).(*script), ts, args))
		}
	}
	return all
}
