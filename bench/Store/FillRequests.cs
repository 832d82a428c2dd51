using Bench.Http2;
using Bench.Workloads;
using EtcdApi.Wire;

namespace Bench.Store;

/// <summary>Puts each of the keys of <see cref="StoreKeys"/> once.</summary>
internal sealed class FillRequests(int valueBytes) : IRequestSource
{
    private readonly byte[] _value = PutRequests.NewValue(valueBytes);
    private int _next;

    public int MaxRequestBytes => ProtoWriter.BytesSize(1, StoreKeys.Bytes) + ProtoWriter.BytesSize(2, valueBytes);

    public int WriteNext(Span<byte> target, out GrpcMethod method)
    {
        method = GrpcMethod.Put;
        Span<byte> key = stackalloc byte[StoreKeys.Bytes];
        StoreKeys.Write(_next++, key);
        scoped var writer = new ProtoWriter(target);
        writer.Bytes(1, key);
        writer.Bytes(2, _value);
        return writer.Written;
    }

    public bool IsExpected(GrpcMethod method, ReadOnlySpan<byte> response) => Responses.Revision(response) > 1;
}
