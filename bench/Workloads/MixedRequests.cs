using Bench.Http2;

namespace Bench.Workloads;

/// <summary>Half reads of one key, half transactions of one compare and one put: the shape of an API server's load.</summary>
internal sealed class MixedRequests(RangeRequests ranges, TxnRequests txns) : IRequestSource
{
    private bool _isTxn;

    public int MaxRequestBytes => Math.Max(ranges.MaxRequestBytes, txns.MaxRequestBytes);

    public int WriteNext(Span<byte> target, out GrpcMethod method)
    {
        _isTxn = !_isTxn;
        return _isTxn ? txns.WriteNext(target, out method) : ranges.WriteNext(target, out method);
    }

    public bool IsExpected(GrpcMethod method, ReadOnlySpan<byte> response) =>
        method == GrpcMethod.Txn ? txns.IsExpected(method, response) : ranges.IsExpected(method, response);
}
