using System.Diagnostics;
using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;
using Google.Protobuf;
using Grpc.Net.Client;

namespace Chaos.Tests.Workload;

/// <summary>Leases with a key each that nobody keeps alive, and a watch that tells when the keys went.</summary>
internal sealed class DyingLeases : IAsyncDisposable
{
    private const string Prefix = "dying/";
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    private readonly GrpcChannel _channel;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, (long AskedAt, long GrantedAt, long TtlSeconds)> _granted = [];
    private readonly Dictionary<string, TaskCompletionSource<long>> _ended = [];
    private readonly Lock _guard = new();
    private Task _watching = Task.CompletedTask;

    private DyingLeases(GrpcChannel channel) => _channel = channel;

    /// <summary>What became of a lease. Each time from the grant on, as its client saw it: it was granted at some moment between the two.</summary>
    public readonly record struct Life(string Key, TimeSpan Ttl, long GrantedAt, TimeSpan SinceAsked, TimeSpan SinceGranted)
    {
        /// <summary>How long it was kept beyond its TTL. A manager that has taken over knows nothing of what its predecessor promised: then from the takeover on.</summary>
        /// <param name="struck">When the manager was harmed, as <see cref="Stopwatch"/> tells it.</param>
        /// <param name="takenOver">When another answered.</param>
        public TimeSpan LateBy(long struck, long takenOver) => SinceGranted - Ttl
            - (GrantedAt < takenOver && SinceGranted > Stopwatch.GetElapsedTime(GrantedAt, struck) ? Stopwatch.GetElapsedTime(GrantedAt, takenOver) : TimeSpan.Zero);
    }

    public static async Task<DyingLeases> StartAsync(Uri endpoint)
    {
        var leases = new DyingLeases(EtcdCalls.Connect(endpoint));
        var created = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        leases._watching = leases.WatchAsync(created);
        await (await Task.WhenAny(created.Task, leases._watching));
        return leases;
    }

    /// <summary>Grants some and returns at once; nobody keeps them alive.</summary>
    public async Task GrantAsync(int count, long ttlSeconds)
    {
        for (var n = 0; n < count; n++)
        {
            var askedAt = Stopwatch.GetTimestamp();
            var lease = (await EtcdCalls.GrantAsync(_channel, new LeaseGrantRequest { TTL = ttlSeconds }, s_limit)).ID;
            var key = $"{Prefix}{lease:x}";
            lock (_guard)
            {
                _granted[key] = (askedAt, Stopwatch.GetTimestamp(), ttlSeconds);
                _ended[key] = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            await EtcdCalls.PutAsync(_channel, new PutRequest { Key = ByteString.CopyFromUtf8(key), Lease = lease }, s_limit);
        }
    }

    /// <summary>Waits until all that were granted have ended, and forgets them.</summary>
    public async Task<List<Life>> EndedAsync(TimeSpan deadline)
    {
        List<KeyValuePair<string, TaskCompletionSource<long>>> all;
        lock (_guard)
            all = [.. _ended];
        var lives = new List<Life>();
        foreach (var (key, ended) in all)
        {
            var at = await ended.Task.WaitAsync(deadline);
            lock (_guard)
            {
                _ended.Remove(key);
                _granted.Remove(key, out var granted);
                lives.Add(new Life(
                    key, TimeSpan.FromSeconds(granted.TtlSeconds), granted.GrantedAt, Stopwatch.GetElapsedTime(granted.AskedAt, at),
                    Stopwatch.GetElapsedTime(granted.GrantedAt, at)));
            }
        }
        return lives;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Who waits for an end has told.
        _channel.Dispose();
        _stop.Dispose();
    }

    private async Task WatchAsync(TaskCompletionSource created)
    {
        using var call = EtcdCalls.Watch(_channel, _stop.Token);
        var create = new WatchCreateRequest
        {
            Key = ByteString.CopyFromUtf8(Prefix), RangeEnd = ByteString.CopyFromUtf8(Prefix[..^1] + (char)(Prefix[^1] + 1)),
        };
        await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = create });
        while (await call.ResponseStream.MoveNext(_stop.Token))
        {
            var now = Stopwatch.GetTimestamp();
            created.TrySetResult();
            foreach (var change in call.ResponseStream.Current.Events.Where(change => change.Type == Event.Types.EventType.Delete))
                lock (_guard)
                    _ended[change.Kv.Key.ToStringUtf8()].TrySetResult(now);
        }
    }
}
