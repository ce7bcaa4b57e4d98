package sunco_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/sunbulk/sunbulk/sunco"
)

func TestJWTClaims(t *testing.T) {
	for keyID, scope := range map[string]string{"app_1": "app", "act_1": "account", "svc_1": "account"} {
		synctest.Test(t, func(t *testing.T) {
			header, err := sunco.JWT(keyID, "secret")()
			if err != nil {
				t.Fatal(err)
			}
			claims := jwt.MapClaims{}
			secret := func(*jwt.Token) (any, error) { return []byte("secret"), nil }
			token, err := jwt.ParseWithClaims(strings.TrimPrefix(header, "Bearer "), claims, secret, jwt.WithValidMethods([]string{"HS256"}))
			if err != nil {
				t.Fatal(err)
			}
			now := time.Now()
			want := jwt.MapClaims{"scope": scope, "iat": float64(now.Unix()), "exp": float64(now.Add(15 * time.Minute).Unix())}
			if diff := cmp.Diff(want, claims); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
			if got := token.Header["kid"]; got != keyID {
				t.Errorf("got kid %v, want %s", got, keyID)
			}
		})
	}
}

func TestJWTIsReplacedBeforeItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		auth := sunco.JWT("app_1", "secret")
		token := func() string {
			header, err := auth()
			if err != nil {
				t.Fatal(err)
			}
			return header
		}
		first := token()
		time.Sleep(12*time.Minute - time.Second)
		if token() != first {
			t.Error("the token was replaced early")
		}
		time.Sleep(2 * time.Second)
		if token() == first {
			t.Error("the token was not replaced")
		}
	})
}

func TestAuthFromManyGoroutines(t *testing.T) {
	auth := sunco.JWT("app_1", "secret")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				if _, err := auth(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func TestPrintingAuthShowsNoSecret(t *testing.T) {
	for _, auth := range []sunco.Auth{sunco.Basic("app_1", "hush"), sunco.JWT("app_1", "hush"), sunco.Token("hush")} {
		cfg := sunco.Config{Auth: auth}
		if got := fmt.Sprintf("%v %+v %#v", auth, cfg, cfg); strings.Contains(got, "hush") {
			t.Errorf("the secret shows in %q", got)
		}
	}
}
