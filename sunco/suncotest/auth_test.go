package suncotest_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/sunbulk/sunbulk/sunco"
	"github.com/sunbulk/sunbulk/sunco/suncotest"
)

func askWith(sim *suncotest.Server, authorization string) int {
	r := httptest.NewRequest("GET", clientsPath, nil)
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, r)
	return w.Code
}

func header(t *testing.T, auth sunco.Auth) string {
	t.Helper()
	h, err := auth()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func signed(t *testing.T, method jwt.SigningMethod, kid, secret string, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = kid
	s, err := token.SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + s
}

func TestCredentials(t *testing.T) {
	sim := suncotest.New(suncotest.Config{KeyID: "app_1", KeySecret: "s", Token: "tok"})
	soon, past := time.Now().Add(time.Hour).Unix(), time.Now().Add(-time.Hour).Unix()
	hs256 := jwt.SigningMethodHS256
	good := header(t, sunco.JWT("app_1", "s"))
	tests := []struct {
		name, header string
		want         int
	}{
		{"none", "", 401},
		{"no credentials", "Basic ", 401},
		{"basic", header(t, sunco.Basic("app_1", "s")), 200},
		{"basic, wrong secret", header(t, sunco.Basic("app_1", "x")), 401},
		{"token", "Bearer tok", 200},
		{"wrong token", "Bearer tik", 401},
		{"JWT", good, 200},
		{"JWT again", good, 200},
		{"JWT, no exp", signed(t, hs256, "app_1", "s", jwt.MapClaims{"scope": "app"}), 200},
		{"JWT, expired", signed(t, hs256, "app_1", "s", jwt.MapClaims{"scope": "app", "exp": past}), 401},
		{"JWT, wrong secret", signed(t, hs256, "app_1", "x", jwt.MapClaims{"scope": "app", "exp": soon}), 401},
		{"JWT, wrong key", signed(t, hs256, "app_2", "s", jwt.MapClaims{"scope": "app", "exp": soon}), 401},
		{"JWT, wrong scope", signed(t, hs256, "app_1", "s", jwt.MapClaims{"scope": "account", "exp": soon}), 401},
		{"JWT, other algorithm", signed(t, jwt.SigningMethodHS512, "app_1", "s", jwt.MapClaims{"scope": "app", "exp": soon}), 401},
		{"JWT, tampered", strings.Replace(good, ".", ".e", 1), 401},
	}
	for _, test := range tests {
		if got := askWith(sim, test.header); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
}

func TestJWTExpiresThoughItWasGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := suncotest.New(suncotest.Config{KeyID: "act_1", KeySecret: "s"})
		good := signed(t, jwt.SigningMethodHS256, "act_1", "s", jwt.MapClaims{"scope": "account", "exp": time.Now().Add(time.Minute).Unix()})
		if got := askWith(sim, good); got != 200 {
			t.Errorf("got %d, want 200", got)
		}
		time.Sleep(time.Minute)
		if got := askWith(sim, good); got != 401 {
			t.Errorf("got %d after its end, want 401", got)
		}
	})
}

func TestWithoutOwnCredentialsAnyAreTaken(t *testing.T) {
	sim := suncotest.New(suncotest.Config{})
	for h, want := range map[string]int{"": 401, "Basic": 401, "Digest x": 401, "Basic x": 200, "Bearer x": 200} {
		if got := askWith(sim, h); got != want {
			t.Errorf("%q: got %d, want %d", h, got, want)
		}
	}
}
