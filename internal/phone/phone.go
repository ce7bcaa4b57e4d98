// Package phone reads phone numbers as people write them and gives them in E.164. What it knows of the countries'
// numbering plans is a table made of the metadata of libphonenumber.
package phone

//go:generate go -C ../../tools run ./phoneplans -o ../internal/phone/plans.go

import (
	"errors"
	"strings"
)

// Fault is a kind of reason for which a text is no phone number.
type Fault string

// The faults.
const (
	NoCode    Fault = "no country code" // and no country is given
	Code      Fault = "unknown country code"
	Length    Fault = "length"
	Beginning Fault = "beginning"
	Prefix    Fault = "prefix of calls abroad"
	Several   Fault = "several numbers"
	Extension Fault = "extension"
	Number    Fault = "made a number by a spreadsheet"
	Form      Fault = "not a phone number"
)

// Error says why a text is no phone number.
type Error struct {
	Fault Fault
	Cause string // in plain words, such as "has no + and country code", without the number
}

func (e *Error) Error() string { return e.Cause }

// ErrScientific is the fault of a number such as 4.47701E+11.
var ErrScientific = &Error{Number, "was turned into scientific notation by a spreadsheet and its digits are lost; format the column as text and export again"}

var (
	errNoCode    = &Error{NoCode, "has no + and country code"}
	errCode      = &Error{Code, "begins with no country code that there is; it comes right behind the +, without zeros"}
	errDecimals  = &Error{Number, "ends in decimals, such as .0: a spreadsheet took it for a number; format the column as text and export again"}
	errSeveral   = &Error{Several, "holds more than one number, or may do so; leave one"}
	errExtension = &Error{Extension, "holds letters or an extension; leave only the number"}
	errNoNumber  = &Error{Form, "is not a phone number such as +12125552368"}
)

// Parse returns a phone number in E.164, such as +12125552368. The text holds one number with + and country code, as
// people write it: with spaces, dashes, dots and parentheses of any script, invisible marks, and tel: or whatsapp: before
// it. What is not surely one number that can exist is an *Error.
func Parse(text string) (string, error) {
	digits, international, err := Digits(text)
	switch {
	case errors.Is(err, errExtension) && !strings.ContainsAny(text, "+＋"):
		return "", errNoCode
	case err != nil:
		return "", err
	case !international && strings.HasPrefix(digits, "00"):
		return "", &Error{Prefix, "begins with 00 and has no +; write + in place of 00, before the country code"}
	case !international:
		return "", errNoCode
	}
	return e164(text, digits)
}

// e164 writes the digits of a number with its country code, which the text holds, as E.164 has them.
func e164(text, digits string) (string, error) {
	digits, err := inPlan(digits, text)
	if err != nil {
		return "", err
	}
	if text[0] == '+' && text[1:] == digits {
		return text, nil // most are: a copy would cost each row an allocation
	}
	return "+" + digits, nil
}
