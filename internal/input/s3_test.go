package input

import (
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bucket is a store that speaks S3's protocol, with one bucket "exports": the objects by key, listed
// in pages of two. It knows the key id KEYID.
type bucket map[string]*shelf

func (b bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); {
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=KEYID/") || !strings.Contains(r.Header.Get("Authorization"), "/eu-north-1/s3/"):
		refuse(w, http.StatusForbidden, "InvalidAccessKeyId")
	case r.Header.Get("X-Amz-Security-Token") != "TOKEN":
		refuse(w, http.StatusBadRequest, "InvalidToken")
	case name != "exports":
		refuse(w, http.StatusNotFound, "NoSuchBucket")
	case key == "":
		b.list(w, r)
	case b[key] == nil:
		refuse(w, http.StatusNotFound, "NoSuchKey")
	default:
		b[key].ServeHTTP(w, r)
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>the key id is KEYID</Message></Error>", code)
}

func (b bucket) list(w http.ResponseWriter, r *http.Request) {
	type object struct {
		Key          string
		LastModified time.Time
		ETag         string
	}
	var list struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string
		Contents              []object
	}
	q := r.URL.Query()
	for _, key := range slices.Sorted(maps.Keys(b)) {
		rest, ok := strings.CutPrefix(key, q.Get("prefix"))
		if !ok || key <= q.Get("continuation-token") || q.Get("delimiter") != "" && strings.Contains(rest, q.Get("delimiter")) {
			continue
		}
		if len(list.Contents) == 2 {
			list.IsTruncated, list.NextContinuationToken = true, list.Contents[1].Key
			break
		}
		list.Contents = append(list.Contents, object{key, b[key].modified, b[key].etag})
	}
	xml.NewEncoder(w).Encode(list)
}

// exports starts a store, with the environment that leads to it.
func exports(t *testing.T) bucket {
	b := bucket{}
	for i, key := range []string{"daily/", "daily/3.csv", "daily/1.csv", "daily/2.csv", "daily/2.json", "daily/old/9.csv", "odd[1].csv"} {
		b[key] = &shelf{data: []byte("user\n" + key + "\n"), etag: fmt.Sprintf(`"e%d"`, i), modified: changed.Add(time.Duration(i) * time.Hour)}
	}
	srv := httptest.NewServer(b)
	t.Cleanup(srv.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_S3": "", "AWS_ENDPOINT_URL": srv.URL, "AWS_REGION": "eu-north-1",
		"AWS_ACCESS_KEY_ID": "KEYID", "AWS_SECRET_ACCESS_KEY": "SECRET", "AWS_SESSION_TOKEN": "TOKEN",
	} {
		t.Setenv(name, value)
	}
	return b
}

func TestS3(t *testing.T) {
	exports(t)
	tests := []struct {
		arg  string
		want []string
	}{
		{"s3://exports/daily/1.csv", []string{"daily/1.csv"}},
		{"s3://exports/daily/*.csv", []string{"daily/1.csv", "daily/2.csv", "daily/3.csv"}},
		{"s3://exports/daily/*", []string{"daily/1.csv", "daily/2.csv", "daily/2.json", "daily/3.csv"}},
		{"newest:s3://exports/daily/*.csv", []string{"daily/2.csv"}},
		{"s3://exports/*/*/9.csv", []string{"daily/old/9.csv"}},
		{"S3://exports/odd[1].csv", []string{"odd[1].csv"}},
	}
	for _, test := range tests {
		r, err := openNames(t.Context(), []string{test.arg}, Config{Op: "list"})
		if err != nil {
			t.Errorf("%s: %v", test.arg, err)
			continue
		}
		var got, names, want []string
		for rec := range r.Records() {
			got = append(got, rec.Row.User)
		}
		for _, in := range r.Inputs() {
			names = append(names, in.Name+" "+fmt.Sprint(in.Version != ""))
		}
		for _, key := range test.want {
			want = append(want, "s3://exports/"+key+" true")
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.arg, diff)
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("%s: inputs (-want +got):\n%s", test.arg, diff)
		}
		r.Close()
	}
}

// A reading from S3 goes on where it broke, and stops at an object that has changed (I1).
func TestS3GoesOn(t *testing.T) {
	b := exports(t)
	whole := &shelf{data: users(20_000), etag: `"v1"`, modified: changed, cut: 100_000}
	changing := &shelf{data: users(20_000), etag: `"v1"`, modified: changed, cut: 100_000}
	changing.fault = func(n int, _ http.ResponseWriter, _ *http.Request) bool {
		if n == 5 {
			changing.etag = `"v2"`
		}
		return false
	}
	b["whole"], b["changing"] = whole, changing
	got, _, err := readURL(t.Context(), t, quick(), "s3://exports/whole")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got.records); n != 20_000 || got.inputs[0].Error != "" {
		t.Errorf("got %d records, error %q", n, got.inputs[0].Error)
	}
	got, _, err = readURL(t.Context(), t, quick(), "s3://exports/changing")
	if err != nil {
		t.Fatal(err)
	}
	if want := "it has changed while it was read"; !strings.Contains(got.inputs[0].Error, want) || len(got.records) < 1000 {
		t.Errorf("got %d records, error %q, want %q", len(got.records), got.inputs[0].Error, want)
	}
}

// What S3 refuses says why and what to do, and quotes no key (I7).
func TestS3Refusals(t *testing.T) {
	exports(t)
	tests := []struct {
		arg, set, value, want, hint string
		code1                       bool
	}{
		{"s3://exports/none.csv", "", "", "s3://exports/none.csv: cannot be read: the server answers 404 Not Found (NoSuchKey)", "check the bucket and the key", true},
		{"s3://exports/none*.csv", "", "", "s3://exports/none*.csv: matches nothing", "check the folder", true},
		{"s3://other/1.csv", "", "", "(NoSuchBucket)", "check the bucket", true},
		{"s3://other/*.csv", "", "", "s3://other/*.csv: cannot be read: the server answers 404 Not Found (NoSuchBucket)", "check the bucket", true},
		{"s3://exports/odd[1].csv", "AWS_ACCESS_KEY_ID", "OTHER", "403 Forbidden (InvalidAccessKeyId)", "check the credentials", true},
		{"s3://exports/odd[1].csv", "AWS_SESSION_TOKEN", "OTHER", "400 Bad Request (InvalidToken)", "AWS_SESSION_TOKEN does not belong", true},
		{"s3://exports/daily/1.csv", "AWS_ENDPOINT_URL", "http://me:KEYID@127.0.0.1:1", "AWS_ENDPOINT_URL is not the URL of a host", "https://", false},
		{"s3://exports/daily/1.csv", "AWS_ENDPOINT_URL", "http://127.0.0.1:1", "connection refused", "network", true},
		{"s3://exports/daily/1.csv", "AWS_ENDPOINT_URL", "http://minio:9000", "would send people's data unencrypted", "--allow-http", false},
		{"s3://exports/daily/1.csv", "AWS_ENDPOINT_URL", "KEYID", "AWS_ENDPOINT_URL is not the URL of a host", "https://", false},
		{"s3://exports", "", "", "is not s3://BUCKET/KEY", "AWS_ACCESS_KEY_ID", false},
		{"s3://me:KEYID@exports/1.csv", "", "", "is not s3://BUCKET/KEY", "AWS_ACCESS_KEY_ID", false},
		{"s3://exports/[", "", "", "is not a sound pattern", "close the [", false},
	}
	for _, test := range tests {
		t.Run(test.arg+" "+test.set, func(t *testing.T) {
			if test.set != "" {
				t.Setenv(test.set, test.value)
			}
			_, _, err := readURL(t.Context(), t, quick(), test.arg)
			e, ok := errors.AsType[*Error](err)
			if !ok || !strings.Contains(err.Error(), test.want) || !strings.Contains(e.Hint, test.hint) || e.Unavailable != test.code1 {
				t.Errorf("got %#v, want %q", err, test.want)
			}
			if ok && strings.Contains(e.Error(), "KEYID") {
				t.Errorf("I7: got %s", e)
			}
		})
	}
}

// Each error of a store says the next step that mends it, for an object and for a pattern.
func TestS3Hints(t *testing.T) {
	for _, test := range []struct {
		status     int
		code, hint string
	}{
		{http.StatusBadRequest, "ExpiredToken", "renew it"},
		{http.StatusBadRequest, "TokenRefreshRequired", "renew it"},
		{http.StatusForbidden, "RequestTimeTooSkewed", "clock"},
		{http.StatusForbidden, "InvalidObjectState", "restore-object"},
		{http.StatusForbidden, "AccessDenied", "s3:GetObject"},
		{http.StatusForbidden, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"},
		{http.StatusForbidden, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"},
		{http.StatusForbidden, "AllAccessDisabled", "owner"},
		{http.StatusNotFound, "NoSuchBucket", "bucket's name"},
		{http.StatusMovedPermanently, "PermanentRedirect", "another region"},
		{http.StatusBadRequest, "AuthorizationHeaderMalformed", "another region"},
		{http.StatusBadRequest, "KMS.DisabledException", "kms:Decrypt"},
		{http.StatusForbidden, "SomethingNew", "check the credentials"},
		{http.StatusBadRequest, "SomethingNew", "AWS_REGION"},
	} {
		for _, name := range []string{"s3://exports/1.csv", "s3://exports/*.csv"} {
			t.Run(test.code+" "+name, func(t *testing.T) {
				exports(t)
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { refuse(w, test.status, test.code) }))
				t.Cleanup(server.Close)
				t.Setenv("AWS_ENDPOINT_URL", server.URL)
				_, _, err := readURL(t.Context(), t, quick(), name)
				e, ok := errors.AsType[*Error](err)
				if !ok || !strings.Contains(e.Hint, test.hint) || !strings.Contains(err.Error(), test.code) {
					t.Errorf("got %v with hint %q, want %s with %q", err, e.Hint, test.code, test.hint)
				}
			})
		}
	}
}

// Credentials come from a profile where the environment holds none.
func TestS3Profile(t *testing.T) {
	exports(t)
	profiles := filepath.Join(t.TempDir(), "credentials")
	text := "[night]\naws_access_key_id = KEYID\naws_secret_access_key = SECRET\naws_session_token = TOKEN\n"
	if err := os.WriteFile(profiles, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_SESSION_TOKEN", "")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", profiles)
	t.Setenv("AWS_PROFILE", "night")
	got, _, err := readURL(t.Context(), t, quick(), "s3://exports/daily/1.csv")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1:2 list user=daily/1.csv"}, got.told()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}
