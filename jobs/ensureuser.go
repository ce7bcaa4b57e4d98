package jobs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// EnsureUser makes a user where the app has none of that external id.
const EnsureUser Op = "ensure-user"

var ensureUserOperation = Operation{
	Name:    EnsureUser,
	Summary: "a user, where the app has none of that external id",
	Columns: []string{
		"profile.givenName", "profile.surname", "profile.email", "profile.locale", "metadata", "toBeRetained", "signedUpAt",
	},
	Required: []string{"user"},
	Check:    checkEnsureUser,

	Looks:      true,
	Idempotent: true,
	Calls:      1,
}

const (
	maxMetadata = 4096 // bytes of a user's or conversation's
	maxBrand    = 24   // characters
	// apiTime is how the API wants times.
	apiTime = "2006-01-02T15:04:05.000Z"
)

func checkEnsureUser(r *Row) error {
	if utf8.RuneCountInString(r.BrandID) > maxBrand {
		return &FieldError{"brandId", fmt.Sprintf("has more than %d characters", maxBrand)}
	}
	for _, f := range [...]struct {
		path, text string
		most       int
	}{
		{"profile.givenName", r.GivenName, 128}, {"profile.surname", r.Surname, 128}, {"profile.email", r.Email, 128}, {"profile.locale", r.Locale, 64},
	} {
		if n := utf8.RuneCountInString(f.text); n > f.most {
			return &FieldError{f.path, fmt.Sprintf("has %d characters, the API allows %d", n, f.most)}
		}
	}
	if r.Email != "" && !address().MatchString(r.Email) {
		return &FieldError{"profile.email", "is not one plain email address"}
	}
	truth, ok := truthOf(r.ToBeRetained)
	if !ok {
		return &FieldError{"toBeRetained", "is neither true nor false"}
	}
	r.ToBeRetained = truth
	if err := checkSignedUp(r); err != nil {
		return err
	}
	return checkMetadata(r, maxMetadata)
}

// truthOf normalises the words for yes and no; an empty text is neither.
func truthOf(text string) (truth string, ok bool) {
	switch strings.ToLower(text) {
	case "":
		return "", true
	case "true", "yes", "1":
		return "true", true
	case "false", "no", "0":
		return "false", true
	}
	return text, false
}

// checkSignedUp takes a time with its zone, or a day, which begins in UTC.
func checkSignedUp(r *Row) error {
	if r.SignedUpAt == "" {
		return nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, r.SignedUpAt); err == nil {
			r.SignedUpAt = at.UTC().Format(apiTime)
			return nil
		}
	}
	return &FieldError{"signedUpAt", "is not a time such as 2026-01-31T08:30:00Z, nor a day such as 2026-01-31"}
}

// checkMetadata compacts the metadata: an object of texts, numbers and truths.
func checkMetadata(r *Row, most int) error {
	if r.Metadata == "" {
		return nil
	}
	fail := func(cause string) error { return &FieldError{"metadata", cause} }
	var values map[string]any
	if json.Unmarshal([]byte(r.Metadata), &values) != nil || values == nil {
		return fail(`is not a JSON object such as {"tier":"gold"}`)
	}
	for _, value := range values {
		switch value.(type) {
		case string, float64, bool:
		default:
			return fail("may hold texts, numbers, true and false alone")
		}
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(r.Metadata)); err != nil {
		return fail("is not JSON")
	}
	if r.Metadata = compact.String(); len(r.Metadata) > most {
		return fail(fmt.Sprintf("has %d bytes, %d are allowed", len(r.Metadata), most))
	}
	return nil
}
