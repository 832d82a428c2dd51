using Grpc.Core;
using WatchGuarantees.History;
using Wire = EtcdApi.Etcdserverpb;

namespace Chaos.Tests.Workload.Watching;

/// <summary>
/// One stream with many watches, all recorded. When it ends by an error it goes on at the next endpoint, each watch behind what it heard, as etcd's client library does.
/// </summary>
internal sealed class FleetStream : IAsyncDisposable
{
    private readonly IReadOnlyList<Uri> _endpoints;
    private readonly IReadOnlyDictionary<long, WatchRecord> _watches;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly TaskCompletionSource _created = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private AsyncDuplexStreamingCall<Wire.WatchRequest, Wire.WatchResponse>? _call;
    private TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _endpoint;
    private int _missing;
    private long _target;

    public FleetStream(int number, IReadOnlyList<Uri> endpoints, IReadOnlyList<WatchScope> scopes)
    {
        (_endpoints, _endpoint) = (endpoints, number % endpoints.Count);
        _watches = scopes.Select((scope, n) => (Id: (long)n + 1, Record: new WatchRecord($"{number}.{n + 1}", scope))).ToDictionary(one => one.Id, one => one.Record);
        _reading = ReadAsync();
    }

    public IEnumerable<WatchRecord> Records => _watches.Values;

    /// <summary>Each end that was not wanted: where, and what the client saw. Complete when the stream is stopped.</summary>
    public List<(Uri Endpoint, Status Status)> Ends { get; } = [];

    /// <summary>Completes when every watch has been answered for once.</summary>
    public Task CreatedAsync() => First(_created.Task);

    /// <summary>Completes when the server has said that every watch has everything up to a revision. One caller at a time.</summary>
    public async Task CaughtUpAsync(long revision)
    {
        var caughtUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // In this order: an answer under way, which may be enough for an earlier caller only, completes nothing.
        Volatile.Write(ref _target, revision);
        Volatile.Write(ref _caughtUp, caughtUp);
        await AskAsync();
        await First(caughtUp.Task);
    }

    /// <summary>Leaves; from here on the records stay as they are.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Who waited for it has seen why it failed.
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _writing.Dispose();
        _stop.Dispose();
    }

    // A stream that failed says more than a deadline.
    private async Task First(Task awaited) => await await Task.WhenAny(awaited, _reading);

    private async Task ReadAsync()
    {
        while (true)
        {
            var endpoint = _endpoints[_endpoint];
            try
            {
                using var channel = EtcdCalls.Connect(endpoint);
                using var call = EtcdCalls.Watch(channel, _stop.Token);
                await OpenAsync(call);
                while (await call.ResponseStream.MoveNext(_stop.Token))
                    await TakeAsync(call.ResponseStream.Current);
                throw new InvalidOperationException("the stream ended without a word");
            }
            catch (RpcException error) when (!_stop.IsCancellationRequested && (error.StatusCode is StatusCode.Unavailable or StatusCode.Internal))
            {
                // clientv3 takes these two for "elsewhere it may work".
                Ends.Add((endpoint, error.Status));
                _endpoint = (_endpoint + 1) % _endpoints.Count;
            }
        }
    }

    private async Task OpenAsync(AsyncDuplexStreamingCall<Wire.WatchRequest, Wire.WatchResponse> call)
    {
        await _writing.WaitAsync(_stop.Token);
        try
        {
            _call = call;
            _missing = _watches.Count;
            foreach (var (id, record) in _watches)
            {
                // A create that was never answered was never there.
                if (record.Openings is [.., { Responses.Count: 0 } unanswered])
                    record.Openings.Remove(unanswered);
                var opening = new WatchOpening(record.Next ?? 0);
                record.Openings.Add(opening);
                await call.RequestStream.WriteAsync(WatchMessages.Create(id, record.Scope, opening.StartRevision));
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task TakeAsync(Wire.WatchResponse response)
    {
        if (response.WatchId >= 0)
        {
            var record = _watches[response.WatchId];
            record.Openings[^1].Responses.Add(WatchMessages.Read(response));
            Assert.False(response.Canceled, $"{record} was cancelled: {response.CancelReason}, compacted {response.CompactRevision}");
            if (response.Created && --_missing == 0)
            {
                _created.TrySetResult();
                // What was asked on a stream before this one is forgotten with it.
                await AskAsync();
            }
            return;
        }
        Assert.False(response.Created, $"a watch was refused: {response.CancelReason}");
        var progress = WatchMessages.Read(response);
        foreach (var record in _watches.Values)
            record.Openings[^1].Responses.Add(progress);
        if (progress.Revision >= Volatile.Read(ref _target))
            Volatile.Read(ref _caughtUp).TrySetResult();
        else
            await AskAsync();
    }

    // Each request is answered once: by a server that is behind with less than is wanted.
    private async Task AskAsync()
    {
        if (Volatile.Read(ref _target) == 0)
            return;
        await _writing.WaitAsync(_stop.Token);
        try
        {
            await _call!.RequestStream.WriteAsync(new Wire.WatchRequest { ProgressRequest = new Wire.WatchProgressRequest() });
        }
        catch (Exception error) when (error is RpcException or InvalidOperationException)
        {
            // The stream has just ended: its reader sees why, and the next one asks again.
        }
        finally
        {
            _writing.Release();
        }
    }
}
