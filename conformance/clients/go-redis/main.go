// Uses a store through go-redis v9, in RESP2 and RESP3, as a program would, and a cluster through its cluster client.
package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	. "holdfast/conformance/harness"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/push"
)

var ctx = context.Background()

func connect(protocol int) *redis.Client {
	options := Must(redis.ParseURL(URI()))
	options.Protocol = protocol
	return redis.NewClient(options)
}

func main() {
	var cases []Case
	for _, protocol := range []int{2, 3} {
		for _, each := range commands {
			cases = append(cases, Case{Name: fmt.Sprintf("%s_resp%d", each.name, protocol), Run: func() {
				r := connect(protocol)
				defer r.Close()
				each.run(r)
			}})
		}
	}
	cases = append(cases, Case{Name: "client_side_cache", Run: cachesHere})
	for _, each := range clusterCases {
		cases = append(cases, Case{Name: "cluster_" + each.name, Run: func() {
			options := Must(redis.ParseClusterURL(ClusterURI()))
			c := redis.NewClusterClient(options)
			defer c.Close()
			each.run(c)
		}})
	}
	Run("github.com/redis/go-redis/v9", cases)
}

var commands = []struct {
	name string
	run  func(r *redis.Client)
}{
	{"strings", func(r *redis.Client) {
		Same(r.Set(ctx, "user:1", "Ada", time.Minute).Val(), "OK")
		Same(r.TTL(ctx, "user:1").Val(), time.Minute)
		_, err := r.Get(ctx, "none").Result()
		Same(err, redis.Nil)
		Same(r.SetNX(ctx, "user:1", "x", 0).Val(), false)
		Same(Must(r.SetArgs(ctx, "user:1", "Grace", redis.SetArgs{Mode: "XX", Get: true, KeepTTL: true}).Result()), "Ada")
		Same(r.Append(ctx, "user:1", " Hopper").Val(), int64(12))
		Same(r.GetRange(ctx, "user:1", 0, 4).Val(), "Grace")
		Ok(r.MSet(ctx, "a", 1, "b", 2).Err())
		Same(r.MGet(ctx, "a", "none", "b").Val(), []any{"1", nil, "2"})
		Same(r.IncrBy(ctx, "a", 41).Val(), int64(42))
		Same(r.IncrByFloat(ctx, "price", 19.95).Val(), 19.95)
		Same(r.GetDel(ctx, "a").Val(), "42")
		Same(r.GetEx(ctx, "b", time.Hour).Val(), "2")
		Same(r.MSetNX(ctx, "b", 3, "c", 4).Val(), false)
		Same(r.StrLen(ctx, "user:1").Val(), int64(12))
		Fails(r.Incr(ctx, "user:1").Err(), "not an integer")
	}},
	{"bitmaps", func(r *redis.Client) {
		Same(r.SetBit(ctx, "days", 7, 1).Val(), int64(0))
		Same(r.GetBit(ctx, "days", 7).Val(), int64(1))
		Same(r.BitCount(ctx, "days", nil).Val(), int64(1))
		Same(r.BitPos(ctx, "days", 1).Val(), int64(7))
		Same(r.BitField(ctx, "fields", "INCRBY", "u8", "#1", 200, "OVERFLOW", "SAT", "INCRBY", "u8", "#1", 100).Val(), []int64{200, 255})
		Ok(r.Set(ctx, "other", "\x00", 0).Err())
		Same(r.BitOpOr(ctx, "both", "days", "other").Val(), int64(1))
	}},
	{"hyperloglogs", func(r *redis.Client) {
		for i := range 1000 {
			Ok(r.PFAdd(ctx, "visits", i).Err())
		}
		count := r.PFCount(ctx, "visits").Val()
		True(count > 950 && count < 1050, fmt.Sprint(count))
		Ok(r.PFMerge(ctx, "all", "visits").Err())
		Same(r.PFCount(ctx, "all").Val(), count)
	}},
	{"lists", func(r *redis.Client) {
		Same(r.RPush(ctx, "list", "a", "b", "c", "d").Val(), int64(4))
		Same(r.LRange(ctx, "list", 0, -1).Val(), []string{"a", "b", "c", "d"})
		Same(r.LPopCount(ctx, "list", 2).Val(), []string{"a", "b"})
		Same(r.LInsertBefore(ctx, "list", "d", "x").Val(), int64(3))
		Same(r.LPos(ctx, "list", "x", redis.LPosArgs{}).Val(), int64(1))
		Same(r.LMove(ctx, "list", "done", "LEFT", "RIGHT").Val(), "c")
		key, values, err := r.LMPop(ctx, "RIGHT", 5, "none", "list").Result()
		Ok(err)
		Same(key, "list")
		Same(values, []string{"d", "x"})
		Same(r.LIndex(ctx, "done", -1).Val(), "c")
		Fails(r.LSet(ctx, "none", 0, "x").Err(), "no such key")
	}},
	{"blocking", func(r *redis.Client) {
		_, err := r.BLPop(ctx, 100*time.Millisecond, "list").Result()
		Same(err, redis.Nil)
		taken := make(chan []string)
		go func() { taken <- Must(r.BRPop(ctx, 20*time.Second, "none", "list").Result()) }()
		Ok(r.LPush(ctx, "list", "x").Err())
		Same(<-taken, []string{"list", "x"})
		first := make(chan *redis.ZWithKey)
		go func() { first <- Must(r.BZPopMin(ctx, 20*time.Second, "zset").Result()) }()
		Ok(r.ZAdd(ctx, "zset", redis.Z{Score: 2, Member: "m"}).Err())
		Same((<-first).Member, "m")
		Ok(r.RPush(ctx, "from", "y").Err())
		Same(r.BLMove(ctx, "from", "to", "LEFT", "LEFT", time.Second).Val(), "y")
	}},
	{"hashes", func(r *redis.Client) {
		Same(r.HSet(ctx, "h", map[string]any{"name": "Ada", "born": 1815, "note": "x"}).Val(), int64(3))
		var person struct {
			Name string `redis:"name"`
			Born int    `redis:"born"`
		}
		Ok(r.HGetAll(ctx, "h").Scan(&person))
		Same(person.Name+fmt.Sprint(person.Born), "Ada1815")
		Same(r.HMGet(ctx, "h", "name", "none").Val(), []any{"Ada", nil})
		Same(r.HIncrBy(ctx, "h", "born", 1).Val(), int64(1816))
		Same(r.HSetNX(ctx, "h", "name", "x").Val(), false)
		Same(r.HDel(ctx, "h", "note", "none").Val(), int64(1))
		Same(r.HExists(ctx, "h", "note").Val(), false)
		Same(len(r.HRandField(ctx, "h", 5).Val()), 2)
		Same(r.HExpire(ctx, "h", time.Minute, "name", "none").Val(), []int64{1, -2})
		Same(r.HTTL(ctx, "h", "name", "born").Val(), []int64{60, -1})
		Same(r.HPersist(ctx, "h", "name").Val(), []int64{1})
		keys, _, err := r.HScan(ctx, "h", 0, "*", 100).Result()
		Ok(err)
		Same(len(keys), 4)
	}},
	{"sets", func(r *redis.Client) {
		Same(r.SAdd(ctx, "s", 1, 2, 3, 4).Val(), int64(4))
		Ok(r.SAdd(ctx, "t", 3, 4, 5).Err())
		Same(r.SInter(ctx, "s", "t").Val(), []string{"3", "4"})
		Same(r.SInterCard(ctx, 1, "s", "t").Val(), int64(1))
		Same(r.SUnionStore(ctx, "u", "s", "t").Val(), int64(5))
		Same(r.SDiff(ctx, "s", "t").Val(), []string{"1", "2"})
		Same(r.SMIsMember(ctx, "s", 1, 9).Val(), []bool{true, false})
		Same(len(r.SMembersMap(ctx, "u").Val()), 5)
		Same(r.SMove(ctx, "s", "t", 1).Val(), true)
		Same(len(r.SPopN(ctx, "u", 3).Val()), 3)
	}},
	{"sorted_sets", func(r *redis.Client) {
		Same(r.ZAdd(ctx, "z", redis.Z{Score: 1, Member: "a"}, redis.Z{Score: 2, Member: "b"}, redis.Z{Score: 3.5, Member: "c"}).Val(), int64(3))
		Same(r.ZAddArgs(ctx, "z", redis.ZAddArgs{GT: true, Ch: true, Members: []redis.Z{{Score: 5, Member: "a"}, {Score: 1, Member: "b"}}}).Val(), int64(1))
		Same(r.ZRangeWithScores(ctx, "z", 0, -1).Val(), []redis.Z{{Score: 2, Member: "b"}, {Score: 3.5, Member: "c"}, {Score: 5, Member: "a"}})
		Same(r.ZRangeArgs(ctx, redis.ZRangeArgs{Key: "z", Start: "+inf", Stop: "(2", ByScore: true, Rev: true}).Val(), []string{"a", "c"})
		Same(r.ZRank(ctx, "z", "c").Val(), int64(1))
		Same(r.ZRankWithScore(ctx, "z", "c").Val(), redis.RankScore{Rank: 1, Score: 3.5})
		Same(r.ZIncrBy(ctx, "z", -1, "a").Val(), 4.0)
		Same(r.ZMScore(ctx, "z", "a", "b").Val(), []float64{4, 2})
		Same(r.ZCount(ctx, "z", "-inf", "(4").Val(), int64(2))
		Same(r.ZPopMax(ctx, "z").Val(), []redis.Z{{Score: 4, Member: "a"}})
		key, popped, err := r.ZMPop(ctx, "min", 1, "z").Result()
		Ok(err)
		Same(key, "z")
		Same(popped, []redis.Z{{Score: 2, Member: "b"}})
		Ok(r.ZAdd(ctx, "y", redis.Z{Score: 1, Member: "c"}).Err())
		Same(r.ZUnionWithScores(ctx, redis.ZStore{Keys: []string{"z", "y"}, Weights: []float64{2, 1}}).Val(), []redis.Z{{Score: 8, Member: "c"}})
		Same(r.ZInterStore(ctx, "x", &redis.ZStore{Keys: []string{"z", "y"}, Aggregate: "MAX"}).Val(), int64(1))
		Same(r.ZDiff(ctx, "z", "y").Val(), []string{})
		Same(r.ZRemRangeByScore(ctx, "z", "-inf", "+inf").Val(), int64(1))
	}},
	{"geo", func(r *redis.Client) {
		Same(r.GeoAdd(ctx, "g", &redis.GeoLocation{Name: "Palermo", Longitude: 13.361389, Latitude: 38.115556},
			&redis.GeoLocation{Name: "Catania", Longitude: 15.087269, Latitude: 37.502669}).Val(), int64(2))
		Same(r.GeoDist(ctx, "g", "Palermo", "Catania", "m").Val(), 166274.1516)
		Same(r.GeoSearch(ctx, "g", &redis.GeoSearchQuery{Longitude: 15, Latitude: 37, Radius: 200, RadiusUnit: "km", Sort: "ASC"}).Val(), []string{"Catania", "Palermo"})
		Same(r.GeoHash(ctx, "g", "Palermo").Val(), []string{"sqc8b49rny0"})
		Same(len(r.GeoSearchLocation(ctx, "g", &redis.GeoSearchLocationQuery{GeoSearchQuery: redis.GeoSearchQuery{Member: "Palermo", Radius: 10, RadiusUnit: "km"}, WithCoord: true, WithDist: true}).Val()), 1)
	}},
	{"keys", func(r *redis.Client) {
		for i := range 300 {
			Ok(r.Set(ctx, fmt.Sprint("key:", i), i, 0).Err())
		}
		seen := map[string]bool{}
		for each := r.Scan(ctx, 0, "key:*", 50).Iterator(); each.Next(ctx); {
			seen[each.Val()] = true
		}
		Same(len(seen), 300)
		Same(r.DBSize(ctx).Val(), int64(300))
		Same(r.Unlink(ctx, "key:1", "key:2", "none").Val(), int64(2))
		Same(r.Exists(ctx, "key:1", "key:3", "key:3").Val(), int64(2))
		Same(r.Copy(ctx, "key:3", "copy", 0, false).Val(), int64(1))
		Ok(r.Rename(ctx, "copy", "copied").Err())
		Same(r.Type(ctx, "copied").Val(), "string")
		Same(r.Expire(ctx, "copied", time.Minute).Val(), true)
		Same(r.ExpireNX(ctx, "copied", time.Hour).Val(), false)
		Same(r.PTTL(ctx, "none").Val(), time.Duration(-2))
		Same(r.Persist(ctx, "copied").Val(), true)
		dump := Must(r.Dump(ctx, "copied").Result())
		Ok(r.Restore(ctx, "restored", time.Hour, dump).Err())
		Same(r.Get(ctx, "restored").Val(), "3")
		Same(r.ObjectEncoding(ctx, "restored").Val(), "int")
		Ok(r.RPush(ctx, "numbers", 3, 1, 2).Err())
		Same(r.Sort(ctx, "numbers", &redis.Sort{Order: "DESC"}).Val(), []string{"3", "2", "1"})
	}},
	{"pipelines", func(r *redis.Client) {
		var hundredth *redis.IntCmd
		answers, err := r.Pipelined(ctx, func(p redis.Pipeliner) error {
			for range 99 {
				p.Incr(ctx, "n")
			}
			hundredth = p.Incr(ctx, "n")
			p.LPush(ctx, "n", "x")
			p.Get(ctx, "n")
			return nil
		})
		Fails(err, "WRONGTYPE")
		Same(len(answers), 102)
		Same(hundredth.Val(), int64(100))
		Same(answers[101].(*redis.StringCmd).Val(), "100")
	}},
	{"transactions", func(r *redis.Client) {
		var n *redis.IntCmd
		Must(r.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, "n", 41, 0)
			n = p.Incr(ctx, "n")
			return nil
		}))
		Same(n.Val(), int64(42))
		increment := func() error {
			return r.Watch(ctx, func(tx *redis.Tx) error {
				n, err := tx.Get(ctx, "shared").Int()
				if err != nil && !errors.Is(err, redis.Nil) {
					return err
				}
				_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Set(ctx, "shared", n+1, 0).Err() })
				return err
			}, "shared")
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 25 {
					for errors.Is(increment(), redis.TxFailedErr) {
					}
				}
			})
		}
		all.Wait()
		Same(Must(r.Get(ctx, "shared").Int()), 200)
	}},
	{"scripts", func(r *redis.Client) {
		script := redis.NewScript(`redis.call('SET', KEYS[1], ARGV[1]) return {redis.call('GET', KEYS[1]), 7, false}`)
		Same(Must(script.Run(ctx, r, []string{"k"}, "v").Result()), []any{"v", int64(7), nil})
		Same(r.ScriptExists(ctx, script.Hash()).Val(), []bool{true})
	}},
	{"functions", func(r *redis.Client) {
		Must(r.FunctionLoadReplace(ctx, "#!lua name=lib\nserver.register_function('double', function(keys, args) return args[1] * 2 end)").Result())
		Same(Must(r.FCall(ctx, "double", nil, 21).Int()), 42)
		Same(r.FunctionList(ctx, redis.FunctionListQuery{}).Val()[0].Functions[0].Name, "double")
		Ok(r.FunctionFlush(ctx).Err())
	}},
	{"publish_and_subscribe", func(r *redis.Client) {
		subscriber := r.Subscribe(ctx, "news")
		defer subscriber.Close()
		Must(subscriber.Receive(ctx))
		Ok(subscriber.PSubscribe(ctx, "n*"))
		Must(subscriber.Receive(ctx))
		Same(r.Publish(ctx, "news", "hello").Val(), int64(2))
		Same(Must(subscriber.ReceiveMessage(ctx)).Payload, "hello")
		Same(Must(subscriber.ReceiveMessage(ctx)).Pattern, "n*")
		Same(r.PubSubNumSub(ctx, "news").Val(), map[string]int64{"news": 1})
		Ok(subscriber.Ping(ctx, "still there"))
		Same(Must(subscriber.Receive(ctx)).(*redis.Pong).Payload, "still there")
		sharded := r.SSubscribe(ctx, "shard")
		defer sharded.Close()
		Must(sharded.Receive(ctx))
		Same(r.SPublish(ctx, "shard", "one").Val(), int64(1))
		Same(Must(sharded.ReceiveMessage(ctx)).Payload, "one")
	}},
	{"streams", func(r *redis.Client) {
		Ok(r.XGroupCreateMkStream(ctx, "s", "g", "0").Err())
		Fails(r.XGroupCreateMkStream(ctx, "s", "g", "0").Err(), "BUSYGROUP")
		var ids []string
		for i := range 10 {
			ids = append(ids, Must(r.XAdd(ctx, &redis.XAddArgs{Stream: "s", MaxLen: 100, Approx: true, Values: []any{"n", i}}).Result()))
		}
		read := Must(r.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "g", Consumer: "one", Streams: []string{"s", ">"}, Count: 5, Block: time.Second}).Result())
		Same(len(read[0].Messages), 5)
		Same(read[0].Messages[4].Values["n"], "4")
		Same(r.XAck(ctx, "s", "g", ids[0], ids[1]).Val(), int64(2))
		pending := r.XPending(ctx, "s", "g").Val()
		Same(pending.Count, int64(3))
		Same(pending.Consumers, map[string]int64{"one": 3})
		Same(len(r.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: "s", Group: "g", Start: "-", End: "+", Count: 2}).Val()), 2)
		claimed, next, err := r.XAutoClaim(ctx, &redis.XAutoClaimArgs{Stream: "s", Group: "g", Consumer: "two", Start: "0", Count: 10}).Result()
		Ok(err)
		Same(next, "0-0")
		Same(len(claimed), 3)
		Same(r.XInfoGroups(ctx, "s").Val()[0].Lag, int64(5))
		Same(r.XInfoStream(ctx, "s").Val().Length, int64(10))
		Same(len(r.XRevRangeN(ctx, "s", "+", "-", 3).Val()), 3)
		Same(r.XTrimMaxLen(ctx, "s", 4).Val(), int64(6))
		_, err = r.XRead(ctx, &redis.XReadArgs{Streams: []string{"s", "$"}, Block: 50 * time.Millisecond}).Result()
		Same(err, redis.Nil)
		Same(r.XDel(ctx, "s", ids[9]).Val(), int64(1))
	}},
	{"server", func(r *redis.Client) {
		Same(r.Ping(ctx).Val(), "PONG")
		Same(r.ConfigGet(ctx, "maxmemory").Val(), map[string]string{"maxmemory": "0"})
		True(len(r.Info(ctx, "server").Val()) > 100, "INFO is short")
		True(len(r.Command(ctx).Val()) > 200, "COMMAND is short")
		Same(r.CommandGetKeys(ctx, "MSET", "a", 1, "b", 2).Val(), []string{"a", "b"})
		True(r.ClientID(ctx).Val() > 0, "no client id")
		True(time.Since(r.Time(ctx).Val()).Abs() < time.Minute, "the clock")
		True(r.MemoryUsage(ctx, "none").Err() == redis.Nil, "memory of no key")
		Ok(r.SlowLogGet(ctx, 10).Err())
		Same(r.ACLWhoAmI(ctx).Val(), "default")
		Fails(r.Do(ctx, "NOSUCH").Err(), "unknown command")
	}},
	{"pool", func(r *redis.Client) {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				for range 100 {
					Ok(r.Incr(ctx, "n").Err())
				}
			})
		}
		all.Wait()
		Same(Must(r.Get(ctx, "n").Int()), 5000)
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		True(r.BLPop(short, 20*time.Second, "none").Err() != nil, "no deadline")
		Ok(r.Ping(ctx).Err())
	}},
	{"databases", func(r *redis.Client) {
		options := *r.Options()
		options.DB = 8
		eight := redis.NewClient(&options)
		defer eight.Close()
		Ok(eight.Set(ctx, "only here", 1, 0).Err())
		Same(r.Exists(ctx, "only here").Val(), int64(0))
		Same(eight.DBSize(ctx).Val(), int64(1))
	}},
	{"cache_aside", func(r *redis.Client) {
		const key = "cache:db:settings"
		heard := r.Subscribe(ctx, "cache:invalidated")
		defer heard.Close()
		Must(heard.Receive(ctx))
		loads := 0
		settings := func() map[string]string {
			m, err := r.HGetAll(ctx, key).Result()
			if err == nil && len(m) > 0 {
				return m
			}
			loads++
			m = map[string]string{"theme": "dark"}
			Must(r.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.HSet(ctx, key, m)
				return p.Expire(ctx, key, 300*time.Second).Err()
			}))
			return m
		}
		for range 3 {
			Same(settings(), map[string]string{"theme": "dark"})
		}
		Same(loads, 1)
		Ok(r.Del(ctx, key).Err())
		Ok(r.Publish(ctx, "cache:invalidated", "settings").Err())
		Same(Must(heard.ReceiveMessage(ctx)).Payload, "settings")
		settings()
		Same(loads, 2)
	}},
	{"tracking", func(r *redis.Client) {
		reader := r.Conn()
		defer reader.Close()
		if r.Options().Protocol == 3 {
			// Invalidations come as pushes on the reader's own connection, which it looks through before its next command.
			heard := make(invalidations, 10)
			Ok(r.RegisterPushNotificationHandler("invalidate", heard, false))
			Ok(reader.Do(ctx, "CLIENT", "TRACKING", "ON").Err())
			Same(reader.Get(ctx, "watched").Err(), redis.Nil)
			Ok(r.Set(ctx, "watched", 1, 0).Err())
			Until("the push is heard", func() bool { Ok(reader.Ping(ctx).Err()); return len(heard) == 1 })
			Same(<-heard, []any{"invalidate", []any{"watched"}})
			return
		}
		// A connection of its own subscribes, and what becomes invalid is redirected to it.
		var id int64
		options := *r.Options()
		options.OnConnect = func(ctx context.Context, c *redis.Conn) error {
			id = c.ClientID(ctx).Val()
			return nil
		}
		own := redis.NewClient(&options)
		defer own.Close()
		listening := own.Subscribe(ctx, "__redis__:invalidate")
		defer listening.Close()
		Must(listening.Receive(ctx))
		Ok(reader.Do(ctx, "CLIENT", "TRACKING", "ON", "REDIRECT", id).Err())
		Same(reader.Get(ctx, "watched").Err(), redis.Nil)
		Ok(r.Set(ctx, "watched", 1, 0).Err())
		Same(Must(listening.ReceiveMessage(ctx)).PayloadSlice, []string{"watched"})
	}},
}

// cachesHere reads through the client's own cache, which the server's invalidations keep right.
func cachesHere() {
	options := Must(redis.ParseURL(URI()))
	options.Protocol = 3
	options.ClientSideCacheConfig = &redis.ClientSideCacheConfig{MaxEntries: 1000}
	cached, other := redis.NewClient(options), connect(3)
	defer cached.Close()
	defer other.Close()
	Ok(other.Set(ctx, "setting", "old", 0).Err())
	gets := func() string {
		line := Must(other.InfoMap(ctx, "commandstats").Result())["Commandstats"]["cmdstat_get"]
		return strings.Split(line, ",")[0]
	}
	Same(cached.Get(ctx, "setting").Val(), "old")
	before := gets()
	for range 100 {
		Same(cached.Get(ctx, "setting").Val(), "old")
	}
	Same(gets(), before)
	Ok(other.Set(ctx, "setting", "new", 0).Err())
	Until("the change is seen", func() bool { return cached.Get(ctx, "setting").Val() == "new" })
}

// invalidations is a handler of pushes that keeps them.
type invalidations chan []any

func (heard invalidations) HandlePushNotification(_ context.Context, _ push.NotificationHandlerContext, notification []any) error {
	heard <- notification
	return nil
}

var clusterCases = []struct {
	name string
	run  func(c *redis.ClusterClient)
}{
	{"spreads_keys", func(c *redis.ClusterClient) {
		for i := range 500 {
			Ok(c.Set(ctx, fmt.Sprint("key:", i), i, 0).Err())
		}
		answers := Must(c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range 500 {
				p.Get(ctx, fmt.Sprint("key:", i))
			}
			return nil
		}))
		for i, each := range answers {
			Same(each.(*redis.StringCmd).Val(), fmt.Sprint(i))
		}
		nodes := 0
		Ok(c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
			nodes++
			return node.Ping(ctx).Err()
		}))
		Same(nodes, 1)
	}},
	{"transactions", func(c *redis.ClusterClient) {
		var n *redis.IntCmd
		Must(c.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, "{tag}n", 41, 0)
			n = p.Incr(ctx, "{tag}n")
			return nil
		}))
		Same(n.Val(), int64(42))
		Ok(c.Watch(ctx, func(tx *redis.Tx) error {
			_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Set(ctx, "{tag}n", 1, 0).Err() })
			return err
		}, "{tag}n"))
		Fails(c.Do(ctx, "MGET", "a", "b").Err(), "CROSSSLOT")
	}},
	{"hears_sharded_messages", func(c *redis.ClusterClient) {
		subscriber := c.SSubscribe(ctx, "channel")
		defer subscriber.Close()
		Must(subscriber.Receive(ctx))
		Ok(c.SPublish(ctx, "channel", "hello").Err())
		Same(Must(subscriber.ReceiveMessage(ctx)).Payload, "hello")
	}},
}
