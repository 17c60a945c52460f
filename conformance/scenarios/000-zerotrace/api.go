// The API service in Go: `api cache` keeps a two-level cache and answers `get KEY` and `invalidate PATTERN` on standard input, as its
// requests; `api jobs` does jobs with asynq; `api process CONSUMER` does the entries of a stream in batches.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	. "holdfast/conformance/harness"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

const (
	prefix  = "zt:"
	stream  = "stream:apps"
	group   = "processors"
	channel = "cache:invalidate"
)

var (
	ctx = context.Background()
	v   *redis.Client
)

func main() {
	v = redis.NewClient(Must(redis.ParseURL(URI())))
	switch os.Args[2] {
	case "cache":
		answer()
	case "jobs":
		jobs()
	case "process":
		process(os.Args[3])
	}
}

// answer serves a cache of two levels: a map here, and the store. What any service publishes as invalid leaves the map.
func answer() {
	var l1 sync.Map
	listening := v.Subscribe(ctx, channel)
	Must(listening.Receive(ctx))
	go func() {
		for message := range listening.Channel() {
			l1.Range(func(key, _ any) bool {
				if matches, _ := path.Match(message.Payload, key.(string)); matches {
					l1.Delete(key)
				}
				return true
			})
		}
	}()
	fmt.Println("ready")
	for requests := bufio.NewScanner(os.Stdin); requests.Scan(); {
		words := strings.Fields(requests.Text())
		switch words[0] {
		case "get":
			if value, ok := l1.Load(words[1]); ok {
				fmt.Println("L1", value)
			} else if value, err := v.Get(ctx, prefix+words[1]).Result(); err == nil {
				l1.Store(words[1], value)
				fmt.Println("L2", value)
			} else {
				fmt.Println("miss")
			}
		case "warm":
			Must(v.Pipelined(ctx, func(p redis.Pipeliner) error {
				for i := range 1000 {
					p.Set(ctx, fmt.Sprint(prefix, "app:", i), i, 5*time.Minute)
				}
				return nil
			}))
			fmt.Println("ok")
		case "invalidate":
			for keys := v.Scan(ctx, 0, prefix+words[1], 1000).Iterator(); keys.Next(ctx); {
				Ok(v.Unlink(ctx, keys.Val()).Err())
			}
			Ok(v.Publish(ctx, channel, words[1]).Err())
			fmt.Println("ok")
		}
	}
}

// jobs serves priority queues: what is called poison is never done and ends in the archive.
func jobs() {
	server := asynq.NewServer(Must(asynq.ParseRedisURI(URI())), asynq.Config{
		Concurrency: 10, Queues: map[string]int{"critical": 6, "default": 3, "low": 1}, LogLevel: asynq.ErrorLevel,
		DelayedTaskCheckInterval: 20 * time.Millisecond, TaskCheckInterval: 20 * time.Millisecond,
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return 10 * time.Millisecond },
	})
	client := asynq.NewClient(Must(asynq.ParseRedisURI(URI())))
	for i := range 300 {
		for _, queue := range []string{"critical", "default", "low"} {
			Must(client.Enqueue(asynq.NewTask("scan", fmt.Append(nil, i)), asynq.Queue(queue)))
		}
	}
	Must(client.Enqueue(asynq.NewTask("scan", []byte("poison")), asynq.MaxRetry(2)))
	Ok(server.Start(asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		if string(t.Payload()) == "poison" {
			return errors.New("never")
		}
		queue, _ := asynq.GetQueueName(ctx)
		return v.HIncrBy(ctx, "jobs:done", queue, 1).Err()
	})))
	select {}
}

// process does entries of the stream in batches of 100 by ten workers, and counts them.
func process(consumer string) {
	v.XGroupCreateMkStream(ctx, stream, group, "0")
	var all sync.WaitGroup
	for worker := range 10 {
		all.Go(func() {
			for {
				streams, err := v.XReadGroup(ctx, &redis.XReadGroupArgs{
					Group: group, Consumer: fmt.Sprint(consumer, "-", worker), Streams: []string{stream, ">"}, Count: 100, Block: time.Second,
				}).Result()
				if errors.Is(err, redis.Nil) {
					continue
				}
				Ok(err)
				Must(v.TxPipelined(ctx, func(p redis.Pipeliner) error {
					for _, message := range streams[0].Messages {
						p.HIncrBy(ctx, "processed", message.Values["app"].(string), 1)
						p.XAck(ctx, stream, group, message.ID)
					}
					return nil
				}))
			}
		})
	}
	all.Wait()
}
