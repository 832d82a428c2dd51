using System.Collections.Concurrent;
using System.Net;

namespace EndToEnd.Tests.Behaviour;

/// <summary>
/// Goal: what many v2 clients do at once is done one after the other, each once, and told to watchers in that order; a leader that dies changes none of it. Method: a hundred clients
/// count a key up by compare-and-swap and post in-order keys, while a stream watches.
/// </summary>
public sealed class V2AtomicityTests : IDisposable
{
    private const int Clients = 100, Rounds = 3;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task HundredClients_OnOneMember_CountAndQueueWithoutLossOrRepeat()
    {
        await using var server = await Snapshots.Server.StartAsync(Snapshots.ServerKind.Ours, Snapshots.Member.Make(_folder, "one")[0]);
        await CountAndQueueAsync([server.Client], midway: () => ValueTask.CompletedTask);
    }

    [Fact]
    public async Task HundredClients_WhoseLeaderDies_CountAndQueueWithoutLossOrRepeat()
    {
        var members = Snapshots.Member.Make(_folder, "cluster", 3);
        var servers = members.Select(member => Snapshots.Server.Launch(Snapshots.ServerKind.Ours, member)).ToList();
        try
        {
            foreach (var server in servers)
                await server.UntilHealthyAsync();
            var leader = await TakeLeaderAsync(servers);
            await CountAndQueueAsync([.. servers.Select(server => server.Client)], midway: leader.DisposeAsync);
        }
        finally
        {
            foreach (var server in servers)
                await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Keys_ThatEnd_EndInTheOrderOfTheirTimes_WhoeverLeads()
    {
        var members = Snapshots.Member.Make(_folder, "ending", 3);
        var servers = members.Select(member => Snapshots.Server.Launch(Snapshots.ServerKind.Ours, member)).ToList();
        try
        {
            foreach (var server in servers)
                await server.UntilHealthyAsync();
            var leader = await TakeLeaderAsync(servers);
            using var v2 = new V2Client(servers[0].Client);
            var start = (await v2.PutAsync("v2/keys/begin", ("value", "x"))).Index;
            // Not in the order in which they end; two are over before anybody leads again.
            foreach (var (key, seconds) in new[] { ("d", 4), ("a", 1), ("c", 3), ("b", 2), ("stays", 600) })
                Assert.Equal(HttpStatusCode.Created, (await v2.PutAsync($"v2/keys/ending/{key}", ("value", key), ("ttl", $"{seconds}"))).Status);
            await leader.DisposeAsync();

            // From the first write on: where writes take long one has ended before the last of them.
            var (written, ended) = (new List<string>(), new List<string>());
            for (var index = start + 1; ended.Count < 4; index++)
            {
                var told = await (await v2.StartWaitAsync($"v2/keys/ending?wait=true&recursive=true&waitIndex={index}"));
                // One index each, and none between them.
                Assert.Equal(index, told.Node.GetProperty("modifiedIndex").GetInt64());
                if (told.Action == "set")
                {
                    written.Add(told.Node.GetProperty("value").GetString()!);
                    continue;
                }
                Assert.Equal("expire", told.Action);
                ended.Add(told.Body.GetProperty("prevNode").GetProperty("value").GetString()!);
            }
            Assert.Equal(["d", "a", "c", "b", "stays"], written);
            Assert.Equal(["a", "b", "c", "d"], ended);
            Assert.Equal("stays", (await v2.GetAsync("v2/keys/ending")).Node.GetProperty("nodes").EnumerateArray().Single().GetProperty("value").GetString());
        }
        finally
        {
            foreach (var server in servers)
                await server.DisposeAsync();
        }
    }

    private static async Task CountAndQueueAsync(Uri[] endpoints, Func<ValueTask> midway)
    {
        var clients = endpoints.Select(endpoint => new V2Client(endpoint)).ToArray();
        try
        {
            Assert.Equal(HttpStatusCode.Created, (await clients[0].PutAsync("v2/keys/counter", ("value", "0"))).Status);
            var begin = (await clients[0].GetAsync("v2/keys/counter")).Index;
            var counted = new ConcurrentBag<(long Index, int Value)>();
            var posted = new ConcurrentBag<string>();
            var uncertain = new ConcurrentBag<string>();
            var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var working = Enumerable.Range(0, Clients).Select(n => Task.Run(async () =>
            {
                var client = clients[n % clients.Length];
                for (var round = 0; round < Rounds; round++)
                {
                    await IncrementAsync(client, counted, uncertain);
                    if (counted.Count >= Clients * Rounds / 2)
                        half.TrySetResult();
                    await PostAsync(client, $"{n}/{round}", posted, uncertain);
                }
            })).ToArray();
            await half.Task.WaitAsync(s_patience);
            await midway();
            await Task.WhenAll(working).WaitAsync(s_patience);

            await CheckAsync(clients[^1], begin, [.. counted.OrderBy(static one => one.Index)], [.. posted], uncertain.Count);
        }
        finally
        {
            foreach (var client in clients)
                client.Dispose();
        }
    }

    private static async Task IncrementAsync(V2Client client, ConcurrentBag<(long, int)> counted, ConcurrentBag<string> uncertain)
    {
        while (true)
        {
            var seen = (await client.GetAsync("v2/keys/counter?quorum=true")).Body;
            if (!seen.TryGetProperty("node", out var node))
                continue; // Nobody led.
            var value = int.Parse(node.GetProperty("value").GetString()!) + 1;
            var swapped = await client.PutAsync("v2/keys/counter", ("value", $"{value}"), ("prevIndex", $"{node.GetProperty("modifiedIndex")}"));
            if (swapped.Status == HttpStatusCode.OK)
            {
                counted.Add((swapped.Node.GetProperty("modifiedIndex").GetInt64(), value));
                return;
            }
            if (swapped.Status == HttpStatusCode.PreconditionFailed)
                continue;
            Assert.Equal(HttpStatusCode.InternalServerError, swapped.Status);
            uncertain.Add($"count to {value}");
            return;
        }
    }

    private static async Task PostAsync(V2Client client, string value, ConcurrentBag<string> posted, ConcurrentBag<string> uncertain)
    {
        var answer = await client.PostAsync("v2/keys/queue", ("value", value));
        if (answer.Status == HttpStatusCode.Created)
        {
            posted.Add(value);
            Assert.Equal($"/queue/{answer.Node.GetProperty("createdIndex").GetInt64():D20}", answer.Node.GetProperty("key").GetString());
            return;
        }
        Assert.Equal(HttpStatusCode.InternalServerError, answer.Status);
        uncertain.Add(value);
    }

    private static async Task CheckAsync(V2Client client, long begin, (long Index, int Value)[] counted, string[] posted, int uncertain)
    {
        // Of two that count to the same number at most one was told that it did; later is more.
        Assert.Equal(counted.Length, counted.Select(static one => one.Value).Distinct().Count());
        Assert.Equal(counted.OrderBy(static one => one.Value), counted);
        var end = await client.GetAsync("v2/keys/counter?quorum=true");
        var total = int.Parse(end.Node.GetProperty("value").GetString()!);
        Assert.InRange(total, counted.Length, counted.Length + uncertain);

        var queued = (await client.GetAsync("v2/keys/queue?sorted=true&quorum=true")).Node.GetProperty("nodes").EnumerateArray()
            .Select(static node => node.GetProperty("value").GetString()!).ToArray();
        Assert.Equal(queued.Length, queued.Distinct().Count());
        Assert.Empty(posted.Except(queued));
        Assert.InRange(queued.Length, posted.Length, posted.Length + uncertain);

        // The history has every step, once and in order.
        var (index, values) = (begin, new List<int>());
        while (values.Count < total)
        {
            var told = await (await client.StartWaitAsync($"v2/keys/counter?wait=true&waitIndex={index + 1}"));
            Assert.Equal("compareAndSwap", told.Action);
            index = told.Node.GetProperty("modifiedIndex").GetInt64();
            values.Add(int.Parse(told.Node.GetProperty("value").GetString()!));
        }
        Assert.Equal(Enumerable.Range(1, total), values);
    }

    // Out of the list: who kills it disposes of it. While one member is asked another may come to lead.
    private static async Task<Snapshots.Server> TakeLeaderAsync(List<Snapshots.Server> servers)
    {
        using var http = new HttpClient();
        var leader = await Poll.UntilAsync("a leader", s_patience, async () =>
        {
            foreach (var server in servers)
            {
                if ((await http.GetStringAsync(new Uri(server.Client, "metrics"))).Contains("\netcd_server_is_leader 1\n", StringComparison.Ordinal))
                    return server;
            }
            return null;
        });
        servers.Remove(leader);
        return leader;
    }
}
