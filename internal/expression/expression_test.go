package expression

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	vars = map[string]string{"prefix": "+34", "days": "30"}

	row = map[Field]string{
		{Row, "user"}: "cust-7", {Row, "op"}: "create", {Row, "matchCriteria.phoneNumber"}: "+34 600-000-000", {Row, "matchCriteria.type"}: "whatsapp",
		{Client, "lastSeen"}: "2026-08-01T10:00:00.123Z", {Client, "externalId"}: "+1 212-555-0100", {Client, "type"}: "sdk",
		{Column, "Old id"}: "42", {Column, "since"}: "2026-11-21",
	}
)

// valuesOf gives the fields of the row above, and "" for all others.
func valuesOf(fields []Field) []string {
	values := make([]string, len(fields))
	for i, f := range fields {
		values[i] = row[f]
	}
	return values
}

func TestConditions(t *testing.T) {
	tests := []struct {
		text string
		want bool
	}{
		{`row.user == "cust-7"`, true},
		{`row.phoneNumber startsWith vars.prefix`, true},
		{`row.matchCriteria.phoneNumber == row.phoneNumber`, true},
		{`row.matchCriteria.type in ["twilio", "whatsapp"]`, true},
		{`row.user matches "^cust-[0-9]+$" and not (row.user contains "x")`, true},
		{`age(client.lastSeen) > days(90)`, true},
		{`age(client.lastSeen) > days(number(vars.days) * 10)`, false},
		{`client.linkedAt == "" || age(client.linkedAt) > days(90)`, true},
		{`time(client.lastSeen) < time("2026-08-02")`, true},
		{`age(row.columns["since"]) == hours(36)`, true},
		{`age("2026-11-22T11:00:00+01:00") == hours(2)`, true},
		{`time(row.columns["since"]) < now`, true},
		{`number(row.columns["Old id"]) >= 42`, true},
		{`digits(client.externalId) == "12125550100"`, true},
		{`len(trimPrefix(lower(upper(row.user)), "cust-")) == 1`, true},
		{`row.op == "create" ? true : false`, true},
		{`number(row.columns["Old id"]) % 5 == 2 and len(row.user) % 2 == 0`, true},
		{`replace(row.user, "-", "/") == "cust/7" and replace("aaa", "a", "", 2) == "a"`, true},
	}
	for _, test := range tests {
		c, err := Compile(Rows(vars), test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		for range 2 { // the machine is used again
			got, err := c.Holds(valuesOf(c.Fields()), noon)
			if got != test.want || err != nil {
				t.Errorf("%s: got %v, %v, want %v", test.text, got, err, test.want)
			}
		}
	}
}

func TestConditionsAreCheckedBeforeTheyRun(t *testing.T) {
	tests := []struct{ text, want, hint string }{
		{``, `is empty`, ``},
		{`row.phonNumber == ""`, `row.phonNumber is not known, at character 1`, `did you mean row.phoneNumber?`},
		{`  row.matchCriteria.tipe == ""`, `row.matchCriteria.tipe is not known, at character 3`, `did you mean row.matchCriteria.type?`},
		{`row.type == "x"`, `row.type is not known, at character 1`, ``},
		{`client.lastseen == ""`, `client.lastseen is not known, at character 1`, `did you mean client.lastSeen?`},
		{`vars.prefx == ""`, `there is no --var prefx, at character 1`, `did you mean vars.prefix?`},
		{`user == "x"`, `user is not known, at character 1`, `did you mean row.user?`},
		{`row.user = "x"`, `there is no operator =, at character 10`, `did you mean ==?`},
		{`row.user == 5`, `invalid operation: == (mismatched types string and int), at character 10`, ``},
		{`age(client.lastSeen) > 90`, `a duration is compared with the number 90, at character 22`, `write days(90), or hours(90)`},
		{`1.5 <= age(client.lastSeen)`, `a duration is compared with the number 1.5, at character 5`, `write days(1.5), or hours(1.5)`},
		{`age(5) > days(1)`, `cannot use int as argument (type string) to call time, at character 5`, ``},
		{`age() > days(1)`, `age takes one time, at character 1`, `e.g. age(client.lastSeen)`},
		{`days(vars.days) > days(1)`, `cannot use string as argument (type float64) to call days, at character 11`, ``},
		{`days(row.columns["n"]) > days(1)`, `cannot use string as argument (type float64) to call days, at character 17`, ``},
		{`digits(row.user - 2) == ""`, `invalid operation: - (mismatched types string and int), at character 17`, ``},
		{`row.user % 2 == 0`, `cannot use string as argument (type float64) to call %, at character 5`, ``},
		{`row.user / 2 > 1`, `invalid operation: / (mismatched types string and int), at character 10`, ``},
		{`trimPrefix(row.user) == ""`, `trimPrefix takes a text and what it loses, at character 1`, `e.g. trimPrefix(row.user, "x")`},
		{`trimSuffix(row.user) == ""`, `trimSuffix takes a text and what it loses, at character 1`, `e.g. trimSuffix(row.user, "x")`},
		{`row.user`, `gives text, and not true or false`, `compare it, e.g. row.user != ""`},
		{`row == row`, `row is no value by itself, at character 1`, `name a field, e.g. row.user, row.columns["Old id"], client.type or vars.name`},
		{`row.columns[row.user] == ""`, `row is no value by itself, at character 1`, `name a field, e.g. row.user, row.columns["Old id"], client.type or vars.name`},
		{`row.user.x == ""`, `type string has no field x, at character 10`, ``},
		{`row.user matches row.columns["p"]`, `matches takes a pattern in quotes, at character 10`, `e.g. row.user matches "^cust-[0-9]+$"`},
		{`row.user != nil`, `there is no nil here, at character 13`, `a field without a value is ""`},
		{`all(1..1000000, true)`, `there is no operator .., at character 6`, ``},
		{`let x = 1; x == 1`, `uses what this language leaves out, at character 5`, `it knows texts, numbers, times, lists, operators and a few functions`},
		{`now.Year() == 2026`, `calls what is no function, at character 5`, ``},
		{`$env == 1`, `$env is not known, at character 1`, `quote a text; fields begin with row., client. or vars.`},
		{`repeat("x", 1000000) == ""`, `there is no function repeat, at character 1`, `known are age, days, digits, hours, len, lower, number, phone, replace, time, trim, trimPrefix, trimSuffix, upper`},
		{`getenv("HOME") == ""`, `there is no function getenv, at character 1`, `known are age, days, digits, hours, len, lower, number, phone, replace, time, trim, trimPrefix, trimSuffix, upper`},
	}
	for _, test := range tests {
		_, err := Compile(Rows(vars), test.text)
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%s: got %v, want an *Error", test.text, err)
			continue
		}
		if diff := cmp.Diff([]string{test.want, test.hint}, []string{e.Error(), e.Hint}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.text, diff)
		}
	}
}

// I7: what is said of a row that cannot be judged holds none of its values.
func TestI7EvaluationFailsWithoutValues(t *testing.T) {
	for text, want := range map[string]string{
		`age(client.linkedAt) > days(90)`:              "the time is empty, at character 1",
		`age(client.externalId) > days(90)`:            "the text is no time such as 2026-11-22T15:30:00Z or 2026-11-22, at character 1",
		`number(row.columns["Old id"]) / len("") > 10`: "gives no finite number, as a division by 0 does, at character 31",
		`len("") / len("") == 0`:                       "gives no finite number, as a division by 0 does, at character 9",
		`number(row.columns["Old id"]) % 0 == 0`:       "gives no finite number, as a division by 0 does, at character 31",
		`number("1e300") * number("1e300") > 1`:        "gives no finite number, as a division by 0 does, at character 17",
		`number(row.user) > 1`:                         "the text is no number, at character 1",
		`days(number("1e300")) > days(1)`:              "days: the number is too large, at character 1",
	} {
		c, err := Compile(Rows(vars), text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if _, err := c.Holds(valuesOf(c.Fields()), noon); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestFieldsAreTold(t *testing.T) {
	c, err := Compile(Rows(vars), `row.phoneNumber != "" and row.columns["Old id"] != row.matchCriteria.phoneNumber and client.id != vars.days`)
	if err != nil {
		t.Fatal(err)
	}
	want := []Field{{Row, "matchCriteria.phoneNumber"}, {Column, "Old id"}, {Client, "id"}}
	if diff := cmp.Diff(want, c.Fields()); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if !c.Reads(Client) || c.Reads("other") {
		t.Errorf("reads: got %v and %v, want true and false", c.Reads(Client), c.Reads("other"))
	}
}

func TestFoundClientsKnowTheirUserOnly(t *testing.T) {
	if _, err := Compile(Found(nil), `row.user != "" and client.type == "sdk"`); err != nil {
		t.Error(err)
	}
	for _, text := range []string{`row.phoneNumber == ""`, `row.columns["x"] == ""`} {
		if _, err := Compile(Found(nil), text); err == nil {
			t.Errorf("%s: got no error", text)
		}
	}
}

func TestValues(t *testing.T) {
	for text, want := range map[string]string{
		`${client.externalId}`:                                        "+1 212-555-0100",
		`chat-${row.user}`:                                            "chat-cust-7",
		`+${digits(row.phoneNumber)}`:                                 "+34600000000",
		`${row.user}/${row.columns["Old id"]}/${row.user}`:            "cust-7/42/cust-7",
		`${"}" + row.user + '}'}`:                                     "}cust-7}",
		`$${row.user} costs $5`:                                       "${row.user} costs $5",
		`${number(row.columns["Old id"]) / 4}`:                        "10.5",
		`${len(row.user)}${row.user == ""}`:                           "6false",
		`${client.displayName}`:                                       "",
		`${row.matchCriteria.type == "whatsapp" ? vars.prefix : "x"}`: "+34",
	} {
		v, err := CompileValue(Rows(vars), text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := v.Text(valuesOf(v.Fields()), noon); got != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", text, got, err, want)
		}
	}
}

// Digits of a text that holds more than a phone number would make it a stranger's. Elsewhere they are those of any text.
func TestPhoneNumbersAreNotMadeUp(t *testing.T) {
	for text, want := range map[string][2]string{ // of phone, and of + and digits
		"+49 30 901820":       {"+4930901820", "+4930901820"},
		"tel:+49-30-901820":   {"+4930901820", "+4930901820"},
		"49 30 901820":        {"no + and country code", "+4930901820"},
		"":                    {"", ""},
		"+49 30 901820 App 7": {"letters", "letters"},
		"4.93090182E+10":      {"scientific", "scientific"},
		"4930901820.0":        {"decimals", "decimals"},
		"+4930901820/21":      {"more than one", "more than one"},
	} {
		for i, value := range []string{`${phone(row.user)}`, `${row.user == "" ? "" : "+" + digits(row.user)}`} {
			v, err := CompileValue(Rows(nil).OfPhone(), value)
			if err != nil {
				t.Fatal(err)
			}
			got, err := v.Text([]string{text}, noon)
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, want[i]) || want[i] == "" && got != "" {
				t.Errorf("%s of %q: got %q, want %q", value, text, got, want[i])
			}
		}
	}
	v, err := CompileValue(Rows(nil), `${digits(row.user)}`)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := v.Text([]string{"No. 12 b 7"}, noon); got != "127" || err != nil {
		t.Errorf("digits of an id: got %q, %v, want 127", got, err)
	}
}

// A text is bounded before it is made: few nested calls would take all memory.
func TestValuesAreBounded(t *testing.T) {
	long := strings.Repeat("x", 1<<18)
	for text, want := range map[string]string{
		`${replace(row.user, "", "abc")}`:                                  "gives a text of more than 1048576 bytes, at character 3",
		`${replace(replace(row.user, "x", "12345678"), "1", "123456789")}`: "gives a text of more than 1048576 bytes, at character 11",
		`${row.user + row.user + row.user + row.user + row.user}`:          "gives a text of more than 1048576 bytes, at character 3",
		`${row.user}${row.user}${row.user}${row.user}${row.user}`:          "gives a text of more than 1048576 bytes, at character 47",
		`${replace(row.user, "x", "yyyy", 5)}`:                             "",
		`${replace(row.user, "x", "yyyy")}`:                                "",
	} {
		v, err := CompileValue(Rows(vars), text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		_, err = v.Text([]string{long}, noon)
		if want == "" && err == nil {
			continue
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestValuesThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		`é-${row.usr}`:                "row.usr is not known, at character 5",
		`chat-${row.user`:             "${ is not closed, at character 6",
		`${"}`:                        "${ is not closed, at character 1",
		`x${}`:                        "is empty",
		`x${now}`:                     "gives a time, and not text, at character 4",
		`${days(1)}`:                  "gives a duration, and not text, at character 3",
		`${row.user == "" ? 1 : "a"}`: "gives values of different types, and not text, at character 3",
	} {
		if _, err := CompileValue(Rows(vars), text); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	v, err := CompileValue(Rows(vars), `chat-${client.displayName}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Text(valuesOf(v.Fields()), noon); err == nil || err.Error() != "gives nothing, at character 8" {
		t.Errorf("got %v, want gives nothing", err)
	}
}
