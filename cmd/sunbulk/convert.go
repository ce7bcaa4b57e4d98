package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/transit"
	"github.com/sunbulk/sunbulk/internal/wholefile"
	"github.com/sunbulk/sunbulk/internal/zendesk"
	"github.com/sunbulk/sunbulk/jobs"
)

func (p *program) convertCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "convert",
		Short:   "Turn ids of another system into ids of messaging users",
		Long:    "Convert reads a file with ids of another system and writes it with the ids of messaging users.",
		Example: "  sunbulk convert zendesk users.csv --zendesk-url https://example.zendesk.com --out messaging.csv",
		Args:    noCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.convertZendeskCommand())
	return cmd
}

// zendeskOptions are the flags of convert zendesk.
type zendeskOptions struct {
	url, credentials, simulate string
	column, out, left          string
	rate                       float64
	read                       input.Config
}

func (p *program) convertZendeskCommand() *cobra.Command {
	var o zendeskOptions
	cmd := &cobra.Command{
		Use:   "zendesk FILE",
		Short: "Zendesk user ids into ids of messaging users",
		Long: `Convert zendesk asks Zendesk, for a hundred users in a call, which messaging users they have, and writes the file
again with their ids in a column user, in front of all its own columns and with its delimiter. Users of whom that is not
sure (none, several, unknown, deleted) go to a file of their own, with the cause. It changes nothing at Zendesk, writes
both files whole or not at all, and overwrites none, so that it can be started again at any time.

Credentials are an API token, with its owner's address, or an OAuth token: in SUNBULK_ZENDESK_TOKEN and, for an API
token, SUNBULK_ZENDESK_EMAIL, or on the lines of a file. They are not those of the messaging API.`,
		Example: `  sunbulk convert zendesk users.csv --zendesk-url https://example.zendesk.com --out messaging.csv
  sunbulk convert zendesk tickets.xlsx --column 'Requester id' --out messaging.csv --rate 3`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			return p.orInterrupted(p.convertZendesk(p.drain, args[0], o))
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.url, "zendesk-url", "", "the Zendesk account, e.g. https://example.zendesk.com")
	f.StringVar(&o.credentials, "zendesk-credentials", "", "file that only you may read: an address and its API token, a line each, or an OAuth token alone")
	f.StringVar(&o.column, "column", "", "column of Zendesk user ids (default: one that is named so, such as 'Zendesk user id' or 'Requester id')")
	f.StringVar(&o.out, "out", "", "file for the converted rows")
	f.StringVar(&o.left, "left", "", "file for the others (default: that of --out with -left in its name)")
	f.Float64Var(&o.rate, "rate", 2, "calls per second; Zendesk's plans allow 200 to 2,500 in a minute, for all programs together")
	f.StringVar(&o.read.Delimiter, "delimiter", "", "of CSV files: , ; | or tab (default: the one that fits the header)")
	f.StringVar(&o.read.Encoding, "encoding", "", "of files without a byte order mark, e.g. windows-1252 (default: UTF-8)")
	f.StringVar(&o.read.Sheet, "sheet", "", "of workbooks (.xlsx), by name or number (default: the only one that is shown and holds something)")
	simulateFlag(f, &o.simulate)
	return cmd
}

func oneFile(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage("one file is needed", "e.g. sunbulk convert zendesk users.csv --zendesk-url https://example.zendesk.com --out messaging.csv")
	}
	return nil
}

func (p *program) convertZendesk(ctx context.Context, name string, o zendeskOptions) error {
	if o.left == "" {
		kind := filepath.Ext(o.out)
		o.left = strings.TrimSuffix(o.out, kind) + "-left" + kind
	}
	if err := checkConverted(o); err != nil {
		return err
	}
	originals, columns, err := openZendeskUsers(ctx, name, o)
	if err != nil {
		return err
	}
	defer originals.Close()
	if !p.quiet {
		p.note(fmt.Sprintf("Zendesk user ids are taken from column %q", columns.Name()))
	}
	client, done, err := p.zendeskClient(o)
	if err != nil {
		return err
	}
	defer done()
	counts, err := p.writeConverted(ctx, originals, columns, client, o)
	switch {
	case err != nil && ctx.Err() == nil:
		return ofZendesk(err)
	case err != nil:
		return err
	case p.json:
		err = p.writeJSON(counts)
	default:
		printf(p.stdout, "%s = %d converted + %d left, in %s\n", jobs.Count(counts.Rows, "row"), counts.Converted, counts.Left, jobs.Count(int64(counts.Calls), "call"))
		printf(p.stdout, "converted: %s\n", o.out)
		if counts.Left > 0 {
			printf(p.stdout, "left, with the cause: %s\n", o.left)
		}
	}
	if err == nil && counts.Left > 0 {
		err = end(exitNotAllOK)
	}
	return err
}

// checkConverted refuses flags that cannot be used, and files that are there (I11).
func checkConverted(o zendeskOptions) error {
	switch {
	case o.out == "" || o.out == "-":
		return usage("--out is needed: the file for the converted rows", "e.g. --out messaging.csv")
	case o.out == o.left:
		return usage("--out and --left are the same file", "give two names")
	case o.rate <= 0 || o.rate > 1000:
		return usage("--rate is not from 0 to 1000 calls per second, or is 0", "e.g. --rate 2")
	}
	for flag, name := range map[string]string{"--out": o.out, "--left": o.left} {
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return usage(flag+" "+name+" is there already", "give another name, or move it away")
		}
	}
	return nil
}

// openZendeskUsers opens the file and finds the column of ids.
func openZendeskUsers(ctx context.Context, name string, o zendeskOptions) (*input.Originals, zendesk.Columns, error) {
	files, err := input.Find(ctx, []string{name})
	if err != nil {
		return nil, zendesk.Columns{}, err
	}
	if !files.Again() {
		return nil, zendesk.Columns{}, usage(name+" is no file on this machine", "save it as a file first")
	}
	originals, err := input.OpenOriginals(ctx, files, o.read)
	if err != nil {
		return nil, zendesk.Columns{}, err
	}
	own, paths := originals.Headers()
	columns, found := zendesk.FindColumns(paths, own[0], o.column)
	if !found {
		originals.Close()
		names := strings.Join(append(paths, own[0]...), ", ")
		if o.column != "" {
			return nil, columns, usage(fmt.Sprintf("--column %s: no such column (columns: %s)", o.column, names), "give the name that stands in the file's header")
		}
		return nil, columns, usage("no column is named for Zendesk user ids (columns: "+names+")", "--column NAME says which one has them; JSON has none: convert a CSV file or a workbook")
	}
	return originals, columns, nil
}

// zendeskClient returns the client, and how to let go of it.
func (p *program) zendeskClient(o zendeskOptions) (*zendesk.Client, func(), error) {
	auth, done := zendesk.Auth{Email: os.Getenv("SUNBULK_ZENDESK_EMAIL"), Token: os.Getenv("SUNBULK_ZENDESK_TOKEN")}, func() {}
	if simulated(o.simulate) {
		at, stop, err := serveSimulation(o.simulate)
		if err != nil {
			return nil, nil, err
		}
		o.url, o.credentials, auth, done = at, "", zendesk.Auth{Token: "simulated"}, stop
	}
	base, err := url.Parse(o.url)
	switch {
	case o.url == "":
		return nil, nil, usage("--zendesk-url is needed", "e.g. --zendesk-url https://example.zendesk.com, or try the file with --simulate")
	case err != nil || base.Host == "" || base.User != nil || base.RawQuery != "":
		return nil, nil, usage("--zendesk-url is no URL of an account", "e.g. --zendesk-url https://example.zendesk.com")
	case !transit.Private(base) && !p.allowHTTP:
		return nil, nil, usage("--zendesk-url would send the credentials unencrypted", transit.Hint)
	}
	const give = "set SUNBULK_ZENDESK_TOKEN and, for an API token, SUNBULK_ZENDESK_EMAIL; or give --zendesk-credentials"
	if o.credentials != "" {
		const lines = "it has the address of a user and its API token, a line each, or an OAuth token alone"
		secrets, err := readSecrets("--zendesk-credentials", o.credentials, lines)
		switch {
		case err != nil:
			return nil, nil, err
		case len(secrets) == 1:
			auth = zendesk.Auth{Token: secrets[0]}
		case len(secrets) == 2:
			auth = zendesk.Auth{Email: secrets[0], Token: secrets[1]}
		default:
			return nil, nil, usage("--zendesk-credentials "+o.credentials+" has more than two lines", lines)
		}
	}
	if auth.Token == "" || strings.ContainsAny(auth.Email+auth.Token, " \t\r\n") || auth.Email != "" && !strings.Contains(auth.Email, "@") {
		done()
		return nil, nil, usage("no credentials for Zendesk, or none that can be sent", give)
	}
	client := zendesk.New(base, auth, o.rate, "sunbulk/"+version())
	client.Waits = func(reason string, wait time.Duration) { p.note(fmt.Sprintf("waiting %s: %s", wait, reason)) }
	return client, done, nil
}

// writeConverted writes both files whole, or none. The rows that are left are kept in a temporary file: where there are none, neither is their file.
func (p *program) writeConverted(ctx context.Context, o *input.Originals, columns zendesk.Columns, client *zendesk.Client, opt zendeskOptions) (counts zendesk.Counts, err error) {
	spool, err := os.CreateTemp("", "sunbulk-left-")
	if err != nil {
		return counts, cannotRun(err, "check the space in TMPDIR")
	}
	defer func() { spool.Close(); _ = os.Remove(spool.Name()) }()
	buffer := bufio.NewWriterSize(spool, 1<<16)
	err = wholefile.Create(opt.out, func(w io.Writer) error {
		v := zendesk.Conversion{Client: client, Columns: columns, Converted: zendesk.NewWriter(w, o.Delimiter()), Left: zendesk.NewWriter(buffer, o.Delimiter()), Progress: p.converted}
		if counts, err = v.Run(ctx, o.Records()); err != nil {
			return err
		}
		if err = errors.Join(v.Converted.Flush(), v.Left.Flush(), buffer.Flush()); err != nil || counts.Left == 0 {
			return err
		}
		if _, err = spool.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return wholefile.Create(opt.left, func(w io.Writer) error {
			_, err := io.Copy(w, spool)
			return err
		})
	})
	p.screen.Status("")
	return counts, err
}

func (p *program) converted(c zendesk.Counts) {
	if !p.quiet {
		p.screen.Status(fmt.Sprintf("%s · %d converted · %d left · %s", jobs.Count(c.Rows, "row"), c.Converted, c.Left, jobs.Count(int64(c.Calls), "call")))
	}
}

// ofZendesk says what to do about an error of a conversion.
func ofZendesk(err error) error {
	hint := "nothing was written; start it again"
	switch e, ok := errors.AsType[*zendesk.Error](err); {
	case errors.Is(err, fs.ErrExist):
		return usage("a file of --out or --left has come into being meanwhile", "give another name")
	case ok && e.Status == 401:
		hint = "check the token, and SUNBULK_ZENDESK_EMAIL with an API token; an OAuth token goes without an address"
	case ok && e.Status == 403:
		hint = "the token must belong to an agent or admin who may read users"
	case ok && e.Status/100 == 3, ok && e.Status == 404:
		hint = "check --zendesk-url: it is the account's own, such as https://example.zendesk.com"
	}
	return cannotRun(err, hint)
}
