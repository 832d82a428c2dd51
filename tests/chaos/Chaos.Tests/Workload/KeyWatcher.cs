using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;
using Google.Protobuf;
using Grpc.Net.Client;

namespace Chaos.Tests.Workload;

/// <summary>One watch of a prefix through one member, open from before the first write to after the last. Fails when it ends by itself.</summary>
public sealed class KeyWatcher : IAsyncDisposable
{
    private readonly GrpcChannel _channel;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, long> _versions = [];
    private readonly Lock _guard = new();
    private readonly TaskCompletionSource _created = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private long _revision;

    private KeyWatcher(Uri endpoint, string prefix)
    {
        _channel = EtcdCalls.Connect(endpoint);
        _reading = ReadAsync(prefix);
    }

    /// <summary>Opens it; returns when the server has it.</summary>
    public static async Task<KeyWatcher> StartAsync(Uri endpoint, string prefix)
    {
        var watcher = new KeyWatcher(endpoint, prefix);
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
        _channel.Dispose();
        _stop.Dispose();
    }

    private async Task ReadAsync(string prefix)
    {
        using var call = EtcdCalls.Watch(_channel, _stop.Token);
        var end = prefix[..^1] + (char)(prefix[^1] + 1);
        await call.RequestStream.WriteAsync(new WatchRequest
        {
            CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFromUtf8(prefix), RangeEnd = ByteString.CopyFromUtf8(end) },
        });
        while (await call.ResponseStream.MoveNext(_stop.Token))
        {
            var response = call.ResponseStream.Current;
            Assert.False(response.Canceled, $"the watch was cancelled: {response.CancelReason}");
            if (response.Created)
                _created.TrySetResult();
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
        }
    }
}
