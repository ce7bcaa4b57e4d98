package main

import (
	"cmp"

	"github.com/spf13/pflag"

	"github.com/sunbulk/sunbulk/internal/web"
)

// proxyFlags say which proxy signs people in.
type proxyFlags struct {
	header, groupsHeader, groups string
	from                         []string
}

func (o *proxyFlags) register(f *pflag.FlagSet) {
	f.StringVar(&o.header, "trust-header", "", "header in which a proxy names who asks, e.g. X-Forwarded-User; needs --trust-from and --groups")
	f.StringSliceVar(&o.from, "trust-from", nil, "addresses or networks of that proxy, with commas; the header is ignored from elsewhere")
	f.StringVar(&o.groupsHeader, "groups-header", "X-Forwarded-Groups", "header in which the proxy names the groups of who asks, with commas")
	f.StringVar(&o.groups, "groups", "", "JSON file that gives groups their roles and apps; with --trust-header or --oidc-issuer")
}

// read returns the proxy; nil where the flags name none. The groups may be there for others, too.
func (o *proxyFlags) read(forOthers bool) (*web.Proxy, error) {
	const example = "e.g. --trust-header X-Forwarded-User --trust-from 10.0.0.7 --groups groups.json"
	switch {
	case o.header == "" && len(o.from) == 0 && (o.groups == "" || forOthers):
		return nil, nil
	case o.header == "" || len(o.from) == 0 || o.groups == "":
		return nil, usage("--trust-header, --trust-from and --groups go together", example)
	}
	p := &web.Proxy{Header: o.header, Groups: cmp.Or(o.groupsHeader, "X-Forwarded-Groups")}
	var err error
	if p.From, err = web.ParseProxies(o.from); err != nil {
		return nil, usage("--trust-from: "+err.Error(), example)
	}
	p.Grants, err = o.grants()
	return p, err
}

// grants are those of the file.
func (o *proxyFlags) grants() ([]web.Grant, error) {
	grants, err := web.ReadGrants(o.groups)
	if err != nil {
		err = usage("--groups "+o.groups+": "+err.Error(), `its form is {"groups": [{"group": "ops", "role": "operator", "apps": ["5e4af71a81966cfff3ef6550"]}]}; * stands for everybody`)
	}
	return grants, err
}
