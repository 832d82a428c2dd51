using Grpc.Core;
using Liveness;
using Storage.Contracts;

namespace Storage.Client;

/// <summary>A session's results over a server stream.</summary>
internal sealed class ResultSubscription : IDisposable
{
    private readonly SessionId _session;
    private readonly IResultSink _sink;
    private readonly CancellationTokenSource _ended = new();
    private readonly WatchedStream _watch;
    private readonly TimeSpan _establishLimit;
    private readonly AsyncServerStreamingCall<Wire.ResultBatch> _call;

    public ResultSubscription(Wire.Storage.StorageClient stub, SessionId session, IResultSink sink, StorageClientOptions options, TimeProvider time)
    {
        _establishLimit = options.EstablishLimit;
        _watch = new WatchedStream(options.EstablishLimit, options.SilenceLimit, time, _ended.Token);
        _session = session;
        _sink = sink;
        _call = _watch.Open(ended => stub.SubscribeResults(new Wire.SubscribeResultsRequest { Session = session.Value }, cancellationToken: ended));
    }

    /// <summary>
    /// Blocks until the replica has confirmed the subscription: a command proposed after that cannot be answered unheard. When it does not, the sink
    /// hears that the subscription is broken.
    /// </summary>
    public void Establish()
    {
        var headers = Task.Run(() => _call.ResponseHeadersAsync);
        try
        {
            if (!headers.Wait(_establishLimit))
                throw new TimeoutException("the storage replica did not confirm the subscription");
        }
        catch (Exception exception) when (exception is AggregateException or TimeoutException)
        {
            _ended.Cancel();
            _sink.OnBroken((exception.InnerException ?? exception).Message);
            return;
        }
        _ = ReadAsync();
    }

    public void Dispose()
    {
        _ended.Cancel();
        _call.Dispose();
        _watch.Dispose();
    }

    private async Task ReadAsync()
    {
        var reason = "the storage replica ended the stream";
        try
        {
            while (await _watch.MoveNextAsync(_call.ResponseStream).ConfigureAwait(false))
            {
                var batch = _call.ResponseStream.Current;
                if (batch.Results.Count == 0)
                    continue; // a sign of life
                var results = new CommandResult[batch.Results.Count];
                for (var i = 0; i < results.Length; i++)
                    results[i] = batch.Results[i].FromWire(_session);
                _sink.OnResults(results);
            }
        }
        catch (Exception exception) when (CallLoss.Is(exception))
        {
            reason = exception.Message;
        }
        if (!_ended.IsCancellationRequested)
            _sink.OnBroken(reason);
    }
}
