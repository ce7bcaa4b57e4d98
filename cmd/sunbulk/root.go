package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/terminal"
)

const rootHelp = `sunbulk creates, lists and removes channel links of messaging users in bulk, one row of a
CSV or JSON file per operation, through the Sunshine Conversations v2 Clients API. It keeps to a
rate, retries what may be retried, never repeats a create blindly, and reports what became of every row.

Exit codes:
  0    every row is ok or noop
  1    could not run: a file is missing, Redis or the API does not answer, credentials are refused
  2    the command line or the input cannot be used as given
  3    finished, with rows that are neither ok nor noop
  4    paused, with the reason
  130  interrupted; start it again the same way to go on

Every flag has an environment twin: --base-url is SUNBULK_BASE_URL. Secrets have no flag:
they are SUNBULK_KEY_ID and SUNBULK_KEY_SECRET, or SUNBULK_TOKEN.`

const rootExample = `  sunbulk run users.csv --simulate                      try a file without an API
  sunbulk plan users.csv --app 5e4af71a81966cfff3ef6550 what would be done
  sunbulk run users.csv --app 5e4af71a81966cfff3ef6550  do it`

// program is what every subcommand has: where it reads and writes, and how it is interrupted.
type program struct {
	stdin   io.Reader
	stdout  io.Writer
	screen  *terminal.Screen // stderr
	secrets terminal.Secrets
	drain   context.Context // ends with the first signal; cobra's own context with the second

	json      bool
	quiet     bool
	allowHTTP bool
	logFormat string
	logLevel  string

	misled error // --help was asked about a command that is not there
}

// run is the whole command line. It returns the exit code.
func run(ctx, drain context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out, screen := terminal.NewData(ctx, stdout), terminal.NewScreen(stderr)
	defer screen.Close()
	p := &program{stdin: stdin, screen: screen, drain: drain}
	p.stdout, p.screen.Secrets = terminal.Output{To: out, Secrets: &p.secrets}, &p.secrets
	root := p.root()
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) { // other commands start without it
		p.complete(root)
	}
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.screen)
	cmd, err := root.ExecuteContextC(ctx)
	p.screen.Status("")
	if err == nil {
		err = p.misled
	}
	out.Close()
	if err == nil && out.Failure() != nil {
		err = cannotRun(fmt.Errorf("write to stdout: %w", out.Failure()), "")
	}
	if err == nil {
		return exitOK
	}
	code, text := explain(err, cmd)
	if text != "" {
		p.end(text, cmd)
	}
	return code
}

// end says why a command ended. What a worker says is all read by the same program.
func (p *program) end(text string, cmd *cobra.Command) {
	log, err := p.logger(slog.LevelInfo)
	if err != nil || p.logFormat != "json" || cmd.Name() != "worker" && cmd.Name() != "console" && cmd.Name() != "receive" {
		fmt.Fprintln(p.screen, text)
		return
	}
	what, hint, _ := strings.Cut(strings.TrimPrefix(text, "sunbulk: "), "\nhint: ")
	log.Error(what, "hint", hint)
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "sunbulk",
		Short:         "Bulk work on the channels of messaging users",
		Long:          rootHelp,
		Example:       rootExample,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
		Args:          noCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		p.hideSecrets(cmd.Flags())
		p.slipsInEnvironment(cmd.Root())
		_, err := p.logger(slog.LevelWarn)
		return err
	}
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(helpCommand())
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		if p.misled = noCommand(cmd, cmd.Flags().Args()); p.misled == nil || !cmd.HasSubCommands() {
			p.misled = nil
			cmd.InitDefaultHelpFlag()
			writeHelp(cmd.OutOrStdout(), cmd, p.screen.Width())
		}
	})
	f := root.PersistentFlags()
	f.BoolVar(&p.json, "json", false, "write results as JSON on stdout")
	f.BoolVar(&p.quiet, "quiet", false, "no progress and no closing words, only what is wrong")
	f.BoolVar(&p.allowHTTP, "allow-http", false, "let credentials and rows go unencrypted to hosts other than this machine")
	f.StringVar(&p.logFormat, "log-format", "text", "text or json")
	f.StringVar(&p.logLevel, "log-level", "", "debug, info, warn or error (default: info for worker, receive, console and simulate, else warn)")
	root.AddCommand(
		p.runCommand(), p.planCommand(), p.enqueueCommand(), p.workerCommand(), p.appCommand(), p.convertCommand(),
		p.jobsCommand(), p.statusCommand(), p.whyCommand(), p.pauseCommand(), p.resumeCommand(), p.cancelCommand(), p.rateCommand(),
		p.retryCommand(), p.reportCommand(), p.settleCommand(), p.verifyCommand(), p.forgetCommand(), p.auditCommand(), p.runbookCommand(), p.scheduleCommand(), p.webhookCommand(), p.receiveCommand(), p.consoleCommand(), p.simulateCommand(), p.versionCommand(),
	)
	arrange(root)
	return root
}

// noCommand is for arguments of a command of commands, which are none of these.
func noCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "'" + root.CommandPath() + " --help' lists the commands"
	if !root.HasSubCommands() {
		hint = "'" + root.CommandPath() + "' has no commands of its own; see '" + root.CommandPath() + " --help'"
	}
	root.SuggestionsMinimumDistance = 2
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "? " + hint
	}
	return usage(fmt.Sprintf("unknown command %q", args[0]), hint)
}

// helpCommand is cobra's, but that a command which is not there is a mistake.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND…]",
		Short:   "Help about any command",
		Example: "  sunbulk help run\n  sunbulk help schedule apply",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, left, err := cmd.Root().Find(args)
			if err != nil || len(left) > 0 {
				return noCommand(about, left)
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// noArguments is for commands that take none.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage(fmt.Sprintf("unexpected argument %q", args[0]), "")
}

// logger returns the logger that the flags ask for; fallback is the level without --log-level.
func (p *program) logger(fallback slog.Level) (*slog.Logger, error) {
	level := fallback
	if p.logLevel != "" {
		if err := level.UnmarshalText([]byte(p.logLevel)); err != nil {
			return nil, usage(fmt.Sprintf("--log-level %s is not one of debug, info, warn, error", p.logLevel), "")
		}
	}
	opt := &slog.HandlerOptions{Level: level}
	switch p.logFormat {
	case "json":
		return slog.New(slog.NewJSONHandler(p.screen, opt)), nil
	case "text":
		return slog.New(slog.NewTextHandler(p.screen, opt)), nil
	}
	return nil, usage(fmt.Sprintf("--log-format %s is neither text nor json", p.logFormat), "")
}
