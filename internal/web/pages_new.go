package web

import (
	"cmp"
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/uploads"
	"github.com/sunbulk/sunbulk/jobs"
)

func newPage(x *exchange) error {
	if err := x.Service.Allow(service.Operate); err != nil {
		return err
	}
	return x.show(http.StatusOK, "new", "New job", map[string]any{"MaxBytes": x.Uploads.MaxBytes})
}

// uploadForm streams the file of a form to the disk.
func uploadForm(x *exchange) error {
	if err := x.Service.Allow(service.Operate); err != nil {
		return err // before anything is read
	}
	x.unhurried()
	parts, err := x.r.MultipartReader()
	if err != nil {
		return &refusal{http.StatusUnsupportedMediaType, "media_type", "the form holds no file", "choose one on the page New job"}
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return &refusal{http.StatusBadRequest, "invalid", "no file was chosen", "choose one on the page New job"}
		}
		if err != nil {
			return &refusal{http.StatusBadRequest, "cut_off", "the upload was cut off", "send it again: nothing is kept of it"}
		}
		if part.FormName() != "file" || part.FileName() == "" {
			continue
		}
		u, err := x.takeUpload(part.FileName(), part)
		if err != nil {
			return err
		}
		return &elsewhere{"/new/" + u.ID}
	}
}

// mapView is the page on which columns are mapped.
type mapView struct {
	uploadView
	Key        string
	Paths      []string // that a column may be taken for
	Operations []jobs.Operation
	Apps       []string
	Fixed      []fixed // values for every row
	Channels   []string
	Checks     []string   // apps whose API can be asked
	Given      url.Values // what was typed
	Chosen     []string   // path of each column
	Problem    *problem
}

// fixed is a value that all rows may have.
type fixed struct{ Path, Name, Hint string }

// fixedValues are those that are the same in all rows of most files.
var fixedValues = []fixed{
	{"matchCriteria.type", "Channel", "whatsapp, twilio, mailgun, …"},
	{"matchCriteria.integrationId", "Integration id", "24 digits"},
	{"confirmation.type", "Confirmation", "immediate, userActivity or prompt"},
	{"target.conversationId", "Conversation", "an id, or default, only or latest"},
}

func mapPage(x *exchange) error {
	q := x.r.URL.Query()
	if q.Get("rate") == "" {
		q.Set("rate", "10")
	}
	return x.showMap(http.StatusOK, q, nil)
}

// showMap shows the form, with what was typed and what is wrong about it.
func (x *exchange) showMap(status int, given url.Values, wrong error) error {
	u, err := x.upload(x.r.PathValue("upload"))
	if err != nil {
		return err
	}
	v := mapView{
		uploadView: x.columns(u, readingOf(given)), Key: rand.Text(), Paths: paths(), Operations: jobs.Operations(), Apps: x.actor.Apps, Fixed: fixedValues, Checks: x.checkable(), Given: given,
	}
	for i, c := range v.Columns {
		v.Chosen = append(v.Chosen, cmp.Or(given.Get("column."+strconv.Itoa(i)), c.Path, c.Near))
	}
	if wrong != nil {
		p := problemOf(wrong)
		v.Problem = &p
	}
	known := slices.Clone(v.Checks)
	if list, err := x.jobs(url.Values{}); err == nil {
		for _, j := range list.Jobs {
			known = append(known, j.App)
		}
	}
	for _, app := range known {
		if !slices.Contains(v.Apps, app) {
			v.Apps = append(slices.Clone(v.Apps), app)
		}
	}
	return x.show(status, "map", "Map the columns of "+u.Name, v)
}

// checkable are the apps of the actor whose API can be asked about a plan.
func (x *exchange) checkable() (apps []string) {
	for _, app := range slices.Sorted(maps.Keys(x.Checks)) {
		if x.actor.Sees(app) {
			apps = append(apps, app)
		}
	}
	return apps
}

// paths are those that columns stand for.
func paths() []string {
	all := []string{"op"}
	for _, c := range jobs.Columns() {
		all = append(all, c.Path)
	}
	return all
}

func readingOf(form url.Values) input.Spec {
	return input.Spec{Delimiter: form.Get("delimiter"), Encoding: form.Get("encoding"), Sheet: form.Get("sheet")}
}

func mapForm(x *exchange) error {
	form, err := x.form()
	if err != nil {
		return err
	}
	u, err := x.upload(x.r.PathValue("upload"))
	if err != nil {
		return err
	}
	b := planOf(form, x.columns(u, readingOf(form)), u)
	b.Check = b.Check && x.Checks[b.App] != nil // the box is there for the others
	p, err := x.makePlan(b, form.Get("key"))
	if err != nil {
		if known := problemOf(err); known.Status < http.StatusInternalServerError {
			return x.showMap(known.Status, form, err)
		}
		return err
	}
	return &elsewhere{"/plans/" + p.ID}
}

// planOf turns the form into the API's order.
func planOf(form url.Values, columns uploadView, u uploads.Upload) planBody {
	text := func(name string) string { return strings.TrimSpace(form.Get(name)) }
	b := planBody{
		Upload: u.ID, App: text("app"), Op: text("op"), Set: map[string]string{}, Map: map[string]string{}, Delimiter: form.Get("delimiter"), Encoding: text("encoding"), Sheet: text("sheet"),
		PhoneCountry: text("phoneCountry"), Where: text("where"), AllowDuplicates: form.Get("allowDuplicates") != "", Options: map[string]string{}, Check: form.Get("check") != "",
	}
	for _, f := range fixedValues {
		if value := text("set." + f.Path); value != "" {
			b.Set[f.Path] = value
		}
	}
	for i, c := range columns.Columns {
		if path := form.Get("column." + strconv.Itoa(i)); path != "" && path != c.Path {
			b.Map[c.Name] = path
		}
	}
	for _, name := range []string{"rate", "max-failures", "canary"} {
		if value := text(name); value != "" {
			b.Options[name] = value
		}
	}
	return b
}
