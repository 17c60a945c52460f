// Uses asynq as an application would: a client, servers, a scheduler and an inspector. `main URI worker` is a worker of its own
// process, which the last case kills.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	. "holdfast/conformance/harness"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

var (
	ctx    = context.Background()
	store  = Must(asynq.ParseRedisURI(os.Args[1]))
	queues = map[string]int{"critical": 6, "default": 3, "low": 1}
)

// serve starts a server that looks for due tasks often; what it returns stops it.
func serve(config asynq.Config, handle func(ctx context.Context, t *asynq.Task) error) func() {
	config.Concurrency = 10
	config.LogLevel = asynq.ErrorLevel
	config.DelayedTaskCheckInterval = 20 * time.Millisecond
	config.TaskCheckInterval = 20 * time.Millisecond
	config.RetryDelayFunc = func(int, error, *asynq.Task) time.Duration { return 10 * time.Millisecond }
	if config.Queues == nil {
		config.Queues = queues
	}
	server := asynq.NewServer(store, config)
	Ok(server.Start(asynq.HandlerFunc(handle)))
	return server.Shutdown
}

func task(payload any, options ...asynq.Option) *asynq.Task {
	return asynq.NewTask("work", []byte(fmt.Sprint(payload)), options...)
}

func main() {
	if len(os.Args) == 3 && os.Args[2] == "worker" {
		work()
		return
	}
	var client *asynq.Client
	inspector := asynq.NewInspector(store)
	cases := []Case{
		{Name: "weighted_queues", Run: func() {
			const each = 100
			for i := range each {
				for queue := range queues {
					Must(client.Enqueue(task(i), asynq.Queue(queue)))
				}
			}
			var lock sync.Mutex
			place, sums := 0, map[string]int{}
			stop := serve(asynq.Config{}, func(ctx context.Context, t *asynq.Task) error {
				queue, _ := asynq.GetQueueName(ctx)
				lock.Lock()
				defer lock.Unlock()
				place++
				sums[queue] += place
				return nil
			})
			defer stop()
			Until("all tasks are done", func() bool { lock.Lock(); defer lock.Unlock(); return place == 3*each })
			True(sums["critical"] < sums["default"] && sums["default"] < sums["low"], fmt.Sprint("the order of the queues: ", sums))
		}},
		{Name: "retries_and_archive", Run: func() {
			var calls atomic.Int32
			stop := serve(asynq.Config{}, func(ctx context.Context, t *asynq.Task) error {
				calls.Add(1)
				if string(t.Payload()) == "poison" {
					return errors.New("never")
				}
				if n, _ := asynq.GetRetryCount(ctx); n < 2 {
					return errors.New("not yet")
				}
				return nil
			})
			defer stop()
			Must(client.Enqueue(task("slow to succeed"), asynq.MaxRetry(5)))
			poison := Must(client.Enqueue(task("poison"), asynq.MaxRetry(2)))
			skipped := func() int { return len(Must(inspector.ListArchivedTasks("default"))) }
			Until("the poison is archived", func() bool { return skipped() == 1 && calls.Load() == 6 })
			archived := Must(inspector.GetTaskInfo("default", poison.ID))
			Same(archived.LastErr, "never")
			Same(archived.Retried, 2)
			Ok(inspector.RunTask("default", poison.ID))
			Until("it is archived again", func() bool { return calls.Load() == 7 && skipped() == 1 })
			Same(Must(inspector.DeleteAllArchivedTasks("default")), 1)
		}},
		{Name: "unique", Run: func() {
			first := Must(client.Enqueue(task("same"), asynq.Unique(time.Hour)))
			_, err := client.Enqueue(task("same"), asynq.Unique(time.Hour))
			True(errors.Is(err, asynq.ErrDuplicateTask), fmt.Sprint(err))
			Must(client.Enqueue(task("other"), asynq.TaskID("own")))
			_, err = client.Enqueue(task("third"), asynq.TaskID("own"))
			True(errors.Is(err, asynq.ErrTaskIDConflict), fmt.Sprint(err))
			Ok(inspector.DeleteTask("default", first.ID))
			Must(client.Enqueue(task("same"), asynq.Unique(time.Hour)))
		}},
		{Name: "scheduled_with_result", Run: func() {
			due := time.Now().Add(300 * time.Millisecond)
			info := Must(client.Enqueue(task("later"), asynq.ProcessAt(due), asynq.Retention(time.Hour)))
			Same(info.State, asynq.TaskStateScheduled)
			var early atomic.Bool
			stop := serve(asynq.Config{}, func(ctx context.Context, t *asynq.Task) error {
				early.Store(time.Now().Before(due.Truncate(time.Second)))
				_, err := t.ResultWriter().Write([]byte("the result"))
				return err
			})
			defer stop()
			Until("it is completed", func() bool {
				return Must(inspector.GetTaskInfo("default", info.ID)).State == asynq.TaskStateCompleted
			})
			Same(early.Load(), false)
			Same(string(Must(inspector.GetTaskInfo("default", info.ID)).Result), "the result")
		}},
		{Name: "periodic", Run: func() {
			var calls atomic.Int32
			stop := serve(asynq.Config{}, func(context.Context, *asynq.Task) error { calls.Add(1); return nil })
			defer stop()
			scheduler := asynq.NewScheduler(store, &asynq.SchedulerOpts{LogLevel: asynq.ErrorLevel})
			id := Must(scheduler.Register("@every 1s", task("tick")))
			Ok(scheduler.Start())
			Until("it ticked twice", func() bool { return calls.Load() >= 2 })
			Until("the entry is listed", func() bool {
				entries := Must(inspector.SchedulerEntries())
				return len(entries) == 1 && entries[0].ID == id
			})
			scheduler.Shutdown()
		}},
		{Name: "group_aggregation", Run: func() {
			var groups sync.Map
			config := asynq.Config{GroupGracePeriod: time.Second, GroupMaxSize: 10, GroupAggregator: asynq.GroupAggregatorFunc(
				func(group string, tasks []*asynq.Task) *asynq.Task {
					var all []string
					for _, each := range tasks {
						all = append(all, string(each.Payload()))
					}
					return asynq.NewTask("together", []byte(group+" "+strings.Join(all, ",")))
				})}
			var single, together atomic.Int32
			for i := range 25 {
				Must(client.Enqueue(task(i), asynq.Group("mails")))
			}
			stop := serve(config, func(ctx context.Context, t *asynq.Task) error {
				if t.Type() != "together" {
					return errors.New("a task of a group alone")
				}
				for _, each := range strings.Split(strings.TrimPrefix(string(t.Payload()), "mails "), ",") {
					if _, doubled := groups.LoadOrStore(each, true); !doubled {
						single.Add(1)
					}
				}
				together.Add(1)
				return nil
			})
			defer stop()
			Until("all are aggregated", func() bool { return single.Load() == 25 })
			Same(together.Load(), int32(3))
		}},
		{Name: "inspector_and_cancel", Run: func() {
			Must(client.Enqueue(task("paused"), asynq.Queue("low")))
			Ok(inspector.PauseQueue("low"))
			begun, cancelled := make(chan string, 1), make(chan error, 1)
			stop := serve(asynq.Config{}, func(ctx context.Context, t *asynq.Task) error {
				id, _ := asynq.GetTaskID(ctx)
				begun <- id
				<-ctx.Done()
				cancelled <- ctx.Err()
				return asynq.SkipRetry
			})
			defer stop()
			Must(client.Enqueue(task("long"), asynq.Queue("critical")))
			id := <-begun
			Same(len(Must(inspector.ListActiveTasks("critical"))), 1)
			Until("the server hears cancellations", func() bool {
				Ok(inspector.CancelProcessing(id))
				return len(cancelled) == 1
			})
			Same(<-cancelled, context.Canceled)
			info := Must(inspector.GetQueueInfo("low"))
			Same(fmt.Sprint(info.Paused, info.Pending), "true 1")
			Until("the server is listed", func() bool { return len(Must(inspector.Servers())) >= 1 })
			Same(Must(inspector.DeleteAllPendingTasks("low")), 1)
			Ok(inspector.UnpauseQueue("low"))
			Ok(inspector.DeleteQueue("low", false))
		}},
		{Name: "many_tasks", Run: func() {
			const count = 500
			redisClient := store.MakeRedisClient().(redis.UniversalClient)
			defer redisClient.Close()
			stop := serve(asynq.Config{}, func(ctx context.Context, t *asynq.Task) error {
				if n, _ := asynq.GetRetryCount(ctx); n == 0 && strings.HasSuffix(string(t.Payload()), "7") {
					return errors.New("not at the first try")
				}
				return redisClient.HIncrBy(ctx, "done", string(t.Payload()), 1).Err()
			})
			defer stop()
			for i := range count {
				Must(client.Enqueue(task(i)))
			}
			Until("all tasks are done", func() bool { return redisClient.HLen(ctx, "done").Val() == count })
			for i, times := range redisClient.HGetAll(ctx, "done").Val() {
				True(times == "1", i+" was done "+times+" times")
			}
		}},
	}
	if os.Getenv("CLIENTS_LONG") != "" {
		cases = append(cases, Case{Name: "killed_workers_lose_nothing_of_20000", Run: func() { killWorkers(client, 20000) }})
	}
	for i, each := range cases {
		cases[i].Run = func() {
			// A client remembers which queues it has made known, so each case on an empty store has its own.
			client = asynq.NewClient(store)
			defer client.Close()
			each.Run()
		}
	}
	Run("github.com/hibiken/asynq", cases)
}

// work does tasks until it is killed.
func work() {
	redisClient := store.MakeRedisClient().(redis.UniversalClient)
	serve(asynq.Config{}, func(ctx context.Context, t *asynq.Task) error {
		time.Sleep(time.Millisecond)
		return redisClient.SAdd(ctx, "done", string(t.Payload())).Err()
	})
	select {}
}

// killWorkers has three processes work, kills one every two seconds, and wants every task to be done. Those that a dead worker had in
// hand come back when their lease ends.
func killWorkers(client *asynq.Client, count int) {
	redisClient := store.MakeRedisClient().(redis.UniversalClient)
	defer redisClient.Close()
	start := func() *exec.Cmd {
		worker := exec.Command(os.Args[0], URI(), "worker")
		Ok(worker.Start())
		return worker
	}
	kill := func(worker *exec.Cmd) {
		Ok(worker.Process.Kill())
		_ = worker.Wait()
	}
	go func() {
		for i := range count {
			Must(client.Enqueue(task(i, asynq.MaxRetry(100))))
		}
	}()
	workers := []*exec.Cmd{start(), start(), start()}
	defer func() {
		for _, each := range workers {
			kill(each)
		}
	}()
	done := func() int { return int(redisClient.SCard(ctx, "done").Val()) }
	kills := 0
	for ; kills < 10 && done() < count; kills++ {
		before := done()
		Until("the workers go on", func() bool { return done() >= min(before+500, count) })
		kill(workers[kills%3])
		workers[kills%3] = start()
	}
	Until("all tasks are done", func() bool { return done() == count })
	Figure("asynq workers killed", kills)
}
