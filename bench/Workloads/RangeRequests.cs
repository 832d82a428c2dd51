using Bench.Http2;
using EtcdApi.Wire;

namespace Bench.Workloads;

/// <summary>Reads of one existing key at a time, each answer must hold it.</summary>
internal sealed class RangeRequests(byte family, int keySpace, bool isSerializable) : IRequestSource
{
    private const int CountField = 4;
    private KeyRandom _random = new(seed: 2);

    public int MaxRequestBytes => ProtoWriter.BytesSize(1, Keys.Bytes) + 2;

    public int WriteNext(Span<byte> target, out GrpcMethod method)
    {
        method = GrpcMethod.Range;
        Span<byte> key = stackalloc byte[Keys.Bytes];
        Keys.Write(family, _random.Next(keySpace), key);
        scoped var writer = new ProtoWriter(target);
        writer.Bytes(1, key);
        writer.Bool(7, isSerializable);
        return writer.Written;
    }

    public bool IsExpected(GrpcMethod method, ReadOnlySpan<byte> response) => Responses.Number(response, CountField) == 1;
}
