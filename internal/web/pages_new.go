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
	"github.com/sunbulk/sunbulk/internal/mappings"
	"github.com/sunbulk/sunbulk/internal/plans"
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

func uploadForm(x *exchange) error {
	u, err := x.formUpload()
	if err != nil {
		return err
	}
	return &elsewhere{"/new/" + u.ID}
}

// formUpload streams the file of a form to the disk.
func (x *exchange) formUpload() (u uploads.Upload, err error) {
	if err := x.Service.Allow(service.Operate); err != nil {
		return u, err // before anything is read
	}
	x.unhurried()
	parts, err := x.r.MultipartReader()
	if err != nil {
		return u, &refusal{http.StatusUnsupportedMediaType, "media_type", "the form holds no file", "choose one on the page New job"}
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return u, &refusal{http.StatusBadRequest, "invalid", "no file was chosen", "choose one on the page New job"}
		}
		if err != nil {
			return u, &refusal{http.StatusBadRequest, "cut_off", "the upload was cut off", "send it again: nothing is kept of it"}
		}
		if part.FormName() != "file" || part.FileName() == "" {
			continue
		}
		return x.takeUpload(part.FileName(), part)
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
	Suggested  []bool     // that nobody has chosen it
	Mappings   []mappings.Mapping
	Missing    []string // columns that the chosen mapping wants
	Extras     []fixed  // values that it has besides; their Path is that of the field
	Nothing    string
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

// optionFields are the options that the page asks for.
var optionFields = []string{"rate", "max-failures", "canary"}

// nothing is what a column that is left out stands for.
const nothing = "-"

func mapPage(x *exchange) error {
	q := x.r.URL.Query()
	mapping := q.Get("mapping")
	app, name := mapping[:max(0, strings.LastIndexByte(mapping, '/'))], mapping[strings.LastIndexByte(mapping, '/')+1:] // an app's id may have a slash
	if app == "" {
		if q.Get("option.rate") == "" {
			q.Set("option.rate", "10")
		}
		return x.showMap(http.StatusOK, q, nil, nil)
	}
	m, err := x.Service.Mapping(x.r.Context(), app, name)
	if err != nil {
		return err
	}
	u, err := x.upload(x.r.PathValue("upload"))
	if err != nil {
		return err
	}
	given, missing := typed(m, x.columns(u, planBody{Content: m.Content}.spec()))
	given.Set("mapping", mapping)
	return x.showMap(http.StatusOK, given, missing, nil)
}

// showMap shows the form, with what was typed, which columns a saved mapping wants and the file lacks, and what is wrong.
func (x *exchange) showMap(status int, given url.Values, missing []string, wrong error) error {
	u, err := x.upload(x.r.PathValue("upload"))
	if err != nil {
		return err
	}
	v := mapView{
		uploadView: x.columns(u, readingOf(given)), Key: rand.Text(), Paths: paths(), Operations: jobs.Operations(), Apps: x.apps(), Fixed: fixedValues, Checks: x.checkable(), Given: given,
		Missing: missing, Extras: extras(given), Nothing: nothing,
	}
	for i, c := range v.Columns {
		chosen := given.Get("column." + strconv.Itoa(i))
		v.Chosen = append(v.Chosen, cmp.Or(chosen, c.Path, c.Near))
		v.Suggested = append(v.Suggested, cmp.Or(chosen, c.Path) == "" && c.Near != "")
	}
	if v.Mappings, err = x.Service.Mappings(x.r.Context(), ""); err != nil {
		return err
	}
	if wrong != nil {
		p := problemOf(wrong)
		v.Problem = &p
	}
	return x.show(status, "map", "Map the columns of "+u.Name, v)
}

// apps are those that a form suggests.
func (x *exchange) apps() []string {
	known := append(slices.Clone(x.actor.Apps), x.checkable()...)
	if list, err := x.jobs(url.Values{}); err == nil {
		for _, j := range list.Jobs {
			known = append(known, j.App)
		}
	}
	slices.Sort(known)
	return slices.Compact(known)
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
	p, err := x.planAndSave(b, form)
	if err != nil {
		if known := problemOf(err); known.Status < http.StatusInternalServerError {
			return x.showMap(known.Status, form, nil, err)
		}
		return err
	}
	return &elsewhere{"/plans/" + p.ID}
}

// planAndSave makes the plan, and saves the mapping where a name is given for it.
func (x *exchange) planAndSave(b planBody, form url.Values) (plans.Plan, error) {
	name := strings.TrimSpace(form.Get("saveAs"))
	if name != "" && !mappings.IsName(name) {
		return plans.Plan{}, &service.Invalid{Field: "name", Text: "a mapping's name has 1 to 64 letters, digits, spaces, dots, dashes and underscores"}
	}
	p, err := x.makePlan(b, form.Get("key"))
	if err == nil && name != "" {
		_, err = x.save(b.App, name, b.Content)
	}
	return p, err
}

// planOf turns the form into the API's order.
func planOf(form url.Values, columns uploadView, u uploads.Upload) planBody {
	text := func(name string) string { return strings.TrimSpace(form.Get(name)) }
	b := planBody{Upload: u.ID, App: text("app"), Check: form.Get("check") != "", Content: mappings.Content{
		Op: text("op"), Set: map[string]string{}, Map: map[string]string{}, Vars: map[string]string{}, Options: map[string]string{}, Delimiter: form.Get("delimiter"), Encoding: text("encoding"),
		Sheet: text("sheet"), PhoneCountry: text("phoneCountry"), Where: text("where"), AllowDuplicates: form.Get("allowDuplicates") != "",
	}}
	kinds := map[string]map[string]string{"set": b.Set, "var": b.Vars, "option": b.Options}
	for field := range form {
		kind, name, _ := strings.Cut(field, ".")
		if values, value := kinds[kind], text(field); values != nil && value != "" {
			values[name] = value
		}
	}
	for i, c := range columns.Columns {
		if path := form.Get("column." + strconv.Itoa(i)); path != "" && path != nothing && path != c.Path {
			b.Map[c.Name] = path
		}
	}
	return b
}
