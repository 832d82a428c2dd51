using System.Buffers;
using ApiGateway.Core.Errors;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Metrics;
using EtcdApi.Wire;
using Grpc.Core;

namespace ApiGateway.Host.Leases;

/// <summary>The lease ids that a client asks to be kept alive.</summary>
internal interface IKeepAliveRequests
{
    /// <summary>Waits for one; false when the client has sent its last.</summary>
    ValueTask<bool> WaitAsync(CancellationToken ending);

    /// <summary>Takes one that is there.</summary>
    bool TryTake(out long leaseId);
}

/// <summary>Straight from the call's body.</summary>
internal sealed class FramedKeepAlives(MessageFrames frames, MethodMetrics counts) : IKeepAliveRequests
{
    public ValueTask<bool> WaitAsync(CancellationToken ending) => frames.WaitAsync(ending);

    public bool TryTake(out long leaseId)
    {
        leaseId = 0;
        if (!frames.TryTake(out var message))
            return false;
        counts.Received((int)message.Length);
        leaseId = Read(message.IsSingleSegment ? message.FirstSpan : message.ToArray());
        return true;
    }

    /// <summary>The id of an encoded LeaseKeepAliveRequest.</summary>
    public static long Read(ReadOnlySpan<byte> request)
    {
        var id = 0L;
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            if (reader.Field == 1)
                id = unchecked((long)reader.Varint);
        }
        return reader.Malformed ? throw new RequestFailedException(EtcdError.Undecodable) : id;
    }
}

/// <summary>From gRPC's reader, which knows how to decompress.</summary>
internal sealed class CompressedKeepAlives(IAsyncStreamReader<byte[]> requests) : IKeepAliveRequests
{
    private bool _isTaken = true;

    public async ValueTask<bool> WaitAsync(CancellationToken ending)
    {
        if (!await requests.MoveNext(ending).ConfigureAwait(false))
            return false;
        _isTaken = false;
        return true;
    }

    public bool TryTake(out long leaseId)
    {
        leaseId = _isTaken ? 0 : FramedKeepAlives.Read(requests.Current);
        return !_isTaken && (_isTaken = true);
    }
}
