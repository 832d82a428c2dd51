using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;
using Google.Protobuf;
using Grpc.Core;

namespace Chaos.Tests.Workload;

/// <summary>
/// One watch of a prefix, open from before the first write to after the last. A client of one endpoint fails when its stream ends by itself; one that knows others goes
/// on there, behind the last revision that it saw, as etcd's client library does.
/// </summary>
public sealed class KeyWatcher : IAsyncDisposable
{
    private readonly IEtcdConnection _connection;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, long> _versions = [];
    private readonly Lock _guard = new();
    private readonly TaskCompletionSource _created = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private long _revision;

    // Where the next stream begins; 0 is now.
    private long _next;

    private KeyWatcher(IEtcdConnection connection, string prefix)
    {
        _connection = connection;
        _reading = ReadAsync(prefix);
    }

    /// <summary>Opens it; returns when the server has it.</summary>
    public static async Task<KeyWatcher> StartAsync(IEtcdConnection connection, string prefix)
    {
        var watcher = new KeyWatcher(connection, prefix);
        await (await Task.WhenAny(watcher._created.Task, watcher._reading));
        return watcher;
    }

    /// <summary>True when the last event of each key has come.</summary>
    public bool HasSeen(IReadOnlyDictionary<string, long> versions)
    {
        if (_reading.IsFaulted)
            _reading.GetAwaiter().GetResult(); // Its own words say more than a timeout.
        lock (_guard)
            return versions.All(key => _versions.GetValueOrDefault(key.Key) == key.Value);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // HasSeen has told.
        _connection.Dispose();
        _stop.Dispose();
    }

    private async Task ReadAsync(string prefix)
    {
        while (true)
        {
            try
            {
                await ReadOneStreamAsync(prefix);
            }
            catch (RpcException error) when (_connection.HasOtherEndpoints && (error.StatusCode is StatusCode.Unavailable or StatusCode.Internal))
            {
                // clientv3 takes these two for "elsewhere it may work".
            }
        }
    }

    private async Task ReadOneStreamAsync(string prefix)
    {
        using var call = EtcdCalls.Watch(_connection.ForStream(), _stop.Token);
        var end = prefix[..^1] + (char)(prefix[^1] + 1);
        var create = new WatchCreateRequest { Key = ByteString.CopyFromUtf8(prefix), RangeEnd = ByteString.CopyFromUtf8(end), StartRevision = _next };
        await call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = create });
        while (await call.ResponseStream.MoveNext(_stop.Token))
        {
            var response = call.ResponseStream.Current;
            Assert.False(response.Canceled, $"the watch was cancelled: {response.CancelReason}");
            if (response.Created)
            {
                if (_next == 0)
                    _next = response.Header.Revision + 1;
                _created.TrySetResult();
            }
            foreach (var happened in response.Events)
                Take(happened);
        }
        throw new InvalidOperationException("the watch ended");
    }

    // Every event once, in order, none left out (I6): revisions grow, and the versions of a key are 1, 2, 3, ...
    private void Take(Event happened)
    {
        var (key, kv) = (happened.Kv.Key.ToStringUtf8(), happened.Kv);
        lock (_guard)
        {
            Assert.True(kv.ModRevision > _revision, $"{key} at revision {kv.ModRevision} came after revision {_revision}");
            Assert.True(kv.Version == _versions.GetValueOrDefault(key) + 1, $"{key}: version {kv.Version} came after {_versions.GetValueOrDefault(key)}");
            (_revision, _versions[key]) = (kv.ModRevision, kv.Version);
            _next = kv.ModRevision + 1;
        }
    }
}
