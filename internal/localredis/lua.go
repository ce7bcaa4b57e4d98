package localredis

import (
	"strings"

	"github.com/alicebob/miniredis/v2/server"
	lua "github.com/yuin/gopher-lua"
)

// luaValue turns what miniredis answers into what Redis gives to scripts.
func luaValue(l *lua.LState, reply any) lua.LValue {
	switch v := reply.(type) {
	case int:
		return lua.LNumber(v)
	case string:
		return lua.LString(v)
	case server.Simple:
		return field(l, "ok", string(v))
	case []any:
		t := l.CreateTable(len(v), 0)
		for _, each := range v {
			t.Append(luaValue(l, each))
		}
		return t
	}
	return lua.LFalse // nil
}

// writeLua answers with what a script returned, as Redis does: a number loses its fraction, and a table ends before its first nil.
func writeLua(c *server.Peer, value lua.LValue) {
	switch v := value.(type) {
	case lua.LNumber:
		c.WriteInt(int(v))
	case lua.LString:
		c.WriteBulk(string(v))
	case lua.LBool:
		if v {
			c.WriteInt(1)
		} else {
			c.WriteNull()
		}
	case *lua.LTable:
		writeTable(c, v)
	default:
		c.WriteNull()
	}
}

func writeTable(c *server.Peer, t *lua.LTable) {
	if text, ok := t.RawGetString("err").(lua.LString); ok {
		c.WriteError(string(text))
		return
	}
	if text, ok := t.RawGetString("ok").(lua.LString); ok {
		c.WriteInline(string(text))
		return
	}
	n := 0
	for t.RawGetInt(n+1) != lua.LNil {
		n++
	}
	c.WriteLen(n)
	for i := range n {
		writeLua(c, t.RawGetInt(i+1))
	}
}

// errorReply is redis.error_reply.
func errorReply(l *lua.LState) int {
	text := l.CheckString(1)
	if !strings.Contains(text, " ") {
		text = "ERR " + text
	}
	l.Push(field(l, "err", text))
	return 1
}

// statusReply is redis.status_reply.
func statusReply(l *lua.LState) int {
	l.Push(field(l, "ok", l.CheckString(1)))
	return 1
}

func field(l *lua.LState, name, text string) *lua.LTable {
	t := l.CreateTable(0, 1)
	t.RawSetString(name, lua.LString(text))
	return t
}
