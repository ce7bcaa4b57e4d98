package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/service"
	"github.com/sunbulk/sunbulk/jobs"
)

// moved is what the moves of a job answer.
type moved struct {
	Job     string     `json:"job"`
	State   jobs.State `json:"state"`
	Already bool       `json:"already"` // it was so before
}

// read decodes the JSON body of a request. Another media type is refused: a form of a foreign page could send that.
func (x *exchange) read(v any) error {
	kind, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return &refusal{http.StatusUnsupportedMediaType, "media_type", "the body is no JSON", "send Content-Type: application/json, and at least {}"}
	}
	d := json.NewDecoder(http.MaxBytesReader(x.w, x.r.Body, maxForm))
	d.DisallowUnknownFields()
	err = d.Decode(v)
	if err == nil && d.Decode(new(any)) != io.EOF {
		err = errors.New("something follows the JSON")
	}
	if err == nil || errors.As(err, new(*http.MaxBytesError)) {
		return err
	}
	return &refusal{http.StatusBadRequest, "invalid", "the body cannot be read: " + err.Error(), "/v1/openapi.yaml says what it may hold"}
}

// form reads the fields of a page's form.
func (x *exchange) form() (url.Values, error) {
	x.r.Body = http.MaxBytesReader(x.w, x.r.Body, maxForm)
	if err := x.r.ParseForm(); err != nil {
		if errors.As(err, new(*http.MaxBytesError)) {
			return nil, err
		}
		return nil, &refusal{http.StatusBadRequest, "invalid", "the form cannot be read", "send it again from its page"}
	}
	return x.r.PostForm, nil
}

const mostReason = 500 // characters

func checkedReason(reason string) (string, error) {
	if len([]rune(reason)) > mostReason {
		return "", &service.Invalid{Field: "reason", Text: fmt.Sprintf("a reason has at most %d characters", mostReason)}
	}
	return strings.TrimSpace(reason), nil
}

// move is one of the moves of a job by name.
func (x *exchange) move(what, zone, reason string) (moved, error) {
	id := x.r.PathValue("job")
	reason, err := checkedReason(reason)
	if err != nil {
		return moved{}, err
	}
	var was service.Already
	err = x.act(func(ctx context.Context) (err error) {
		switch what {
		case jobs.EventPause:
			was, err = x.Service.Pause(ctx, id, reason)
		case jobs.EventResume:
			was, err = x.Service.Resume(ctx, id, zone, reason)
		default:
			was, err = x.Service.Cancel(ctx, id, reason)
		}
		return err
	})
	if err != nil {
		return moved{}, err
	}
	x.told(what, "job", id)
	job, err := x.Service.Job(x.r.Context(), id)
	return moved{job.ID, job.State, was.State != ""}, err
}

// moveByJSON is move for the API.
func (x *exchange) moveByJSON(what string) error {
	var body struct {
		Reason   string `json:"reason"`
		Timezone string `json:"timezone"`
	}
	if err := x.read(&body); err != nil {
		return err
	}
	m, err := x.move(what, body.Timezone, body.Reason)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, m)
}

func pauseJob(x *exchange) error  { return x.moveByJSON(jobs.EventPause) }
func resumeJob(x *exchange) error { return x.moveByJSON(jobs.EventResume) }
func cancelJob(x *exchange) error { return x.moveByJSON(jobs.EventCancel) }

// retried is what a retry answers.
type retried struct {
	Job string `json:"job"` // the new one
	Of  string `json:"of"`
}

// retry runs the failed rows of a job again, as another job. The same request again does not do it twice.
func (x *exchange) retry(cause, reason string) (retried, error) {
	id := x.r.PathValue("job")
	reason, err := checkedReason(reason)
	if err != nil {
		return retried{}, err
	}
	var made jobs.Job
	err = x.act(func(ctx context.Context) (err error) {
		made, err = x.Service.Retry(ctx, id, cause, reason)
		return err
	})
	if err != nil {
		return retried{}, err
	}
	x.told(jobs.EventRetry, "job", id, "cause", cause, "by", made.ID)
	return retried{made.ID, id}, nil
}

func retryJob(x *exchange) error {
	var body struct {
		Cause  string `json:"cause"`
		Reason string `json:"reason"`
	}
	if err := x.read(&body); err != nil {
		return err
	}
	r, err := x.retry(body.Cause, body.Reason)
	if err != nil {
		return err
	}
	x.w.Header().Set("Location", x.Prefix+"/v1/jobs/"+r.Job)
	return x.answer(http.StatusAccepted, r)
}

func showRate(x *exchange) error {
	now, err := x.Service.Rate(x.r.Context(), x.r.PathValue("app"))
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, now)
}

// setRateOf sets the rate of an app.
func (x *exchange) setRateOf(app, rate, reason string, h service.Holding) error {
	reason, err := checkedReason(reason)
	if err != nil {
		return err
	}
	err = x.act(func(ctx context.Context) error { return x.Service.SetRate(ctx, app, rate, h, reason) })
	if err == nil {
		x.told(jobs.EventRate, "app", app, "rate", rate)
	}
	return err
}

func setRate(x *exchange) error {
	var body struct {
		Rate   string    `json:"rate"`
		Until  time.Time `json:"until"`
		Keep   bool      `json:"keep"`
		Reason string    `json:"reason"`
	}
	if err := x.read(&body); err != nil {
		return err
	}
	if !body.Until.IsZero() && (body.Keep || !body.Until.After(time.Now())) {
		return &service.Invalid{Field: "until", Text: "until is past, or stands beside keep"}
	}
	if err := x.setRateOf(x.r.PathValue("app"), body.Rate, body.Reason, service.Holding{Until: body.Until, Keep: body.Keep}); err != nil {
		return err
	}
	return showRate(x)
}
