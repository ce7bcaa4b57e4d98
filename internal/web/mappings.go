package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/mappings"
	"github.com/sunbulk/sunbulk/jobs"
)

// mappingList is what GET /v1/mappings answers.
type mappingList struct {
	Mappings []mappings.Mapping `json:"mappings"`
}

func listMappings(x *exchange) error {
	all, err := x.Service.Mappings(x.r.Context(), x.r.URL.Query().Get("app"))
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, mappingList{all})
}

func showMapping(x *exchange) error {
	m, err := x.Service.Mapping(x.r.Context(), x.r.PathValue("app"), x.r.PathValue("name"))
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, m)
}

func saveMapping(x *exchange) error {
	var c mappings.Content
	if err := x.read(&c); err != nil {
		return err
	}
	m, err := x.save(x.r.PathValue("app"), x.r.PathValue("name"), c)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, m)
}

// save keeps a mapping that a plan could be made by.
func (x *exchange) save(app, name string, c mappings.Content) (m mappings.Mapping, err error) {
	b := planBody{App: app, Content: c}
	if _, err := b.spec().Config(); err != nil {
		return m, err
	}
	if _, err := b.options(); err != nil {
		return m, err
	}
	err = x.act(func(ctx context.Context) (err error) {
		m, err = x.Service.SaveMapping(ctx, mappings.Mapping{App: app, Name: name, Content: c})
		return err
	})
	if err == nil {
		x.told("save mapping", "app", app, "mapping", name, "version", m.Version)
	}
	return m, err
}

func (x *exchange) remove() error {
	app, name := x.r.PathValue("app"), x.r.PathValue("name")
	err := x.act(func(ctx context.Context) error { return x.Service.RemoveMapping(ctx, app, name) })
	if err == nil {
		x.told("remove mapping", "app", app, "mapping", name)
	}
	return err
}

func removeMapping(x *exchange) error {
	if err := x.remove(); err != nil {
		return err
	}
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}

func mappingsPage(x *exchange) error {
	all, err := x.Service.Mappings(x.r.Context(), "")
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, "mappings", "Saved mappings", mappingList{all})
}

func removeMappingForm(x *exchange) error {
	if _, err := x.form(); err != nil {
		return err
	}
	if err := x.remove(); err != nil {
		return err
	}
	return &elsewhere{"/mappings"}
}

// typed is a mapping as it would have been typed on the page of an upload, and the columns that it maps and the file lacks.
func typed(m mappings.Mapping, u uploadView) (form url.Values, missing []string) {
	form = url.Values{"app": {m.App}, "op": {m.Op}, "delimiter": {m.Delimiter}, "encoding": {m.Encoding}, "sheet": {m.Sheet}, "phoneCountry": {m.PhoneCountry}, "where": {m.Where}}
	if m.AllowDuplicates {
		form.Set("allowDuplicates", "1")
	}
	for kind, values := range map[string]map[string]string{"set.": m.Set, "var.": m.Vars, "option.": m.Options} {
		for name, value := range values {
			form.Set(kind+name, value)
		}
	}
	for name := range m.Map {
		if !slices.ContainsFunc(u.Columns, func(c input.Column) bool { return c.Name == name }) {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	for i, c := range u.Columns {
		if path := m.Map[c.Name]; path != "" {
			form.Set("column."+strconv.Itoa(i), path)
		} else if c.Path == "" {
			form.Set("column."+strconv.Itoa(i), nothing)
		}
	}
	return form, missing
}

// extras are the values that a mapping has and the page has no field for, so that none is lost.
func extras(form url.Values) (all []fixed) {
	known := map[string]bool{}
	for _, f := range fixedValues {
		known["set."+f.Path] = true
	}
	for _, name := range optionFields {
		known["option."+name] = true
	}
	for field := range form {
		kind, name, _ := strings.Cut(field, ".")
		if !known[field] && slices.Contains([]string{"set", "var", "option"}, kind) && form.Get(field) != "" {
			all = append(all, fixed{Path: field, Name: jobs.Line(name)})
		}
	}
	slices.SortFunc(all, func(a, b fixed) int { return strings.Compare(a.Path, b.Path) })
	return all
}
