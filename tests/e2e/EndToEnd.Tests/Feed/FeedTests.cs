using System.Net.Http.Json;
using System.Text;
using WatchHub.Messages;

namespace EndToEnd.Tests.Feed;

/// <summary>Feeds to a real RabbitMQ, consumed with MassTransit, while servers and broker die, freeze and refuse.</summary>
[Collection(RabbitMqTests.Name), Needs(Tool.RabbitMq)]
public sealed class FeedTests(RabbitMqServer broker)
{
    private readonly RabbitMqServer _broker = broker;

    /// <summary>Goal: at least once, in order, resumed from the cursor. Method: the server is killed in the middle of a feed, then the broker.</summary>
    [DeploymentFact]
    public async Task KillsOfServerAndBroker_LeaveNoGap_AndKeepTheOrder()
    {
        await using var consumer = await FeedConsumer.StartAsync(_broker, "orders-copy", "distributed.feed.orders");
        await using var member = new FeedMember(_broker, "orders=/orders/");
        await member.StartAsync();
        await member.AwaitActiveAsync("orders");
        await using var writers = new KeyWriters(member.Client, "/orders/", 8);
        writers.Start();
        await writers.AwaitWrittenAsync(300);
        await consumer.FirstAsync<KeyChanged>(static change => change.Version > 5);
        await member.KillAsync();
        await member.StartAsync();
        await writers.AwaitWrittenAsync(300);
        await _broker.KillAsync();
        await writers.AwaitWrittenAsync(300);
        await _broker.StartAsync();
        await writers.AwaitWrittenAsync(100);
        await writers.StopAsync();
        await writers.CheckAsync(consumer, member.Process.Err);
        var message = consumer.Changes[0];
        Assert.Equal(("1.0", MessageTypes.KeyPut, "orders", "/orders/"), (message.Specversion, message.Type, message.Feed, message.Subject[..8]));
        // What is confirmed is noted soon, and again at a stop: nothing is repeated after that.
        await member.StopAsync();
        var heard = consumer.Delivered.Count;
        await member.StartAsync();
        await member.AwaitActiveAsync("orders");
        using var client = new V3Client(member.Client);
        await client.PutAsync("/orders/last", "");
        await client.DeleteAsync("/orders/last");
        var gone = await consumer.FirstAsync<KeyChanged>(static change => change.Deleted);
        Assert.Equal((MessageTypes.KeyDeleted, "/orders/last"), (gone.Type, gone.Subject));
        Assert.Equal(heard + 2, consumer.Delivered.Count);
    }

    /// <summary>Goal: an application of Dapr's hears of changes. Method: the shipped sample, to which the feed's messages are brought as a sidecar would.</summary>
    [DeploymentFact]
    public async Task DaprSubscriber_HearsOfEachChangeOnce()
    {
        var app = new Uri($"http://127.0.0.1:{Ports.Free(1)[0]}/");
        await using var subscriber = ChildProcess.Start("dotnet", [Repository.Assembly("DaprSubscriber"), "dapr", app.ToString()]);
        await using var delivery = await DaprDelivery.StartAsync(app, _broker.Port);
        await using var member = new FeedMember(_broker, "dapr=/dapr/");
        await member.StartAsync();
        await member.AwaitActiveAsync("dapr");
        using var client = new V3Client(member.Client);
        var put = (await client.PutAsync("/dapr/a", "1")).Header.Revision;
        var deleted = (await client.DeleteAsync("/dapr/a")).Header.Revision;
        await delivery.DeliverAsync(times: 2);
        await delivery.DeliverAsync();
        Assert.Equal([$"{put} put /dapr/a", $"{put} again /dapr/a", $"{deleted} deleted /dapr/a"], (string[])[await NextAsync(), await NextAsync(), await NextAsync()]);

        // What it logs of its start comes in between.
        async Task<string> NextAsync()
        {
            string line;
            do
                line = await subscriber.ReadLineAsync();
            while (!line.EndsWith(" /dapr/a", StringComparison.Ordinal));
            return line;
        }
    }

    /// <summary>Goal: a broker that takes nothing costs no memory. Method: it is frozen; the feed's watch must turn slow, which is where the hub keeps nothing for it.</summary>
    [DeploymentFact]
    public async Task FrozenBroker_StopsTheReading_AndLosesNothing()
    {
        await using var consumer = await FeedConsumer.StartAsync(_broker, "frozen", "distributed.feed.big");
        await using var member = new FeedMember(_broker, "big=/big/");
        await member.StartAsync();
        await member.AwaitActiveAsync("big");
        using var client = new V3Client(member.Client);
        await client.PutAsync("/big/first", "");
        await consumer.FirstAsync<KeyChanged>(static change => change.Subject == "/big/first");
        // A consumer may have a message before its sender has the confirm.
        await member.AwaitMetricAsync("distributed_feed_published_total{feed=\"big\"}", static published => published == 1);
        _broker.Process.Freeze();
        var value = new string('v', 16 * 1024);
        await Parallel.ForEachAsync(Enumerable.Range(0, 1000), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (n, ending) => await client.PutAsync($"/big/{n:0000}", value, ending));
        await member.AwaitMetricAsync("etcd_debugging_mvcc_slow_watcher_total", static slow => slow >= 1);
        // What is on its way to the broker is a batch at most; the rest waits in the store.
        Assert.InRange((await member.MetricsAsync())["distributed_feed_published_total{feed=\"big\"}"], 1, 300);
        _broker.Process.Thaw();
        await Poll.UntilAsync($"all changes:\n{member.Process.Err}", TimeSpan.FromSeconds(30), () => Task.FromResult(consumer.Changes.DistinctBy(static change => change.Subject).Count() == 1001));
        Assert.All(consumer.Changes.Skip(1), change => Assert.Equal(value.Length, change.Value.Length));
    }

    /// <summary>Goal: what the broker refuses does not hold up the rest. Method: a queue that takes one message and refuses more; and a value above the limit.</summary>
    [DeploymentFact]
    public async Task RefusedMessages_GoToTheDeadLetters_AndTheFeedGoesOn()
    {
        await using var member = new FeedMember(_broker, "small=/small/,full=/full/", ("MaxEventBytes", "600000"), ("MaxRefusals", "2"));
        await using var dead = await FeedConsumer.StartAsync(_broker, "dead-copy", "distributed.feed.small.dead-letter", "distributed.feed.full.dead-letter");
        await using var consumer = await FeedConsumer.StartAsync(_broker, "small-copy", "distributed.feed.small");
        await RawQueue.DeclareFullAsync(_broker.Port, "full-up", "distributed.feed.full");
        await member.StartAsync();
        await member.AwaitActiveAsync("small");
        await member.AwaitActiveAsync("full");
        using var client = new V3Client(member.Client);
        await client.PutAsync("/small/1", "fits");
        await client.PutAsync("/small/2", new string('v', 700_000));
        await client.PutAsync("/small/3", new string('v', 500_000)); // Within the feed's limit, above the broker's.
        await client.PutAsync("/small/4", "fits");
        await consumer.FirstAsync<KeyChanged>(static change => change.Subject == "/small/4", () => member.Process.Err);
        Assert.Equal(["/small/1", "/small/4"], consumer.Changes.Select(static change => change.Subject).Distinct());
        foreach (var (key, bytes) in ((string, int)[])[("/small/2", 700_000), ("/small/3", 500_000)])
        {
            var large = await dead.FirstAsync<KeyChanged>(change => change.Subject == key);
            Assert.Equal((true, bytes, 0), (large.ValueLeftOut, large.ValueBytes, large.Value.Length));
        }
        await client.PutAsync("/full/1", "refused");
        await client.PutAsync("/full/2", "refused too");
        var refused = await dead.FirstAsync<KeyChanged>(static change => change.Subject == "/full/2");
        Assert.Equal("refused too", Encoding.UTF8.GetString(refused.Value));
        await member.AwaitMetricAsync("distributed_feed_dead_letters_total{feed=\"full\"}", static count => count == 2);
        Assert.Contains("is a dead letter", member.Process.Err, StringComparison.Ordinal);
        await Poll.UntilAsync("both queues of dead letters", TimeSpan.FromSeconds(30), async () =>
            await RawQueue.CountAsync(_broker.Port, "distributed.feed.small.dead-letter") == 2 && await RawQueue.CountAsync(_broker.Port, "distributed.feed.full.dead-letter") == 2);
    }

    /// <summary>Goal: cluster events, each once when nothing breaks, over a restart too; and compaction that overtakes a feed is told.</summary>
    [DeploymentFact]
    public async Task ClusterEvents_AndMissedChanges_AreTold()
    {
        await using var consumer = await FeedConsumer.StartAsync(_broker, "events", "distributed.feed.cluster", "distributed.feed.all");
        await using var member = new FeedMember(_broker, "all=");
        await member.StartAsync("--feed-cluster-events");
        await member.AwaitActiveAsync("cluster");
        await member.AwaitActiveAsync("all");
        using var http = new HttpClient { BaseAddress = member.Client };
        using var client = new V3Client(member.Client);
        var last = (await client.PutAsync("a", "1")).Header.Revision;
        await consumer.FirstAsync<KeyChanged>(static change => change.Subject == "a");
        await client.CompactAsync(last);
        Assert.Equal(last, (await consumer.FirstAsync<CompactionDone>(static _ => true)).CompactRevision);
        var id = (await client.StatusAsync()).Header.MemberId;
        await AlarmAsync(http, "ACTIVATE", id);
        Assert.Equal(("NOSPACE", id.ToString("x")), await consumer.FirstAsync<AlarmRaised>(static _ => true) is var alarm ? (alarm.Alarm, alarm.Member) : default);
        await AlarmAsync(http, "DEACTIVATE", id);
        await member.StopAsync();

        // Without the feeds: changes that nobody reads, then a compaction of some of them.
        await member.StartAsync("--feed-broker=", "--feed-prefixes=");
        for (var n = 0; n < 3; n++)
            last = (await client.PutAsync("a", "2")).Header.Revision;
        await client.CompactAsync(last);
        await member.StopAsync();
        await member.StartAsync("--feed-cluster-events");
        var leader = await consumer.FirstAsync<LeaderChanged>(static _ => true);
        Assert.Equal((id.ToString("x"), id.ToString("x")), (leader.Leader, leader.PreviousLeader));
        await consumer.FirstAsync<LeaseManagerHandedOver>(static handed => handed.Epoch > 1);
        Assert.Equal(last, (await consumer.FirstAsync<CompactionDone>(done => done.CompactRevision == last)).CompactRevision);
        var missed = await consumer.FirstAsync<ChangesMissed>(static _ => true);
        Assert.Equal(last - 1, missed.ToRevision);
        var next = await consumer.FirstAsync<KeyChanged>(change => change.Revision == last);
        Assert.Equal("a", next.Subject);
        Assert.DoesNotContain(consumer.Changes, static change => change.Subject.StartsWith("/distributed/feed/", StringComparison.Ordinal));
        var events = consumer.Delivered.Where(static one => one.Message is not KeyChanged).ToList();
        Assert.Equal(events.Count, events.DistinctBy(static one => one.MessageId).Count());
    }

    /// <summary>Goal: one hub of several runs a feed, and another goes on when it dies. Method: five processes and a second hub; the first is killed.</summary>
    [DeploymentFact]
    public async Task TwoHubs_OneRunsTheFeed_TheOtherGoesOn()
    {
        await using var consumer = await FeedConsumer.StartAsync(_broker, "hubs", "distributed.feed.shared");
        await using var services = new FiveProcessesDeployment();
        services.Environment["Feed__Broker"] = $"amqp://127.0.0.1:{_broker.Port}";
        services.Environment["Feed__Prefixes"] = "shared=/shared/";
        services.Environment["Feed__ClaimTtl"] = "2";
        await services.StartAsync();
        var first = services.Hub;
        await Poll.UntilAsync($"the first hub to run the feed:\n{first.Err}", TimeSpan.FromSeconds(30), () => Task.FromResult(first.Err.Contains("this process runs it", StringComparison.Ordinal)));
        var second = services.AddHub();
        await Poll.UntilAsync($"the second hub to stand by:\n{second.Err}", TimeSpan.FromSeconds(30), () => Task.FromResult(second.Err.Contains("standing by", StringComparison.Ordinal)));
        await using var writers = new KeyWriters(services.Client, "/shared/", 4);
        writers.Start();
        await writers.AwaitWrittenAsync(100);
        await consumer.FirstAsync<KeyChanged>(static change => change.Version > 5);
        first.Kill();
        await writers.AwaitWrittenAsync(100);
        await Poll.UntilAsync($"the second hub to run the feed:\n{second.Err}", TimeSpan.FromSeconds(30), () => Task.FromResult(second.Err.Contains("this process runs it", StringComparison.Ordinal)));
        await writers.AwaitWrittenAsync(100);
        await writers.StopAsync();
        await writers.CheckAsync(consumer, second.Err);
    }

    private static async Task AlarmAsync(HttpClient http, string action, ulong member)
    {
        using var answer = await http.PostAsJsonAsync("v3/maintenance/alarm", new { action, memberID = member.ToString(), alarm = "NOSPACE" });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
