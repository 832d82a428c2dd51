using System.Collections.Concurrent;
using EtcdApi.Mvccpb;
using Grpc.Core;
using WatchGuarantees.Checking;
using WatchGuarantees.History;

namespace Chaos.Tests.Workload.Watching;

/// <summary>Thousands of watches on streams at all endpoints, everything that they hear recorded, to be held against everything that was written.</summary>
internal sealed class WatchFleet : IAsyncDisposable
{
    private readonly List<FleetStream> _streams = [];

    private WatchFleet()
    {
    }

    public IEnumerable<WatchRecord> Records => _streams.SelectMany(stream => stream.Records);

    /// <summary>Each end of a stream that was not wanted.</summary>
    public IEnumerable<(Uri Endpoint, Status Status)> Ends => _streams.SelectMany(stream => stream.Ends);

    /// <summary>Opens all; returns when every watch has been answered for.</summary>
    /// <param name="endpoints">Streams begin at them in turn.</param>
    /// <param name="streams">What the watches of each ask for.</param>
    /// <param name="deadline">For all together.</param>
    public static async Task<WatchFleet> StartAsync(IReadOnlyList<Uri> endpoints, IEnumerable<IReadOnlyList<WatchScope>> streams, TimeSpan deadline)
    {
        var fleet = new WatchFleet();
        try
        {
            foreach (var scopes in streams)
                fleet._streams.Add(new FleetStream(fleet._streams.Count, endpoints, scopes));
            await Task.WhenAll(fleet._streams.Select(stream => stream.CreatedAsync())).WaitAsync(deadline);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns when every stream has been told that its watches have everything up to the revision.</summary>
    public async Task CaughtUpAsync(long revision, TimeSpan deadline)
    {
        await Task.WhenAll(_streams.Select(stream => stream.CaughtUpAsync(revision))).WaitAsync(deadline);
        foreach (var record in Records)
            record.CompleteUpTo = revision;
    }

    /// <summary>Holds what every watch heard against the truth; fails with the first few that contradict it. The streams are stopped.</summary>
    public void Check(WrittenHistory history)
    {
        var violations = new ConcurrentBag<string>();
        // The cluster goes on, and the network between its parts is in this process.
        var halfOfTheMachine = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, Environment.ProcessorCount / 2) };
        Parallel.ForEach(Records, halfOfTheMachine, record =>
        {
            if (Guarantees.Violation(record, history) is { } violation)
                violations.Add(violation);
        });
        Assert.True(violations.IsEmpty, $"{violations.Count} watches were let down:\n{string.Join('\n', violations.Order(StringComparer.Ordinal).Take(5))}");
    }

    /// <summary>
    /// Everything that was ever written, read by a watch of all keys from the beginning. Nothing can be missing in the middle unseen: every revision has events, and what a key
    /// was before tells in its versions.
    /// </summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="upTo">The last revision.</param>
    /// <param name="deadline">For all of it.</param>
    /// <param name="from">The first revision: keys that the watches ask for do not come before. The default is that of an empty store.</param>
    public static async Task<WrittenHistory> ReadAsync(Uri endpoint, long upTo, TimeSpan deadline, long from = 2)
    {
        using var limit = new CancellationTokenSource(deadline);
        using var channel = EtcdCalls.Connect(endpoint);
        using var call = EtcdCalls.Watch(channel, limit.Token);
        var history = new WrittenHistory(from);
        await call.RequestStream.WriteAsync(WatchMessages.Create(1, new WatchScope("\0", "\0"), history.First));
        while (history.Last < upTo && await call.ResponseStream.MoveNext(limit.Token))
        {
            foreach (var revision in call.ResponseStream.Current.Events.GroupBy<Event, long>(one => one.Kv.ModRevision))
                history.Add(revision.Key, revision.Select(WatchMessages.Read));
        }
        Assert.True(history.Last >= upTo, $"the history of all keys ended at {history.Last}, not at {upTo}");
        return history;
    }

    /// <summary>All streams leave; from here on the records stay as they are.</summary>
    public Task StopAsync() => Task.WhenAll(_streams.Select(stream => stream.StopAsync()));

    public async ValueTask DisposeAsync()
    {
        foreach (var stream in _streams)
            await stream.DisposeAsync();
    }
}
