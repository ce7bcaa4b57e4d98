package web

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"

	"github.com/sunbulk/sunbulk/internal/mappings"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/uploads"
)

func runbooksPage(x *exchange) error {
	list, err := x.runbooks()
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, "runbooks", "Runbooks", list)
}

// runbookPageView is the page of one runbook, and of the variables of a run where there is an upload.
type runbookPageView struct {
	runbookView
	Upload *uploads.Upload
	Key    string
	Apps   []string
	Checks []string
	Given  url.Values // what was typed
	Wrong  *problem
}

// Value is what the field of a variable holds.
func (v runbookPageView) Value(name string) string {
	if v.Given.Has("var."+name) || v.Vars[name] == nil {
		return v.Given.Get("var." + name)
	}
	return *v.Vars[name]
}

func runbookPage(x *exchange) error {
	f, err := x.runbook(x.r.PathValue("file"))
	if err != nil {
		return err
	}
	v := runbookPageView{runbookView: viewOfRunbook(f)}
	return x.show(http.StatusOK, "runbook", "Runbook "+cmp.Or(v.Name, v.File), v)
}

func runbookUploadForm(x *exchange) error {
	if err := x.Service.Allow(service.Operate); err != nil {
		return err
	}
	if _, err := x.runbook(x.r.PathValue("file")); err != nil {
		return err
	}
	u, err := x.formUpload()
	if err != nil {
		return err
	}
	return &elsewhere{"/runbooks/" + url.PathEscape(x.r.PathValue("file")) + "/" + u.ID}
}

func runbookVarsPage(x *exchange) error { return x.showVars(http.StatusOK, nil, nil) }

func (x *exchange) showVars(status int, given url.Values, wrong error) error {
	u, err := x.upload(x.r.PathValue("upload"))
	if err != nil {
		return err
	}
	f, err := x.runbook(x.r.PathValue("file"))
	if err != nil {
		return err
	}
	v := runbookPageView{runbookView: viewOfRunbook(f), Upload: &u, Key: rand.Text(), Apps: x.apps(), Checks: x.checkable(), Given: given}
	if wrong != nil {
		p := problemOf(wrong)
		v.Wrong = &p
	}
	return x.show(status, "runbook", "Run "+cmp.Or(v.Name, v.File), v)
}

func runbookPlanForm(x *exchange) error {
	if err := x.Service.Allow(service.Operate); err != nil {
		return err
	}
	form, err := x.form()
	if err != nil {
		return err
	}
	b := planBody{Upload: x.r.PathValue("upload"), Runbook: x.r.PathValue("file"), App: strings.TrimSpace(form.Get("app")), Content: mappings.Content{Vars: map[string]string{}, AllowDuplicates: form.Get("allowDuplicates") != ""}}
	f, err := x.runbook(b.Runbook)
	if err != nil {
		return err
	}
	for field := range form {
		name, isVar := strings.CutPrefix(field, "var.")
		if isVar && (form.Get(field) != "" || f.Book != nil && f.Book.Vars[name] != nil) {
			b.Vars[name] = form.Get(field)
		}
	}
	if f.Book != nil {
		b.Check = form.Get("check") != "" && x.Checks[cmp.Or(f.Book.App, b.App)] != nil // the box is there for the others
	}
	p, err := x.makePlan(b, form.Get("key"))
	if err != nil {
		if known := problemOf(err); known.Status < http.StatusInternalServerError {
			return x.showVars(known.Status, form, err)
		}
		return err
	}
	return &elsewhere{"/plans/" + p.ID}
}
