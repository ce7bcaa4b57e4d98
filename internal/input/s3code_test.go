package input

import (
	"errors"
	"net/http"
	"testing"

	"github.com/minio/minio-go/v7"
)

// I7: a code that is none of S3's may be a key that the server was sent.
func TestS3RefusalsI7ShowCodesOnly(t *testing.T) {
	for code, want := range map[string]string{
		"NoSuchKey": "NoSuchKey", "InvalidAccessKeyId": "InvalidAccessKeyId", "SlowDown": "SlowDown", "InvalidURI": "InvalidURI", "MalformedACLError": "MalformedACLError", "XAmzContentSHA256Mismatch": "XAmzContentSHA256Mismatch",
		"AKIAIOSFODNN7EXAMPLE": "", "wJalrXUtnFEMI/K7MDENG": "", "a\x1b[2J": "", "No Such\nsunbulk: ok": "", "": "",
	} {
		got, ok := errors.AsType[*refusal](new(store).refusal(minio.ErrorResponse{StatusCode: http.StatusForbidden, Code: code}))
		if !ok || got.code != want {
			t.Errorf("%q: got %+v, want code %q", code, got, want)
		}
	}
}
