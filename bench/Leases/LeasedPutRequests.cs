using System.Buffers.Binary;
using Bench.Http2;
using Bench.Workloads;
using EtcdApi.Wire;

namespace Bench.Leases;

/// <summary>Puts one key for each lease, in the order of their ids.</summary>
internal sealed class LeasedPutRequests(long firstId) : IRequestSource
{
    private const int Key = 1, Value = 2, Lease = 3;
    private readonly byte[] _key = [.. Prefix, .. new byte[sizeof(long)]];
    private long _next = firstId;

    /// <summary>What all keys begin with.</summary>
    public static ReadOnlySpan<byte> Prefix => "leased/"u8;

    public int MaxRequestBytes => 64;

    public int WriteNext(Span<byte> target, out GrpcMethod method)
    {
        method = GrpcMethod.Put;
        BinaryPrimitives.WriteInt64BigEndian(_key.AsSpan(Prefix.Length), _next);
        var writer = new ProtoWriter(target);
        writer.Bytes(Key, _key);
        writer.Bytes(Value, "v"u8);
        writer.Int64(Lease, _next++);
        return writer.Written;
    }

    public bool IsExpected(GrpcMethod method, ReadOnlySpan<byte> response) => Responses.Revision(response) > 1;
}
