package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
)

func (p *program) consoleTokenCommand() *cobra.Command {
	var (
		file string
		role string
		own  string
		apps []string
		days int
		back bool
	)
	cmd := &cobra.Command{
		Use:   "token NAME",
		Short: "Make a token for the console",
		Long: `Token makes a token, prints it on stdout, and adds its digest to the file of --tokens, which a console
that runs reads at once. The token itself is kept nowhere. To take one back: --revoke.`,
		Example: "  sunbulk console token ann --role operator --tokens tokens.json\n  sunbulk console token crm --role viewer --apps 5e4af71a81966cfff3ef6550 --days 90 --tokens tokens.json\n  sunbulk console token ann --revoke --tokens tokens.json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || file == "" {
				return usage("give a name and --tokens FILE", "e.g. sunbulk console token ann --role operator --tokens tokens.json")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if back {
				return web.RevokeToken(file, args[0], operator())
			}
			token := web.Token{Name: args[0], Role: service.Role(role), Apps: apps, Owner: own, By: operator()}
			switch {
			case days < 0:
				return usage("--days is negative", "0 is without an end")
			case days > 0:
				token.Expires = time.Now().UTC().AddDate(0, 0, days).Truncate(time.Second)
			}
			secret, err := web.AddToken(file, token)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(p.stdout, secret)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&file, "tokens", "", "file to add it to, which is made where there is none")
	f.StringVar(&role, "role", string(service.Viewer), "viewer, operator, approver or admin")
	f.StringVar(&own, "owner", "", "person whose token it is, as the provider or proxy names them: they do not approve what is planned with it")
	f.StringSliceVar(&apps, "apps", nil, "app ids whose jobs it may see and move (default: all)")
	f.IntVar(&days, "days", 0, "days after which it is refused; 0 = never")
	f.BoolVar(&back, "revoke", false, "take the token NAME back; a console that runs refuses it at once")
	for _, name := range []string{"role", "owner", "apps", "days", "revoke"} {
		_ = f.SetAnnotation(name, commandLineOnly, nil)
	}
	return cmd
}
