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
    private readonly TimeProvider _time;
    private readonly AsyncServerStreamingCall<Wire.ResultBatch> _call;

    public ResultSubscription(Wire.Storage.StorageClient stub, SessionId session, IResultSink sink, StorageClientOptions options, TimeProvider time)
    {
        (_establishLimit, _time) = (options.EstablishLimit, time);
        _watch = new WatchedStream(options.EstablishLimit, options.SilenceLimit, time, _ended.Token);
        _session = session;
        _sink = sink;
        _call = _watch.Open(ended => stub.SubscribeResults(new Wire.SubscribeResultsRequest { Session = session.Value }, cancellationToken: ended));
    }

    /// <summary>
    /// Completes when the replica has confirmed the subscription: a command proposed after that cannot be answered unheard. When it does not, the sink hears that the
    /// subscription is broken.
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller gave up; the subscription has ended.</exception>
    public async ValueTask EstablishAsync(CancellationToken cancellation)
    {
        try
        {
            await _call.ResponseHeadersAsync.WaitAsync(_establishLimit, _time, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Dispose();
            throw;
        }
        catch (Exception exception) when (exception is TimeoutException || CallLoss.Is(exception))
        {
            await _ended.CancelAsync().ConfigureAwait(false);
            _sink.OnBroken(exception is TimeoutException ? "the storage replica did not confirm the subscription" : exception.Message);
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
