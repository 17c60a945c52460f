// Adds jobs to asynq, which takes them one by one, from 64 goroutines, has 64 others do them, and prints how many that were in a second.
// Usage: asynq PORT JOBS.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
)

const together = 64

func main() {
	store := asynq.RedisClientOpt{Addr: "127.0.0.1:" + os.Args[1], PoolSize: 2 * together}
	jobs, err := strconv.Atoi(os.Args[2])
	check(err)
	client := asynq.NewClient(store)
	server := asynq.NewServer(store, asynq.Config{Concurrency: together, LogLevel: asynq.ErrorLevel})
	done := make(chan struct{})
	var count atomic.Int64
	check(server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		if count.Add(1) == int64(jobs) {
			close(done)
		}
		return nil
	})))
	begin := time.Now()
	var next atomic.Int64
	for range together {
		go func() {
			for {
				i := next.Add(1)
				if i > int64(jobs) {
					return
				}
				_, err := client.Enqueue(asynq.NewTask("count", []byte(strconv.FormatInt(i, 10))))
				check(err)
			}
		}()
	}
	<-done
	fmt.Println(float64(jobs) / time.Since(begin).Seconds())
	server.Shutdown()
	check(client.Close())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
