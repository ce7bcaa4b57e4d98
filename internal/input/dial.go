package input

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sunbulk/sunbulk/internal/phone"
	"github.com/sunbulk/sunbulk/internal/spelling"
	"github.com/sunbulk/sunbulk/jobs"
)

// ParseCountry returns the code of a country, such as ES, in capitals.
func ParseCountry(code string) (string, error) {
	c, err := findCountry(code)
	if err != nil || c == nil {
		return "", err
	}
	return c.ID(), nil
}

// findCountry returns the country of a code; nil of an empty one.
func findCountry(code string) (*phone.Country, error) {
	if code == "" {
		return nil, nil
	}
	if c := phone.FindCountry(strings.TrimSpace(code)); c != nil {
		return c, nil
	}
	err := fmt.Errorf("%q is not the code of a country, such as ES", code)
	if strings.EqualFold(code, "UK") {
		return nil, fmt.Errorf("%w; that of the United Kingdom is GB", err)
	}
	if near := spelling.Nearest(strings.ToUpper(code), phone.Countries()); near != "" && len(code) > 2 {
		err = fmt.Errorf("%w; did you mean %s?", err, near)
	}
	return nil, err
}

// notDialled is a phone number that cannot be one of the country.
type notDialled struct {
	text  string
	cause error
}

// dial gives the phone number of a row its country code. What cannot be dialled in the country stays as it is, and is returned.
func (b *binder) dial(row *jobs.Row) *notDialled {
	if b.country == nil || row.PhoneNumber == "" {
		return nil
	}
	text := strings.TrimSpace(row.PhoneNumber)
	number, err := b.country.Parse(text)
	if err != nil {
		return &notDialled{text, err}
	}
	row.PhoneNumber = number
	return nil
}

// explain returns the error of a row, with the country's cause in the place of one that knows no country.
func (n *notDialled) explain(err error) error {
	e, ok := errors.AsType[*jobs.FieldError](err)
	if !ok || e.Column != phonePath {
		return err
	}
	if _, without := phone.Parse(n.text); without != nil && without.Error() == e.Cause {
		return &jobs.FieldError{Column: e.Column, Cause: n.cause.Error()}
	}
	return err
}
