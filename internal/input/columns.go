package input

import (
	"context"
	"os"
	"slices"
	"sync/atomic"

	"github.com/sunbulk/sunbulk/jobs"
)

// Column is one of an input, as its header or the keys of its first record name it.
type Column struct {
	Name string `json:"name"`
	Path string `json:"path,omitempty"` // that a row takes from it; empty = none
	Near string `json:"near,omitempty"` // path that it may be meant for, where it has none
}

// spoken are the words by which people call a column, normalised, and the path that they probably mean.
var spoken = map[string]string{
	"phone": "matchCriteria.phoneNumber", "mobile": "matchCriteria.phoneNumber", "mobilenumber": "matchCriteria.phoneNumber", "mobilephone": "matchCriteria.phoneNumber",
	"cell": "matchCriteria.phoneNumber", "cellphone": "matchCriteria.phoneNumber", "telephone": "matchCriteria.phoneNumber", "tel": "matchCriteria.phoneNumber",
	"msisdn": "matchCriteria.phoneNumber", "whatsapp": "matchCriteria.phoneNumber", "number": "matchCriteria.phoneNumber", "mobil": "matchCriteria.phoneNumber",
	"handy": "matchCriteria.phoneNumber", "telefon": "matchCriteria.phoneNumber", "telefono": "matchCriteria.phoneNumber", "móvil": "matchCriteria.phoneNumber", "movil": "matchCriteria.phoneNumber",
	"mail": "matchCriteria.address", "emailaddress": "matchCriteria.address",
	"id": "user", "customer": "user", "customerid": "user", "contact": "user", "contactid": "user", "username": "user",
	"channel": "matchCriteria.type", "integration": "matchCriteria.integrationId", "client": "clientId", "conversation": "target.conversationId",
	"firstname": "profile.givenName", "lastname": "profile.surname", "language": "profile.locale", "operation": opPath,
}

// Columns returns those of the first file, and its format, without reading further than its first record. Of the Spec
// only delimiter, encoding and sheet count. Its errors are those of Open.
func Columns(ctx context.Context, files *Files, s Spec) (format string, columns []Column, err error) {
	b, err := newBinder(Config{Delimiter: s.Delimiter, Encoding: s.Encoding, Sheet: s.Sheet, Op: string(jobs.List)})
	if err != nil {
		return "", nil, err
	}
	if len(files.places) == 0 {
		return "", nil, errEmpty()
	}
	b.bound = func(l *layout) {
		if columns == nil {
			columns = l.columns()
		}
	}
	p := files.places[0]
	f := &file{place: p, ctx: ctx, network: files.network, in: jobs.Input{Name: p.name}}
	defer f.close()
	if err = f.begin(b, new(atomic.Int64)); err == nil {
		_, err = f.parser.next()
	}
	if columns == nil {
		return "", nil, err
	}
	format = f.in.Format
	if format == "" { // the header does not do for a list: whether it serves an operation is for Open to say
		format = "csv" + f.src.suffix
		if f.src.book != nil {
			format = "xlsx"
		}
	}
	return format, columns, nil
}

// columns tells what each name stands for, or may be meant for.
func (l *layout) columns() []Column {
	all := make([]Column, 0, len(l.names))
	for i, name := range l.names {
		c := Column{Name: name}
		switch {
		case len(l.paths[i]) > 0:
			c.Path = l.paths[i][0]
		case spoken[l.normal[i]] != "":
			c.Near = spoken[l.normal[i]]
		default:
			if near, err := l.binder.find(l.binder.near(name)); err == nil && !isReported(l.normal[i]) {
				c.Near = near
			}
		}
		all = append(all, c)
	}
	for i, c := range all { // a path is suggested once, and not where a column has it
		taken := func(o Column) bool { return o.Path == c.Near || o.Near == c.Near }
		if c.Near != "" && (slices.ContainsFunc(all[:i], taken) || slices.ContainsFunc(all, func(o Column) bool { return o.Path == c.Near })) {
			all[i].Near = ""
		}
	}
	return all
}

// Kept is a file on this machine that people know by another name.
func Kept(name, path string) *Files {
	return &Files{places: []*place{{name: name, open: func() (*os.File, error) { return os.Open(path) }}}, network: newNetwork()}
}
