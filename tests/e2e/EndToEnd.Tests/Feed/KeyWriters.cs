using System.Globalization;
using System.Text;
using Grpc.Core;
using WatchHub.Messages;

namespace EndToEnd.Tests.Feed;

/// <summary>
/// Writers of a key each, through whatever happens to the server; and what must be true of what a consumer heard then. Keys are only put, so the versions of a key that are
/// told must be 1, 2, 3 and so on up to what the store has.
/// </summary>
internal sealed class KeyWriters(Uri server, string prefix, int keys) : IAsyncDisposable
{
    // What is written while something is down has to be consumed one by one afterwards.
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(10);

    private readonly CancellationTokenSource _ending = new();
    private readonly V3Client _client = new(server);
    private Task _writing = Task.CompletedTask;
    private long _written;

    public long Written => Interlocked.Read(ref _written);

    public void Start() => _writing = Task.WhenAll(Enumerable.Range(0, keys).Select(WriteAsync));

    public Task AwaitWrittenAsync(long more)
    {
        var target = Written + more;
        return Poll.UntilAsync($"{more} more writes", TimeSpan.FromSeconds(30), () => Task.FromResult(Written >= target));
    }

    public async Task StopAsync()
    {
        await _ending.CancelAsync();
        await _writing;
    }

    /// <summary>Waits until the consumer has the last version of every key, then looks at all it has: no gap, order, and repeats that are known by their ids.</summary>
    /// <returns>Messages that came more than once.</returns>
    public async Task<int> CheckAsync(FeedConsumer consumer, string log)
    {
        var expected = (await _client.RangeAsync(prefix, prefix + "\xff")).Kvs.ToDictionary(static kv => kv.Key.ToStringUtf8(), static kv => (kv.Version, kv.ModRevision));
        Assert.Equal(keys, expected.Count);
        try
        {
            await Poll.UntilAsync("the last version of every key", TimeSpan.FromSeconds(45), () =>
            {
                var heard = consumer.Changes.GroupBy(KeyOf).ToDictionary(static key => key.Key, static key => key.Max(static change => change.Version));
                return Task.FromResult(expected.All(key => heard.GetValueOrDefault(key.Key) >= key.Value.Version));
            });
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}; heard {consumer.Changes.Count}. Log:\n{log}", late);
        }
        var delivered = consumer.Delivered.Where(static one => one.Message is KeyChanged).ToList();
        foreach (var key in delivered.GroupBy(static one => KeyOf((KeyChanged)one.Message)))
        {
            var first = key.Select(static one => (KeyChanged)one.Message).DistinctBy(static change => change.Revision).ToList();
            Assert.Equal(Range(expected[key.Key].Version), first.Select(static change => change.Version));
            Assert.Equal(first.Select(static change => change.Revision).Order(), first.Select(static change => change.Revision));
            Assert.Equal(expected[key.Key].ModRevision, first[^1].Revision);
        }
        // One id for one change, and no id for two.
        Assert.All(delivered.GroupBy(static one => one.MessageId), static same => Assert.Single(same.DistinctBy(static one => (one.Message.Source, one.Message.Id))));
        Assert.All(delivered.GroupBy(static one => (KeyOf((KeyChanged)one.Message), ((KeyChanged)one.Message).Revision)), static same => Assert.Single(same.DistinctBy(static one => one.MessageId)));
        return delivered.Count - delivered.DistinctBy(static one => one.MessageId).Count();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _client.Dispose();
        _ending.Dispose();
    }

    private static IEnumerable<long> Range(long last) => Enumerable.Range(1, (int)last).Select(static version => (long)version);

    private static string KeyOf(KeyChanged change) => Encoding.UTF8.GetString(change.Key);

    private async Task WriteAsync(int key)
    {
        for (var n = 0; !_ending.IsCancellationRequested; n++)
        {
            try
            {
                await _client.PutAsync($"{prefix}{key:00}", n.ToString(CultureInfo.InvariantCulture));
                Interlocked.Increment(ref _written);
            }
            catch (RpcException)
            {
                // The server is away: the write may have been made or not. What the store has counts in the end.
            }
            // No event is waited for: this is the rate of the load.
            await Task.Delay(s_pace, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
