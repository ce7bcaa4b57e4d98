package expression

import "testing"

func BenchmarkHolds(b *testing.B) {
	for _, text := range []string{`row.phoneNumber startsWith "+34"`, `age(client.lastSeen) > days(90) and client.type != "sdk"`} {
		b.Run(text, func(b *testing.B) {
			c, err := Compile(Rows(nil), text)
			if err != nil {
				b.Fatal(err)
			}
			values := valuesOf(c.Fields())
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Holds(values, noon); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkText(b *testing.B) {
	v, err := CompileValue(Rows(nil), `chat-${row.user}`)
	if err != nil {
		b.Fatal(err)
	}
	values := valuesOf(v.Fields())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Text(values, noon); err != nil {
			b.Fatal(err)
		}
	}
}
