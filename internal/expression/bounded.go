package expression

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
)

// maxResult is the most bytes of a text that an expression makes: those of a record.
const maxResult = 1 << 20

var errTooLong = fmt.Errorf("gives a text of more than %d bytes", maxResult)

// Names of functions that stand behind operators. Nobody can write them.
const (
	finiteName    = "finite result"
	remainderName = "%"
)

// operators are the functions behind operators. It never changes.
var operators = map[string]expr.Option{
	finiteName: expr.Function(finiteName, func(p ...any) (any, error) { return p[0], finite(p[0]) },
		new(func(int) int), new(func(float64) float64), new(func(time.Duration) time.Duration)),
	remainderName: expr.Function(remainderName, func(p ...any) (any, error) {
		r := math.Mod(float(p[0]), float(p[1]))
		return r, finite(r)
	}, new(func(float64, float64) float64)),
}

// finite refuses what divisions by zero and overflows give, which would be more than any number.
func finite(result any) error {
	if f, ok := result.(float64); ok && (math.IsInf(f, 0) || math.IsNaN(f)) {
		return errors.New("gives no finite number, as a division by 0 does")
	}
	return nil
}

// float is a number that the checker has let through as one.
func float(n any) float64 {
	if i, ok := n.(int); ok {
		return float64(i)
	}
	return reflect.ValueOf(n).Float()
}

// bound has the functions behind the operators compute what could be no finite number, and the remainder, which the
// library knows of whole numbers only.
func bound(node *ast.Node, n *ast.BinaryNode) {
	call := &ast.CallNode{Arguments: []ast.Node{n}}
	name := finiteName
	if n.Operator == "%" {
		name, call.Arguments = remainderName, []ast.Node{n.Left, n.Right}
	}
	call.Callee = &ast.IdentifierNode{Value: name}
	call.Callee.SetLocation(n.Location())
	ast.Patch(node, call)
}

// replace is the language's own without texts that are too long, which nested ones are soon.
func replace(p ...any) (any, error) {
	s, before, behind, most := p[0].(string), p[1].(string), p[2].(string), -1
	if len(p) > 3 {
		most = p[3].(int)
	}
	count := strings.Count(s, before)
	if most >= 0 {
		count = min(count, most)
	}
	if grown := len(behind) - len(before); grown > 0 && count > (maxResult-min(len(s), maxResult))/grown {
		return nil, errTooLong
	}
	return strings.Replace(s, before, behind, most), nil
}
