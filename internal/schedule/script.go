package schedule

import (
	_ "embed"

	"github.com/redis/go-redis/v9"
)

// What the scripts do stands on top of each.
var (
	//go:embed apply.lua
	applyLua string
	//go:embed pause.lua
	pauseLua string
	//go:embed resume.lua
	resumeLua string
	//go:embed trigger.lua
	triggerLua string
	//go:embed remove.lua
	removeLua string
	//go:embed pass.lua
	passLua string
	//go:embed wait.lua
	waitLua string
	//go:embed take.lua
	takeLua string
	//go:embed hold.lua
	holdLua string
	//go:embed keep.lua
	keepLua string
	//go:embed settle.lua
	settleLua string
	//go:embed ended.lua
	endedLua string
	//go:embed telling.lua
	tellingLua string
	//go:embed told.lua
	toldLua string

	applyScript   = redis.NewScript(applyLua)
	pauseScript   = redis.NewScript(pauseLua)
	resumeScript  = redis.NewScript(resumeLua)
	triggerScript = redis.NewScript(triggerLua)
	removeScript  = redis.NewScript(removeLua)
	passScript    = redis.NewScript(passLua)
	waitScript    = redis.NewScript(waitLua)
	takeScript    = redis.NewScript(takeLua)
	holdScript    = redis.NewScript(holdLua)
	keepScript    = redis.NewScript(keepLua)
	settleScript  = redis.NewScript(settleLua)
	endedScript   = redis.NewScript(endedLua)
	tellingScript = redis.NewScript(tellingLua)
	toldScript    = redis.NewScript(toldLua)
)
