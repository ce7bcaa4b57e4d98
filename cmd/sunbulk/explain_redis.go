package main

import (
	"github.com/sunbulk/sunbulk/internal/redisfault"
)

// lostOnTheWay is a Redis that does not answer any more, where it did.
const lostOnTheWay redisfault.Fault = "lost"

// lost tells a Redis that was lost on the way from one that never answered, which opening it says.
func lost(f redisfault.Fault) redisfault.Fault {
	if f == redisfault.NoAnswer {
		return lostOnTheWay
	}
	return f
}

// faultHints are what to do about a Redis, by what is the matter.
var faultHints = map[redisfault.Fault]string{
	redisfault.None:           "",
	redisfault.NoAnswer:       "check --redis, and that the server runs; 'docker compose up -d redis' starts one",
	lostOnTheWay:              "the Redis of --redis was lost on the way: give the same command again when it answers",
	redisfault.ReadOnly:       "the server is a replica: give --redis its master, or its Sentinels with ?master_name=NAME; in a failover wait, and give the same command again",
	redisfault.Full:           "Redis' maxmemory is reached: raise it (CONFIG SET maxmemory …), or drop jobs by 'sunbulk forget --older-than 720h'; jobs go on by themselves",
	redisfault.NotPersisted:   "Redis cannot write its file: look at its log and the space on its disk; jobs go on by themselves",
	redisfault.NoReplicas:     "Redis has fewer replicas than its min-replicas-to-write: bring them back; jobs go on by themselves",
	redisfault.Loading:        "Redis reads its file: give the same command again when it is done; 'redis-cli INFO persistence' tells how long that takes",
	redisfault.MasterDown:     "the server is a replica that has lost its master: give --redis the master, or wait for the failover",
	redisfault.ClusterDown:    "a part of the Redis Cluster's slots is served by nobody: 'redis-cli --cluster check HOST:PORT' tells which",
	redisfault.Busy:           "a script keeps Redis busy: wait for it, or 'redis-cli SCRIPT KILL'",
	redisfault.TooManyClients: "Redis' maxclients is reached: raise it; each worker needs some 10 connections for each CPU",
	redisfault.NoPassword:     "give a password: --redis redis://:PASSWORD@HOST:6379; with master_name that before the @ is the Sentinels', and &password= is the server's",
	redisfault.WrongPassword:  "check the user and password in --redis; with master_name those before the @ are the Sentinels', and &username= and &password= are the server's",
	redisfault.NotAllowed:     "the user of --redis lacks a permission; enough is ACL SETUSER NAME '~sunbulk:*' '~asynq:*' '&sunbulk:*' '&asynq:*' +@all -@dangerous -@admin +info",
	redisfault.IsCluster:      "name another node of the Redis Cluster, e.g. --redis 'redis://HOST:6379?addr=HOST2:6379'",
	redisfault.NotCluster:     "it is no Redis Cluster: leave addr= out",
	redisfault.IsSentinel:     "name the master that the Sentinel watches, e.g. --redis 'redis://HOST:26379?master_name=NAME'",
	redisfault.NotSentinel:    "it is no Sentinel: leave master_name= out, or give a Sentinel's port, usually 26379",
	redisfault.NoMaster:       "the Sentinel knows no master of that name: 'redis-cli -p 26379 SENTINEL MASTERS' lists them",
	redisfault.PlainPort:      "the server does not speak TLS at this port: give redis:// in place of rediss://, or its TLS port",
	redisfault.TLSPort:        "the server speaks TLS: give rediss:// in place of redis://",
	redisfault.UnknownCA:      "nobody who is trusted has signed the server's certificate: name the file of its CA by the variable SSL_CERT_FILE",
	redisfault.WrongName:      "the server's certificate is of another host: give the name that stands in it",
	redisfault.ClientCert:     "the server wants a certificate of its clients, which sunbulk cannot give: set its tls-auth-clients to no or optional, and use a password",
	redisfault.WrongType:      "something else uses a key of sunbulk: give it a Redis, or a database (redis://HOST:6379/1), of its own",
}

// misdirected are the faults that another --redis mends.
var misdirected = map[redisfault.Fault]bool{
	redisfault.IsCluster: true, redisfault.NotCluster: true, redisfault.IsSentinel: true, redisfault.NotSentinel: true, redisfault.NoMaster: true,
	redisfault.PlainPort: true, redisfault.TLSPort: true,
}

// ofFault gives the exit code for a Redis that cannot be used, and what to do about it: the URL that is meant, where it is known.
func ofFault(f redisfault.Fault, better string) (code int, hint string) {
	code, hint = exitCannotRun, faultHints[f]
	if misdirected[f] {
		code = exitUsage
		if better != "" {
			hint += "; here probably --redis '" + better + "'"
		}
	}
	return code, hint
}
