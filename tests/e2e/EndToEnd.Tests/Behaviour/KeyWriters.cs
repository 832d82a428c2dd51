using System.Collections.Concurrent;
using Chaos.Tests.Workload;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace EndToEnd.Tests.Behaviour;

/// <summary>Clients that put a key of their own again and again, and note what was acknowledged and what failed.</summary>
internal sealed class KeyWriters : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(15);

    // The load, not a wait for anything.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(40);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _work;
    private long _revision;

    public KeyWriters(Uri endpoint, IEnumerable<string> keys) => _work = [.. keys.Select(key => WriteAsync(endpoint, key))];

    /// <summary>Of the newest write that was acknowledged.</summary>
    public long Revision => Interlocked.Read(ref _revision);

    public ConcurrentQueue<Status> Errors { get; } = [];

    /// <summary>Every write that was acknowledged; those of a key are in its order.</summary>
    public ConcurrentQueue<(string Key, string Value, long Revision)> Acknowledged { get; } = [];

    /// <summary>Lets each finish its request.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_work);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task WriteAsync(Uri endpoint, string key)
    {
        using var channel = EtcdCalls.Connect(endpoint);
        for (var n = 0; !_stop.IsCancellationRequested; n++)
        {
            try
            {
                var put = new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8($"{n}") };
                var revision = (await EtcdCalls.PutAsync(channel, put, s_limit)).Header.Revision;
                Acknowledged.Enqueue((key, $"{n}", revision));
                Note(revision);
            }
            catch (RpcException error)
            {
                Errors.Enqueue(error.Status);
            }
            await Task.Delay(s_pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Note(long revision)
    {
        for (var seen = Revision; revision > seen; seen = Revision)
            Interlocked.CompareExchange(ref _revision, revision, seen);
    }
}
