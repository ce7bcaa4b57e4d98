package localredis

import (
	"bufio"
	"bytes"
	"crypto/sha1" //nolint:gosec // Redis names scripts by it
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/alicebob/miniredis/v2/server"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// scripts runs the scripts of a miniredis on one Lua state. miniredis itself makes a new one for each run of a script, and
// buffers for each command in it: that was half of what an embedded run allocated.
//
// As in Redis, one command runs at a time, and a script is one command.
type scripts struct {
	server *server.Server
	gate   sync.Mutex                  // held by the one command that runs
	inside atomic.Pointer[server.Peer] // whose commands go on to miniredis: that of the holder

	state    *lua.LState
	compiled map[string]*lua.LFunction // by the SHA-1 of its text
	peer     *server.Peer              // that commands of scripts come from
	reply    bytes.Buffer              // to it
	parsing  *bufio.Reader             // of reply
}

// guard is in Redis, too: what a script leaves in a global variable would meet the next one.
const guard = `setmetatable(_G, {
	__newindex = function(_, name) error("script makes the global variable '" .. tostring(name) .. "'", 2) end,
	__index = function(_, name) error("script reads the global variable '" .. tostring(name) .. "', which does not exist", 2) end,
})`

// runScripts lets the server's scripts run here from now on. Nobody may use it yet.
func runScripts(s *server.Server) (*scripts, error) {
	l := lua.NewState()
	r := &scripts{server: s, state: l, compiled: map[string]*lua.LFunction{}}
	r.peer = server.NewPeer(bufio.NewWriter(&r.reply))
	r.parsing = bufio.NewReader(&r.reply)
	l.SetGlobal("KEYS", l.NewTable())
	l.SetGlobal("ARGV", l.NewTable())
	l.SetGlobal("redis", l.SetFuncs(l.NewTable(), map[string]lua.LGFunction{
		"call": r.call, "pcall": r.pcall, "error_reply": errorReply, "status_reply": statusReply,
	}))
	if err := l.DoString(guard); err != nil {
		return nil, fmt.Errorf("guard global variables: %w", err)
	}
	s.SetPreHook(r.run)
	return r, nil
}

// What would wait for another command, or put a script off, is refused: nobody uses it here.
var (
	missing = []string{"MULTI", "WATCH", "SCRIPT", "EVAL_RO", "EVALSHA_RO",
		"BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "XREAD", "XREADGROUP"}
	notInScripts = []string{"EVAL", "EVALSHA", "SUBSCRIBE", "PSUBSCRIBE"}
)

// run runs a command of a connection, or of a script. It returns false for one that miniredis is to run now.
func (r *scripts) run(c *server.Peer, name string, args ...string) bool {
	if slices.Contains(missing, name) || c == r.peer && slices.Contains(notInScripts, name) {
		c.WriteError("ERR not in a Redis in the process: " + name)
		return true
	}
	if c == r.inside.Load() {
		return false
	}
	r.gate.Lock()
	defer r.gate.Unlock()
	defer r.inside.Store(nil)
	switch name {
	case "EVAL":
		r.eval(c, args)
	case "EVALSHA":
		r.evalSHA(c, args)
	default:
		r.inside.Store(c)
		r.server.Dispatch(c, append([]string{name}, args...))
	}
	return true
}

// between does something while no command runs.
func (r *scripts) between(do func()) {
	r.gate.Lock()
	defer r.gate.Unlock()
	do()
}

func (r *scripts) eval(c *server.Peer, args []string) {
	if len(args) == 0 {
		c.WriteError("ERR wrong number of arguments for 'eval' command")
		return
	}
	sum := sha1.Sum([]byte(args[0])) //nolint:gosec // Redis names scripts by it
	name := hex.EncodeToString(sum[:])
	if r.compiled[name] == nil {
		f, err := r.compile(args[0])
		if err != nil {
			c.WriteError("ERR compile script: " + err.Error())
			return
		}
		r.compiled[name] = f
	}
	r.execute(c, r.compiled[name], args[1:])
}

func (r *scripts) compile(text string) (*lua.LFunction, error) {
	chunk, err := parse.Parse(strings.NewReader(text), "script")
	if err != nil {
		return nil, err
	}
	proto, err := lua.Compile(chunk, "script")
	if err != nil {
		return nil, err
	}
	return r.state.NewFunctionFromProto(proto), nil
}

func (r *scripts) evalSHA(c *server.Peer, args []string) {
	if len(args) == 0 {
		c.WriteError("ERR wrong number of arguments for 'evalsha' command")
		return
	}
	f := r.compiled[args[0]]
	if f == nil {
		c.WriteError("NOSCRIPT No matching script. Please use EVAL.")
		return
	}
	r.execute(c, f, args[1:])
}

// execute runs a script; args are the number of its keys, the keys and the other arguments.
func (r *scripts) execute(c *server.Peer, f *lua.LFunction, args []string) {
	keys, err := 0, error(nil)
	if len(args) > 0 {
		keys, err = strconv.Atoi(args[0])
	}
	if len(args) == 0 || err != nil || keys < 0 || keys > len(args)-1 {
		c.WriteError("ERR the number of keys does not fit the arguments")
		return
	}
	l := r.state
	l.SetGlobal("KEYS", stringTable(l, args[1:1+keys]))
	l.SetGlobal("ARGV", stringTable(l, args[1+keys:]))
	r.inside.Store(r.peer)
	defer l.SetTop(0)
	if err := l.CallByParam(lua.P{Fn: f, NRet: 1, Protect: true}); err != nil {
		text := err.Error()
		if raised, ok := errors.AsType[*lua.ApiError](err); ok {
			text = raised.Object.String() // without the stack
		}
		c.WriteError("ERR script: " + text)
		return
	}
	writeLua(c, l.Get(-1))
}

func stringTable(l *lua.LState, values []string) *lua.LTable {
	t := l.CreateTable(len(values), 0)
	for _, v := range values {
		t.Append(lua.LString(v))
	}
	return t
}

// call is redis.call: an error ends the script.
func (r *scripts) call(l *lua.LState) int {
	v, err := r.command(l)
	if err != nil {
		l.RaiseError("%s", err)
	}
	l.Push(v)
	return 1
}

// pcall is redis.pcall: an error is a table with err.
func (r *scripts) pcall(l *lua.LState) int {
	v, err := r.command(l)
	if err != nil {
		v = field(l, "err", err.Error())
	}
	l.Push(v)
	return 1
}

// command runs the command that the arguments of the running function give.
func (r *scripts) command(l *lua.LState) (lua.LValue, error) {
	args := make([]string, l.GetTop())
	for i := range args {
		switch v := l.Get(i + 1).(type) {
		case lua.LNumber, lua.LString:
			args[i] = v.String()
		default:
			return nil, fmt.Errorf("argument %d of a command is a %s", i+1, v.Type())
		}
	}
	if len(args) == 0 {
		return nil, errors.New("a command without a name")
	}
	r.reply.Reset()
	r.server.Dispatch(r.peer, args)
	r.peer.Flush()
	r.parsing.Reset(&r.reply)
	reply, err := server.ParseReply(r.parsing)
	if err != nil {
		return nil, err
	}
	return luaValue(l, reply), nil
}
