// A worker of the state service in Go: `worker consume CONSUMER` takes tasks until it is killed, `worker settings` reads the settings
// as an instance of the service and forgets its copy when it hears that they are invalid.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	. "holdfast/conformance/harness"

	"github.com/redis/go-redis/v9"
)

const (
	cacheKey   = "cache:db:settings"
	defaultTTL = 300 * time.Second
	stream     = "stream:tasks:email"
	group      = "workers"
)

var ctx = context.Background()

func main() {
	v := redis.NewClient(Must(redis.ParseURL(URI())))
	switch os.Args[2] {
	case "consume":
		consume(v, os.Args[3])
	case "settings":
		settings(v)
	}
}

// consume takes tasks and notes their payloads in the set done. What a task whose payload begins with "fail" needs is another try.
func consume(v *redis.Client, consumer string) {
	v.XGroupCreateMkStream(ctx, stream, group, "0")
	for {
		streams, err := v.XReadGroup(ctx, &redis.XReadGroupArgs{
			Group: group, Consumer: consumer, Streams: []string{stream, ">"}, Count: 1, Block: 5 * time.Second,
		}).Result()
		if err == redis.Nil || len(streams) == 0 {
			continue
		}
		Ok(err)
		for _, message := range streams[0].Messages {
			payload := message.Values["payload"].(string)
			if strings.HasPrefix(payload, "fail") {
				continue
			}
			Ok(v.HIncrBy(ctx, "done", payload, 1).Err())
			Ok(v.XAck(ctx, stream, group, message.ID).Err())
		}
	}
}

// settings prints the settings at the start and after each invalidation, cache-aside over a database that has none.
func settings(v *redis.Client) {
	listening := v.Subscribe(ctx, "cache:invalidated")
	Must(listening.Receive(ctx))
	for {
		m := v.HGetAll(ctx, cacheKey).Val()
		if len(m) == 0 {
			m = map[string]string{"theme": "of the database"}
			Must(v.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.HSet(ctx, cacheKey, m)
				return p.Expire(ctx, cacheKey, defaultTTL).Err()
			}))
		}
		fmt.Println(m["theme"])
		for Must(listening.ReceiveMessage(ctx)).Payload != "settings" {
		}
	}
}
