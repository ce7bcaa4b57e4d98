package main

import (
	"bufio"
	"fmt"
	"os"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// row is a create with a random user, phone number and conversation: nothing in it repeats but
// what repeats in every job.
type row struct {
	user, conversation string // 24 hexadecimal digits
	phone              string // + and eleven digits
}

// rowAt returns row n, from 0: always the same one.
func rowAt(n int) row {
	a, b, c := mix(uint64(4*n)), mix(uint64(4*n+1)), mix(uint64(4*n+2))
	return row{
		user:         fmt.Sprintf("%016x%08x", a, uint32(b)),
		conversation: fmt.Sprintf("%016x%08x", c, uint32(b>>32)),
		phone:        fmt.Sprintf("+1%010d", 2e9+mix(uint64(4*n+3))%8e9), // no area code begins with 0 or 1
	}
}

// mix is splitmix64: random bits of a number.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

const integration = "5e4af71a81966cfff3ef6550"

// body is what sunbulk sends for the row, byte for byte.
func (r row) body() []byte {
	return fmt.Appendf(nil, `{"matchCriteria":{"type":"whatsapp","integrationId":"%s","phoneNumber":"%s"},"confirmation":{"type":"immediate"},"target":{"conversationId":"%s"}}`,
		integration, r.phone, r.conversation)
}

// path is the address that the row's create is sent to, behind the host.
func (r row) path() string { return "/v2/apps/app/users/" + r.user + "/clients" }

// format is a form of input that sunbulk reads.
type format struct {
	name   string // and ending of the file
	header string
	line   func(r row) string
}

func csvFormat() format {
	return format{"csv", "user,matchCriteria.type,integrationId,phoneNumber,confirmation.type,conversationId\n", func(r row) string {
		return r.user + ",whatsapp," + integration + "," + r.phone + ",immediate," + r.conversation + "\n"
	}}
}

func ndjsonFormat() format {
	return format{"ndjson", "", func(r row) string { return `{"user":"` + r.user + `",` + string(r.body()[1:]) + "\n" }}
}

// write writes a file of n rows.
func (f format) write(name string, n int) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	fmt.Fprint(out, f.header)
	for i := range n {
		out.WriteString(f.line(rowAt(i))) // its error sticks
	}
	return out.Flush()
}

// each does something with each of n rows, with as many goroutines as sunbulk has calls in flight.
func each(n int, do func(row) error) error {
	var next atomic.Int64
	var doers errgroup.Group
	for range concurrency {
		doers.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if err := do(rowAt(i)); err != nil {
					return err
				}
			}
		})
	}
	return doers.Wait()
}
