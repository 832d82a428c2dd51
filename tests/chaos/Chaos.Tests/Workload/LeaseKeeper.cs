using System.Diagnostics;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace Chaos.Tests.Workload;

/// <summary>
/// A lease with a key that is kept alive the way etcd's client library does it: asked for at every third of its time. A client of one endpoint fails when its stream ends by
/// itself, one that knows others goes on there; both fail when the lease is over.
/// </summary>
public sealed class LeaseKeeper : IAsyncDisposable
{
    private const int TtlSeconds = 5;
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(TtlSeconds / 3.0), s_limit = TimeSpan.FromSeconds(10);

    // clientv3: retryConnWait.
    private static readonly TimeSpan s_pauseAfterLoss = TimeSpan.FromMilliseconds(500);

    private readonly IEtcdConnection _connection;
    private readonly string _key;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _keeping;
    private readonly long _lease;

    // What its streams have met since it was last told that it lives, with the milliseconds until then.
    private readonly List<string> _since = [];
    private long _aliveAt = Stopwatch.GetTimestamp();

    private LeaseKeeper(IEtcdConnection connection, string key, long lease)
    {
        (_connection, _key, _lease) = (connection, key, lease);
        _keeping = KeepAsync();
    }

    /// <summary>Grants the lease and puts its key.</summary>
    public static async Task<LeaseKeeper> StartAsync(IEtcdConnection connection, string key)
    {
        var lease = (await connection.CallAsync(channel => EtcdCalls.GrantAsync(channel, new LeaseGrantRequest { TTL = TtlSeconds }, s_limit), changesNothing: false)).ID;
        var put = new PutRequest { Key = ByteString.CopyFromUtf8(key), Lease = lease };
        await connection.CallAsync(channel => EtcdCalls.PutAsync(channel, put, s_limit), changesNothing: false);
        return new LeaseKeeper(connection, key, lease);
    }

    /// <summary>Fails unless the lease was kept alive all the time and its key is there.</summary>
    public async Task CheckAsync()
    {
        if (_keeping.IsCompleted)
            await _keeping;
        var read = new RangeRequest { Key = ByteString.CopyFromUtf8(_key) };
        var found = await _connection.CallAsync(channel => EtcdCalls.RangeAsync(channel, read, s_limit), changesNothing: true);
        Assert.True(found.Kvs.Count == 1, $"{_key} went although its lease was kept alive (I7)");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // CheckAsync has told.
        _connection.Dispose();
        _stop.Dispose();
    }

    private async Task KeepAsync()
    {
        while (true)
        {
            try
            {
                await UseOneStreamAsync();
            }
            catch (RpcException error) when (_connection.HasOtherEndpoints && (error.StatusCode is StatusCode.Unavailable or StatusCode.Internal))
            {
                Note($"{error.StatusCode} ({error.Status.Detail})");
                await Task.Delay(s_pauseAfterLoss, _stop.Token);
            }
        }
    }

    private async Task UseOneStreamAsync()
    {
        using var call = EtcdCalls.KeepAlive(_connection.ForStream(), _stop.Token);
        using var timer = new PeriodicTimer(s_period);
        do
        {
            Note("asked");
            try
            {
                await call.RequestStream.WriteAsync(new LeaseKeepAliveRequest { ID = _lease });
            }
            catch (Exception over) when (over is IOException or RpcException)
            {
                // The library's ways to say that the stream is over; why is told to the reader.
            }
            if (!await call.ResponseStream.MoveNext(_stop.Token))
                throw new InvalidOperationException("the keep-alive stream ended");
            Note("answered");
            Assert.True(
                call.ResponseStream.Current.TTL > 0,
                $"the lease of {_key} ended although it was kept alive (I7); since the answer before, at {DateTime.UtcNow:HH:mm:ss.fff}: {string.Join(", ", _since)}");
            _since.Clear();
            _aliveAt = Stopwatch.GetTimestamp();
        }
        while (await timer.WaitForNextTickAsync(_stop.Token));
    }

    private void Note(string what) => _since.Add($"{what} after {Stopwatch.GetElapsedTime(_aliveAt).TotalMilliseconds:f0} ms");
}
