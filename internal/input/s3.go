package input

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/sunbulk/sunbulk/internal/transit"
)

// codeForm is that of the codes of S3, such as NoSuchKey.
var codeForm = lazyregexp.New(`^([A-Z]{1,4}[a-z]+|SHA256){1,8}[A-Z]{0,4}$`)

// store is S3, or a store that speaks its protocol.
type store struct {
	client    minio.Core
	anonymous bool // no credentials were found
}

// findObjects returns the place of s3://BUCKET/KEY, or those whose keys match KEY. A key that is
// literally KEY goes before a match.
func (n *network) findObjects(ctx context.Context, rest string, newest bool) ([]*place, error) {
	bucket, key, _ := strings.Cut(rest, "/")
	if s3utils.CheckValidBucketName(bucket) != nil || key == "" {
		return nil, &Error{File: "s3://…", Cause: "is not s3://BUCKET/KEY", Hint: "credentials and the region come from the environment: AWS_ACCESS_KEY_ID, AWS_REGION …"}
	}
	if n.store == nil {
		var err error
		if n.store, err = openStore(newTransport(), n.allowHTTP); err != nil { // the endpoint is this process's own setting
			return nil, err
		}
	}
	object := func(key string) *place {
		return &place{name: "s3://" + bucket + "/" + key, get: n.store.getter(bucket, key)}
	}
	fixed := strings.IndexAny(key, patternSigns)
	if fixed < 0 && !newest {
		return []*place{object(key)}, nil
	}
	if fixed < 0 {
		fixed = len(key)
	}
	name := "s3://" + bucket + "/" + key
	if _, err := path.Match(key, ""); err != nil {
		return nil, badPattern(name)
	}
	listing, stop := context.WithCancel(ctx)
	defer stop()
	var all []found
	list := minio.ListObjectsOptions{Prefix: key[:fixed], Recursive: strings.Contains(key[fixed:], "/")}
	for o := range n.store.client.ListObjectsIter(listing, bucket, list) {
		if o.Err != nil {
			return nil, unavailable(name, n.store.refusal(o.Err))
		}
		if o.Key == key {
			return []*place{object(key)}, nil
		}
		if n.places != nil && !n.places.holdsKeys(bucket, o.Key) {
			continue
		}
		if match, _ := path.Match(key, o.Key); match && !strings.HasSuffix(o.Key, "/") {
			all = append(all, found{object(o.Key), o.LastModified})
		}
	}
	return choose(name, all, newest)
}

// openStore takes endpoint, region and credentials from where AWS' own tools take them: environment,
// profiles, and the role of the machine or container.
func openStore(transport http.RoundTripper, allowHTTP bool) (*store, error) {
	endpoint := cmp.Or(os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL"), "https://s3.amazonaws.com")
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" || u.User != nil {
		return nil, &Error{Cause: "AWS_ENDPOINT_URL is not the URL of a host", Hint: "it looks like https://minio.example.com:9000"}
	}
	if !allowHTTP && !transit.Private(u) {
		return nil, &Error{Cause: "AWS_ENDPOINT_URL: http://" + u.Host + " would send people's data unencrypted", Hint: transit.Hint}
	}
	roles := &http.Client{Timeout: 5 * time.Second} // the address of a machine's role may lead nowhere
	creds := credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{Client: roles},
	})
	value, err := creds.GetWithContext(&credentials.CredContext{Client: roles})
	s := &store{anonymous: err != nil || value.SignerType.IsAnonymous()}
	if s.anonymous { // else each request would look for them again
		creds = credentials.NewStatic("", "", "", credentials.SignatureAnonymous)
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds: creds, Secure: u.Scheme == "https", Transport: transport, MaxRetries: 3,
		Region: cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")),
	})
	if err != nil {
		return nil, &Error{Cause: "AWS_ENDPOINT_URL cannot be used", Hint: "it looks like https://minio.example.com:9000"}
	}
	s.client = minio.Core{Client: client}
	return s, nil
}

func (s *store) getter(bucket, key string) getter {
	return func(ctx context.Context, header http.Header) (http.Header, io.ReadCloser, error) {
		var opt minio.GetObjectOptions
		for name := range header {
			opt.Set(name, header.Get(name))
		}
		body, _, answer, err := s.client.GetObject(ctx, bucket, key, opt)
		if err != nil {
			return nil, nil, s.refusal(err)
		}
		return answer, body, nil
	}
}

const (
	hintExpired   = "the session has expired: renew it ('aws sso login', or new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN) and start the same command again"
	hintElsewhere = "the bucket is in another region: set AWS_REGION to it; AWS_ENDPOINT_URL, where it is set, must be that region's too"
	hintAccount   = "the account of the bucket or of the credentials is closed or suspended: ask its owner"
	hintEncrypted = "the credentials cannot use the key that the object is encrypted with: have kms:Decrypt granted, or the key enabled"
)

// storeHints say what to do about an error by its code.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
var storeHints = map[string]string{
	"AccessDenied":                       "the credentials may not read this: they need s3:GetObject, and s3:ListBucket for a pattern; the bucket's policy may also forbid this network",
	"InvalidAccessKeyId":                 "check the credentials: the store does not know the key id of AWS_ACCESS_KEY_ID or AWS_PROFILE; is AWS_ENDPOINT_URL the store that made it?",
	"SignatureDoesNotMatch":              "check AWS_SECRET_ACCESS_KEY: it is not the secret of this key id; or a proxy changes the requests",
	"ExpiredToken":                       hintExpired,
	"ExpiredTokenException":              hintExpired,
	"TokenRefreshRequired":               hintExpired,
	"RequestExpired":                     hintExpired,
	"InvalidToken":                       "AWS_SESSION_TOKEN does not belong to the key id: set all three values of one session, or unset it for a lasting key",
	"InvalidSecurity":                    "AWS_SESSION_TOKEN does not belong to the key id: set all three values of one session, or unset it for a lasting key",
	"RequestTimeTooSkewed":               "this machine's clock is wrong by more than 15 minutes: set it, e.g. by NTP",
	"InvalidObjectState":                 "the object is archived (Glacier): restore it with 'aws s3api restore-object', wait until it is there, and start the same command again",
	"NoSuchBucket":                       "check the bucket's name, and that AWS_ENDPOINT_URL is the store that it is on",
	"NoSuchKey":                          "check the bucket and the key; keys have upper and lower case, and no / at the start",
	"PermanentRedirect":                  hintElsewhere,
	"TemporaryRedirect":                  hintElsewhere,
	"Redirect":                           hintElsewhere,
	"AuthorizationHeaderMalformed":       hintElsewhere,
	"IllegalLocationConstraintException": hintElsewhere,
	"AllAccessDisabled":                  hintAccount,
	"AccountProblem":                     hintAccount,
	"NotSignedUp":                        hintAccount,
	"KMS.DisabledException":              hintEncrypted,
	"KMS.NotFoundException":              hintEncrypted,
	"KMS.KMSInvalidStateException":       hintEncrypted,
}

// refusal makes a *refusal of an answer of the store. Its own words may quote the key id.
func (s *store) refusal(err error) error {
	e, ok := errors.AsType[minio.ErrorResponse](err)
	if !ok || e.StatusCode == 0 {
		return told(err)
	}
	r := &refusal{status: e.StatusCode, hint: storeHints[e.Code]}
	if r.hint != "" || codeForm().MatchString(e.Code) { // what else stands there may be a key that was sent
		r.code = e.Code
	}
	denied := e.StatusCode == http.StatusUnauthorized || e.StatusCode == http.StatusForbidden
	switch {
	case denied && s.anonymous:
		r.hint = "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
	case r.hint != "":
	case e.StatusCode == http.StatusNotFound:
		r.hint = "check the bucket and the key"
	case e.StatusCode == http.StatusMovedPermanently || e.StatusCode == http.StatusBadRequest:
		r.hint = "check AWS_REGION and AWS_ENDPOINT_URL"
	case denied:
		r.hint = "check the credentials; they need s3:GetObject, and s3:ListBucket for a pattern"
	}
	return r
}
