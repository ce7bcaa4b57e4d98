package credentials

import (
	"strings"
	"testing"
)

// A character that a copy or a file with Windows line ends leaves behind would be refused by the API as a wrong key. The
// error names the part, and never holds it (I7).
func TestStrayCharactersAreNamed(t *testing.T) {
	good := Credentials{KeyID: "app_1", KeySecret: "s3cret-value"}
	for _, test := range []struct {
		app  string
		c    Credentials
		want string
	}{
		{"app", Credentials{KeyID: "app_1\r", KeySecret: "s3cret-value"}, "SUNBULK_KEY_ID ends with a carriage return"},
		{"app", Credentials{KeyID: "app_1", KeySecret: "s3cret-value\r"}, "SUNBULK_KEY_SECRET ends with a carriage return"},
		{"app", Credentials{KeyID: "app_1", KeySecret: "s3cret-value\n", File: "keys.json"}, "keySecret ends with a line break"},
		{"app", Credentials{Token: "s3cret \u200bvalue"}, "SUNBULK_TOKEN holds white space"},
		{"app", Credentials{KeyID: "\ufeffapp_1", KeySecret: "s3cret-value"}, "SUNBULK_KEY_ID holds an invisible character"},
		{"app\r", good, "app id ends with a carriage return"},
		{"app", good, ""},
	} {
		_, err := test.c.API(test.app, Access{BaseURL: "https://example.com"})
		switch {
		case test.want == "" && err != nil:
			t.Errorf("got %v", err)
		case test.want != "" && (err == nil || err.Error() != test.want):
			t.Errorf("got %v, want %s", err, test.want)
		case err != nil && strings.Contains(err.Error(), "s3cret"):
			t.Errorf("%v holds the secret", err)
		}
	}
}
