package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/web"
)

// approvalFlags say which plans need the approval of somebody else.
type approvalFlags struct {
	above int64
	file  string
}

func (o *approvalFlags) register(f *pflag.FlagSet) {
	f.Int64Var(&o.above, "approval-above", -1, "jobs with more rows than this that change something need the approval of somebody else; 0 = all jobs, -1 = none; needs --tokens or a proxy that says who is there")
	f.StringVar(&o.file, "approvals", "", "JSON file with thresholds for rows, people messaged and removes, by app; in place of --approval-above")
}

// read returns the thresholds. They are of use only where people have names of their own.
func (o *approvalFlags) read(namesOfTheirOwn bool) (a service.Approval, err error) {
	flag := "--approval-above"
	switch {
	case o.file != "" && o.above >= 0:
		return a, usage("--approval-above and --approvals do not go together", `the file can say the same: {"default": {"rows": `+fmt.Sprint(o.above)+`}}`)
	case o.file != "":
		flag = "--approvals"
		if a, err = web.ReadApproval(o.file); err != nil {
			return a, usage("--approvals "+o.file+": "+err.Error(), `e.g. {"default": {"rows": 1000, "people": 0}, "apps": {"5e4af71a81966cfff3ef6550": {"removes": 100}}}`)
		}
	case o.above >= 0:
		a.Default.Rows = &o.above
	default:
		return a, nil
	}
	if !namesOfTheirOwn {
		return a, usage(flag+" needs --tokens, --oidc-issuer or --trust-header: without them everybody is the same person", "'sunbulk console token NAME --role approver --tokens tokens.json' makes one who approves")
	}
	return a, nil
}
