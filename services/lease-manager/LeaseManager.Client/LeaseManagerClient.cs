using Consensus.Contracts;
using Grpc.Core;
using Grpc.Net.Client;
using LeaseManager.Client.Wire;
using LeaseManager.Contracts;
using Liveness;
using Rpc = LeaseManager.Client.Wire.LeaseManager;

namespace LeaseManager.Client;

/// <summary>The lease manager over gRPC. Whatever keeps it from answering is a <see cref="LeaseManagerNotActiveException"/>.</summary>
public sealed class LeaseManagerClient : ILeaseManager, IAsyncDisposable
{
    private readonly GrpcChannel _channel;
    private readonly Rpc.LeaseManagerClient _rpc;
    private readonly TimeSpan? _maxSilence;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private KeepAliveStream? _keepAlives;

    /// <param name="address">An http URL.</param>
    public LeaseManagerClient(string address) : this(GrpcChannel.ForAddress(address, new GrpcChannelOptions { MaxReceiveMessageSize = null }))
    {
    }

    /// <param name="channel">Disposed by this object.</param>
    /// <param name="maxSilence">
    /// A manager that answers no keep-alive for so long while some are asked is not active: a frozen one breaks no connection. Null: it is waited for.
    /// </param>
    /// <param name="time">Null: the system's.</param>
    public LeaseManagerClient(GrpcChannel channel, TimeSpan? maxSilence = null, TimeProvider? time = null)
    {
        (_channel, _maxSilence, _time) = (channel, maxSilence, time ?? TimeProvider.System);
        _rpc = new Rpc.LeaseManagerClient(_channel);
    }

    public ValueTask<KeepAliveResult> KeepAliveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation) =>
        new(Stream().KeepAliveAsync(leaseId, minApplied, cancellation));

    public async ValueTask<TimeToLiveResult> TimeToLiveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation)
    {
        var request = new TimeToLiveRequest { LeaseId = leaseId, MinApplied = minApplied.Value };
        var answer = await AnswerAsync(static (rpc, asked, token) => rpc.TimeToLiveAsync(asked, cancellationToken: token), request, cancellation);
        return new TimeToLiveResult(answer.RemainingSeconds, answer.GrantedSeconds, answer.Revision, new Term(answer.Term));
    }

    public async ValueTask<LeaseListResult> ListAsync(LogIndex minApplied, CancellationToken cancellation)
    {
        var request = new ListRequest { MinApplied = minApplied.Value };
        var answer = await AnswerAsync(static (rpc, asked, token) => rpc.ListAsync(asked, cancellationToken: token), request, cancellation);
        return new LeaseListResult([.. answer.Ids], answer.Revision, new Term(answer.Term));
    }

    public async ValueTask DisposeAsync()
    {
        if (_keepAlives is not null)
            await _keepAlives.DisposeAsync();
        _channel.Dispose();
    }

    private KeepAliveStream Stream()
    {
        lock (_gate)
        {
            if (_keepAlives is null || _keepAlives.IsLost)
                _keepAlives = new KeepAliveStream(Open(), _maxSilence, _time);
            return _keepAlives;
        }
    }

    private AsyncDuplexStreamingCall<KeepAliveBatch, KeepAliveAnswers> Open()
    {
        try
        {
            return _rpc.KeepAlive();
        }
        catch (ObjectDisposedException disposed)
        {
            throw new LeaseManagerNotActiveException(disposed.Message);
        }
    }

    private async Task<T> AnswerAsync<TAsked, T>(
        Func<Rpc.LeaseManagerClient, TAsked, CancellationToken, AsyncUnaryCall<T>> call, TAsked asked, CancellationToken cancellation)
    {
        try
        {
            return await call(_rpc, asked, cancellation);
        }
        catch (RpcException canceled) when (canceled.StatusCode == StatusCode.Cancelled && cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException("the caller gave up", canceled, cancellation);
        }
        catch (RpcException lost)
        {
            throw new LeaseManagerNotActiveException(lost.Status.Detail);
        }
        catch (ObjectDisposedException disposed)
        {
            throw new LeaseManagerNotActiveException(disposed.Message);
        }
    }
}
