// Package redisfault says what is the matter with a Redis, by the error that it gave.
package redisfault

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"

	"github.com/sunbulk/sunbulk/internal/lazyregexp"

	"github.com/redis/go-redis/v9"
)

// Fault is what is the matter with a Redis, or with one of its keys.
type Fault string

// The faults. Those before WrongType are of the whole Redis.
const (
	None           Fault = ""                 // the error is not of a Redis, or says nothing that is known
	NoAnswer       Fault = "no_answer"        // it is not reached, or does not answer in time
	ReadOnly       Fault = "read_only"        // it is a replica
	Full           Fault = "full"             // maxmemory is reached
	NotPersisted   Fault = "not_persisted"    // it could not write its file, and takes no writes
	NoReplicas     Fault = "no_replicas"      // it has fewer replicas than it wants for a write
	Loading        Fault = "loading"          // it reads its file
	MasterDown     Fault = "master_down"      // it is a replica that has lost its master
	ClusterDown    Fault = "cluster_down"     // some slots of the Cluster are served by nobody
	Busy           Fault = "busy"             // a script takes too long
	TooManyClients Fault = "too_many_clients" // maxclients is reached
	NoPassword     Fault = "no_password"      // it wants one
	WrongPassword  Fault = "wrong_password"   // user or password are wrong
	NotAllowed     Fault = "not_allowed"      // the user lacks a permission
	IsCluster      Fault = "is_cluster"       // it is a node of a Cluster, and was taken for a single server
	NotCluster     Fault = "not_cluster"      // it is a single server, and was taken for a node of a Cluster
	IsSentinel     Fault = "is_sentinel"      // it is a Sentinel, and was taken for a server
	NotSentinel    Fault = "not_sentinel"     // it is a server, and was taken for a Sentinel
	NoMaster       Fault = "no_master"        // the Sentinel knows no master of that name
	PlainPort      Fault = "plain_port"       // it speaks no TLS, and was asked to
	TLSPort        Fault = "tls_port"         // it speaks TLS alone
	UnknownCA      Fault = "unknown_ca"       // nobody who is trusted has signed its certificate
	WrongName      Fault = "wrong_name"       // its certificate is of another host
	ClientCert     Fault = "client_cert"      // it wants a certificate of the client
	WrongType      Fault = "wrong_type"       // a key holds something else
)

// answers are the beginnings of Redis' error answers, which scripts and libraries quote within longer texts.
var answers = map[string]Fault{
	"READONLY": ReadOnly, "OOM": Full, "MISCONF": NotPersisted, "NOREPLICAS": NoReplicas, "NOGOODSLAVE": NoReplicas, "LOADING": Loading, "MASTERDOWN": MasterDown,
	"CLUSTERDOWN": ClusterDown, "TRYAGAIN": ClusterDown, "BUSY": Busy, "NOAUTH": NoPassword, "WRONGPASS": WrongPassword, "NOPERM": NotAllowed,
	"MOVED": IsCluster, "ASK": IsCluster, "CROSSSLOT": IsCluster, "WRONGTYPE": WrongType,
}

var answerForm = lazyregexp.New(`(?:^|: |-)(READONLY|OOM|MISCONF|NOREPLICAS|NOGOODSLAVE|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOAUTH|WRONGPASS|NOPERM|MOVED|ASK|CROSSSLOT|WRONGTYPE) `)

// sentences are error answers without a word of their own, and what go-redis says.
var sentences = []struct {
	part  string
	fault Fault
}{
	{"max number of clients reached", TooManyClients},
	{"cluster support disabled", NotCluster},
	{"Protocol error: unauthenticated", NoPassword}, // a long command, before a login
	{"without any password configured for the default user", WrongPassword},
	{"The user executing the script can't", NotAllowed},
	{"unknown command 'sentinel'", NotSentinel},
	{"sentinels specified in configuration are unreachable", NoAnswer},
	{"cluster has no nodes", NoAnswer},
	{"connection pool", NoAnswer},
	{"certificate signed by unknown authority", UnknownCA},
	{"certificate is not trusted", UnknownCA},
	{"x509: certificate is valid for", WrongName},
	{"because it doesn't contain any IP SANs", WrongName},
	{"x509: certificate is not valid for any names", WrongName},
	{"tls: certificate required", ClientCert},
	{"first record does not look like a TLS handshake", PlainPort},
	{"i/o timeout", NoAnswer},
	{"connection refused", NoAnswer},
	{"connection reset by peer", NoAnswer},
	{"broken pipe", NoAnswer},
}

// Of returns what an error of a Redis, or of a library that uses one, says of it. Errors of HTTP are none of Redis.
func Of(err error) Fault {
	if err == nil || errors.As(err, new(*url.Error)) {
		return None
	}
	if f := OfText(err.Error()); f != None {
		return f
	}
	if errors.As(err, new(net.Error)) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, redis.ErrClosed) || errors.Is(err, context.DeadlineExceeded) {
		return NoAnswer
	}
	return None
}

// OfText is Of for an error of which only the text is left.
func OfText(text string) Fault {
	if m := answerForm().FindStringSubmatch(text); m != nil {
		return answers[m[1]]
	}
	for _, s := range sentences {
		if strings.Contains(text, s.part) {
			return s.fault
		}
	}
	return None
}

// Whole tells whether the whole Redis has the fault, so that other keys will not do better.
func (f Fault) Whole() bool { return f != None && f != WrongType }
