package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/input"
	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/internal/uploads"
	"github.com/sunbulk/sunbulk/jobs"
)

// uploadView is what the API says of an upload.
type uploadView struct {
	uploads.Upload
	Format     string         `json:"format,omitempty"`
	Columns    []input.Column `json:"columns"`
	Unreadable string         `json:"unreadable,omitempty"` // why its columns are not known
}

const maxUploadTime = 30 * time.Minute

// takeUpload streams a file to the console's disk.
func (x *exchange) takeUpload(name string, body io.Reader) (uploads.Upload, error) {
	var u uploads.Upload
	err := x.Service.AddUpload(x.r.Context(), func(who string) (detail string, err error) {
		u, err = x.Uploads.Put(jobs.Line(lastPart(name)), who, body)
		return fmt.Sprintf("upload %s of %d bytes", u.ID, u.Bytes), err
	})
	switch {
	case err == nil:
		x.told("upload", "upload", u.ID)
	case errors.As(err, new(*service.Forbidden)):
	case x.r.Context().Err() != nil || errors.Is(err, io.ErrUnexpectedEOF):
		err = &refusal{http.StatusBadRequest, "cut_off", "the upload was cut off", "send it again: nothing is kept of it"}
	}
	return u, err
}

// lastPart is a file's name without the folders before it, of any system, and not too long.
func lastPart(name string) string {
	const most = 120 // characters
	name = strings.TrimSpace(name[strings.LastIndexAny(name, `/\`)+1:])
	if r := []rune(name); len(r) > most {
		name = string(r[:most])
	}
	if name == "" {
		return "upload"
	}
	return name
}

// unhurried gives a body and its answer as long as an upload may take.
func (x *exchange) unhurried() {
	_ = http.NewResponseController(x.w).SetReadDeadline(time.Now().Add(maxUploadTime))
	x.patience(maxUploadTime)
}

func addUpload(x *exchange) error {
	kind, _, _ := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" || kind == "application/x-www-form-urlencoded" {
		return &refusal{http.StatusUnsupportedMediaType, "media_type", "the body is a form, and not the file", "send the file itself, e.g. curl --data-binary @users.csv -H 'Content-Type: application/octet-stream'"}
	}
	x.unhurried()
	u, err := x.takeUpload(x.r.URL.Query().Get("name"), x.r.Body)
	if err != nil {
		return err
	}
	x.w.Header().Set("Location", x.Prefix+"/v1/uploads/"+u.ID)
	return x.answer(http.StatusCreated, x.columns(u, input.Spec{}))
}

func showUpload(x *exchange) error {
	u, err := x.upload(x.r.PathValue("upload"))
	if err != nil {
		return err
	}
	q := x.r.URL.Query()
	return x.answer(http.StatusOK, x.columns(u, input.Spec{Delimiter: q.Get("delimiter"), Encoding: q.Get("encoding"), Sheet: q.Get("sheet")}))
}

// upload returns one that the actor may use.
func (x *exchange) upload(id string) (uploads.Upload, error) {
	u, err := x.Uploads.Get(id)
	if err != nil && !errors.Is(err, uploads.ErrNone) {
		return u, err
	}
	if err := x.Service.UseUpload(id, u.Who); err != nil {
		return uploads.Upload{}, err
	}
	if err != nil { // there is none, and only those who may send some learn that
		return u, &service.NotFound{Kind: "upload", ID: jobs.Line(id)}
	}
	return u, nil
}

// columns looks at the start of an upload.
func (x *exchange) columns(u uploads.Upload, s input.Spec) uploadView {
	v := uploadView{Upload: u, Columns: []input.Column{}}
	format, columns, err := input.Columns(x.r.Context(), x.kept(u.Name, u.ID), s)
	if err != nil {
		v.Unreadable = jobs.Line(err.Error())
		if e, ok := errors.AsType[*input.Error](err); ok && e.Hint != "" {
			v.Unreadable += ": " + jobs.Line(e.Hint)
		}
		return v
	}
	v.Format, v.Columns = format, append(v.Columns, columns...)
	return v
}

// kept is the input of an upload.
func (s *Server) kept(name, id string) *input.Files { return input.Kept(name, s.Uploads.Path(id)) }
