using Grpc.Core;
using Storage.Contracts;

namespace Storage.Client;

/// <summary>A session's results over a server stream.</summary>
internal sealed class ResultSubscription : IDisposable
{
    // Subscribing happens when a proposer starts or has lost its replica: rarely. A replica that does not answer for so long is as good as lost.
    private static readonly TimeSpan s_establishTimeout = TimeSpan.FromSeconds(5);

    private readonly SessionId _session;
    private readonly IResultSink _sink;
    private readonly CancellationTokenSource _ended = new();
    private readonly AsyncServerStreamingCall<Wire.ResultBatch> _call;

    public ResultSubscription(Wire.Storage.StorageClient stub, SessionId session, IResultSink sink)
    {
        _session = session;
        _sink = sink;
        _call = stub.SubscribeResults(new Wire.SubscribeResultsRequest { Session = session.Value }, cancellationToken: _ended.Token);
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
            if (!headers.Wait(s_establishTimeout))
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
    }

    private async Task ReadAsync()
    {
        var reason = "the storage replica ended the stream";
        try
        {
            await foreach (var batch in _call.ResponseStream.ReadAllAsync(_ended.Token).ConfigureAwait(false))
            {
                var results = new CommandResult[batch.Results.Count];
                for (var i = 0; i < results.Length; i++)
                    results[i] = batch.Results[i].FromWire(_session);
                _sink.OnResults(results);
            }
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException or ObjectDisposedException)
        {
            reason = exception.Message;
        }
        if (!_ended.IsCancellationRequested)
            _sink.OnBroken(reason);
    }
}
